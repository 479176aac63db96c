# One set of warnings and code-generation rules for everything. Never -march=native (one binary for
# every machine) and never -ffast-math or contraction (answers are bit-identical everywhere).
add_compile_options(-ffp-contract=off -fvisibility=hidden -fno-strict-aliasing
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wvla
  -Wstrict-prototypes -Wundef -Werror)
add_compile_definitions(_POSIX_C_SOURCE=200809L _GNU_SOURCE CM_VERSION="${CM_VERSION_TEXT}")
include_directories(${CMAKE_SOURCE_DIR}/src)

set(CM_SANITIZE "" CACHE STRING "address,undefined or thread")
if(CM_SANITIZE)
  add_compile_options(-fsanitize=${CM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CM_SANITIZE})
  # The tests start thousands of processes; clang links its sanitizers into the program anyway.
  # What the address sanitizer notes of each global is relocated at every start of a program that
  # may lie anywhere: 27 ms instead of 17.
  if(CMAKE_C_COMPILER_ID STREQUAL GNU)
    add_link_options(-static-libasan -static-libubsan)
    if(CM_SANITIZE MATCHES address)
      string(APPEND CMAKE_EXE_LINKER_FLAGS " -no-pie")
    endif()
  endif()
endif()
option(CM_FUZZ "build libFuzzer targets (clang)" OFF)
if(CM_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
