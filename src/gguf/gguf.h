/* gguf: reads GGUF model files, versions 2 and 3, little-endian.
 *
 * Opening checks everything once (sizes against the file, limits, duplicates, tensor ranges), so
 * that what the reader hands out afterwards can be used without further checks. Nothing is copied:
 * keys, strings, arrays and tensor data point into the mapped file or the caller's memory and live
 * until cm_gguf_close.
 *
 * Source of every format fact: the GGUF specification (github.com/ggml-org/ggml, docs/gguf.md).
 */
#ifndef CM_GGUF_GGUF_H
#define CM_GGUF_GGUF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/os.h"
#include "base/qtype.h"
#include "base/str.h"

/* Limits of what we accept; the format itself has none of them, except dims and tensor names. */
enum {
  CM_GGUF_MAX_KV = 65536,
  CM_GGUF_MAX_TENSORS = 65536,
  CM_GGUF_MAX_KEY = 65535,       /* bytes; keys are printable UTF-8, at least one byte */
  CM_GGUF_MAX_TENSOR_NAME = 64,  /* bytes, likewise */
  CM_GGUF_MAX_STRING = 16 << 20, /* bytes */
  CM_GGUF_MAX_DIMS = 4,
  CM_GGUF_ALIGNMENT = 32, /* when general.alignment is absent */
  CM_GGUF_MIN_ALIGNMENT = 8,
  CM_GGUF_MAX_ALIGNMENT = 65536
};

/* Types of metadata values, numbered as in the file. */
/* clang-format off */
typedef enum cm_gguf_type {
  CM_GGUF_U8, CM_GGUF_I8, CM_GGUF_U16, CM_GGUF_I16, CM_GGUF_U32, CM_GGUF_I32, CM_GGUF_F32,
  CM_GGUF_BOOL, CM_GGUF_STR, CM_GGUF_ARRAY, CM_GGUF_U64, CM_GGUF_I64, CM_GGUF_F64,
  CM_GGUF_TYPE_COUNT
} cm_gguf_type;
/* clang-format on */

/* "u8" … "string" "array" … "f64"; "unknown" outside the enum. */
const char *cm_gguf_type_name(cm_gguf_type t);
/* Bytes of one value in the file; 0 for strings and arrays, whose size varies. */
size_t cm_gguf_type_bytes(cm_gguf_type t);

/* One metadata entry. For a string, p and n are its characters; for an array its elements as they
 * lie in the file (little-endian, not aligned; strings each preceded by a u64 length); else the
 * value. */
typedef struct cm_gguf_kv {
  cm_str key;
  cm_gguf_type type;
  cm_gguf_type item; /* type of an array's elements (never ARRAY); else the same as type */
  uint64_t count;    /* elements of an array; else 1 */
  const uint8_t *p;
  size_t n; /* bytes at p */
} cm_gguf_kv;

/* One tensor. dims[0] is the length of a row (values next to each other in memory), dims[1] the
 * number of rows of a matrix; unused dims are 1. */
typedef struct cm_gguf_tensor {
  cm_str name;
  const cm_qtype *type;
  uint32_t n_dims; /* 1..4 */
  uint64_t dims[CM_GGUF_MAX_DIMS];
  uint64_t rows;      /* dims[1] * dims[2] * dims[3] */
  uint64_t row_bytes; /* bytes from one row to the next */
  uint64_t bytes;     /* rows * row_bytes */
  uint64_t offset;    /* of the data from the start of the file, a multiple of the alignment */
  const uint8_t *data;
} cm_gguf_tensor;

/* An open file. Read the fields freely, change none; those after `map` are the reader's own. */
typedef struct cm_gguf {
  uint32_t version;
  uint32_t alignment;
  uint64_t bytes;      /* of the whole file */
  uint64_t data_start; /* where tensor data begins; may equal `bytes` when there is none */
  const cm_gguf_kv *kv;
  size_t n_kv;
  const cm_gguf_tensor *tensors;
  size_t n_tensors;
  cm_map map; /* .p is NULL when the memory is the caller's */
  uint32_t *kv_order, *tensor_order;
} cm_gguf;

/* Opens a file by mapping it; only the header is read, tensor data stays on disk until it is
 * touched. Errors start with the path: CM_E_NOTFOUND, CM_E_IO, CM_E_FORMAT and CM_E_LIMIT (with
 * the byte position), CM_E_UNSUPPORTED (version, byte order, tensor types by name), CM_E_NOMEM.
 * *out is NULL then. */
cm_code cm_gguf_open(const char *path, cm_gguf **out, cm_err *e);

/* The same from memory, which is borrowed until cm_gguf_close and must be aligned to 8 bytes
 * (CM_E_USAGE). */
cm_code cm_gguf_parse(const void *p, size_t n, cm_gguf **out, cm_err *e);

void cm_gguf_close(cm_gguf *f); /* NULL is fine */

/* NULL when there is none of that name. Logarithmic time. */
const cm_gguf_kv *cm_gguf_find(const cm_gguf *f, const char *key);
const cm_gguf_tensor *cm_gguf_find_tensor(const cm_gguf *f, cm_str name);

/* --- typed values --------------------------------------------------------------------------
 * An absent key is CM_E_FORMAT when `required`; else it is fine and *out keeps what the caller put
 * there, its default. Another type or a value out of range is CM_E_FORMAT too; messages name the
 * key and the found type. */

/* From any integer type whose value fits. */
cm_code cm_gguf_u32(const cm_gguf *f, const char *key, bool required, uint32_t *out, cm_err *e);
cm_code cm_gguf_u64(const cm_gguf *f, const char *key, bool required, uint64_t *out, cm_err *e);
/* From f32, or f64 (rounded). */
cm_code cm_gguf_f32(const cm_gguf *f, const char *key, bool required, float *out, cm_err *e);
cm_code cm_gguf_bool(const cm_gguf *f, const char *key, bool required, bool *out, cm_err *e);
/* Borrowed; any bytes, not checked for UTF-8. */
cm_code cm_gguf_str(const cm_gguf *f, const char *key, bool required, cm_str *out, cm_err *e);
/* An array with elements of exactly this type; *out points to the entry (read it as below). */
cm_code cm_gguf_array(const cm_gguf *f, const char *key, cm_gguf_type item, bool required,
                      const cm_gguf_kv **out, cm_err *e);

/* --- elements of arrays --------------------------------------------------------------------
 * i < count, and the entry's item type is the one in the function's name. */

static inline uint32_t cm_gguf_u32_at(const cm_gguf_kv *a, uint64_t i) {
  uint32_t v;
  memcpy(&v, a->p + i * sizeof v, sizeof v);
  return v;
}

static inline int32_t cm_gguf_i32_at(const cm_gguf_kv *a, uint64_t i) {
  int32_t v;
  memcpy(&v, a->p + i * sizeof v, sizeof v);
  return v;
}

static inline float cm_gguf_f32_at(const cm_gguf_kv *a, uint64_t i) {
  float v;
  memcpy(&v, a->p + i * sizeof v, sizeof v);
  return v;
}

/* Strings of an array, front to back:
 *   cm_gguf_strs it = cm_gguf_strs_of(a);
 *   for (cm_str s; cm_gguf_next_str(&it, &s);) … */
typedef struct cm_gguf_strs {
  const uint8_t *p;
  uint64_t left;
} cm_gguf_strs;

static inline cm_gguf_strs cm_gguf_strs_of(const cm_gguf_kv *a) {
  return (cm_gguf_strs){a->p, a->count};
}

static inline bool cm_gguf_next_str(cm_gguf_strs *it, cm_str *out) {
  if (!it->left) return false;
  uint64_t n;
  memcpy(&n, it->p, sizeof n);
  *out = (cm_str){(const char *)it->p + sizeof n, (size_t)n};
  it->p += sizeof n + (size_t)n;
  it->left--;
  return true;
}

/* Any entry, value by value (a scalar gives one): what printing and JSON need. */
typedef struct cm_gguf_value {
  cm_gguf_type type; /* never ARRAY */
  uint64_t u;        /* u8 u16 u32 u64, bool (0 or 1) */
  int64_t i;         /* i8 i16 i32 i64 */
  double f;          /* f32 f64 */
  cm_str s;          /* string */
} cm_gguf_value;

typedef struct cm_gguf_values {
  const cm_gguf_kv *kv;
  const uint8_t *p;
  uint64_t left;
} cm_gguf_values;

cm_gguf_values cm_gguf_values_of(const cm_gguf_kv *kv);
bool cm_gguf_next_value(cm_gguf_values *it, cm_gguf_value *out);

#endif
