/* rooms: quant gguf */
/* The types with blocks of 32 values, the float types and binary16: against blocks computed by
 * hand, an independent conversion of every binary16, error bounds of the quantizers, and rows that
 * the peer (llama.cpp) dequantized (there the K types too). */
#include <dirent.h>
#include <math.h>
#include <stdlib.h>

#include "gguf/gguf.h"
#include "quant/quant.h"
#include "shared.h"
#include "unit/gguf_test.h"
#include "unit/quant_sha256.h"

static uint32_t bits_of(float f) {
  uint32_t u;
  memcpy(&u, &f, sizeof u);
  return u;
}

static float float_of(uint32_t u) {
  float f;
  memcpy(&f, &u, sizeof f);
  return f;
}

/* --- binary16, bfloat16 --- */

static float half_value(uint16_t h) {
  int exponent = h >> 10 & 31, mantissa = h & 1023;
  double v = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
  if (exponent == 31) v = INFINITY;
  return (float)(h & 0x8000 ? -v : v);
}

static void every_half_widens_exactly(void **state) {
  (void)state;
  for (uint32_t h = 0; h < 65536; h++) {
    bool nan = (h & 0x7fff) > 0x7c00;
    uint32_t want = bits_of(half_value((uint16_t)h));
    if (nan) want = (h & 0x8000) << 16 | 0x7fc00000 | (h & 1023) << 13;
    assert_int_equal(bits_of(cm_f16_to_f32((uint16_t)h)), want);
  }
}

static void every_half_comes_back(void **state) {
  (void)state;
  for (uint32_t h = 0; h < 65536; h++) {
    bool nan = (h & 0x7fff) > 0x7c00;
    assert_int_equal(cm_f32_to_f16(cm_f16_to_f32((uint16_t)h)), nan ? h | 0x200 : h);
    nan = (h & 0x7fff) > 0x7f80;
    assert_int_equal(cm_f32_to_bf16(cm_bf16_to_f32((uint16_t)h)), nan ? h | 0x40 : h);
  }
}

/* Between two neighbours the middle goes to the even one, everything else to the nearer one. */
static void halves_round_to_nearest_even(void **state) {
  (void)state;
  for (uint32_t h = 0; h < 0x7c00; h++) {
    double low = half_value((uint16_t)h),
           high = h == 0x7bff ? 65536.0 : half_value((uint16_t)(h + 1));
    float middle = (float)((low + high) / 2);
    uint32_t even = h + (h & 1);
    assert_int_equal(cm_f32_to_f16(middle), even);
    assert_int_equal(cm_f32_to_f16(-middle), even | 0x8000);
    assert_int_equal(cm_f32_to_f16(nextafterf(middle, 0.0f)), h);
    assert_int_equal(cm_f32_to_f16(nextafterf(middle, INFINITY)), h + 1);
  }
  assert_int_equal(cm_f32_to_f16(1e30f), 0x7c00);
  assert_int_equal(cm_f32_to_f16(-INFINITY), 0xfc00);
  assert_int_equal(cm_f32_to_f16(1e-45f), 0);
}

static void bf16_rounds_to_nearest_even(void **state) {
  (void)state;
  for (uint32_t h = 0; h < 0x7f80; h++) {
    uint32_t middle = h << 16 | 0x8000;
    assert_int_equal(cm_f32_to_bf16(float_of(middle)), h + (h & 1));
    assert_int_equal(cm_f32_to_bf16(float_of(middle - 1)), h);
    assert_int_equal(cm_f32_to_bf16(float_of(middle + 1)), h + 1);
    assert_int_equal(cm_f32_to_bf16(-float_of(middle + 1)), (h + 1) | 0x8000);
  }
}

static void nan_stays_nan(void **state) {
  (void)state;
  /* A payload that lies in the lower bits only must not vanish into an infinity. */
  const uint32_t nans[] = {0x7f800001, 0xff800001, 0x7fc00000, 0x7fffffff};
  for (size_t i = 0; i < sizeof nans / sizeof *nans; i++) {
    assert_true(isnan(cm_f16_to_f32(cm_f32_to_f16(float_of(nans[i])))));
    assert_true(isnan(cm_bf16_to_f32(cm_f32_to_bf16(float_of(nans[i])))));
  }
}

/* --- blocks by hand --- */

/* Bytes of one block, and what they mean: value(j) for all j. */
typedef struct sample {
  cm_qid id;
  uint8_t head[8]; /* what precedes the codes */
  size_t head_bytes;
  float (*value)(int j);
} sample;

/* Codes are 0..15 in the low halves and 15..0 in the high ones; Q8_0 has -16 .. 15. */
static int code(int j) { return j < 16 ? j : 31 - j; }
/* 0x700f0001: the fifth bit of values 0, 16..19, 28..30. */
static int code5(int j) {
  return code(j) + (j == 0 || (j >= 16 && j < 20) || (j >= 28 && j < 31) ? 16 : 0);
}
static float q8_0_value(int j) { return 0.5f * (float)(j - 16); }
static float q4_0_value(int j) { return 2.0f * (float)(code(j) - 8); }
static float q4_1_value(int j) { return 0.5f * (float)code(j) - 1.0f; }
static float q5_0_value(int j) { return -1.0f * (float)(code5(j) - 16); }
static float q5_1_value(int j) { return 2.0f * (float)code5(j) + 0.25f; }

/* binary16: 0x3800 is 0.5, 0x4000 2, 0xbc00 -1, 0x3400 0.25; little-endian. */
static const sample samples[] = {
    {CM_Q_Q8_0, {0x00, 0x38}, 2, q8_0_value},
    {CM_Q_Q4_0, {0x00, 0x40}, 2, q4_0_value},
    {CM_Q_Q4_1, {0x00, 0x38, 0x00, 0xbc}, 4, q4_1_value},
    {CM_Q_Q5_0, {0x00, 0xbc, 0x01, 0x00, 0x0f, 0x70}, 6, q5_0_value},
    {CM_Q_Q5_1, {0x00, 0x40, 0x00, 0x34, 0x01, 0x00, 0x0f, 0x70}, 8, q5_1_value},
};
enum { SAMPLES = sizeof samples / sizeof *samples };

static size_t sample_block(const sample *s, uint8_t *p) {
  memcpy(p, s->head, s->head_bytes);
  p += s->head_bytes;
  if (s->id == CM_Q_Q8_0) {
    for (int j = 0; j < 32; j++) p[j] = (uint8_t)(j - 16);
    return 34;
  }
  for (int j = 0; j < 16; j++) p[j] = (uint8_t)(j | (15 - j) << 4);
  return s->head_bytes + 16;
}

static void known_blocks_decode(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLES; i++) {
    uint8_t block[40];
    float out[32];
    size_t bytes = sample_block(&samples[i], block);
    assert_int_equal(bytes, cm_qtype_of(samples[i].id)->block_bytes);
    cm_quant_of(samples[i].id)->to_f32(block, out, 32);
    for (int j = 0; j < 32; j++) assert_int_equal(bits_of(out[j]), bits_of(samples[i].value(j)));
  }
}

/* Small whole numbers and powers of two: every order of summation gives the exact result. */
static void known_dot_products(void **state) {
  (void)state;
  cm_q8 x = {.d = 0.25f};
  for (int j = 0; j < 32; j++) {
    x.q[j] = (int8_t)(j % 5 - 1);
    x.half[j / 2 % 2] = (int16_t)(x.half[j / 2 % 2] + x.q[j]);
  }
  for (size_t i = 0; i < SAMPLES; i++) {
    uint8_t rows[3 * 40];
    const cm_quant *q = cm_quant_of(samples[i].id);
    size_t bytes = sample_block(&samples[i], rows);
    memcpy(rows + bytes, rows, bytes);
    memcpy(rows + 2 * bytes, rows, bytes);
    float want = 0.0f;
    for (int j = 0; j < 32; j++) want += samples[i].value(j) * 0.25f * (float)x.q[j];
    for (int isa = 0; isa < CM_ISA_COUNT; isa++) {
      float out[4] = {7, 7, 7, 7};
      if (!cm_cpu_has((cm_isa)isa)) continue;
      cm_quant_dot_rows(q, (cm_isa)isa)(rows, bytes, 3, &x, 32, out);
      for (int r = 0; r < 3; r++) assert_true(out[r] == want);
      assert_true(out[3] == 7.0f);
    }
  }
}

/* --- quantizers --- */

/* What a value may lose, in units of the largest magnitude of its block. Half a step (a whole one
 * for the sign that symmetric types cut off), and 2^-11 for each peak's worth that depends on a
 * number rounded to binary16. */
typedef struct loss {
  cm_qid id;
  double bound;
} loss;
static const loss losses[] = {
    {CM_Q_F32, 0.0},
    {CM_Q_F16, 0x1p-11},
    {CM_Q_BF16, 0x1p-8},
    {CM_Q_Q8_0, 0.5 / 127 + 0x1p-11},
    {CM_Q_Q4_0, 1.0 / 8 + 0x1p-11},
    {CM_Q_Q5_0, 1.0 / 16 + 0x1p-11},
    {CM_Q_Q4_1, 0.5 * 2 / 15 + 3 * 0x1p-11},
    {CM_Q_Q5_1, 0.5 * 2 / 31 + 3 * 0x1p-11},
};
enum { LOSSES = sizeof losses / sizeof *losses, VALUES = 32 * 400 };

/* -1 .. 1, times a scale of the block's own. */
static void random_values(float *x) {
  uint32_t seed = 1;
  for (int i = 0; i < VALUES; i++) {
    seed = seed * 1664525 + 1013904223;
    x[i] = ((float)(seed >> 8) * 0x1p-23f - 1.0f) * ldexpf(1.0f, i / 32 % 16 - 4);
  }
}

static void quantizers_keep_their_bounds(void **state) {
  (void)state;
  static float x[VALUES], y[VALUES];
  static uint8_t blocks[VALUES * 4];
  random_values(x);
  for (size_t i = 0; i < LOSSES; i++) {
    const cm_quant *q = cm_quant_of(losses[i].id);
    q->from_f32(x, blocks, VALUES);
    q->to_f32(blocks, y, VALUES);
    double worst = 0;
    for (int b = 0; b < VALUES; b += 32) {
      double peak = 0, error = 0;
      for (int j = b; j < b + 32; j++) {
        peak = fmax(peak, fabs((double)x[j]));
        error = fmax(error, fabs((double)x[j] - (double)y[j]));
      }
      worst = fmax(worst, error / peak);
    }
    assert_true(worst <= losses[i].bound);
    assert_true(worst >= losses[i].bound * 0.5); /* the bound is no empty one */
  }
}

/* After the first time the largest magnitude is a whole number of d, so nothing changes again. */
static void quantizing_twice_changes_nothing(void **state) {
  (void)state;
  static float x[VALUES], y[VALUES];
  static uint8_t once[VALUES * 2], twice[VALUES * 2];
  const cm_qid ids[] = {CM_Q_F16, CM_Q_BF16, CM_Q_Q8_0, CM_Q_Q4_0, CM_Q_Q5_0};
  random_values(x);
  for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
    const cm_quant *q = cm_quant_of(ids[i]);
    const cm_qtype *t = cm_qtype_of(ids[i]);
    q->from_f32(x, once, VALUES);
    q->to_f32(once, y, VALUES);
    q->from_f32(y, twice, VALUES);
    assert_memory_equal(once, twice, VALUES / t->block_values * t->block_bytes);
  }
}

/* The values of the blocks above give the blocks again. */
static void known_values_encode(void **state) {
  (void)state;
  float x[32];
  uint8_t block[40], want[40];
  for (size_t i = 1; i < SAMPLES; i++) {
    for (int j = 0; j < 32; j++) x[j] = samples[i].value(j);
    size_t bytes = sample_block(&samples[i], want);
    cm_quant_of(samples[i].id)->from_f32(x, block, 32);
    assert_memory_equal(block, want, bytes);
  }
  /* Q8_0: d = 127 / 127; halves round away from zero. */
  const float y[32] = {127.0f, -127.0f, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 0.49f};
  const int8_t codes[9] = {127, -127, 1, -1, 2, 3, -3, 0, 0};
  cm_quant_of(CM_Q_Q8_0)->from_f32(y, block, 32);
  assert_int_equal(block[0] | block[1] << 8, 0x3c00);
  assert_memory_equal(block + 2, codes, sizeof codes);
}

static void zero_and_nonsense_are_safe(void **state) {
  (void)state;
  const float odd[] = {NAN, INFINITY, -INFINITY, 3e38f, 1e-45f, -0.0f};
  for (size_t i = 0; i < LOSSES; i++) {
    const cm_quant *q = cm_quant_of(losses[i].id);
    float x[32] = {0}, y[32];
    uint8_t block[128];
    q->from_f32(x, block, 32);
    q->to_f32(block, y, 32);
    for (int j = 0; j < 32; j++) assert_true(y[j] == 0.0f);
    for (int j = 0; j < 32; j++) x[j] = odd[j % 6];
    q->from_f32(x, block, 32);
    q->to_f32(block, y, 32);
  }
}

/* --- rows of the peer --- */

/* Copies the string after "key": " in the object at p. */
static const char *json_text(const char *p, const char *key, char *out, size_t size) {
  char mark[64];
  snprintf(mark, sizeof mark, "\"%s\": \"", key);
  const char *s = strstr(p, mark);
  assert_non_null(s);
  s += strlen(mark);
  size_t n = strcspn(s, "\"");
  assert_true(n < size);
  memcpy(out, s, n);
  out[n] = 0;
  return s + n;
}

static size_t json_number(const char *p, const char *key) {
  char mark[64];
  snprintf(mark, sizeof mark, "\"%s\": ", key);
  const char *s = strstr(p, mark);
  assert_non_null(s);
  return strtoul(s + strlen(mark), NULL, 10);
}

static void check_peer_row(const cm_gguf *f, const char *object) {
  char type[32], tensor[128], want[65], got[65];
  json_text(object, "type", type, sizeof type);
  json_text(object, "tensor", tensor, sizeof tensor);
  json_text(object, "sha256_of_f32le", want, sizeof want);
  size_t row = json_number(object, "row"), n = json_number(object, "n");
  const cm_gguf_tensor *t = cm_gguf_find_tensor(f, cm_str_of(tensor));
  assert_non_null(t);
  assert_string_equal(t->type->name, type);
  assert_true(row < t->rows && n == t->dims[0]);
  float *out = malloc(n * sizeof *out);
  assert_non_null(out);
  cm_quant_of(t->type->id)->to_f32(t->data + row * t->row_bytes, out, n);
  sha256_hex(out, n * sizeof *out, got);
  free(out);
  if (strcmp(got, want) != 0) print_error("%s row %zu of %s\n", type, row, tensor);
  assert_string_equal(got, want);
}

/* All rows of one model; marks the types in `seen`. */
static size_t check_peer_model(const char *dir, const char *name, bool seen[CM_Q_COUNT]) {
  char path[4600];
  cm_gguf *f;
  cm_err e;
  cm_buf json;
  cm_buf_init(&json, 1 << 20);
  snprintf(path, sizeof path, "%s/%s.json", dir, name);
  assert_int_equal(cm_os_read_file(path, &json, &e), CM_OK);
  snprintf(path, sizeof path, "%s/%s.gguf", dir, name);
  assert_int_equal(cm_gguf_open(path, &f, &e), CM_OK);
  char *p = strstr(json.p, "\"dequant_rows\": [");
  assert_non_null(p);
  *strstr(p, "}]") = 0;
  size_t rows = 0;
  for (; (p = strstr(p, "{\"type\"")) != NULL; p++, rows++) {
    char type[32];
    json_text(p, "type", type, sizeof type);
    check_peer_row(f, p);
    seen[cm_qtype_by_name(type)->id] = true;
  }
  cm_gguf_close(f);
  cm_buf_close(&json);
  return rows;
}

static void rows_equal_the_peers(void **state) {
  (void)state;
  const char *path = cm_shared_path("gguf-parity");
  if (!path) {
    print_message("SKIPPED: no gguf-parity in $CM_SHARED or beside the sources\n");
    skip();
  }
  char dir[4096];
  snprintf(dir, sizeof dir, "%s", path);
  DIR *d = opendir(dir);
  assert_non_null(d);
  bool seen[CM_Q_COUNT] = {false};
  size_t rows = 0;
  for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
    char *dot = strstr(entry->d_name, ".json");
    if (!dot) continue;
    *dot = 0;
    rows += check_peer_model(dir, entry->d_name, seen);
  }
  closedir(d);
  assert_true(rows >= 50);
  for (int id = CM_Q_F16; id < CM_Q_COUNT; id++) {
    bool without_rows = id == CM_Q_Q2_K || id == CM_Q_Q3_K;
    assert_int_equal(seen[id], !without_rows);
  }
}

static void sha256_is_right(void **state) {
  (void)state;
  char hex[65];
  sha256_hex("abc", 3, hex); /* the standard's example */
  assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_half_widens_exactly),
      cmocka_unit_test(every_half_comes_back),
      cmocka_unit_test(halves_round_to_nearest_even),
      cmocka_unit_test(bf16_rounds_to_nearest_even),
      cmocka_unit_test(nan_stays_nan),
      cmocka_unit_test(known_blocks_decode),
      cmocka_unit_test(known_dot_products),
      cmocka_unit_test(quantizers_keep_their_bounds),
      cmocka_unit_test(quantizing_twice_changes_nothing),
      cmocka_unit_test(known_values_encode),
      cmocka_unit_test(zero_and_nonsense_are_safe),
      cmocka_unit_test(sha256_is_right),
      cmocka_unit_test(rows_equal_the_peers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
