# tests/checkasm: every tensor type x every instruction set of this machine against scalar code.
set(dir ${CMAKE_SOURCE_DIR}/tests/checkasm)
add_executable(checkasm ${dir}/checkasm.c)
target_link_libraries(checkasm PRIVATE cm_quant)
add_executable(tiles ${dir}/tiles.c)
target_link_libraries(tiles PRIVATE cm_kernel)
foreach(name checkasm tiles)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS t1 TIMEOUT 600)
endforeach()

# cm_emulated(NAME sources…): the same with SIMDe in place of the processor, so that AVX-512 is
# checked on machines that lack it. What is emulated is the code, whatever compiled it: one
# compiler's build is enough (CM_EMULATED).
option(CM_EMULATED "kernels once more, on emulated processors" ON)
find_path(SIMDE simde/x86/avx512.h)

function(cm_emulate target)
  target_compile_definitions(${target} PRIVATE CM_SIMDE)
  target_compile_options(${target} PRIVATE -w -Wno-psabi -O1 -include ${dir}/simde_shims.h)
endfunction()

function(cm_emulated name)
  add_executable(${name}_emulated ${ARGN} $<TARGET_OBJECTS:emulated>)
  cm_emulate(${name}_emulated)
  target_link_libraries(${name}_emulated PRIVATE Threads::Threads m)
  add_test(NAME ${name}.emulated COMMAND ${name}_emulated)
  set_tests_properties(${name}.emulated PROPERTIES LABELS t1 TIMEOUT 600)
endfunction()

if(CM_EMULATED AND SIMDE AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND NOT CM_SANITIZE)
  file(GLOB rooms CONFIGURE_DEPENDS src/quant/*.c src/base/*.c)
  add_library(emulated OBJECT ${rooms})
  cm_emulate(emulated)
  cm_emulated(checkasm ${dir}/checkasm.c)
  cm_emulated(tiles ${dir}/tiles.c src/kernel/gemm.c src/kernel/gemm_avx2.c src/kernel/gemm_avx512.c)
endif()
