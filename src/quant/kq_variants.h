/* kq_variants: the functions of one K type, for every instruction set. Not a header in the usual
 * sense: a type's file includes it once, after defining
 *   type                          its cm_kq
 *   x86, spread256, load512       its cm_kq_x86 and loaders, if CM_X86
 *   load_neon                     its loader, if CM_ARM
 * and gets CM_KQ_FUNCTIONS for its cm_quant. */

static void to_f32(const void *blocks, float *out, size_t n) {
  cm_kq_to_f32(&type, blocks, out, n);
}

static void from_f32(const float *x, void *blocks, size_t n) {
  cm_kq_from_f32(&type, x, blocks, n);
}

static void dot_scalar(const void *w, size_t row_bytes, size_t rows, const void *x, size_t n,
                       float *out) {
  cm_kq_dot_rows(&type, w, row_bytes, rows, x, n, out);
}

static void unpack_scalar(const void *w, size_t row_bytes, size_t rows, size_t first,
                          size_t blocks, void *panels) {
  cm_kq_unpack(&type, w, row_bytes, rows, first, blocks, panels);
}

#if defined(CM_X86)
CM_AVX2 CM_INLINE __m256i sum256(const void *block, __m256i scale, const int8_t *x) {
  __m256i plane[CM_KQ_PLANES], u[8];
  CM_UNROLL
  for (int i = 0; i < x86.planes; i++) plane[i] = cm_kq_plane(&x86, block, i);
  spread256(plane, u);
  return cm_kq_weigh256(u, scale, x);
}

CM_AVX512 CM_INLINE __m256i sum512(const void *block, __m256i scale, const int8_t *x) {
  __m512i u[4];
  load512(block, u);
  return cm_kq_weigh512(u, scale, x);
}

CM_AVX2 CM_INLINE __m256 tile256(const uint8_t *const row[8], const cm_q8k *x, size_t blocks,
                                 __m256 acc) {
  if (x86.pairs) return cm_kq_tile_pairs(&x86, spread256, row, x, blocks, acc);
  return cm_kq_tile(&x86, sum256, row, x, blocks, acc);
}

CM_AVX512 CM_INLINE __m256 tile512(const uint8_t *const row[8], const cm_q8k *x, size_t blocks,
                                   __m256 acc) {
  return cm_kq_tile(&x86, sum512, row, x, blocks, acc);
}

CM_AVX2 static void dot_avx2(const void *w, size_t row_bytes, size_t rows, const void *x, size_t n,
                             float *out) {
  cm_kq_dot_x86(&x86, tile256, w, row_bytes, rows, x, n, out);
}

CM_AVX512 static void dot_avx512(const void *w, size_t row_bytes, size_t rows, const void *x,
                                 size_t n, float *out) {
  cm_kq_dot_x86(&x86, tile512, w, row_bytes, rows, x, n, out);
}

CM_AVX2 static void unpack_avx2(const void *w, size_t row_bytes, size_t rows, size_t first,
                                size_t blocks, void *panels) {
  cm_kq_unpack_x86(&type, &x86, spread256, w, row_bytes, rows, first, blocks, panels);
}

#define CM_KQ_VARIANTS                                                                        \
  .dot_rows =                                                                                 \
      {[CM_ISA_SCALAR] = dot_scalar, [CM_ISA_AVX2] = dot_avx2, [CM_ISA_AVX512] = dot_avx512}, \
  .unpack = {[CM_ISA_SCALAR] = unpack_scalar, [CM_ISA_AVX2] = unpack_avx2}

#elif defined(CM_ARM)
CM_NEON static void dot_neon(const void *w, size_t row_bytes, size_t rows, const void *x, size_t n,
                             float *out) {
  cm_kq_dot_neon(&type, load_neon, w, row_bytes, rows, x, n, out);
}

CM_NEON static void unpack_neon(const void *w, size_t row_bytes, size_t rows, size_t first,
                                size_t blocks, void *panels) {
  cm_kq_unpack_neon(&type, load_neon, w, row_bytes, rows, first, blocks, panels);
}

#define CM_KQ_VARIANTS                                                  \
  .dot_rows = {[CM_ISA_SCALAR] = dot_scalar, [CM_ISA_NEON] = dot_neon}, \
  .unpack = {[CM_ISA_SCALAR] = unpack_scalar, [CM_ISA_NEON] = unpack_neon}

#else
#define CM_KQ_VARIANTS \
  .dot_rows = {[CM_ISA_SCALAR] = dot_scalar}, .unpack = {[CM_ISA_SCALAR] = unpack_scalar}
#endif

#define CM_KQ_FUNCTIONS .to_f32 = to_f32, .from_f32 = from_f32, CM_KQ_VARIANTS
