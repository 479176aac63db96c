# Programs that aren't ours talk to `cmdai serve`: the official clients of Ollama and OpenAI, which
# `make peers` fetches, and promptfoo (`make harness-peers`). What isn't here is a skip that says
# so.
find_program(CM_NODE node)
if(CM_NODE)
  add_test(NAME serve.clients
    COMMAND ${CM_NODE} ${CMAKE_CURRENT_LIST_DIR}/test.mjs $<TARGET_FILE:cmdai>)
  set_tests_properties(serve.clients PROPERTIES LABELS t2 TIMEOUT 300)
endif()
