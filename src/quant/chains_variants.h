/* chains_variants: the functions of one float type, for every instruction set. A type's file
 * includes it once, after it has defined
 * - type: its cm_type1 (a static const);
 * - values8: its cm_values8_fn, if CM_X86;
 * - values4: its cm_values4_fn, if CM_ARM;
 * and gets to_f32 and CM_VARIANTS1 for its cm_quant. AVX-512 has nothing to add: memory sets the
 * pace.
 */

static void to_f32(const void *values, float *out, size_t n) {
  cm_to_f32_1(&type, values, out, n);
}

static void dot_scalar(const void *w, size_t row_bytes, size_t rows, const void *x, size_t n,
                       float *out) {
  cm_dot_rows1(&type, w, row_bytes, rows, x, n, out);
}

#if defined(CM_X86)
CM_AVX2 static void dot_avx2(const void *w, size_t row_bytes, size_t rows, const void *x, size_t n,
                             float *out) {
  cm_dot_rows1_avx2(&type, values8, w, row_bytes, rows, x, n, out);
}
#define CM_VARIANTS1 .dot_rows = {[CM_ISA_SCALAR] = dot_scalar, [CM_ISA_AVX2] = dot_avx2}

#elif defined(CM_ARM)
CM_NEON static void dot_neon(const void *w, size_t row_bytes, size_t rows, const void *x, size_t n,
                             float *out) {
  cm_dot_rows1_neon(&type, values4, w, row_bytes, rows, x, n, out);
}
#define CM_VARIANTS1 .dot_rows = {[CM_ISA_SCALAR] = dot_scalar, [CM_ISA_NEON] = dot_neon}

#else
#define CM_VARIANTS1 .dot_rows = {[CM_ISA_SCALAR] = dot_scalar}
#endif
