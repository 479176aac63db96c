/* rooms: quant gguf */
/* The K types: reading and quantizing give the peer's bits, dot products follow quant.h. (Rows
 * that the peer read are in quant_legacy; equality of the instruction sets is checkasm's.) */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "gguf/gguf.h"
#include "quant/quant.h"
#include "shared.h"
#include "unit/gguf_test.h"
#include "unit/quant_sha256.h"

enum { BLOCKS = 200, VALUES = 256, MAX_BLOCK = 210, N = BLOCKS * VALUES };

static const cm_qid ids[] = {CM_Q_Q2_K, CM_Q_Q3_K, CM_Q_Q4_K, CM_Q_Q5_K, CM_Q_Q6_K};
enum { TYPES = sizeof ids / sizeof *ids };

static size_t block_bytes(cm_qid id) { return cm_qtype_of(id)->block_bytes; }

static void check_sha(const void *p, size_t n, const char *expected) {
  char hex[65];
  sha256_hex(p, n, hex);
  assert_string_equal(hex, expected);
}

/* --- input that is the same everywhere: integer arithmetic only --- */

static uint32_t next(uint32_t *seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 16;
}

/* Like a layer's weights: a bell of four uniform numbers, in every third block with outliers. */
static void fill_weights(float *x, size_t n) {
  uint32_t seed = 1;
  for (size_t i = 0; i < n; i++) {
    int32_t sum = -131072;
    for (int k = 0; k < 4; k++) sum += (int32_t)next(&seed);
    bool outlier = i / VALUES % 3 == 2 && next(&seed) % 50 == 0;
    x[i] = (float)sum * 0x1p-20f * (outlier ? 8.0f : 1.0f);
  }
}

/* Blocks of random bytes, with a d and dm that are sane. */
static void fill_blocks(cm_qid id, uint8_t *p) {
  static const size_t d_at[CM_Q_COUNT] = {[CM_Q_Q2_K] = 80, [CM_Q_Q3_K] = 108, [CM_Q_Q6_K] = 208};
  size_t size = block_bytes(id), at = d_at[id];
  uint32_t seed = 2;
  for (size_t i = 0; i < BLOCKS * size; i++) p[i] = (uint8_t)next(&seed);
  for (size_t b = 0; b < BLOCKS; b++) {
    p[b * size + at + 1] = (uint8_t)(0x20 | (p[b * size + at + 1] & 0x83));
    if (!cm_quant_of(id)->symmetric) p[b * size + at + 3] = 0x1c;
  }
}

/* --- against llama.cpp 0.5.0: hashes made by its libggml-base from the same input --- */

static const struct {
  const char *quantized, *read;
} peer[TYPES] = {
    {"b34352148b4569230908faf96d552365051017f1924c1a3114eb05090a9bdd03",
     "720fbea56e36a702aa590cf71ac30dd43f54c93046236d9d6e3638de5bd0fbfc"},
    {"bd0508cec10683b38dfbd50a733f83cf544991544dbfb7b7a1ee06ef3a9757fb",
     "8c2c3b412d761a7facaede7abf21ba1b819a27e7d9ca720a9d3ce75c4f603a07"},
    {"e06ca6fe38c719271e51d3b42f76fc9c4d7556fbddd05c54d3fbf4d0a3af432a",
     "34291da038e22dfa07110379da17061f38099f42dbf65ef226214e8cf3f6cf1e"},
    {"4ebd6047ae87ff54b0a309b4cdbd13e785eb82e77eeb8b9eb100f5912b2f8623",
     "3d43ceecdf3279d4e03c876f1ec7a07bd23eef959b900ced5f8849c933f38b97"},
    {"d2f5e526cc5120e0992e046de5aa4bcb197f34e242c86819bb0c474897ad2ea8",
     "b83aac23f59c47e0e2c289f47afd03a9d8c001045cf58638a4490a93a92d977e"},
};

static void same_bits_as_peer(void **state) {
  (void)state;
  static float x[N];
  static uint8_t blocks[BLOCKS * MAX_BLOCK];
  for (int t = 0; t < TYPES; t++) {
    const cm_quant *q = cm_quant_of(ids[t]);
    fill_weights(x, N);
    q->from_f32(x, blocks, N);
    check_sha(blocks, BLOCKS * block_bytes(ids[t]), peer[t].quantized);
    fill_blocks(ids[t], blocks);
    q->to_f32(blocks, x, N);
    check_sha(x, sizeof x, peer[t].read);
  }
}

/* --- against the recorded models --- */

static const char *const models[] = {"tiny-Q4_K_S", "tiny-Q4_K_M", "tiny-Q5_K_S", "tiny-Q5_K_M",
                                     "tiny-Q6_K"};
enum { MODELS = sizeof models / sizeof *models };

static cm_gguf *open_model(const char *name) {
  char file[96];
  cm_gguf *f = NULL;
  cm_err e;
  snprintf(file, sizeof file, "gguf-parity/%s.gguf", name);
  if (cm_gguf_open(cm_shared_path(file), &f, &e)) fail_msg("%s", e.msg);
  return f;
}

static double distance(const float *a, const float *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
  return sqrt(sum / (double)n);
}

/* The peer quantized float32 weights that we know only as F16: so not the same bits. */
static void check_tensor(const cm_gguf_tensor *exact, const cm_gguf_tensor *t) {
  size_t n = (size_t)(t->rows * t->dims[0]);
  float *x = cm_alloc(n, sizeof *x), *y = cm_alloc(n, sizeof *y);
  uint8_t *blocks = cm_alloc((size_t)t->bytes, 1);
  const cm_quant *q = cm_quant_of(t->type->id);
  cm_quant_of(exact->type->id)->to_f32(exact->data, x, n);
  q->to_f32(t->data, y, n);
  double theirs = distance(x, y, n);
  q->from_f32(x, blocks, n);
  q->to_f32(blocks, y, n);
  assert_true(distance(x, y, n) <= 1.005 * theirs);
  cm_free(x);
  cm_free(y);
  cm_free(blocks);
}

static void error_like_recorded(void **state) {
  (void)state;
  if (!cm_shared_path("gguf-parity/tiny-F16.gguf")) {
    print_message("SKIPPED: no gguf-parity in $CM_SHARED or beside the sources\n");
    skip();
  }
  cm_gguf *exact = open_model("tiny-F16");
  for (size_t m = 0; m < MODELS; m++) {
    cm_gguf *f = open_model(models[m]);
    for (size_t i = 0; i < f->n_tensors; i++)
      if (f->tensors[i].type->block_values == VALUES)
        check_tensor(cm_gguf_find_tensor(exact, f->tensors[i].name), &f->tensors[i]);
    cm_gguf_close(f);
  }
  cm_gguf_close(exact);
}

/* --- by hand: d = 1, dm = 1 and one value of each block worked out from the format --- */

static void put_one(uint8_t *p) { p[1] = 0x3c; } /* 1.0 as binary16 */

static void made_by_hand(void **state) {
  (void)state;
  float x[VALUES];
  /* Q2_K, value 128 + 32 + 17: sub-block 11, scale 5, min 3, u = 2. */
  uint8_t q2[84] = {[11] = 0x35, [16 + 32 + 17] = 2 << 2};
  put_one(q2 + 80);
  put_one(q2 + 82);
  cm_quant_of(CM_Q_Q2_K)->to_f32(q2, x, VALUES);
  assert_true(x[177] == 5.0f * 2.0f - 3.0f && x[176] == -3.0f && x[175] == 0.0f);
  /* Q3_K, value 128 + 64 + 3: sub-block 12, scale 0x2b - 32 = 11, u = 4 | 1. */
  uint8_t q3[110] = {[3] = 1 << 6, [32 + 32 + 3] = 1 << 4, [96 + 4] = 0xb0, [96 + 8] = 2 << 6};
  put_one(q3 + 108);
  cm_quant_of(CM_Q_Q3_K)->to_f32(q3, x, VALUES);
  assert_true(x[195] == 11.0f * 1.0f && x[194] == 11.0f * -4.0f && x[0] == -32.0f * -4.0f);
  /* Q4_K, value 224 + 9: sub-block 7, scale 0x2a, min 0x1b, u = 13. */
  uint8_t q4[144] = {[4 + 3] = 2 << 6, [4 + 7] = 1 << 6, [4 + 11] = 0xba, [16 + 96 + 9] = 0xd0};
  put_one(q4);
  put_one(q4 + 2);
  cm_quant_of(CM_Q_Q4_K)->to_f32(q4, x, VALUES);
  assert_true(x[233] == 42.0f * 13.0f - 27.0f && x[234] == -27.0f && x[201] == 0.0f);
  /* Q5_K, value 32 + 31: sub-block 1, scale 63, min 1, u = 16 | 7. */
  uint8_t q5[176] = {[4 + 1] = 63, [4 + 5] = 1, [16 + 31] = 1 << 1, [48 + 31] = 0x70};
  put_one(q5);
  put_one(q5 + 2);
  cm_quant_of(CM_Q_Q5_K)->to_f32(q5, x, VALUES);
  assert_true(x[63] == 63.0f * 23.0f - 1.0f && x[62] == -1.0f && x[31] == 0.0f);
  /* Q6_K, value 128 + 96 + 20: sub-block 15, scale -128, u = 0x2e. */
  uint8_t q6[210] = {[64 + 32 + 20] = 0xe0, [128 + 32 + 20] = 2 << 6, [192 + 15] = 0x80};
  put_one(q6 + 208);
  cm_quant_of(CM_Q_Q6_K)->to_f32(q6, x, VALUES);
  assert_true(x[244] == -128.0f * (46.0f - 32.0f) && x[245] == -128.0f * -32.0f);
}

/* --- quantizing --- */

/* Root mean square error over that of the values, for bell-shaped weights with outliers. */
static void error_bounds(void **state) {
  (void)state;
  static const double most[TYPES] = {0.32, 0.182, 0.085, 0.043, 0.024};
  static float x[N], y[N];
  static uint8_t blocks[BLOCKS * MAX_BLOCK];
  static const float zeros[N];
  fill_weights(x, N);
  for (int t = 0; t < TYPES; t++) {
    cm_quant_of(ids[t])->from_f32(x, blocks, N);
    cm_quant_of(ids[t])->to_f32(blocks, y, N);
    assert_true(distance(x, y, N) < most[t] * distance(x, zeros, N));
  }
}

static void quantize_one(cm_qid id, const float *x, float *y) {
  uint8_t block[MAX_BLOCK];
  cm_quant_of(id)->from_f32(x, block, VALUES);
  cm_quant_of(id)->to_f32(block, y, VALUES);
}

static void zeros_stay_zero(void **state) {
  (void)state;
  float x[VALUES] = {0}, y[VALUES];
  for (int t = 0; t < TYPES; t++) {
    quantize_one(ids[t], x, y);
    for (int k = 0; k < VALUES; k++) assert_true(y[k] == 0.0f);
  }
}

/* Values of one size need no more than one code. */
static void constants_stay(void **state) {
  (void)state;
  static const float values[] = {1.0f, -1.0f, 0.5f, -250.0f, 1e4f};
  float x[VALUES], y[VALUES];
  for (int t = 0; t < TYPES; t++) {
    for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
      for (int k = 0; k < VALUES; k++) x[k] = values[v];
      quantize_one(ids[t], x, y);
      for (int k = 0; k < VALUES; k++) assert_true(fabsf(y[k] / values[v] - 1.0f) < 2e-3f);
    }
  }
}

/* Whatever comes in, nothing worse than a useless number comes out. */
static void extremes_do_no_harm(void **state) {
  (void)state;
  static const float values[] = {INFINITY, -INFINITY, NAN,    3.4e38f,
                                 -3.4e38f, 1e-45f,    1e-30f, -0.0f};
  enum { COUNT = sizeof values / sizeof *values };
  float x[VALUES], y[VALUES];
  for (int t = 0; t < TYPES; t++) {
    for (int v = 0; v < COUNT; v++) {
      for (int k = 0; k < VALUES; k++) x[k] = k % 37 ? 0.01f * (float)(k - 128) : values[v];
      quantize_one(ids[t], x, y);
      for (int k = 0; k < VALUES; k++) x[k] = values[v];
      quantize_one(ids[t], x, y);
      for (int k = 0; k < VALUES; k++) x[k] = values[(v + k) % COUNT];
      quantize_one(ids[t], x, y);
    }
  }
}

/* --- the dot product, judged in float64 --- */

static void dot_is_the_sum_of_products(void **state) {
  (void)state;
  enum { ROWS = 4, WIDTH = N / ROWS };
  static uint8_t blocks[BLOCKS * MAX_BLOCK];
  static float w[N], act[WIDTH];
  static cm_q8k x[WIDTH / VALUES];
  fill_weights(act, WIDTH);
  cm_act_quantizer(CM_ACT_Q8K, CM_ISA_SCALAR)(act, x, WIDTH);
  for (int t = 0; t < TYPES; t++) {
    const cm_quant *q = cm_quant_of(ids[t]);
    float out[ROWS];
    fill_blocks(ids[t], blocks);
    q->to_f32(blocks, w, N);
    q->dot_rows[CM_ISA_SCALAR](blocks, WIDTH / VALUES * block_bytes(ids[t]), ROWS, x, WIDTH, out);
    for (int r = 0; r < ROWS; r++) {
      double sum = 0, size = 0;
      for (int i = 0; i < WIDTH; i++) {
        double p = (double)w[r * WIDTH + i] * x[i / VALUES].d * x[i / VALUES].q[i % VALUES];
        sum += p;
        size += fabs(p);
      }
      assert_true(fabs(out[r] - sum) < 1e-6 * size);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(same_bits_as_peer),

      cmocka_unit_test(error_like_recorded),
      cmocka_unit_test(made_by_hand),
      cmocka_unit_test(error_bounds),
      cmocka_unit_test(zeros_stay_zero),
      cmocka_unit_test(constants_stay),
      cmocka_unit_test(extremes_do_no_harm),
      cmocka_unit_test(dot_is_the_sum_of_products),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
