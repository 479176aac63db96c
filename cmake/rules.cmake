# The index of safety's rules is made here and not by every process that starts: tools/mkrules is
# the room without the file that needs the index, and prints it.
get_target_property(sources cm_safety SOURCES)
add_library(cm_safety_objects OBJECT ${sources})
set(index ${CMAKE_BINARY_DIR}/rules_index.c)
set_property(TARGET cm_safety PROPERTY SOURCES $<TARGET_OBJECTS:cm_safety_objects> ${index})
target_sources(tool_mkrules PRIVATE
  $<FILTER:$<TARGET_OBJECTS:cm_safety_objects>,EXCLUDE,/open\\.c>)
target_link_libraries(tool_mkrules PRIVATE cm_sh)
add_custom_command(OUTPUT ${index} COMMAND tool_mkrules > ${index} DEPENDS tool_mkrules VERBATIM)
