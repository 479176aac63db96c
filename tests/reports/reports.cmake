# Reports of `cmdai test`, read by programs that aren't ours: ajv, tap-parser, markdown-it and
# Microsoft's SARIF Multitool (`make peers` fetches them), xmllint, promtool, Python, Chromium.
# What isn't here is a skip that says so.
find_program(CM_NODE node)
if(CM_NODE)
  add_test(NAME reports.readers
    COMMAND ${CM_NODE} ${CMAKE_CURRENT_LIST_DIR}/test.mjs $<TARGET_FILE:cmdai> ${CMAKE_SOURCE_DIR})
  set_tests_properties(reports.readers PROPERTIES LABELS t2 TIMEOUT 600)
endif()
