/* tiles: the panel kernels against the scalar dot_rows, every quantized type. Built with
 * -DCM_SIMDE, AVX2 and AVX-512 run in emulation on any x86-64 machine. */
#include <stdio.h>
#include <string.h>

#include "kernel/gemm.h"

enum { ROWS = CM_PANEL_ROWS, N = 768, COLS = CM_TILE_COLS, TRIALS = 3 * COLS };

static uint64_t state = 7;

static float next_float(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return ((float)(state >> 40) / 16777216.0f - 0.5f) * 4;
}

static float wide[ROWS * N], x[N];
static uint8_t packed[ROWS * N * 2], acts[COLS][N * 2];
static _Alignas(64) uint8_t panels[N / 32 * sizeof(cm_panel32) + N / 256 * sizeof(cm_panel256)];

/* Of kind 0, random values; else the ends of the range only, so that sums become as large as they
 * can: one of them everywhere, or both. */
static void fill(float *v, size_t n, size_t kind) {
  bool up = next_float() > 0;
  for (size_t i = 0; i < n; i++) {
    float f = next_float();
    v[i] = kind == 0 ? f : (kind == 1 ? up : f > 0) ? 2.0f : -2.0f;
  }
}

static bool trial(const cm_quant *q, cm_tile_fn *tile, size_t ncols, size_t kind) {
  const void *cols[COLS];
  _Alignas(64) float acc[COLS][CM_PANEL_ROWS] = {{0}}, expect[ROWS];
  uint64_t row_bytes;
  if (!cm_qtype_row_bytes(cm_qtype_of(q->id), N, &row_bytes)) return false;
  fill(wide, ROWS * N, kind);
  for (size_t r = 0; r < ROWS; r++) q->from_f32(wide + r * N, packed + r * row_bytes, N);
  for (size_t c = 0; c < ncols; c++) {
    fill(x, N, kind ? 1 + c % 2 : 0);
    cm_act_quantizer(q->act, CM_ISA_SCALAR)(x, acts[c], N);
    cols[c] = acts[c];
  }
  size_t blocks = N / (q->act == CM_ACT_Q8 ? 32u : 256u);
  q->unpack[CM_ISA_SCALAR](packed, row_bytes, ROWS, 0, blocks, panels);
  cm_ahead ahead = {packed, packed + sizeof packed, CM_LINE};
  tile(q, panels, cols, ncols, blocks, acc, &ahead);
  for (size_t c = 0; c < ncols; c++) {
    q->dot_rows[CM_ISA_SCALAR](packed, row_bytes, ROWS, acts[c], N, expect);
    if (memcmp(expect, acc[c], sizeof expect) != 0) return false;
  }
  return true;
}

static bool present(cm_isa isa) {
#ifdef CM_SIMDE
  return isa != CM_ISA_NEON;
#else
  return cm_cpu_has(isa);
#endif
}

int main(void) {
  int passed = 0, failed = 0;
  for (int id = 0; id < CM_Q_COUNT; id++) {
    const cm_quant *q = cm_quant_of((cm_qid)id);
    for (int isa = 0; isa < CM_ISA_COUNT; isa++) {
      cm_tile_fn *tile = cm_tile_kernel((cm_isa)isa);
      if (q->act == CM_ACT_F32 || !tile || !present((cm_isa)isa)) continue;
      bool ok = true;
      for (size_t i = 0; i < TRIALS; i++) ok = trial(q, tile, 1 + i % COLS, i / COLS) && ok;
      printf("%-6s %-7s %s\n", cm_qtype_of(q->id)->name, cm_isa_name((cm_isa)isa),
             ok ? "ok" : "FAIL");
      *(ok ? &passed : &failed) += 1;
    }
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed ? 1 : 0;
}
