#include "gguf/gguf.h"

#include <inttypes.h>
#include <stdio.h>

#include "gguf/index.h"
#include "gguf/scan.h"

static const struct {
  const char *name;
  size_t bytes;
} types[CM_GGUF_TYPE_COUNT] = {
    [CM_GGUF_U8] = {"u8", 1},       [CM_GGUF_I8] = {"i8", 1},     [CM_GGUF_U16] = {"u16", 2},
    [CM_GGUF_I16] = {"i16", 2},     [CM_GGUF_U32] = {"u32", 4},   [CM_GGUF_I32] = {"i32", 4},
    [CM_GGUF_F32] = {"f32", 4},     [CM_GGUF_BOOL] = {"bool", 1}, [CM_GGUF_STR] = {"string", 0},
    [CM_GGUF_ARRAY] = {"array", 0}, [CM_GGUF_U64] = {"u64", 8},   [CM_GGUF_I64] = {"i64", 8},
    [CM_GGUF_F64] = {"f64", 8},
};

const char *cm_gguf_type_name(cm_gguf_type t) {
  return (unsigned)t < CM_GGUF_TYPE_COUNT ? types[t].name : "unknown";
}

size_t cm_gguf_type_bytes(cm_gguf_type t) {
  return (unsigned)t < CM_GGUF_TYPE_COUNT ? types[t].bytes : 0;
}

/* --- open and close ----------------------------------------------------------------------- */

cm_code cm_gguf_parse(const void *p, size_t n, cm_gguf **out, cm_err *e) {
  *out = NULL;
  if ((uintptr_t)p % CM_GGUF_MIN_ALIGNMENT)
    return cm_fail(e, CM_E_USAGE, 0, "a GGUF file in memory must be aligned to 8 bytes");
  cm_gguf *f = cm_alloc(1, sizeof *f);
  if (!f) return cm_fail(e, CM_E_NOMEM, 0, "not enough memory");
  cm_code code = cm_gguf_scan(f, p, n, n, e);
  if (code) {
    cm_gguf_close(f);
    return code;
  }
  cm_gguf_tensor *t = (cm_gguf_tensor *)f->tensors;
  for (size_t i = 0; i < f->n_tensors; i++) t[i].data = (const uint8_t *)p + t[i].offset;
  *out = f;
  return CM_OK;
}

cm_code cm_gguf_open(const char *path, cm_gguf **out, cm_err *e) {
  cm_map map;
  *out = NULL;
  cm_code code = cm_os_map(path, &map, e);
  if (code) return code;
  code = cm_gguf_parse(map.p, map.n, out, e);
  if (code) {
    cm_os_unmap(&map);
    cm_err_prefix(e, path);
    return code;
  }
  (*out)->map = map;
  return CM_OK;
}

void cm_gguf_close(cm_gguf *f) {
  if (!f) return;
  cm_gguf_scan_free(f);
  cm_os_unmap(&f->map);
  cm_free(f);
}

/* --- lookup ------------------------------------------------------------------------------- */

const cm_gguf_kv *cm_gguf_find(const cm_gguf *f, const char *key) {
  cm_gguf_names names = {f->kv, sizeof *f->kv, f->n_kv};
  return cm_gguf_index_find(&names, f->kv_order, cm_str_of(key));
}

const cm_gguf_tensor *cm_gguf_find_tensor(const cm_gguf *f, cm_str name) {
  cm_gguf_names names = {f->tensors, sizeof *f->tensors, f->n_tensors};
  return cm_gguf_index_find(&names, f->tensor_order, name);
}

/* --- values ------------------------------------------------------------------------------- */

static cm_gguf_value decode(cm_gguf_type type, const uint8_t *p) {
  cm_gguf_value v = {.type = type};
  size_t size = cm_gguf_type_bytes(type);
  uint64_t raw = 0;
  float f32;
  memcpy(&raw, p, size);
  switch (type) {
    case CM_GGUF_I8:
    case CM_GGUF_I16:
    case CM_GGUF_I32:
    case CM_GGUF_I64: /* up and down again copies the sign bit into the upper bytes */
      v.i = (int64_t)(raw << (64 - 8 * size)) >> (64 - 8 * size);
      break;
    case CM_GGUF_F32:
      memcpy(&f32, p, sizeof f32);
      v.f = (double)f32;
      break;
    case CM_GGUF_F64: memcpy(&v.f, p, sizeof v.f); break;
    default: v.u = raw;
  }
  return v;
}

cm_gguf_values cm_gguf_values_of(const cm_gguf_kv *kv) {
  return (cm_gguf_values){kv, kv->p, kv->count};
}

bool cm_gguf_next_value(cm_gguf_values *it, cm_gguf_value *out) {
  if (!it->left) return false;
  if (it->kv->item != CM_GGUF_STR) {
    *out = decode(it->kv->item, it->p);
    it->p += cm_gguf_type_bytes(it->kv->item);
    it->left--;
    return true;
  }
  *out = (cm_gguf_value){.type = CM_GGUF_STR, .s = {(const char *)it->kv->p, it->kv->n}};
  if (it->kv->type == CM_GGUF_STR) {
    it->left = 0;
    return true;
  }
  cm_gguf_strs strs = {it->p, it->left};
  cm_gguf_next_str(&strs, &out->s);
  it->p = strs.p;
  it->left = strs.left;
  return true;
}

/* --- typed getters ------------------------------------------------------------------------ */

/* Finds the entry; *kv NULL means absent and not required. */
static cm_code find(const cm_gguf *f, const char *key, bool required, const cm_gguf_kv **kv,
                    cm_err *e) {
  *kv = cm_gguf_find(f, key);
  if (*kv || !required) return CM_OK;
  return cm_fail(e, CM_E_FORMAT, 0, "metadata entry %s is missing", key);
}

static cm_code wrong_type(const cm_gguf_kv *kv, const char *key, const char *wanted, cm_err *e) {
  const char *of = kv->type == CM_GGUF_ARRAY ? "array of " : "";
  return cm_fail(e, CM_E_FORMAT, 0, "metadata entry %s has type %s%s, not %s", key, of,
                 cm_gguf_type_name(kv->item), wanted);
}

static bool is_integer(cm_gguf_type t) {
  return t != CM_GGUF_BOOL && t != CM_GGUF_STR && t != CM_GGUF_ARRAY && t != CM_GGUF_F32 &&
         t != CM_GGUF_F64;
}

static cm_code get_integer(const cm_gguf *f, const char *key, bool required, uint64_t max,
                           uint64_t *out, cm_err *e) {
  const cm_gguf_kv *kv;
  cm_code code = find(f, key, required, &kv, e);
  if (code || !kv) return code;
  if (!is_integer(kv->type)) return wrong_type(kv, key, "an integer", e);
  cm_gguf_value v = decode(kv->type, kv->p);
  if (v.i < 0)
    return cm_fail(e, CM_E_FORMAT, 0, "metadata entry %s is negative: %" PRId64, key, v.i);
  uint64_t found = v.u | (uint64_t)v.i; /* one of the two is 0 */
  if (found > max)
    return cm_fail(e, CM_E_FORMAT, 0, "metadata entry %s is %" PRIu64 ", more than %" PRIu64, key,
                   found, max);
  *out = found;
  return CM_OK;
}

cm_code cm_gguf_u64(const cm_gguf *f, const char *key, bool required, uint64_t *out, cm_err *e) {
  return get_integer(f, key, required, UINT64_MAX, out, e);
}

cm_code cm_gguf_u32(const cm_gguf *f, const char *key, bool required, uint32_t *out, cm_err *e) {
  uint64_t v = *out;
  cm_code code = get_integer(f, key, required, UINT32_MAX, &v, e);
  if (!code) *out = (uint32_t)v;
  return code;
}

cm_code cm_gguf_f32(const cm_gguf *f, const char *key, bool required, float *out, cm_err *e) {
  const cm_gguf_kv *kv;
  cm_code code = find(f, key, required, &kv, e);
  if (code || !kv) return code;
  if (kv->type != CM_GGUF_F32 && kv->type != CM_GGUF_F64) return wrong_type(kv, key, "a float", e);
  *out = (float)decode(kv->type, kv->p).f;
  return CM_OK;
}

cm_code cm_gguf_bool(const cm_gguf *f, const char *key, bool required, bool *out, cm_err *e) {
  const cm_gguf_kv *kv;
  cm_code code = find(f, key, required, &kv, e);
  if (code || !kv) return code;
  if (kv->type != CM_GGUF_BOOL) return wrong_type(kv, key, "a bool", e);
  *out = kv->p[0] != 0;
  return CM_OK;
}

cm_code cm_gguf_str(const cm_gguf *f, const char *key, bool required, cm_str *out, cm_err *e) {
  const cm_gguf_kv *kv;
  cm_code code = find(f, key, required, &kv, e);
  if (code || !kv) return code;
  if (kv->type != CM_GGUF_STR) return wrong_type(kv, key, "a string", e);
  *out = (cm_str){(const char *)kv->p, kv->n};
  return CM_OK;
}

cm_code cm_gguf_array(const cm_gguf *f, const char *key, cm_gguf_type item, bool required,
                      const cm_gguf_kv **out, cm_err *e) {
  const cm_gguf_kv *kv;
  cm_code code = find(f, key, required, &kv, e);
  if (code || !kv) return code;
  if (kv->type == CM_GGUF_ARRAY && kv->item == item) {
    *out = kv;
    return CM_OK;
  }
  char wanted[32];
  snprintf(wanted, sizeof wanted, "array of %s", cm_gguf_type_name(item));
  return wrong_type(kv, key, wanted, e);
}
