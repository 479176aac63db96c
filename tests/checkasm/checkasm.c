/* rooms: quant */
/* checkasm [--bench [--shape ROWSxCOLS]]: every quantized arithmetic function of every instruction
 * set this machine has, against the scalar one, which is held to quant.h's formula. Bits must be
 * equal (any NaN equals any NaN).
 *
 * Built with -DCM_SIMDE it runs AVX2 and AVX-512 variants in emulation, on any machine. */
#include <stdio.h>

#include "activations.h"
#include "bench.h"
#include "reference.h"
#include "roofline.h"

enum { TRIALS = 1500, MAX_ROWS = 20, MAX_BLOCKS = 9, GUARD = 8 };

static int passed, failed;

static bool present(cm_isa isa) {
#ifdef CM_SIMDE
  return isa != CM_ISA_NEON;
#else
  return cm_cpu_has(isa);
#endif
}

static const char *verdict(bool ok) {
  *(ok ? &passed : &failed) += 1;
  return ok ? "ok" : "FAIL";
}

/* Mostly few blocks, sometimes a long row; the float types have blocks of one value. */
static size_t random_blocks(const cm_quant *q) {
  size_t most = q->act == CM_ACT_F32 ? 32 * MAX_BLOCKS : MAX_BLOCKS;
  return below(50) ? 1 + below(most) : 10 * most;
}

static input random_input(const cm_quant *q, size_t max_rows) {
  return input_new(q, 1 + below(max_rows), random_blocks(q), below(2) ? 0 : below(40));
}

/* --- dot_rows --- */

static bool dot_equal(cm_dot_rows_fn *a, cm_dot_rows_fn *b, const input *in) {
  float out[2][MAX_ROWS + GUARD];
  memset(out, 0x55, sizeof out);
  a(in->w, in->row_bytes, in->rows, in->x, in->n, out[0]);
  b(in->w, in->row_bytes, in->rows, in->x, in->n, out[1]);
  return same_floats(out[0], out[1], MAX_ROWS + GUARD);
}

static bool check_dot(const cm_quant *q, cm_isa isa) {
  for (int trial = 0; trial < TRIALS; trial++) {
    input in = random_input(q, MAX_ROWS);
    bool ok = dot_equal(q->dot_rows[CM_ISA_SCALAR], q->dot_rows[isa], &in);
    input_free(&in);
    if (!ok) return false;
  }
  return true;
}

/* --- unpack --- */

static size_t panel_bytes(const cm_quant *q) {
  return q->act == CM_ACT_Q8 ? sizeof(cm_panel32) : sizeof(cm_panel256);
}

static bool same_panel256(const cm_quant *q, const cm_panel256 *a, const cm_panel256 *b) {
  size_t used = (size_t)q->sub_blocks * sizeof a->scale[0];
  return same_floats(a->d, b->d, CM_PANEL_ROWS) && same_floats(a->dm, b->dm, CM_PANEL_ROWS) &&
         memcmp(a->scale, b->scale, used) == 0 && memcmp(a->min, b->min, used) == 0 &&
         memcmp(a->q, b->q, sizeof a->q) == 0;
}

static bool same_panels(const cm_quant *q, const void *a, const void *b, size_t blocks) {
  for (size_t i = 0; i < blocks; i++) {
    if (q->act == CM_ACT_Q8K) {
      if (!same_panel256(q, (const cm_panel256 *)a + i, (const cm_panel256 *)b + i)) return false;
      continue;
    }
    const cm_panel32 *pa = (const cm_panel32 *)a + i, *pb = (const cm_panel32 *)b + i;
    if (!same_floats(pa->d, pb->d, CM_PANEL_ROWS) || !same_floats(pa->dm, pb->dm, CM_PANEL_ROWS))
      return false;
    if (memcmp(pa->q, pb->q, sizeof pa->q) != 0) return false;
  }
  return true;
}

static bool unpack_equal(const cm_quant *q, cm_isa isa, const input *in) {
  size_t first = below(in->blocks), blocks = 1 + below(in->blocks - first);
  size_t bytes = blocks * panel_bytes(q);
  uint8_t *a = must_alloc(bytes), *b = must_alloc(bytes);
  memset(a, 0x55, bytes);
  memset(b, 0xaa, bytes);
  q->unpack[CM_ISA_SCALAR](in->w, in->row_bytes, in->rows, first, blocks, a);
  q->unpack[isa](in->w, in->row_bytes, in->rows, first, blocks, b);
  bool ok = same_panels(q, a, b, blocks);
  free(a);
  free(b);
  return ok;
}

static bool check_unpack(const cm_quant *q, cm_isa isa) {
  for (int trial = 0; trial < TRIALS; trial++) {
    size_t rows = trial % 2 ? CM_PANEL_ROWS : 1 + below(CM_PANEL_ROWS);
    input in = input_new(q, rows, random_blocks(q), below(2) ? 0 : below(40));
    bool ok = unpack_equal(q, isa, &in);
    input_free(&in);
    if (!ok) return false;
  }
  return true;
}

/* --- scalar against the formula --- */

static bool scalar_input_ok(const cm_quant *q, const input *in) {
  float dot[CM_PANEL_ROWS];
  float *f32 = must_alloc(in->n * sizeof *f32);
  void *panels = q->unpack[CM_ISA_SCALAR] ? must_alloc(in->blocks * panel_bytes(q)) : NULL;
  q->dot_rows[CM_ISA_SCALAR](in->w, in->row_bytes, in->rows, in->x, in->n, dot);
  if (panels) q->unpack[CM_ISA_SCALAR](in->w, in->row_bytes, in->rows, 0, in->blocks, panels);
  bool ok = true;
  for (size_t r = 0; r < in->rows && ok; r++) {
    q->to_f32(in->w + r * in->row_bytes, f32, in->n);
    ok = panels ? ref_check_row(q, in, panels, f32, r, dot[r])
                : same_float(ref_chains(f32, in->x, in->n), dot[r]);
  }
  free(panels);
  free(f32);
  return ok;
}

static bool check_scalar(const cm_quant *q) {
  for (int trial = 0; trial < TRIALS; trial++) {
    input in = random_input(q, CM_PANEL_ROWS);
    bool ok = scalar_input_ok(q, &in);
    input_free(&in);
    if (!ok) return false;
  }
  return true;
}

/* --- the table --- */

static void report(const cm_quant *q, cm_isa isa, bool bench) {
  bool scalar = isa == CM_ISA_SCALAR;
  const char *dot = "-", *unpack = "-";
  if (scalar) {
    dot = verdict(check_scalar(q));
    if (q->unpack[isa]) unpack = dot; /* checked together */
  } else {
    if (q->dot_rows[isa]) dot = verdict(check_dot(q, isa));
    if (q->unpack[isa]) unpack = verdict(check_unpack(q, isa));
  }
  printf("%-6s %-8s %-9s %-7s", cm_qtype_of(q->id)->name, cm_isa_name(isa), dot, unpack);
  if (bench) bench_type(q, isa);
  printf("\n");
  fflush(stdout);
}

static void report_activations(cm_act act, const char *name, cm_isa isa) {
  bool scalar = isa == CM_ISA_SCALAR;
  printf("%-6s %-8s %s\n", name, cm_isa_name(isa),
         verdict(scalar ? act_check_scalar(act) : act_check(act, isa)));
}

int main(int argc, char **argv) {
  bool bench = argc > 1 && strcmp(argv[1], "--bench") == 0;
  if (bench && argc == 4 && strcmp(argv[2], "--shape") == 0 && roofline(argv[3]) == 0) return 0;
  if (argc > 1 + bench) {
    fprintf(stderr, "usage: checkasm [--bench [--shape ROWSxCOLS]]\n");
    return 2;
  }
  printf("type   isa      dot_rows  unpack\n");
  for (int id = 0; id < CM_Q_COUNT; id++) {
    for (int isa = 0; isa < CM_ISA_COUNT; isa++) {
      if (present((cm_isa)isa)) report(cm_quant_of((cm_qid)id), (cm_isa)isa, bench);
    }
  }
  printf("\nact    isa      quantizer\n");
  for (int isa = 0; isa < CM_ISA_COUNT; isa++) {
    if (!present((cm_isa)isa)) continue;
    report_activations(CM_ACT_Q8, "Q8", (cm_isa)isa);
    report_activations(CM_ACT_Q8K, "Q8K", (cm_isa)isa);
  }
  printf("\n%d passed, %d failed\n", passed, failed);
  return failed ? 1 : 0;
}
