/* rooms: convert gguf quant base */
/* Quantizing files: the rule of the mixtures against what llama.cpp 0.5.0 did, the files as a
 * whole, and what is refused. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "convert/quantize.h"
#include "gguf/writer.h"
#include "quant/quant.h"
#include "shared.h"
#include "unit/gguf_test.h"

/* --- the rule --- */

typedef struct shape {
  uint32_t layers;
  uint64_t width, ffn, kv_width;
  uint32_t gqa;
  bool tied;
} shape;

static void count_one(const cm_mix *mix, const shape *s, const char *name, uint64_t cols,
                      uint64_t rows, unsigned counts[CM_Q_COUNT]) {
  cm_mix_model m = {s->layers, s->gqa, s->tied};
  counts[cm_mix_type(mix, &m, cm_str_of(name), cols, rows, CM_Q_F32)]++;
}

static void count_layer(const cm_mix *mix, const shape *s, uint32_t layer,
                        unsigned counts[CM_Q_COUNT]) {
  const struct {
    const char *name;
    uint64_t cols, rows;
  } tensors[] = {
      {"attn_norm.weight", s->width, 1},          {"ffn_norm.weight", s->width, 1},
      {"attn_q.weight", s->width, s->width},      {"attn_q.bias", s->width, 1},
      {"attn_k.weight", s->width, s->kv_width},   {"attn_k.bias", s->kv_width, 1},
      {"attn_v.weight", s->width, s->kv_width},   {"attn_v.bias", s->kv_width, 1},
      {"attn_output.weight", s->width, s->width}, {"ffn_gate.weight", s->width, s->ffn},
      {"ffn_up.weight", s->width, s->ffn},        {"ffn_down.weight", s->ffn, s->width}};
  for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
    char name[64];
    snprintf(name, sizeof name, "blk.%u.%s", layer, tensors[i].name);
    count_one(mix, s, name, tensors[i].cols, tensors[i].rows, counts);
  }
}

/* How many tensors of each type a Qwen2 model of this shape gets. */
static void count_types(cm_mix_id id, const shape *s, unsigned counts[CM_Q_COUNT]) {
  const cm_mix *mix = cm_mix_of(id);
  memset(counts, 0, CM_Q_COUNT * sizeof *counts);
  count_one(mix, s, "token_embd.weight", s->width, 1024, counts);
  count_one(mix, s, "output_norm.weight", s->width, 1, counts);
  if (!s->tied) count_one(mix, s, "output.weight", s->width, 1024, counts);
  for (uint32_t i = 0; i < s->layers; i++) count_layer(mix, s, i, counts);
}

static const shape shapes[] = {
    {24, 256, 512, 64, 4, false},
    {3, 448, 768, 64, 7, true},
    {17, 256, 480, 256, 1, false},
    {80, 256, 256, 32, 8, false},
};

/* Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q2_K Q3_K Q4_K Q5_K Q6_K, counted in files that llama.cpp 0.5.0
 * quantized from F32 files of these shapes. */
static const struct {
  int shape;
  cm_mix_id mix;
  unsigned counts[CM_Q_COUNT - CM_Q_Q8_0];
} peer[] = {
    {0, CM_MIX_Q2_K, {0, 0, 0, 0, 0, 97, 48, 24, 0, 1}},
    {0, CM_MIX_Q3_K_S, {0, 0, 0, 0, 0, 0, 169, 0, 0, 1}},
    {0, CM_MIX_Q3_K_M, {0, 0, 0, 0, 0, 0, 97, 69, 3, 1}},
    {0, CM_MIX_Q3_K_L, {0, 0, 0, 0, 0, 0, 97, 0, 72, 1}},
    {0, CM_MIX_Q4_K_S, {0, 0, 0, 0, 0, 0, 0, 162, 7, 1}},
    {0, CM_MIX_Q4_K_M, {0, 0, 0, 0, 0, 0, 0, 145, 0, 25}},
    {0, CM_MIX_Q5_K_S, {0, 0, 0, 0, 0, 0, 0, 0, 169, 1}},
    {0, CM_MIX_Q5_K_M, {0, 0, 0, 0, 0, 0, 0, 0, 145, 25}},
    {0, CM_MIX_Q6_K, {0, 0, 0, 0, 0, 0, 0, 0, 0, 170}},
    {1, CM_MIX_Q2_K, {1, 15, 0, 3, 0, 0, 3, 0, 0, 0}},
    {1, CM_MIX_Q3_K_S, {1, 18, 0, 0, 0, 0, 3, 0, 0, 0}},
    {1, CM_MIX_Q3_K_M, {1, 12, 0, 4, 2, 0, 0, 3, 0, 0}},
    {1, CM_MIX_Q3_K_L, {1, 12, 0, 0, 6, 0, 0, 0, 3, 0}},
    {1, CM_MIX_Q4_K_S, {1, 0, 0, 15, 3, 0, 0, 3, 0, 0}},
    {1, CM_MIX_Q4_K_M, {2, 0, 0, 17, 0, 0, 0, 2, 0, 1}},
    {1, CM_MIX_Q5_K_S, {1, 0, 0, 0, 18, 0, 0, 0, 3, 0}},
    {1, CM_MIX_Q5_K_M, {2, 0, 0, 0, 17, 0, 0, 0, 2, 1}},
    {1, CM_MIX_Q6_K, {19, 0, 0, 0, 0, 0, 0, 0, 0, 3}},
    {2, CM_MIX_Q2_K, {0, 17, 0, 0, 0, 69, 34, 0, 0, 1}},
    {2, CM_MIX_Q3_K_S, {0, 17, 0, 0, 0, 0, 103, 0, 0, 1}},
    {2, CM_MIX_Q3_K_M, {0, 0, 0, 16, 1, 0, 69, 32, 2, 1}},
    {2, CM_MIX_Q3_K_L, {0, 0, 0, 0, 17, 0, 69, 0, 34, 1}},
    {2, CM_MIX_Q4_K_S, {0, 0, 0, 15, 2, 0, 0, 99, 4, 1}},
    {2, CM_MIX_Q4_K_M, {9, 0, 0, 8, 0, 0, 0, 94, 0, 10}},
    {2, CM_MIX_Q5_K_S, {0, 0, 0, 0, 17, 0, 0, 0, 103, 1}},
    {2, CM_MIX_Q5_K_M, {9, 0, 0, 0, 8, 0, 0, 0, 94, 10}},
    {2, CM_MIX_Q6_K, {17, 0, 0, 0, 0, 0, 0, 0, 0, 104}},
    {3, CM_MIX_Q2_K, {0, 0, 0, 0, 0, 321, 160, 0, 80, 1}},
    {3, CM_MIX_Q3_K_S, {0, 0, 0, 0, 0, 0, 481, 0, 80, 1}},
    {3, CM_MIX_Q3_K_M, {0, 0, 0, 0, 0, 0, 321, 155, 85, 1}},
    {3, CM_MIX_Q3_K_L, {0, 0, 0, 0, 0, 0, 321, 0, 240, 1}},
    {3, CM_MIX_Q4_K_S, {0, 0, 0, 0, 0, 0, 0, 471, 90, 1}},
    {3, CM_MIX_Q4_K_M, {0, 0, 0, 0, 0, 0, 0, 441, 40, 81}},
    {3, CM_MIX_Q5_K_S, {0, 0, 0, 0, 0, 0, 0, 0, 561, 1}},
    {3, CM_MIX_Q5_K_M, {0, 0, 0, 0, 0, 0, 0, 0, 481, 81}},
    {3, CM_MIX_Q6_K, {0, 0, 0, 0, 0, 0, 0, 0, 0, 562}},
};

static void rule_like_the_peers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof peer / sizeof *peer; i++) {
    unsigned counts[CM_Q_COUNT];
    count_types(peer[i].mix, &shapes[peer[i].shape], counts);
    assert_memory_equal(counts + CM_Q_Q8_0, peer[i].counts, sizeof peer[i].counts);
    assert_int_equal(counts[CM_Q_F16] + counts[CM_Q_BF16], 0);
  }
}

/* The published files of Qwen2.5-0.5B in Q4_K_M. */
static void rule_for_qwen_half_billion(void **state) {
  (void)state;
  shape s = {24, 896, 4864, 128, 7, true};
  unsigned counts[CM_Q_COUNT];
  count_types(CM_MIX_Q4_K_M, &s, counts);
  assert_int_equal(counts[CM_Q_Q5_0], 132);
  assert_int_equal(counts[CM_Q_Q8_0], 13);
  assert_int_equal(counts[CM_Q_Q6_K], 12);
  assert_int_equal(counts[CM_Q_Q4_K], 12);
  assert_int_equal(counts[CM_Q_F32], 121);
}

static void names_and_corners(void **state) {
  (void)state;
  assert_null(cm_mix_by_name("Q4_K_X"));
  assert_null(cm_mix_of(CM_MIX_COUNT));
  assert_ptr_equal(cm_mix_by_name("q4_k_m"), cm_mix_of(CM_MIX_Q4_K_M));
  for (int i = 0; i < CM_MIX_COUNT; i++)
    assert_ptr_equal(cm_mix_by_name(cm_mix_of((cm_mix_id)i)->name), cm_mix_of((cm_mix_id)i));
  const cm_mix *mix = cm_mix_of(CM_MIX_Q4_K_M);
  cm_mix_model m = {2, 2, true};
  const struct {
    const char *name;
    uint64_t cols, rows;
    cm_qid type;
  } cases[] = {
      {"blk.0.ffn_up.weight", 48, 4, CM_Q_F16}, /* no block fits */
      {"blk.0.ffn_up.bias", 256, 4, CM_Q_F32},
      {"blk.0.attn_norm.weight", 256, 4, CM_Q_F32},
      {"blk.0.ffn_gate_inp.weight", 256, 4, CM_Q_F32},
      {"blk.0.ffn_up.weight", 256, 1, CM_Q_F32},
      {"blk.x.attn_v.weight", 256, 4, CM_Q_Q4_K},
      {"blk.1.attn_v.weight", 256, 4, CM_Q_Q6_K},
      {"blk.", 256, 4, CM_Q_F32},
      {"weight", 256, 4, CM_Q_Q4_K},
      {"output.weight", 256, 4, CM_Q_Q4_K}, /* not what a tied model calls its output */
      {"token_embd.weight", 256, 4, CM_Q_Q6_K},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    cm_str name = cm_str_of(cases[i].name);
    cm_qid got = cm_mix_type(mix, &m, name, cases[i].cols, cases[i].rows, CM_Q_F32);
    assert_int_equal(got, cases[i].type);
  }
}

/* --- the recorded models --- */

static const char *const recorded[][2] = {
    {"tiny-F16", "F16"},        {"tiny-BF16", "BF16"},      {"tiny-Q8_0", "Q8_0"},
    {"tiny-Q4_0", "Q4_0"},      {"tiny-Q4_1", "Q4_1"},      {"tiny-Q5_0", "Q5_0"},
    {"tiny-Q5_1", "Q5_1"},      {"tiny-Q4_K_S", "Q4_K_S"},  {"tiny-Q4_K_M", "Q4_K_M"},
    {"tiny-Q5_K_S", "Q5_K_S"},  {"tiny-Q5_K_M", "Q5_K_M"},  {"tiny-Q6_K", "Q6_K"},
    {"tinyf-Q4_K_S", "Q4_K_S"}, {"tinyf-Q4_K_M", "Q4_K_M"}, {"tinyw-Q4_K_M", "Q4_K_M"},
    {"tinyw-Q8_0", "Q8_0"},
};
enum { RECORDED = sizeof recorded / sizeof *recorded };

static const char *recorded_path(const char *name) {
  char file[96];
  snprintf(file, sizeof file, "gguf-parity/%s.gguf", name);
  const char *path = cm_shared_path(file);
  if (!path) {
    print_message("SKIPPED: no gguf-parity in $CM_SHARED or beside the sources\n");
    skip();
  }
  return path;
}

static cm_gguf *open_file(const char *path) {
  cm_gguf *f = NULL;
  cm_err e;
  if (cm_gguf_open(path, &f, &e)) fail_msg("%s", e.msg);
  return f;
}

static uint32_t number(const cm_gguf *f, const char *key) {
  uint32_t v = 0;
  cm_err e;
  if (cm_gguf_u32(f, key, true, &v, &e)) fail_msg("%s", e.msg);
  return v;
}

static void rule_like_recorded(void **state) {
  (void)state;
  for (size_t i = 0; i < RECORDED; i++) {
    cm_gguf *f = open_file(recorded_path(recorded[i][0]));
    const cm_mix *mix = cm_mix_by_name(recorded[i][1]);
    cm_mix_model m = {.layers = number(f, "qwen2.block_count")};
    m.gqa = number(f, "qwen2.attention.head_count") / number(f, "qwen2.attention.head_count_kv");
    m.tied = !cm_gguf_find_tensor(f, CM_STR("output.weight"));
    for (size_t k = 0; k < f->n_tensors; k++) {
      const cm_gguf_tensor *t = &f->tensors[k];
      cm_qid type = cm_mix_type(mix, &m, t->name, t->dims[0], t->rows, CM_Q_F32);
      assert_int_equal(type, t->type->id);
    }
    assert_int_equal(mix->file_type, number(f, "general.file_type"));
    cm_gguf_close(f);
  }
}

/* --- whole files --- */

static char out_path[2][64];

static int make_folder(void **state) {
  (void)state;
  char folder[] = "/tmp/convert_quantize.XXXXXX";
  if (!mkdtemp(folder)) return -1;
  snprintf(out_path[0], sizeof out_path[0], "%s/a.gguf", folder);
  snprintf(out_path[1], sizeof out_path[1], "%s/b.gguf", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  unlink(out_path[0]);
  unlink(out_path[1]);
  *strrchr(out_path[0], '/') = 0;
  return rmdir(out_path[0]); /* fails when a temporary file was left behind */
}

static void quantize(const char *in, const char *out, const char *mix, cm_pool *pool) {
  cm_quantize_stats stats;
  cm_err e;
  if (cm_quantize_file(in, out, mix, false, pool, &stats, &e)) fail_msg("%s", e.msg);
  cm_gguf *a = open_file(in), *b = open_file(out);
  uint64_t bytes[2] = {0};
  for (size_t i = 0; i < a->n_tensors; i++) bytes[0] += a->tensors[i].bytes;
  for (size_t i = 0; i < b->n_tensors; i++) bytes[1] += b->tensors[i].bytes;
  assert_int_equal(stats.bytes_in, bytes[0]);
  assert_int_equal(stats.bytes_out, bytes[1]);
  cm_gguf_close(a);
  cm_gguf_close(b);
}

static void same_bytes(const char *a, const char *b) {
  cm_map x, y;
  cm_err e;
  assert_int_equal(cm_os_map(a, &x, &e), CM_OK);
  assert_int_equal(cm_os_map(b, &y, &e), CM_OK);
  assert_int_equal(x.n, y.n);
  assert_memory_equal(x.p, y.p, x.n);
  cm_os_unmap(&x);
  cm_os_unmap(&y);
}

/* Metadata but for the two keys that say how it is quantized. */
static void same_metadata(const cm_gguf *a, const cm_gguf *b) {
  size_t same = 0;
  for (size_t i = 0; i < a->n_kv; i++) {
    char key[128];
    snprintf(key, sizeof key, "%.*s", (int)a->kv[i].key.n, a->kv[i].key.p);
    const cm_gguf_kv *kv = cm_gguf_find(b, key);
    assert_non_null(kv);
    same += kv->n == a->kv[i].n && memcmp(kv->p, a->kv[i].p, kv->n) == 0;
  }
  assert_true(same + 1 >= a->n_kv);
}

/* From the F16 file each mixture has the peer's types, whatever the number of threads. */
static void files_like_recorded(void **state) {
  (void)state;
  char source[4096];
  cm_pool *pool;
  cm_err e;
  snprintf(source, sizeof source, "%s", recorded_path("tiny-F16"));
  assert_int_equal(cm_pool_open(&pool, 3, &e), CM_OK);
  for (size_t i = 0; i < RECORDED; i++) {
    if (strncmp(recorded[i][0], "tiny-", 5) != 0) continue;
    quantize(source, out_path[0], recorded[i][1], pool);
    quantize(source, out_path[1], recorded[i][1], NULL);
    same_bytes(out_path[0], out_path[1]);
    cm_gguf *ours = open_file(out_path[0]), *theirs = open_file(recorded_path(recorded[i][0]));
    assert_int_equal(ours->n_tensors, theirs->n_tensors);
    for (size_t k = 0; k < ours->n_tensors; k++) {
      const cm_gguf_tensor *t = &ours->tensors[k], *u = cm_gguf_find_tensor(theirs, t->name);
      assert_non_null(u);
      assert_ptr_equal(t->type, u->type);
      assert_int_equal(t->rows, u->rows);
      if (t->type->block_values == 1 && t->type->id != CM_Q_BF16)
        assert_memory_equal(t->data, u->data, t->bytes);
    }
    assert_int_equal(number(ours, "general.file_type"), number(theirs, "general.file_type"));
    assert_int_equal(number(ours, "general.quantization_version"), 2);
    same_metadata(theirs, ours);
    cm_gguf_close(ours);
    cm_gguf_close(theirs);
  }
  cm_pool_close(pool);
}

/* --- small files of our own --- */

enum { COLS = 512, ROWS = 40 };

/* One matrix of `type` filled with a wave, `spoil` in its middle, and one vector. */
static void write_model(const char *path, cm_qid type, float spoil) {
  static float x[COLS * ROWS];
  static uint8_t data[COLS * ROWS * 4];
  const uint64_t dims[2] = {COLS, ROWS};
  cm_gguf_writer *w;
  cm_err e;
  uint64_t row_bytes;
  for (int i = 0; i < COLS * ROWS; i++) x[i] = (float)((i * 37) % 101 - 50) * 0.01f;
  x[COLS * ROWS / 2] = spoil;
  cm_qtype_row_bytes(cm_qtype_of(type), COLS, &row_bytes);
  cm_quant_of(type)->from_f32(x, data, COLS * ROWS);
  assert_int_equal(cm_gguf_writer_open(path, &w, &e), CM_OK);
  cm_gguf_writer_str(w, "general.architecture", CM_STR("qwen2"));
  cm_gguf_writer_u32(w, "qwen2.block_count", 1);
  cm_gguf_writer_tensor(w, CM_STR("blk.0.ffn_up.weight"), type, 2, dims);
  cm_gguf_writer_tensor(w, CM_STR("blk.0.ffn_norm.weight"), CM_Q_F32, 1, dims);
  if (cm_gguf_writer_begin_data(w, &e)) fail_msg("%s", e.msg);
  assert_int_equal(cm_gguf_writer_data(w, data, row_bytes * ROWS, &e), CM_OK);
  assert_int_equal(cm_gguf_writer_data(w, x, COLS * sizeof *x, &e), CM_OK);
  assert_int_equal(cm_gguf_writer_commit(w, &e), CM_OK);
}

static cm_code try_quantize(const char *in, const char *mix, bool requantize, cm_err *e) {
  cm_quantize_stats stats;
  unlink(out_path[1]);
  cm_code code = cm_quantize_file(in, out_path[1], mix, requantize, NULL, &stats, e);
  assert_int_equal(access(out_path[1], F_OK) == 0, code == CM_OK);
  return code;
}

static void blocks_and_vectors(void **state) {
  (void)state;
  for (int i = 0; i < CM_MIX_COUNT; i++) {
    write_model(out_path[0], CM_Q_F32, 0.0f);
    quantize(out_path[0], out_path[1], cm_mix_of((cm_mix_id)i)->name, NULL);
    cm_gguf *a = open_file(out_path[0]), *b = open_file(out_path[1]);
    const cm_quant *q = cm_quant_of(b->tensors[0].type->id);
    static uint8_t expected[COLS * ROWS * 4];
    q->from_f32((const float *)(const void *)a->tensors[0].data, expected, COLS * ROWS);
    assert_int_equal(q->id, cm_mix_of((cm_mix_id)i)->base);
    assert_memory_equal(b->tensors[0].data, expected, b->tensors[0].bytes);
    assert_memory_equal(a->tensors[1].data, b->tensors[1].data, COLS * sizeof(float));
    cm_gguf_close(a);
    cm_gguf_close(b);
  }
}

static void quantized_input_only_on_demand(void **state) {
  (void)state;
  cm_err e;
  write_model(out_path[0], CM_Q_Q8_0, 0.0f);
  assert_int_equal(try_quantize(out_path[0], "Q4_K_M", false, &e), CM_E_UNSUPPORTED);
  assert_non_null(strstr(e.msg, "blk.0.ffn_up.weight is Q8_0 already"));
  assert_int_equal(try_quantize(out_path[0], "Q4_K_M", true, &e), CM_OK);
  assert_int_equal(try_quantize(out_path[0], "F16", false, &e), CM_OK);
  assert_int_equal(try_quantize(out_path[0], "Q8_0", false, &e), CM_OK);
}

static void impossible_values(void **state) {
  (void)state;
  static const float bad[] = {NAN, INFINITY, -INFINITY, 1e5f};
  cm_err e;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    write_model(out_path[0], CM_Q_F32, bad[i]);
    assert_int_equal(try_quantize(out_path[0], "Q4_K_M", false, &e), CM_E_FORMAT);
    assert_non_null(strstr(e.msg, "tensor blk.0.ffn_up.weight holds values"));
    assert_int_equal(try_quantize(out_path[0], "F16", false, &e), CM_E_FORMAT);
    cm_code code = try_quantize(out_path[0], "BF16", false, &e);
    assert_int_equal(code, isfinite(bad[i]) ? CM_OK : CM_E_FORMAT);
  }
}

static void impossible_requests(void **state) {
  (void)state;
  cm_err e;
  write_model(out_path[0], CM_Q_F32, 0.0f);
  assert_int_equal(try_quantize(out_path[0], "Q9", false, &e), CM_E_USAGE);
  assert_int_equal(try_quantize("/nowhere/at/all", "F16", false, &e), CM_E_NOTFOUND);
  assert_int_equal(try_quantize("/proc/self/exe", "F16", false, &e), CM_E_FORMAT);
  cm_quantize_stats stats;
  cm_code code = cm_quantize_file(out_path[0], "/nowhere/at/all", "F16", false, NULL, &stats, &e);
  assert_int_equal(code, CM_E_WRITE);
}

/* Whichever allocation fails, the answer is CM_E_NOMEM and no file. */
static void without_memory(void **state) {
  (void)state;
  cm_err e;
  write_model(out_path[0], CM_Q_F32, 0.0f);
  cm_code code = CM_E_NOMEM;
  unsigned n = 0;
  while (code) {
    cm_mem_fail_nth(++n);
    code = try_quantize(out_path[0], "Q4_K_M", false, &e);
    assert_true(code == CM_OK || code == CM_E_NOMEM);
  }
  cm_mem_fail_nth(0);
  assert_true(n > 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rule_like_the_peers),
      cmocka_unit_test(rule_for_qwen_half_billion),
      cmocka_unit_test(names_and_corners),
      cmocka_unit_test(rule_like_recorded),
      cmocka_unit_test(files_like_recorded),
      cmocka_unit_test(blocks_and_vectors),
      cmocka_unit_test(quantized_input_only_on_demand),
      cmocka_unit_test(impossible_values),
      cmocka_unit_test(impossible_requests),
      cmocka_unit_test(without_memory),
  };
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
