#include "gguf/writer.h"

#include <inttypes.h>

#include "gguf/scan.h"

enum { VERSION = 3, COUNTS_AT = 8, HEAD_MAX = 1 << 30, INFOS_MAX = 16 << 20 };

struct cm_gguf_writer {
  cm_os_out out;
  cm_buf head;  /* magic, counts and metadata; from begin_data on the whole header with padding */
  cm_buf infos; /* tensor descriptions, appended to head by begin_data */
  uint64_t n_kv, n_tensors;
  uint32_t alignment;
  uint64_t data_bytes; /* of all declared tensors, each padded */
  cm_err err;          /* the first failure */
  bool begun;
  cm_gguf layout; /* from begin_data on: what the reader makes of head */
  size_t current; /* the tensor whose bytes come next, and how many it still lacks */
  uint64_t lacking;
};

static void put_u32(cm_buf *b, uint32_t v) { cm_buf_add(b, &v, sizeof v); }
static void put_u64(cm_buf *b, uint64_t v) { cm_buf_add(b, &v, sizeof v); }

static void put_str(cm_buf *b, cm_str s) {
  put_u64(b, s.n);
  cm_buf_add(b, s.p, s.n);
}

static uint64_t padding(uint64_t n, uint32_t alignment) { return (0 - n) & (alignment - 1); }

cm_code cm_gguf_writer_open(const char *path, cm_gguf_writer **out, cm_err *e) {
  *out = NULL;
  cm_gguf_writer *w = cm_alloc(1, sizeof *w);
  if (!w) return cm_fail(e, CM_E_NOMEM, 0, "not enough memory");
  cm_code code = cm_os_out_open(&w->out, path, e);
  if (code) {
    cm_free(w);
    return code;
  }
  w->alignment = CM_GGUF_ALIGNMENT;
  cm_buf_init(&w->head, HEAD_MAX);
  cm_buf_init(&w->infos, INFOS_MAX);
  cm_buf_add(&w->head, "GGUF", 4);
  put_u32(&w->head, VERSION);
  put_u64(&w->head, 0); /* the counts are filled in by begin_data */
  put_u64(&w->head, 0);
  *out = w;
  return CM_OK;
}

static void release(cm_gguf_writer *w) {
  cm_gguf_scan_free(&w->layout);
  cm_buf_close(&w->head);
  cm_buf_close(&w->infos);
  cm_free(w);
}

void cm_gguf_writer_abort(cm_gguf_writer *w) {
  if (!w) return;
  cm_os_out_abort(&w->out);
  release(w);
}

/* Whether a declaration may go on. */
static bool declaring(cm_gguf_writer *w, const char *name) {
  if (w->err.code) return false;
  if (!w->begun) return true;
  cm_fail(&w->err, CM_E_INTERNAL, 0, "%.100s is declared after begin_data", name);
  return false;
}

/* --- metadata ----------------------------------------------------------------------------- */

static void begin_kv(cm_gguf_writer *w, cm_str key, cm_gguf_type type) {
  put_str(&w->head, key);
  put_u32(&w->head, (uint32_t)type);
  w->n_kv++;
}

static void set_alignment(cm_gguf_writer *w, uint32_t v) {
  if (w->n_tensors) cm_fail(&w->err, CM_E_INTERNAL, 0, "general.alignment comes after a tensor");
  else if (!cm_gguf_alignment_ok(v))
    cm_fail(&w->err, CM_E_USAGE, 0, "an alignment of %" PRIu32 " is not possible", v);
  else w->alignment = v;
}

void cm_gguf_writer_copy(cm_gguf_writer *w, const cm_gguf_kv *kv) {
  if (!declaring(w, "a metadata entry")) return;
  if (kv->type == CM_GGUF_U32 && cm_str_is(kv->key, "general.alignment"))
    set_alignment(w, cm_gguf_u32_at(kv, 0));
  begin_kv(w, kv->key, kv->type);
  if (kv->type == CM_GGUF_STR) put_u64(&w->head, kv->n);
  if (kv->type == CM_GGUF_ARRAY) {
    put_u32(&w->head, (uint32_t)kv->item);
    put_u64(&w->head, kv->count);
  }
  cm_buf_add(&w->head, kv->p, kv->n);
}

void cm_gguf_writer_scalar(cm_gguf_writer *w, const char *key, cm_gguf_type type, const void *v) {
  cm_gguf_kv kv = {cm_str_of(key), type, type, 1, v, cm_gguf_type_bytes(type)};
  cm_gguf_writer_copy(w, &kv);
}

void cm_gguf_writer_u32(cm_gguf_writer *w, const char *key, uint32_t v) {
  cm_gguf_writer_scalar(w, key, CM_GGUF_U32, &v);
}

void cm_gguf_writer_u64(cm_gguf_writer *w, const char *key, uint64_t v) {
  cm_gguf_writer_scalar(w, key, CM_GGUF_U64, &v);
}

void cm_gguf_writer_i32(cm_gguf_writer *w, const char *key, int32_t v) {
  cm_gguf_writer_scalar(w, key, CM_GGUF_I32, &v);
}

void cm_gguf_writer_f32(cm_gguf_writer *w, const char *key, float v) {
  cm_gguf_writer_scalar(w, key, CM_GGUF_F32, &v);
}

void cm_gguf_writer_bool(cm_gguf_writer *w, const char *key, bool v) {
  cm_gguf_writer_scalar(w, key, CM_GGUF_BOOL, &(uint8_t){v});
}

void cm_gguf_writer_str(cm_gguf_writer *w, const char *key, cm_str v) {
  cm_gguf_kv kv = {cm_str_of(key), CM_GGUF_STR, CM_GGUF_STR, 1, (const uint8_t *)v.p, v.n};
  cm_gguf_writer_copy(w, &kv);
}

void cm_gguf_writer_array(cm_gguf_writer *w, const char *key, cm_gguf_type item, const void *v,
                          size_t n) {
  cm_gguf_kv kv = {cm_str_of(key), CM_GGUF_ARRAY, item, n, v, n * cm_gguf_type_bytes(item)};
  cm_gguf_writer_copy(w, &kv);
}

void cm_gguf_writer_strs(cm_gguf_writer *w, const char *key, const cm_str *v, size_t n) {
  if (!declaring(w, key)) return;
  begin_kv(w, cm_str_of(key), CM_GGUF_ARRAY);
  put_u32(&w->head, CM_GGUF_STR);
  put_u64(&w->head, n);
  for (size_t i = 0; i < n; i++) put_str(&w->head, v[i]);
}

/* --- tensors ------------------------------------------------------------------------------ */

/* Bytes of a tensor with its padding; false when the reader would refuse the shape. */
static bool padded_bytes(const cm_qtype *t, uint32_t n_dims, const uint64_t *dims,
                         uint32_t alignment, uint64_t *bytes) {
  if (!t || n_dims < 1 || n_dims > CM_GGUF_MAX_DIMS) return false;
  if (!cm_qtype_row_bytes(t, dims[0], bytes)) return false;
  for (uint32_t i = 1; i < n_dims; i++)
    if (__builtin_mul_overflow(*bytes, dims[i], bytes)) return false;
  return *bytes && !__builtin_add_overflow(*bytes, padding(*bytes, alignment), bytes);
}

void cm_gguf_writer_tensor(cm_gguf_writer *w, cm_str name, cm_qid type, uint32_t n_dims,
                           const uint64_t *dims) {
  if (!declaring(w, "a tensor")) return;
  const cm_qtype *t = cm_qtype_of(type);
  uint64_t bytes, offset = w->data_bytes;
  if (!padded_bytes(t, n_dims, dims, w->alignment, &bytes) ||
      __builtin_add_overflow(w->data_bytes, bytes, &w->data_bytes)) {
    cm_fail(&w->err, CM_E_USAGE, 0, "tensor %.*s can't have this shape as %s", (int)name.n, name.p,
            t ? t->name : "an unknown type");
    return;
  }
  put_str(&w->infos, name);
  put_u32(&w->infos, n_dims);
  cm_buf_add(&w->infos, dims, n_dims * sizeof *dims);
  put_u32(&w->infos, t->gguf_id);
  put_u64(&w->infos, offset);
  w->n_tensors++;
}

static cm_code pad(cm_gguf_writer *w, uint64_t written, cm_err *e) {
  static const uint8_t zeros[CM_GGUF_MAX_ALIGNMENT];
  return cm_os_out_write(&w->out, zeros, (size_t)padding(written, w->alignment), e);
}

/* Joins counts, metadata and descriptions, and has the reader check them. */
static cm_code finish_head(cm_gguf_writer *w, cm_err *e) {
  cm_buf *head = &w->head;
  cm_buf_add(head, w->infos.p, w->infos.n);
  if (head->overflow || w->infos.overflow)
    return cm_fail(e, CM_E_NOMEM, 0, "the header is too large for memory");
  memcpy(head->p + COUNTS_AT, &w->n_tensors, 8);
  memcpy(head->p + COUNTS_AT + 8, &w->n_kv, 8);
  uint64_t size = head->n + padding(head->n, w->alignment);
  if (__builtin_add_overflow(size, w->data_bytes, &size))
    return cm_fail(e, CM_E_USAGE, 0, "the tensors are larger than a file can be");
  return cm_gguf_scan(&w->layout, (const uint8_t *)head->p, head->n, size, e);
}

cm_code cm_gguf_writer_begin_data(cm_gguf_writer *w, cm_err *e) {
  if (!declaring(w, "a second header")) return cm_fail(e, w->err.code, 0, "%s", w->err.msg);
  w->begun = true;
  cm_code code = finish_head(w, &w->err);
  if (!code) code = cm_os_out_write(&w->out, w->head.p, w->head.n, &w->err);
  if (!code) code = pad(w, w->head.n, &w->err);
  if (code) return cm_fail(e, code, 0, "%s", w->err.msg);
  w->lacking = w->layout.n_tensors ? w->layout.tensors[0].bytes : 0;
  return CM_OK;
}

cm_code cm_gguf_writer_data(cm_gguf_writer *w, const void *p, size_t n, cm_err *e) {
  if (!w->err.code && n > w->lacking)
    cm_fail(&w->err, CM_E_INTERNAL, 0, "tensor data beyond the end of its tensor");
  cm_code code = w->err.code;
  if (!code) code = cm_os_out_write(&w->out, p, n, &w->err);
  w->lacking -= code ? 0 : n;
  if (!code && n && !w->lacking) {
    code = pad(w, w->layout.tensors[w->current].bytes, &w->err);
    w->current++;
    w->lacking = w->current < w->layout.n_tensors ? w->layout.tensors[w->current].bytes : 0;
  }
  return code ? cm_fail(e, code, 0, "%s", w->err.msg) : CM_OK;
}

cm_code cm_gguf_writer_commit(cm_gguf_writer *w, cm_err *e) {
  if (!w->err.code && !w->begun) cm_fail(&w->err, CM_E_INTERNAL, 0, "begin_data was not called");
  if (!w->err.code && w->lacking) cm_fail(&w->err, CM_E_INTERNAL, 0, "tensor data is missing");
  cm_code code = w->err.code;
  if (code) cm_fail(e, code, 0, "%s", w->err.msg);
  if (!code) code = cm_os_out_commit(&w->out, e);
  cm_gguf_writer_abort(w);
  return code;
}
