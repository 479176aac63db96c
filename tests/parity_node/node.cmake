# llama.cpp, as npm brings it, judges files that we wrote and logits that we computed. `make peers`
# fetches it; without it the test is skipped, and says so.
find_program(CM_NODE node)
if(CM_NODE)
  add_test(NAME parity.node
    COMMAND ${CM_NODE} ${CMAKE_CURRENT_LIST_DIR}/test.mjs ${CMAKE_BINARY_DIR} ${CMAKE_SOURCE_DIR})
  set_tests_properties(parity.node PROPERTIES LABELS t2 TIMEOUT 600 SKIP_RETURN_CODE 77)
  # The measuring scripts with llama.cpp run through; on small prompts, and for no figure's sake.
  add_test(NAME bench.peers
    COMMAND ${CM_NODE} ${CMAKE_SOURCE_DIR}/bench/peers/run.mjs --small --repeat 1
      $<TARGET_FILE:cmdai> ${CMAKE_SOURCE_DIR}/tests/fixtures/models/tiny-Q8_0.gguf)
  set_tests_properties(bench.peers PROPERTIES LABELS t2 TIMEOUT 600 SKIP_RETURN_CODE 77)
endif()
