# `cmdai serve` and programs that aren't ours: the official clients of Ollama and OpenAI, fetched by
# `make peers`, and promptfoo, by `make harness-peers`. What isn't here is a skip that says so.
find_program(CM_NODE node)
if(CM_NODE)
  add_test(NAME serve.clients
    COMMAND ${CM_NODE} ${CMAKE_CURRENT_LIST_DIR}/test.mjs $<TARGET_FILE:cmdai>)
  set_tests_properties(serve.clients PROPERTIES LABELS t2 TIMEOUT 300)
endif()
