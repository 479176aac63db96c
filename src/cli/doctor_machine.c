/* What this machine is, and roughly how fast it reads memory: that is what bounds the speed of a
 * model. */
#include "base/cpu.h"
#include "base/os.h"
#include "base/pool.h"
#include "cli/doctor.h"

enum {
  PIECE = 4 << 20,
  PIECES = 64, /* 256 MiB: more than last-level caches hold */
  PIECES_SMALL = 8,
  FILL_MS = 120,
  READ_MS = 100
};
static const uint64_t small_memory = UINT64_C(2) << 30;

typedef struct reading {
  uint64_t *words; /* [pieces * PIECE / 8] */
  bool filled[PIECES];
  uint64_t sums[PIECES]; /* so that nothing is optimized away */
  uint64_t until_ns;
} reading;

enum { WORDS = PIECE / 8 };

/* Memory that was never written is one page of zeros, over and over. */
static void fill(void *ctx, size_t begin, size_t end, unsigned worker) {
  reading *r = ctx;
  (void)worker;
  for (size_t i = begin; i < end && cm_os_now_ns() < r->until_ns; i++) {
    uint64_t *p = r->words + i * WORDS;
    for (size_t k = 0; k < WORDS; k++) p[k] = k + i;
    r->filled[i] = true;
  }
}

static void read_piece(void *ctx, size_t begin, size_t end, unsigned worker) {
  reading *r = ctx;
  (void)worker;
  for (size_t i = begin; i < end; i++) {
    const uint64_t *p = r->words + i * WORDS;
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (size_t k = 0; k < WORDS; k += 4) a += p[k], b += p[k + 1], c += p[k + 2], d += p[k + 3];
    r->sums[i] += a + b + c + d;
  }
}

/* Bytes a second; 0: there is no memory or no time to measure it. */
static double measure(cm_pool *pool, reading *r, size_t pieces) {
  size_t ready = 0;
  r->until_ns = cm_os_now_ns() + FILL_MS * UINT64_C(1000000);
  cm_pool_for(pool, pieces, 1, fill, r);
  while (ready < pieces && r->filled[ready]) ready++;
  if (!ready) return 0;
  const uint64_t start = cm_os_now_ns();
  uint64_t now = start;
  double bytes = 0;
  while (now - start < READ_MS * UINT64_C(1000000)) {
    cm_pool_for(pool, ready, 1, read_piece, r);
    bytes += (double)ready * PIECE;
    now = cm_os_now_ns();
  }
  return bytes * 1e9 / (double)(now - start);
}

static double bandwidth(unsigned threads) {
  const size_t pieces = cm_os_memory_bytes() < small_memory ? PIECES_SMALL : PIECES;
  cm_pool *pool = NULL;
  double rate = 0;
  reading *r = cm_alloc(1, sizeof *r);
  if (r) r->words = cm_alloc(pieces, PIECE);
  if (r && r->words && !cm_pool_open(&pool, threads, NULL)) rate = measure(pool, r, pieces);
  cm_pool_close(pool);
  if (r) cm_free(r->words);
  cm_free(r);
  return rate;
}

void cm_doctor_machine(cm_doctor *d) {
  const unsigned cores = cm_os_cpu_count();
  const unsigned threads = d->o->threads ? d->o->threads : cores;
  char name[128];
  cm_buf all;
  cm_os_cpu_name(name, sizeof name);
  cm_buf_init(&all, 256);
  for (int i = 0; i < CM_ISA_COUNT; i++)
    if (cm_cpu_has((cm_isa)i)) cm_buf_printf(&all, " %s", cm_isa_name((cm_isa)i));
  cm_doctor_say(d, "machine", "processor", CM_WELL, NULL, "%s, %u core%s, %s", name, cores,
                cores == 1 ? "" : "s", cm_os_name());
  cm_doctor_say(d, "machine", "instructions", CM_WELL, NULL, "%s is used; there are%s",
                cm_isa_name(cm_cpu_best()), all.p ? all.p : "");
  cm_buf_close(&all);
  d->bytes_per_second = bandwidth(threads);
  cm_doctor_say(
      d, "machine", "memory", CM_WELL, NULL,
      "%.1f GB; %u thread%s read about %.1f GB/s (a quick estimate; cmdai bench measures)",
      (double)cm_os_memory_bytes() / 1e9, threads, threads == 1 ? "" : "s",
      d->bytes_per_second / 1e9);
}
