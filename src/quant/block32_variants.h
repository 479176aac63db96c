/* block32_variants: the functions of one type with blocks of 32 values, for every instruction set.
 * Not a header in the usual sense: a type's file includes it once, after it has defined
 * - type: its cm_type32 (a static const, so that it melts into the loops);
 * - load2: its cm_load2_fn, if CM_X86;
 * - load1: its cm_load1_fn, if CM_ARM;
 * and gets to_f32 and CM_VARIANTS32 for its cm_quant.
 */

static void to_f32(const void *blocks, float *out, size_t n) {
  cm_to_f32_32(&type, blocks, out, n);
}

static void dot_scalar(const void *w, size_t row_bytes, size_t rows, const void *x, size_t n,
                       float *out) {
  cm_dot_rows32(&type, w, row_bytes, rows, x, n, out);
}

static void unpack_scalar(const void *w, size_t row_bytes, size_t rows, size_t first,
                          size_t blocks, void *panels) {
  cm_unpack32(&type, w, row_bytes, rows, first, blocks, panels);
}

#if defined(CM_X86)
CM_AVX2 static void dot_avx2(const void *w, size_t row_bytes, size_t rows, const void *x, size_t n,
                             float *out) {
  if (type.flip) {
    cm_dot_rows32_x86(&type, load2, cm_sum2_signed, cm_fold, true, w, row_bytes, rows, x, n, out);
  } else {
    cm_dot_rows32_x86(&type, load2, cm_sum2_small, cm_fold_small, false, w, row_bytes, rows, x, n,
                      out);
  }
}

CM_AVX512 static void dot_avx512(const void *w, size_t row_bytes, size_t rows, const void *x,
                                 size_t n, float *out) {
  cm_dot_rows32_x86(&type, load2, cm_sum2_vnni, cm_fold, false, w, row_bytes, rows, x, n, out);
}

CM_AVX2 static void unpack_avx2(const void *w, size_t row_bytes, size_t rows, size_t first,
                                size_t blocks, void *panels) {
  cm_unpack32_x86(&type, load2, w, row_bytes, rows, first, blocks, panels);
}

#define CM_VARIANTS32                                                                         \
  .dot_rows =                                                                                 \
      {[CM_ISA_SCALAR] = dot_scalar, [CM_ISA_AVX2] = dot_avx2, [CM_ISA_AVX512] = dot_avx512}, \
  .unpack = {[CM_ISA_SCALAR] = unpack_scalar, [CM_ISA_AVX2] = unpack_avx2}

#elif defined(CM_ARM)
CM_NEON static void dot_neon(const void *w, size_t row_bytes, size_t rows, const void *x, size_t n,
                             float *out) {
  cm_dot_rows32_neon(&type, load1, w, row_bytes, rows, x, n, out);
}

CM_NEON static void unpack_neon(const void *w, size_t row_bytes, size_t rows, size_t first,
                                size_t blocks, void *panels) {
  cm_unpack32_neon(&type, load1, w, row_bytes, rows, first, blocks, panels);
}

#define CM_VARIANTS32                                                   \
  .dot_rows = {[CM_ISA_SCALAR] = dot_scalar, [CM_ISA_NEON] = dot_neon}, \
  .unpack = {[CM_ISA_SCALAR] = unpack_scalar, [CM_ISA_NEON] = unpack_neon}

#else
#define CM_VARIANTS32 \
  .dot_rows = {[CM_ISA_SCALAR] = dot_scalar}, .unpack = {[CM_ISA_SCALAR] = unpack_scalar}
#endif
