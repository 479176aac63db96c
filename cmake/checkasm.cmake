# tests/checkasm: every tensor type x every instruction set of this machine against scalar code.
set(dir ${CMAKE_SOURCE_DIR}/tests/checkasm)
add_executable(checkasm ${dir}/checkasm.c)
target_link_libraries(checkasm PRIVATE cm_quant)
add_test(NAME checkasm COMMAND checkasm)
set_tests_properties(checkasm PROPERTIES LABELS t1 TIMEOUT 600)

# cm_emulated(NAME sources…): the same with SIMDe in place of the processor, so that AVX-512 is
# checked on machines that lack it.
function(cm_emulated name)
  file(GLOB rooms CONFIGURE_DEPENDS src/quant/*.c src/base/*.c)
  add_executable(${name}_emulated ${ARGN} ${rooms})
  target_compile_definitions(${name}_emulated PRIVATE CM_SIMDE)
  target_compile_options(${name}_emulated PRIVATE -w -Wno-psabi -O1 -include ${dir}/simde_shims.h)
  target_link_libraries(${name}_emulated PRIVATE Threads::Threads m)
  add_test(NAME ${name}.emulated COMMAND ${name}_emulated)
  set_tests_properties(${name}.emulated PROPERTIES LABELS t1 TIMEOUT 600)
endfunction()

find_path(SIMDE simde/x86/avx512.h)
if(SIMDE AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND NOT CM_SANITIZE)
  cm_emulated(checkasm ${dir}/checkasm.c)
  cm_emulated(tiles ${dir}/tiles.c src/kernel/gemm_avx2.c src/kernel/gemm_avx512.c)
endif()
