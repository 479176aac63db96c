# llama.cpp, as npm brings it, judges files that we wrote and logits that we computed. `make peers`
# fetches it; without it the test is skipped, and says so.
find_program(CM_NODE node)
if(CM_NODE)
  add_test(NAME parity.node
    COMMAND ${CM_NODE} ${CMAKE_CURRENT_LIST_DIR}/test.mjs ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
  set_tests_properties(parity.node PROPERTIES LABELS t2 TIMEOUT 600 SKIP_RETURN_CODE 77)
  # The measuring scripts run through; on small prompts, and for no figure's sake.
  add_test(NAME bench.report
    COMMAND ${CM_NODE} ${CMAKE_SOURCE_DIR}/bench/report.mjs --small --draft --repeat 1
      --out ${CMAKE_BINARY_DIR}/PERFORMANCE.md ${CMAKE_BINARY_DIR}
      ${CMAKE_SOURCE_DIR}/tests/fixtures/models/tiny-Q8_0.gguf)
  set_tests_properties(bench.report PROPERTIES LABELS t2 TIMEOUT 600)
endif()
