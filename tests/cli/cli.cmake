# tests/cli: the program from outside. Each tests/cli/test_GROUP.py is a CTest test cli.GROUP with
# the label t2; it prints TAP, so that tools/run_tests.sh counts its cases. A new group needs no
# line here.
if(TARGET cmdai)
  find_program(CM_PYTHON3 python3)
  if(NOT CM_PYTHON3)
    message(WARNING "python3 not found: no tests of the command line (packaging/deps.sh test)")
  else()
    file(GLOB groups CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/cli/test_*.py)
    foreach(file ${groups})
      get_filename_component(group ${file} NAME_WE)
      string(REGEX REPLACE "^test_" "" group ${group})
      add_test(NAME cli.${group} COMMAND ${CM_PYTHON3} -B ${CMAKE_SOURCE_DIR}/tests/cli/run.py
        --program $<TARGET_FILE:cmdai> --tools ${CMAKE_BINARY_DIR}/tools ${group})
      set_tests_properties(cli.${group} PROPERTIES LABELS t2 TIMEOUT 600)
    endforeach()
  endif()
endif()
