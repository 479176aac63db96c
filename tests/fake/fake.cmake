# tests/fake: servers that tests talk to. They are built beside the tools, and no part of the
# program.
find_library(MICROHTTPD microhttpd)
if(NOT MICROHTTPD)
  message(WARNING "libmicrohttpd not found: no tests of downloads (packaging/deps.sh test)")
else()
  add_executable(fake_hub ${CMAKE_SOURCE_DIR}/tests/fake/hub.c)
  target_compile_options(fake_hub PRIVATE -Wno-pedantic)
  target_link_libraries(fake_hub PRIVATE ${MICROHTTPD} ${CRYPTO} ${CMAKE_DL_LIBS} Threads::Threads)
  set_target_properties(fake_hub PROPERTIES OUTPUT_NAME hub
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tools)
endif()
