#include "cli/inspect_json.h"

#include "data/json.h"
#include "gguf/inspect.h"

static void put_count(cm_jw *w, const char *key, uint64_t n) {
  cm_jw_key(w, key);
  cm_jw_u64(w, n);
}

static void put_value(cm_jw *w, const cm_gguf_value *v) {
  switch (v->type) {
    case CM_GGUF_STR: cm_jw_str(w, v->s); break;
    case CM_GGUF_BOOL: cm_jw_bool(w, v->u != 0); break;
    case CM_GGUF_F32:
    case CM_GGUF_F64: cm_jw_f64(w, v->f); break;
    case CM_GGUF_I8:
    case CM_GGUF_I16:
    case CM_GGUF_I32:
    case CM_GGUF_I64: cm_jw_i64(w, v->i); break;
    default: cm_jw_u64(w, v->u); break;
  }
}

static void put_metadata(cm_jw *w, const cm_gguf *f) {
  cm_jw_key(w, "metadata");
  cm_jw_begin_object(w);
  for (size_t i = 0; i < f->n_kv; i++) {
    const cm_gguf_kv *kv = &f->kv[i];
    cm_gguf_values it = cm_gguf_values_of(kv);
    cm_jw_key_n(w, kv->key);
    if (kv->type == CM_GGUF_ARRAY) cm_jw_begin_array(w);
    for (cm_gguf_value v; cm_gguf_next_value(&it, &v);) put_value(w, &v);
    if (kv->type == CM_GGUF_ARRAY) cm_jw_end_array(w);
  }
  cm_jw_end_object(w);
}

static void put_tensors(cm_jw *w, const cm_gguf *f) {
  cm_jw_key(w, "tensors");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < f->n_tensors; i++) {
    const cm_gguf_tensor *t = &f->tensors[i];
    cm_jw_begin_object(w);
    cm_jw_key(w, "name");
    cm_jw_str(w, t->name);
    cm_jw_key(w, "type");
    cm_jw_text(w, t->type->name);
    cm_jw_key(w, "dims");
    cm_jw_begin_array(w);
    for (uint32_t d = 0; d < t->n_dims; d++) cm_jw_u64(w, t->dims[d]);
    cm_jw_end_array(w);
    put_count(w, "offset", t->offset);
    put_count(w, "bytes", t->bytes);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
}

static void put_sums(cm_jw *w, const cm_gguf *f, uint64_t context) {
  cm_gguf_stats s = cm_gguf_stats_of(f);
  cm_gguf_plan plan;
  put_count(w, "parameters", s.all.params);
  cm_jw_key(w, "types");
  cm_jw_begin_object(w);
  for (int id = 0; id < CM_Q_COUNT; id++)
    if (s.by_type[id].tensors) put_count(w, cm_qtype_of((cm_qid)id)->name, s.by_type[id].tensors);
  cm_jw_end_object(w);
  cm_jw_key(w, "memory");
  if (!cm_gguf_plan_of(f, context, &plan)) {
    cm_jw_null(w);
    return;
  }
  cm_jw_begin_object(w);
  put_count(w, "context", plan.context);
  put_count(w, "file", plan.file);
  put_count(w, "cache", plan.cache);
  put_count(w, "total", plan.total);
  cm_jw_end_object(w);
}

void cm_inspect_json(const cm_gguf *f, uint64_t context, cm_buf *out) {
  cm_jw w;
  cm_jw_init(&w, out, 1);
  cm_jw_begin_object(&w);
  put_count(&w, "version", f->version);
  put_count(&w, "bytes", f->bytes);
  put_count(&w, "alignment", f->alignment);
  put_metadata(&w, f);
  put_tensors(&w, f);
  put_sums(&w, f, context);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
}
