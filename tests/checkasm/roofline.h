/* checkasm --bench --shape ROWSxCOLS: each tensor type's decoding beside the memory it waits for.
 *
 * Matrices of that shape lie one after the other in more memory than a cache holds, and are
 * multiplied in the chunks that the program uses; then the same bytes are only read. In turns,
 * medians of both, with one and with all threads: the share is what decoding reaches of the limit
 * that the machine had at that moment. */
#ifndef CM_TESTS_CHECKASM_ROOFLINE_H
#define CM_TESTS_CHECKASM_ROOFLINE_H
#include <stdio.h>

#include "base/pool.h"
#include "bench.h"

enum { ROOF_CHUNK = 96 << 10 }; /* as in kernel/matmul.c */

typedef struct roof {
  cm_dot_rows_fn *dot;
  input in; /* all matrices */
  size_t shape_rows, grain;
  const uint8_t *w; /* the matrix that is being multiplied */
  float *out;
  uint64_t seen[CM_POOL_MAX]; /* so that no reading is left out */
} roof;

static inline void roof_dot(void *ctx, size_t begin, size_t end, unsigned worker) {
  const roof *r = ctx;
  (void)worker;
  r->dot(r->w + begin * r->in.row_bytes, r->in.row_bytes, end - begin, r->in.x, r->in.n,
         r->out + begin);
}

static inline void roof_read(void *ctx, size_t begin, size_t end, unsigned worker) {
  typedef uint64_t v2 __attribute__((vector_size(16)));
  roof *r = ctx;
  v2 sum[8] = {{0}}, v;
  const uint8_t *p = r->in.w + begin * r->in.row_bytes, *stop = r->in.w + end * r->in.row_bytes;
  for (; p + 128 <= stop; p += 128) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
      memcpy(&v, p + 16 * i, sizeof v);
      sum[i] |= v;
    }
  }
  for (int i = 1; i < 8; i++) sum[0] |= sum[i];
  r->seen[worker] |= sum[0][0] | sum[0][1];
}

static inline int roof_order(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Prints GB/s and the share of reading. */
static inline void roof_measure(cm_pool *pool, roof *r) {
  double read[BENCH_RUNS], dot[BENCH_RUNS];
  const double bytes = (double)(r->in.rows * r->in.row_bytes);
  for (int run = 0; run < BENCH_RUNS; run++) {
    const uint64_t t = cm_os_now_ns();
    cm_pool_for(pool, r->in.rows, r->grain, roof_read, r);
    const uint64_t u = cm_os_now_ns();
    for (size_t m = 0; m < r->in.rows; m += r->shape_rows) {
      r->w = r->in.w + m * r->in.row_bytes;
      cm_pool_for(pool, r->shape_rows, r->grain, roof_dot, r);
    }
    read[run] = bytes / (double)(u - t);
    dot[run] = bytes / (double)(cm_os_now_ns() - u);
  }
  qsort(read, BENCH_RUNS, sizeof *read, roof_order);
  qsort(dot, BENCH_RUNS, sizeof *dot, roof_order);
  const double limit = read[BENCH_RUNS / 2], reached = dot[BENCH_RUNS / 2];
  printf("%8.1f of %5.1f %4.0f %%", reached, limit, 100 * reached / limit);
}

/* Ordinary numbers: denormal ones would measure something else. */
static inline input roof_input(const cm_quant *q, size_t rows, size_t blocks) {
  const cm_qtype *t = cm_qtype_of(q->id);
  input in = {.rows = rows, .n = blocks * t->block_values, .blocks = blocks};
  in.row_bytes = blocks * t->block_bytes;
  in.w = must_alloc(rows * in.row_bytes);
  in.x = must_alloc(cm_act_bytes(q->act, in.n));
  for (size_t b = 0; b < blocks; b++) fill_block(t, in.w + b * t->block_bytes, 0, 0);
  for (size_t r = 1; r < rows; r++) memcpy(in.w + r * in.row_bytes, in.w, in.row_bytes);
  fill_act(q->act, in.x, in.n, 0, 0);
  return in;
}

static inline void roof_type(const cm_quant *q, size_t rows, size_t cols) {
  const cm_qtype *t = cm_qtype_of(q->id);
  if (cols % t->block_values) return;
  const size_t row_bytes = cols / t->block_values * t->block_bytes;
  const size_t copies = BENCH_BYTES / (rows * row_bytes) + 1;
  roof r = {.dot = cm_quant_dot_rows(q, cm_cpu_best()), .shape_rows = rows};
  r.in = roof_input(q, copies * rows, cols / t->block_values);
  r.grain = (ROOF_CHUNK / row_bytes + 15) & ~(size_t)15;
  r.out = must_alloc(rows * sizeof *r.out);
  printf("%-6s", t->name);
  const unsigned all = cm_os_cpu_count() < CM_POOL_MAX ? cm_os_cpu_count() : CM_POOL_MAX;
  for (unsigned threads = 1; threads <= all; threads += all > 1 ? all - 1 : 1) {
    cm_pool *pool;
    cm_err e;
    if (cm_pool_open(&pool, threads, &e) != CM_OK) abort();
    roof_measure(pool, &r);
    cm_pool_close(pool);
  }
  printf("\n");
  fflush(stdout);
  free(r.out);
  input_free(&r.in);
}

/* 0, or 2 when `shape` isn't ROWSxCOLS. */
static inline int roofline(const char *shape) {
  char *end;
  const unsigned long rows = strtoul(shape, &end, 10);
  const unsigned long cols = *end == 'x' ? strtoul(end + 1, &end, 10) : 0;
  if (*end || !rows || !cols || rows > 1 << 20 || cols > 1 << 20) return 2;
  printf("%lu x %lu, %s: GB/s of what reading alone gets, one thread and all threads\n", rows,
         cols, cm_isa_name(cm_cpu_best()));
  for (int id = 0; id < CM_Q_COUNT; id++) roof_type(cm_quant_of((cm_qid)id), rows, cols);
  return 0;
}

#endif
