# The library that freezes the clock in a sandbox lies in cm_sandbox. It is loaded into programs of
# the system: no sanitizer in it, and nothing that counts.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(library ${CMAKE_BINARY_DIR}/frozen_clock.so)
  add_library(frozen_clock MODULE ${CMAKE_SOURCE_DIR}/src/sandbox/preload/clock.c)
  get_target_property(options frozen_clock COMPILE_OPTIONS)
  list(FILTER options EXCLUDE REGEX "^-f(no-)?sanitize")
  set_target_properties(frozen_clock PROPERTIES PREFIX "" SUFFIX .so
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} COMPILE_OPTIONS
    "${options};-O2;-fno-profile-arcs;-fno-test-coverage"
    LINK_OPTIONS "-s;LINKER:-z,noseparate-code")
  set_source_files_properties(${CMAKE_SOURCE_DIR}/src/sandbox/clock.c PROPERTIES
    OBJECT_DEPENDS ${library} COMPILE_DEFINITIONS "CM_CLOCK_PATH=\"${library}\"")
  add_dependencies(cm_sandbox frozen_clock)
endif()
