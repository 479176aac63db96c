/* checkasm --bench: how fast each variant reads a matrix that fits in no cache. One thread, best
 * of several runs. */
#ifndef CM_TESTS_CHECKASM_BENCH_H
#define CM_TESTS_CHECKASM_BENCH_H
#include <stdio.h>

#include "base/os.h"
#include "input.h"

enum { BENCH_BYTES = 100 << 20, BENCH_RUNS = 7, BENCH_GRAIN = 128 };

static inline double bench_dot_gbs(cm_dot_rows_fn *dot, const input *in, float *out) {
  double best = 0;
  for (int run = 0; run < BENCH_RUNS; run++) {
    uint64_t t = cm_os_now_ns();
    for (size_t r = 0; r < in->rows; r += BENCH_GRAIN) {
      size_t rows = in->rows - r < BENCH_GRAIN ? in->rows - r : BENCH_GRAIN;
      dot(in->w + r * in->row_bytes, in->row_bytes, rows, in->x, in->n, out + r);
    }
    double gbs = (double)(in->rows * in->row_bytes) / (double)(cm_os_now_ns() - t);
    if (gbs > best) best = gbs;
  }
  return best;
}

/* Nanoseconds for 1000 values, panels staying in cache. */
static inline double bench_unpack_ns(cm_unpack_fn *unpack, const input *in) {
  size_t blocks = in->blocks < 16 ? in->blocks : 16;
  void *panels = must_alloc(blocks * sizeof(cm_panel256));
  double best = 1e30;
  for (int run = 0; run < BENCH_RUNS * 100; run++) {
    uint64_t t = cm_os_now_ns();
    for (int i = 0; i < 10; i++) unpack(in->w, in->row_bytes, CM_PANEL_ROWS, 0, blocks, panels);
    double values = 10.0 * CM_PANEL_ROWS * (double)(in->n / in->blocks * blocks);
    double ns = (double)(cm_os_now_ns() - t) / values * 1000.0;
    if (ns < best) best = ns;
  }
  free(panels);
  return best;
}

static inline void bench_type(const cm_quant *q, cm_isa isa) {
  enum { N = 4096 };
  const cm_qtype *t = cm_qtype_of(q->id);
  size_t row_bytes = N / t->block_values * t->block_bytes;
  input in = input_new(q, BENCH_BYTES / row_bytes, N / t->block_values, 0);
  float *out = must_alloc(in.rows * sizeof *out);
  if (q->dot_rows[isa]) printf("%8.1f GB/s", bench_dot_gbs(q->dot_rows[isa], &in, out));
  if (q->unpack[isa])
    printf("%8.0f ns/1000 values unpacked", bench_unpack_ns(q->unpack[isa], &in));
  free(out);
  input_free(&in);
}

#endif
