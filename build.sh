# build.sh SRC OUT
S=$1/src; F="-O2 -g -std=c17 -D_GNU_SOURCE -fno-schedule-insns -ffp-contract=off -I$S"
gcc $F /tmp/mb/mb.c $S/kernel/{gemm,gemm_avx2,kernel,matmul,rope,ops_avx2,ops_scalar}.c $S/quant/*.c -o /tmp/mb/$2 /work/main/build/release/libcm_base.a -lm -lpthread $3
