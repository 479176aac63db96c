/* rooms: base gguf quant convert libs: jansson m */
/* mkmodel writes a Qwen2 or Qwen3 model of an exact shape with random weights: for tests of speed,
 * memory and loading, and the fixtures. The spread of the weights keeps activations and logits
 * near 1. */
#include <stdlib.h>

#include "convert/mix.h"
#include "shapes.h"
#include "vocab.h"
#include "weights.h"

static const char usage[] =
    "usage: mkmodel --shape NAME --mix MIX --vocab DIR [--untied] [--seed N] OUT.gguf\n"
    "  NAME  0.5b 1.5b 3b (Qwen2.5's shapes), qwen3-0.6b, tiny tiny-rest tiny-k tiny-q3\n"
    "        (the fixtures'), tiny-qwen (tiny with a vocabulary as large as Qwen2.5's)\n"
    "  MIX   F32 F16 BF16 Q8_0 Q4_0 ... Q4_K_S Q4_K_M ... as in cmdai models quantize\n"
    "  DIR   has vocab.json, merges.txt and added_tokens.json\n";

typedef struct tensor {
  char name[40];
  cm_qid type;
  uint64_t dims[2]; /* dims[1] is 0 for a vector */
  float mean, spread;
} tensor;

typedef struct maker {
  const shape *s;
  const cm_mix *mix;
  bool tied;
  uint64_t seed;
  const char *vocab, *out;
  tensor tensors[3 + 12 * MAX_LAYERS];
  size_t n;
} maker;

/* --- what is in the model --- */

static tensor *add(maker *k, const char *name, uint64_t cols, uint64_t rows) {
  cm_mix_model about = {k->s->layers, k->s->heads / k->s->kv_heads, k->tied};
  tensor *t = &k->tensors[k->n++];
  *t = (tensor){.dims = {cols, rows}};
  snprintf(t->name, sizeof t->name, "%s", name);
  t->type = cm_mix_type(k->mix, &about, cm_str_of(t->name), cols, rows ? rows : 1, CM_Q_F32);
  return t;
}

static void add_matrix(maker *k, const char *name, uint64_t cols, uint64_t rows, double gain) {
  add(k, name, cols, rows)->spread = (float)(gain / sqrt((double)cols));
}

static void add_vector(maker *k, const char *name, uint64_t n, float mean) {
  tensor *t = add(k, name, n, 0);
  t->mean = mean;
  t->spread = 0.1f;
}

typedef struct part {
  const char *what;
  uint64_t cols, rows; /* no rows: a vector */
} part;

static void add_parts(maker *k, uint32_t layer, const part *parts, size_t n) {
  for (size_t i = 0; i < n; i++) {
    char name[40];
    snprintf(name, sizeof name, "blk.%u.%s", layer, parts[i].what);
    bool norm = strstr(name, "_norm") != NULL;
    if (parts[i].rows) add_matrix(k, name, parts[i].cols, parts[i].rows, 1);
    else add_vector(k, name, parts[i].cols, norm);
  }
}

static void add_layer(maker *k, uint32_t layer) {
  uint64_t h = k->s->hidden, ff = k->s->ff, dim = k->s->head_dim, q = k->s->heads * dim,
           kv = k->s->kv_heads * dim;
  const part begin[] = {{"attn_norm.weight", h, 0}, {"ffn_norm.weight", h, 0}};
  const part qwen2[] = {{"attn_q.weight", h, q},  {"attn_q.bias", q, 0},
                        {"attn_k.weight", h, kv}, {"attn_k.bias", kv, 0},
                        {"attn_v.weight", h, kv}, {"attn_v.bias", kv, 0}};
  const part qwen3[] = {{"attn_q.weight", h, q},
                        {"attn_q_norm.weight", dim, 0},
                        {"attn_k.weight", h, kv},
                        {"attn_k_norm.weight", dim, 0},
                        {"attn_v.weight", h, kv}};
  const part end[] = {{"attn_output.weight", q, h},
                      {"ffn_gate.weight", h, ff},
                      {"ffn_up.weight", h, ff},
                      {"ffn_down.weight", ff, h}};
  add_parts(k, layer, begin, 2);
  if (k->s->qwen3) add_parts(k, layer, qwen3, 5);
  else add_parts(k, layer, qwen2, 6);
  add_parts(k, layer, end, 4);
}

/* Logits get twice the spread of activations, as trained models have it. */
static void add_tensors(maker *k) {
  add_matrix(k, "token_embd.weight", k->s->hidden, k->s->vocab, 2);
  for (uint32_t i = 0; i < k->s->layers; i++) add_layer(k, i);
  add_vector(k, "output_norm.weight", k->s->hidden, 1);
  if (!k->tied) add_matrix(k, "output.weight", k->s->hidden, k->s->vocab, 2);
}

/* --- the file --- */

/* The part of Qwen3's template that a reader looks for. */
static const char template[] =
    "{%- for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}"
    "{%- endfor %}{{ '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}"
    "{{ '<think>\\n\\n</think>\\n\\n' }}{%- endif %}";

static void declare_u32(const maker *k, cm_gguf_writer *w, const char *what, uint32_t v) {
  char key[64];
  snprintf(key, sizeof key, "%s.%s", k->s->qwen3 ? "qwen3" : "qwen2", what);
  cm_gguf_writer_u32(w, key, v);
}

static void declare_f32(const maker *k, cm_gguf_writer *w, const char *what, float v) {
  char key[64];
  snprintf(key, sizeof key, "%s.%s", k->s->qwen3 ? "qwen3" : "qwen2", what);
  cm_gguf_writer_f32(w, key, v);
}

static void declare_metadata(const maker *k, cm_gguf_writer *w) {
  const shape *s = k->s;
  char name[64];
  snprintf(name, sizeof name, "random %s %s", s->name, k->mix->name);
  cm_gguf_writer_str(w, "general.architecture", s->qwen3 ? CM_STR("qwen3") : CM_STR("qwen2"));
  cm_gguf_writer_str(w, "general.name", cm_str_of(name));
  cm_gguf_writer_u32(w, "general.file_type", k->mix->file_type);
  cm_gguf_writer_u32(w, "general.quantization_version", 2);
  declare_u32(k, w, "block_count", s->layers);
  declare_u32(k, w, "context_length", s->context);
  declare_u32(k, w, "embedding_length", s->hidden);
  declare_u32(k, w, "feed_forward_length", s->ff);
  declare_u32(k, w, "attention.head_count", s->heads);
  declare_u32(k, w, "attention.head_count_kv", s->kv_heads);
  declare_f32(k, w, "attention.layer_norm_rms_epsilon", 1e-6f);
  declare_f32(k, w, "rope.freq_base", 1e6f);
  if (!s->qwen3) return;
  declare_u32(k, w, "attention.key_length", s->head_dim);
  declare_u32(k, w, "attention.value_length", s->head_dim);
  cm_gguf_writer_str(w, "tokenizer.chat_template", CM_STR(template));
}

/* A tensor's numbers depend on the seed and its place alone. */
static cm_code write_tensor(const maker *k, size_t i, cm_gguf_writer *w, cm_err *e) {
  const tensor *t = &k->tensors[i];
  uint64_t cols = t->dims[0], rows = t->dims[1] ? t->dims[1] : 1, bytes;
  cm_qtype_row_bytes(cm_qtype_of(t->type), cols, &bytes);
  dice d = {(k->seed << 16 | i) * 0xD1342543DE82EF95u};
  float *work = cm_alloc((size_t)cols, sizeof *work);
  uint8_t *row = cm_alloc((size_t)bytes, 1);
  cm_code code = work && row ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "no memory for a row");
  for (uint64_t r = 0; !code && r < rows; r++) {
    draw_weights(&d, cm_quant_of(t->type), t->mean, t->spread, (size_t)cols, work, row);
    code = cm_gguf_writer_data(w, row, (size_t)bytes, e);
  }
  cm_free(row);
  cm_free(work);
  return code;
}

static cm_code write_model(maker *k, cm_err *e) {
  cm_gguf_writer *w;
  cm_code code = cm_gguf_writer_open(k->out, &w, e);
  if (code) return code;
  declare_metadata(k, w);
  add_tensors(k);
  for (size_t i = 0; i < k->n; i++) {
    const tensor *t = &k->tensors[i];
    cm_gguf_writer_tensor(w, cm_str_of(t->name), t->type, t->dims[1] ? 2 : 1, t->dims);
  }
  code = vocab_write(w, k->vocab, k->s->vocab, e);
  if (!code) code = cm_gguf_writer_begin_data(w, e);
  for (size_t i = 0; !code && i < k->n; i++) code = write_tensor(k, i, w, e);
  if (!code) return cm_gguf_writer_commit(w, e);
  cm_gguf_writer_abort(w);
  return code;
}

/* --- options --- */

static const shape *shape_by_name(const char *name) {
  for (size_t i = 0; i < SHAPES; i++)
    if (strcmp(shapes[i].name, name) == 0) return &shapes[i];
  return NULL;
}

/* Takes an option with a value; false when either is unknown. */
static bool take(maker *k, const char *option, const char *value) {
  if (strcmp(option, "--shape") == 0) return (k->s = shape_by_name(value)) != NULL;
  if (strcmp(option, "--mix") == 0) return (k->mix = cm_mix_by_name(value)) != NULL;
  if (strcmp(option, "--vocab") == 0) return (k->vocab = value) != NULL;
  if (strcmp(option, "--seed") == 0) return cm_str_u64(cm_str_of(value), 0, UINT32_MAX, &k->seed);
  return false;
}

static bool parse(maker *k, int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--untied") == 0) k->tied = false;
    else if (argv[i][0] == '-' && i + 1 < argc && take(k, argv[i], argv[i + 1])) i++;
    else if (argv[i][0] != '-' && !k->out) k->out = argv[i];
    else return false;
  }
  return k->s && k->mix && k->vocab && k->out;
}

int main(int argc, char **argv) {
  static maker k = {.tied = true};
  cm_err e = {0};
  if (!parse(&k, argc, argv) || !k.s) return fputs(usage, stderr), 2;
  if (write_model(&k, &e)) return fprintf(stderr, "mkmodel: %s\n", e.msg), 1;
  return 0;
}
