/* rooms: base data quant libs: m */
/* limits [--json] [--mib N] [--repeat N]: what this machine can give at most, to measure ourselves
 * by: bytes read from memory a second, and int8 products added a second, with 1 to all threads.
 *
 * Each figure is the median of the repeats; its spread is the middle half of them over the median.
 * Reading: every thread takes pieces of one buffer that no cache holds. Computing: sums and
 * operands that never leave their registers, with the instructions of our own kernels (AVX-512
 * VNNI: vpdpbusd; AVX2: vpmaddubsw and vpaddw, widened every eighth time; NEON: sdot). A product
 * and its addition count as two operations. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/os.h"
#include "base/pool.h"
#include "data/json.h"
#include "quant/intrin.h"

enum { MAX_REPEAT = 1001, PIECE = 2 << 20, ROUNDS = 1 << 16 };

typedef struct options {
  bool json;
  size_t mib, repeat;
} options;

typedef struct figure {
  double median, spread;
} figure;

/* --- reading --- */

typedef struct reading {
  const uint8_t *p;
  uint64_t seen[CM_POOL_MAX]; /* so that nothing is left out */
} reading;

/* Two 64-byte lines at a time, in vectors that every processor has. */
static void read_part(void *ctx, size_t begin, size_t end, unsigned worker) {
  reading *r = ctx;
  typedef uint64_t v2 __attribute__((vector_size(16)));
  v2 sum[8] = {{0}}, v;
  for (size_t at = begin * PIECE; at < end * PIECE; at += 128) {
    CM_UNROLL
    for (int i = 0; i < 8; i++) {
      memcpy(&v, r->p + at + 16 * i, sizeof v);
      sum[i] |= v;
    }
  }
  CM_UNROLL
  for (int i = 1; i < 8; i++) sum[0] |= sum[i];
  r->seen[worker] |= sum[0][0] | sum[0][1];
}

/* --- computing --- */

/* The sums of a loop with nothing but products; KEEP hides an operand from the optimizer. */
typedef uint64_t compute_fn(size_t rounds);

#if defined(CM_X86)
#define KEEP(x) __asm__ volatile("" : "+v"(x))

CM_AVX512 static uint64_t compute_avx512(size_t rounds) {
  __m512i a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(5), sum[12];
  CM_UNROLL
  for (int i = 0; i < 12; i++) sum[i] = _mm512_setzero_si512();
  for (size_t r = 0; r < rounds; r++) {
    CM_UNROLL
    for (int i = 0; i < 12; i++) {
      KEEP(a);
      sum[i] = _mm512_dpbusd_epi32(sum[i], a, b);
    }
  }
  CM_UNROLL
  for (int i = 1; i < 12; i++) sum[0] = _mm512_add_epi32(sum[0], sum[i]);
  return (uint64_t)_mm512_reduce_add_epi32(sum[0]);
}

#undef KEEP
#define KEEP(x) __asm__ volatile("" : "+x"(x))

CM_AVX2 static uint64_t compute_avx2(size_t rounds) {
  __m256i a = _mm256_set1_epi8(3), b = _mm256_set1_epi8(5), sum[8], total;
  const __m256i ones = _mm256_set1_epi16(1);
  total = _mm256_setzero_si256();
  for (size_t r = 0; r < rounds; r += 8) {
    CM_UNROLL
    for (int i = 0; i < 8; i++) sum[i] = _mm256_setzero_si256();
    CM_UNROLL
    for (int step = 0; step < 8; step++) {
      CM_UNROLL
      for (int i = 0; i < 8; i++) {
        KEEP(a);
        sum[i] = _mm256_add_epi16(sum[i], _mm256_maddubs_epi16(a, b));
        KEEP(sum[i]); /* else all products are made first, and put aside in memory */
      }
    }
    CM_UNROLL
    for (int i = 0; i < 8; i++) total = _mm256_add_epi32(total, _mm256_madd_epi16(sum[i], ones));
  }
  return (uint64_t)_mm256_extract_epi32(total, 0);
}

#elif defined(CM_ARM)
#define KEEP(x) __asm__ volatile("" : "+w"(x))

CM_NEON static uint64_t compute_neon(size_t rounds) {
  int8x16_t a = vdupq_n_s8(3), b = vdupq_n_s8(5);
  int32x4_t sum[12];
  CM_UNROLL
  for (int i = 0; i < 12; i++) sum[i] = vdupq_n_s32(0);
  for (size_t r = 0; r < rounds; r++) {
    CM_UNROLL
    for (int i = 0; i < 12; i++) {
      KEEP(a);
      sum[i] = vdotq_s32(sum[i], a, b);
    }
  }
  CM_UNROLL
  for (int i = 1; i < 12; i++) sum[0] = vaddq_s32(sum[0], sum[i]);
  return (uint64_t)vaddvq_s32(sum[0]);
}
#endif

/* `products` a round. */
typedef struct kind {
  const char *name;
  compute_fn *fn;
  double products;
} kind;

static kind best_kind(void) {
  const cm_isa isa = cm_cpu_best();
#if defined(CM_X86)
  if (isa == CM_ISA_AVX512) return (kind){"vpdpbusd, 512 bits", compute_avx512, 12 * 64};
  if (isa == CM_ISA_AVX2) return (kind){"vpmaddubsw + vpaddw, 256 bits", compute_avx2, 8 * 32};
#elif defined(CM_ARM)
  if (isa == CM_ISA_NEON) return (kind){"sdot, 128 bits", compute_neon, 12 * 16};
#endif
  (void)isa;
  return (kind){0};
}

typedef struct computing {
  kind k;
  uint64_t seen[CM_POOL_MAX];
} computing;

static void compute_part(void *ctx, size_t begin, size_t end, unsigned worker) {
  computing *c = ctx;
  for (size_t i = begin; i < end; i++) c->seen[worker] += c->k.fn(ROUNDS);
}

/* --- measuring --- */

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Runs fn over n indices; `unit` of work an index, per nanosecond. */
static figure measure(cm_pool *pool, cm_pool_fn *fn, void *ctx, size_t n, double unit,
                      size_t repeat) {
  double v[MAX_REPEAT];
  cm_pool_for(pool, n, 1, fn, ctx); /* warm */
  for (size_t i = 0; i < repeat; i++) {
    const uint64_t t = cm_os_now_ns();
    cm_pool_for(pool, n, 1, fn, ctx);
    v[i] = (double)n * unit / (double)(cm_os_now_ns() - t + 1);
  }
  qsort(v, repeat, sizeof *v, by_value);
  const double median = v[repeat / 2];
  return (figure){median, (v[repeat * 3 / 4] - v[repeat / 4]) / median};
}

typedef struct row {
  figure read, compute; /* GB/s, Gop/s */
} row;

static cm_code measure_all(const options *o, const uint8_t *buffer, unsigned threads, row *rows,
                           cm_err *e) {
  static reading r;
  static computing c;
  r.p = buffer;
  c.k = best_kind();
  for (unsigned t = 1; t <= threads; t++) {
    cm_pool *pool;
    cm_code code = cm_pool_open(&pool, t, e);
    if (code) return code;
    rows[t - 1].read = measure(pool, read_part, &r, (o->mib << 20) / PIECE, PIECE, o->repeat);
    if (c.k.fn)
      rows[t - 1].compute =
          measure(pool, compute_part, &c, 16 * t, ROUNDS * c.k.products * 2, o->repeat);
    cm_pool_close(pool);
  }
  return CM_OK;
}

/* --- reporting --- */

static void put_figure(cm_jw *w, const char *key, figure f) {
  cm_jw_key(w, key);
  cm_jw_begin_object(w);
  cm_jw_key(w, "median");
  cm_jw_f64(w, f.median);
  cm_jw_key(w, "spread");
  cm_jw_f64(w, f.spread);
  cm_jw_end_object(w);
}

static void report_json(const char *cpu, unsigned threads, const row *rows, cm_buf *out) {
  cm_jw w;
  cm_jw_init(&w, out, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_text(&w, "schema", "cmdai.limits/1");
  cm_jw_put_text(&w, "cpu", cpu);
  cm_jw_put_text(&w, "isa", cm_isa_name(cm_cpu_best()));
  cm_jw_put_text(&w, "int8", best_kind().name);
  cm_jw_put_u64(&w, "memory_bytes", cm_os_memory_bytes());
  cm_jw_key(&w, "threads");
  cm_jw_begin_array(&w);
  for (unsigned t = 1; t <= threads; t++) {
    cm_jw_begin_object(&w);
    cm_jw_put_u64(&w, "threads", t);
    put_figure(&w, "read_gb_per_s", rows[t - 1].read);
    put_figure(&w, "int8_gop_per_s", rows[t - 1].compute);
    cm_jw_end_object(&w);
  }
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
}

static void report_text(const char *cpu, unsigned threads, const row *rows, cm_buf *out) {
  const kind k = best_kind();
  cm_buf_printf(out, "%s, %s\nthreads   read GB/s (spread)   int8 Gop/s (spread), %s\n", cpu,
                cm_isa_name(cm_cpu_best()), k.fn ? k.name : "no instruction for it");
  for (unsigned t = 1; t <= threads; t++) {
    const row *r = &rows[t - 1];
    cm_buf_printf(out, "%7u %11.1f   (%3.0f %%) %14.0f   (%3.0f %%)\n", t, r->read.median,
                  r->read.spread * 100, r->compute.median, r->compute.spread * 100);
  }
}

static bool number(const char *text, size_t max, size_t *out) {
  char *end;
  const unsigned long v = strtoul(text ? text : "", &end, 10);
  *out = v;
  return text && *text && !*end && v >= 1 && v <= max;
}

static bool parse(int argc, char **argv, options *o) {
  *o = (options){.mib = 512, .repeat = 11};
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--json") == 0) o->json = true;
    else if (strcmp(argv[i], "--mib") == 0 && number(argv[i + 1], 1 << 16, &o->mib)) i++;
    else if (strcmp(argv[i], "--repeat") == 0 && number(argv[i + 1], MAX_REPEAT, &o->repeat)) i++;
    else return false;
  }
  return true;
}

/* Written once, so that it is memory and not one page of zeros mapped many times. */
static uint8_t *make_buffer(size_t mib) {
  uint8_t *p = cm_alloc_aligned(mib << 20);
  for (size_t i = 0; p && i < mib << 20; i += 64) p[i] = (uint8_t)(i >> 6);
  return p;
}

int main(int argc, char **argv) {
  options o;
  cm_err e = {0};
  cm_buf out;
  char cpu[128];
  static row rows[CM_POOL_MAX];
  if (!parse(argc, argv, &o)) {
    fprintf(stderr, "usage: limits [--json] [--mib N] [--repeat N]\n");
    return 2;
  }
  if (o.mib % 2) o.mib++;
  const unsigned all = cm_os_cpu_count(), threads = all < CM_POOL_MAX ? all : CM_POOL_MAX;
  uint8_t *buffer = make_buffer(o.mib);
  cm_code code = buffer ? measure_all(&o, buffer, threads, rows, &e)
                        : cm_fail(&e, CM_E_NOMEM, 0, "no memory for %zu MiB", o.mib);
  cm_buf_init(&out, 1 << 20);
  cm_os_cpu_name(cpu, sizeof cpu);
  if (code) fprintf(stderr, "limits: %s\n", e.msg);
  else if (o.json) report_json(cpu, threads, rows, &out);
  else report_text(cpu, threads, rows, &out);
  fwrite(out.p, 1, out.n, stdout);
  cm_buf_close(&out);
  cm_free_aligned(buffer);
  return code ? 1 : 0;
}
