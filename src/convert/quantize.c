#include "convert/quantize.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "gguf/writer.h"
#include "quant/quant.h"

enum { STRETCH_BYTES = 4 << 20, GRAIN_ROWS = 4, QUANTIZATION_VERSION = 2 };

/* Everything one run holds. */
typedef struct run {
  const cm_mix *mix;
  cm_mix_model model;
  bool requantize;
  cm_pool *pool;
  cm_gguf *f;
  cm_gguf_writer *w;
  size_t max_cols, out_bytes;
  float *rows;  /* one of max_cols a worker */
  uint8_t *out; /* a stretch of finished rows */
} run;

/* Rows of one tensor, in the hands of the pool. */
typedef struct stretch {
  const run *r;
  const cm_quant *from, *to;
  const uint8_t *src;
  size_t cols, src_row, out_row; /* the latter two in bytes */
  float limit;
  bool bad[CM_POOL_MAX]; /* a worker met a value beyond the limit */
} stretch;

static void convert_rows(void *ctx, size_t begin, size_t end, unsigned worker) {
  stretch *s = ctx;
  float *x = s->r->rows + worker * s->r->max_cols;
  for (size_t i = begin; i < end; i++) {
    s->from->to_f32(s->src + i * s->src_row, x, s->cols);
    for (size_t k = 0; k < s->cols; k++)
      if (!(fabsf(x[k]) <= s->limit)) s->bad[worker] = true;
    s->to->from_f32(x, s->r->out + i * s->out_row, s->cols);
  }
}

static bool any_bad(const stretch *s) {
  for (int i = 0; i < CM_POOL_MAX; i++)
    if (s->bad[i]) return true;
  return false;
}

static cm_code convert_tensor(run *r, const cm_gguf_tensor *t, cm_qid to, cm_err *e) {
  uint64_t out_row;
  cm_qtype_row_bytes(cm_qtype_of(to), t->dims[0], &out_row); /* the writer has checked it */
  stretch s = {.r = r, .from = cm_quant_of(t->type->id), .to = cm_quant_of(to)};
  s.cols = (size_t)t->dims[0];
  s.src_row = (size_t)t->row_bytes;
  s.out_row = (size_t)out_row;
  s.limit = to == CM_Q_F32 || to == CM_Q_BF16 ? FLT_MAX : 65504.0f; /* scales are binary16 */
  size_t most = r->out_bytes / s.out_row;
  for (uint64_t first = 0; first < t->rows; first += most) {
    size_t n = t->rows - first < most ? (size_t)(t->rows - first) : most;
    s.src = t->data + first * t->row_bytes;
    cm_pool_for(r->pool, n, GRAIN_ROWS, convert_rows, &s);
    if (any_bad(&s))
      return cm_fail(e, CM_E_FORMAT, t->offset, "tensor %.*s holds values that %s can't",
                     (int)t->name.n, t->name.p, cm_qtype_of(to)->name);
    cm_code code = cm_gguf_writer_data(r->w, r->out, n * s.out_row, e);
    if (code) return code;
  }
  return CM_OK;
}

static cm_qid type_of(const run *r, const cm_gguf_tensor *t) {
  return cm_mix_type(r->mix, &r->model, t->name, t->dims[0], t->rows, t->type->id);
}

static cm_code write_data(run *r, cm_err *e) {
  for (size_t i = 0; i < r->f->n_tensors; i++) {
    const cm_gguf_tensor *t = &r->f->tensors[i];
    cm_qid to = type_of(r, t);
    cm_code code = to == t->type->id ? cm_gguf_writer_data(r->w, t->data, (size_t)t->bytes, e)
                                     : convert_tensor(r, t, to, e);
    if (code) return code;
  }
  return CM_OK;
}

static void copy_metadata(run *r) {
  for (size_t i = 0; i < r->f->n_kv; i++) {
    const cm_gguf_kv *kv = &r->f->kv[i];
    if (cm_str_is(kv->key, "general.file_type")) continue;
    if (cm_str_is(kv->key, "general.quantization_version")) continue;
    cm_gguf_writer_copy(r->w, kv);
  }
  cm_gguf_writer_u32(r->w, "general.quantization_version", QUANTIZATION_VERSION);
  cm_gguf_writer_u32(r->w, "general.file_type", r->mix->file_type);
}

/* Tells the writer of a tensor; refuses what would be quantized twice. */
static cm_code declare(run *r, const cm_gguf_tensor *t, cm_quantize_stats *stats, cm_err *e) {
  cm_qid to = type_of(r, t);
  const cm_qtype *type = cm_qtype_of(to);
  bool again = to != t->type->id && t->type->block_values > 1 && type->block_values > 1;
  if (again && !r->requantize)
    return cm_fail(e, CM_E_UNSUPPORTED, t->offset,
                   "tensor %.*s is %s already: quantize from an F16, BF16 or F32 file, or ask for "
                   "requantizing (--requantize)",
                   (int)t->name.n, t->name.p, t->type->name);
  uint64_t row_bytes;
  if (!cm_qtype_row_bytes(type, t->dims[0], &row_bytes) || row_bytes > SIZE_MAX / 2)
    return cm_fail(e, CM_E_INTERNAL, t->offset, "a row doesn't fit its type");
  if (t->dims[0] > r->max_cols) r->max_cols = (size_t)t->dims[0];
  if (row_bytes > r->out_bytes) r->out_bytes = (size_t)row_bytes;
  stats->bytes_in += t->bytes;
  stats->bytes_out += row_bytes * t->rows;
  stats->tensors[to]++;
  cm_gguf_writer_tensor(r->w, t->name, to, t->n_dims, t->dims);
  return CM_OK;
}

/* ARCH.NAME, or what *value is already when there is none. */
static cm_code read_number(const cm_gguf *f, cm_str arch, const char *name, uint32_t *value,
                           cm_err *e) {
  char key[128];
  snprintf(key, sizeof key, "%.*s.%s", (int)arch.n, arch.p, name);
  return cm_gguf_u32(f, key, false, value, e);
}

static cm_code read_model(run *r, cm_err *e) {
  cm_str arch;
  uint32_t heads = 1, kv_heads = 0;
  cm_code code = cm_gguf_str(r->f, "general.architecture", true, &arch, e);
  if (!code && arch.n > 64)
    code = cm_fail(e, CM_E_LIMIT, 0, "the architecture's name is too long");
  if (!code) code = read_number(r->f, arch, "block_count", &r->model.layers, e);
  if (!code) code = read_number(r->f, arch, "attention.head_count", &heads, e);
  if (!code) code = read_number(r->f, arch, "attention.head_count_kv", &kv_heads, e);
  r->model.gqa = kv_heads ? heads / kv_heads : 1;
  r->model.tied = !cm_gguf_find_tensor(r->f, CM_STR("output.weight"));
  return code;
}

static cm_code write_file(run *r, cm_quantize_stats *stats, cm_err *e) {
  r->out_bytes = STRETCH_BYTES;
  copy_metadata(r);
  for (size_t i = 0; i < r->f->n_tensors; i++) {
    cm_code code = declare(r, &r->f->tensors[i], stats, e);
    if (code) return code;
  }
  cm_code code = cm_gguf_writer_begin_data(r->w, e);
  if (code) return code;
  r->rows = cm_alloc(r->max_cols, cm_pool_threads(r->pool) * sizeof *r->rows);
  r->out = cm_alloc(r->out_bytes, 1);
  if (!r->rows || !r->out) return cm_fail(e, CM_E_NOMEM, 0, "not enough memory for a row");
  return write_data(r, e);
}

cm_code cm_quantize_file(const char *in, const char *out, const char *mix, bool requantize,
                         cm_pool *pool, cm_quantize_stats *stats, cm_err *e) {
  run r = {.mix = cm_mix_by_name(mix), .requantize = requantize, .pool = pool};
  *stats = (cm_quantize_stats){0};
  if (!r.mix) return cm_fail(e, CM_E_USAGE, 0, "no such type or mixture: %.40s", mix);
  cm_code code = cm_gguf_open(in, &r.f, e);
  if (!code) code = read_model(&r, e);
  if (!code) code = cm_gguf_writer_open(out, &r.w, e);
  if (!code) code = write_file(&r, stats, e);
  if (code) cm_gguf_writer_abort(r.w);
  else code = cm_gguf_writer_commit(r.w, e);
  cm_free(r.rows);
  cm_free(r.out);
  cm_gguf_close(r.f);
  return code;
}
