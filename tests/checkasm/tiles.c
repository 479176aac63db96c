/* tiles: the panel kernels against the scalar dot_rows, every quantized type. Built with
 * -DCM_SIMDE, so that AVX-512 runs in emulation on any x86-64 machine (tests/unit/kernel_matmul.c
 * runs what the machine really has). */
#include <stdio.h>
#include <string.h>

#include "kernel/gemm.h"

enum { ROWS = CM_PANEL_ROWS, N = 768, TRIALS = 40, COLS = CM_TILE_COLS };

static uint64_t state = 7;

static float next_float(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return ((float)(state >> 40) / 16777216.0f - 0.5f) * 4;
}

static float wide[ROWS * N], x[N];
static uint8_t packed[ROWS * N * 2], acts[COLS][N * 2];
static _Alignas(64) uint8_t panels[N / 32 * sizeof(cm_panel32) + N / 256 * sizeof(cm_panel256)];

static bool trial(const cm_quant *q, cm_tile_fn *tile, size_t ncols) {
  const void *cols[COLS];
  _Alignas(64) float acc[COLS][CM_PANEL_ROWS] = {{0}}, expect[ROWS];
  uint64_t row_bytes;
  if (!cm_qtype_row_bytes(cm_qtype_of(q->id), N, &row_bytes)) return false;
  for (size_t i = 0; i < ROWS * N; i++) wide[i] = next_float();
  for (size_t r = 0; r < ROWS; r++) q->from_f32(wide + r * N, packed + r * row_bytes, N);
  for (size_t c = 0; c < ncols; c++) {
    for (size_t i = 0; i < N; i++) x[i] = next_float();
    cm_act_quantizer(q->act, CM_ISA_SCALAR)(x, acts[c], N);
    cols[c] = acts[c];
  }
  size_t blocks = N / (q->act == CM_ACT_Q8 ? 32 : 256);
  q->unpack[CM_ISA_SCALAR](packed, row_bytes, ROWS, 0, blocks, panels);
  tile(q, panels, cols, ncols, blocks, acc);
  for (size_t c = 0; c < ncols; c++) {
    q->dot_rows[CM_ISA_SCALAR](packed, row_bytes, ROWS, acts[c], N, expect);
    if (memcmp(expect, acc[c], sizeof expect) != 0) return false;
  }
  return true;
}

int main(void) {
  static const struct {
    const char *name;
    cm_tile_fn *fn;
  } tiles[] = {{"avx2", cm_tile_avx2}, {"avx512", cm_tile_avx512}};
  int passed = 0, failed = 0;
  for (int id = 0; id < CM_Q_COUNT; id++) {
    const cm_quant *q = cm_quant_of((cm_qid)id);
    for (size_t t = 0; t < 2 && q->act != CM_ACT_F32; t++) {
      bool ok = true;
      for (int i = 0; i < TRIALS; i++) ok = trial(q, tiles[t].fn, 1 + (size_t)i % COLS) && ok;
      printf("%-6s %-7s %s\n", cm_qtype_of(q->id)->name, tiles[t].name, ok ? "ok" : "FAIL");
      *(ok ? &passed : &failed) += 1;
    }
  }
  printf("%d passed, %d failed\n", passed, failed);
  return failed || !passed;
}
