#include "gguf/scan.h"

#include <inttypes.h>
#include <stdio.h>

#include "gguf/index.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "values are read as they lie in the file");

/* The smallest entries: length, one character, type, one byte; length, one character, dims, one
 * dim, type, offset. */
enum { MIN_KV_BYTES = 8 + 1 + 4 + 1, MIN_TENSOR_BYTES = 8 + 1 + 4 + 8 + 4 + 8 };

/* A position in the bytes, and what is being read there, for messages. */
typedef struct cursor {
  const uint8_t *p;
  size_t n, at;
  const char *what;
  size_t number;
  cm_str name; /* empty until it is read and found printable */
  cm_err *e;
} cursor;

static cm_code bad(const cursor *c, cm_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "tensor NAME …" or, before its name is known, "tensor number 7 …". */
static cm_code bad(const cursor *c, cm_code code, const char *fmt, ...) {
  char text[160];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  int shown = (int)cm_utf8_complete(c->name.p, c->name.n < 64 ? c->name.n : 64);
  if (shown) return cm_fail(c->e, code, c->at, "%s %.*s %s", c->what, shown, c->name.p, text);
  if (c->number) return cm_fail(c->e, code, c->at, "%s number %zu %s", c->what, c->number, text);
  return cm_fail(c->e, code, c->at, "%s %s", c->what, text);
}

static void begin(cursor *c, const char *what, size_t number) {
  c->what = what;
  c->number = number;
  c->name = (cm_str){0};
}

static cm_code cut_off(const cursor *c) {
  return bad(c, CM_E_FORMAT, "is cut off: the file ends at byte %zu", c->n);
}

/* --- pieces ------------------------------------------------------------------------------- */

static cm_code take(cursor *c, uint64_t n, const uint8_t **out) {
  *out = c->p + c->at;
  if (n > c->n - c->at) return cut_off(c);
  c->at += (size_t)n;
  return CM_OK;
}

static cm_code take_u32(cursor *c, uint32_t *out) {
  const uint8_t *p;
  cm_code code = take(c, sizeof *out, &p);
  if (!code) memcpy(out, p, sizeof *out);
  return code;
}

static cm_code take_u64(cursor *c, uint64_t *out) {
  const uint8_t *p;
  cm_code code = take(c, sizeof *out, &p);
  if (!code) memcpy(out, p, sizeof *out);
  return code;
}

static cm_code take_str(cursor *c, uint64_t max, cm_str *out) {
  uint64_t n;
  const uint8_t *p;
  cm_code code = take_u64(c, &n);
  if (code) return code;
  if (n > max)
    return bad(c, CM_E_LIMIT, "holds a string of %" PRIu64 " bytes; the limit is %" PRIu64, n,
               max);
  code = take(c, n, &p);
  if (!code) *out = (cm_str){(const char *)p, (size_t)n};
  return code;
}

bool cm_gguf_printable(uint32_t cp) {
  if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp > 0x10ffff) return false;
  return cp != 0x200e && cp != 0x200f && !(cp >= 0x2028 && cp <= 0x202e) &&
         !(cp >= 0x2066 && cp <= 0x2069);
}

static bool printable(cm_str s) {
  for (size_t i = 0; i < s.n;) {
    uint32_t cp;
    i += cm_utf8_next(s.p + i, s.n - i, &cp);
    if (!cm_gguf_printable(cp)) return false;
  }
  return true;
}

/* The name that an entry begins with; from here on messages use it. */
static cm_code take_name(cursor *c, uint64_t max, cm_str *out) {
  cm_code code = take_str(c, max, out);
  if (code) return code;
  if (out->n == 0) return bad(c, CM_E_FORMAT, "has an empty name");
  if (!printable(*out)) return bad(c, CM_E_FORMAT, "has a name that is not printable UTF-8");
  c->name = *out;
  return CM_OK;
}

/* --- metadata ----------------------------------------------------------------------------- */

static cm_code skip_strings(cursor *c, uint64_t count) {
  const uint8_t *p = c->p + c->at, *end = c->p + c->n;
  for (uint64_t i = 0; i < count; i++) {
    uint64_t n;
    if ((size_t)(end - p) < sizeof n) return cut_off(c);
    memcpy(&n, p, sizeof n);
    p += sizeof n;
    if (n > CM_GGUF_MAX_STRING)
      return bad(c, CM_E_LIMIT, "holds a string of %" PRIu64 " bytes; the limit is %d", n,
                 CM_GGUF_MAX_STRING);
    if (n > (size_t)(end - p)) return cut_off(c);
    p += n;
  }
  c->at = (size_t)(p - c->p);
  return CM_OK;
}

/* "1-byte value where 0 is false and 1 is true. Anything else is invalid" (GGUF specification). */
static cm_code check_bools(const cursor *c, const cm_gguf_kv *kv) {
  for (size_t i = 0; i < kv->n; i++)
    if (kv->p[i] > 1) return bad(c, CM_E_FORMAT, "holds a bool that is %u, not 0 or 1", kv->p[i]);
  return CM_OK;
}

static cm_code take_array(cursor *c, cm_gguf_kv *kv) {
  uint32_t item;
  cm_code code = take_u32(c, &item);
  if (!code) code = take_u64(c, &kv->count);
  if (code) return code;
  if (item >= CM_GGUF_TYPE_COUNT)
    return bad(c, CM_E_FORMAT, "is an array of unknown type %" PRIu32, item);
  if (item == CM_GGUF_ARRAY)
    return bad(c, CM_E_UNSUPPORTED, "is an array of arrays, which is not supported");
  kv->item = (cm_gguf_type)item;
  size_t size = cm_gguf_type_bytes(kv->item);
  /* A string takes at least its length. */
  if (kv->count > (c->n - c->at) / (size ? size : sizeof(uint64_t)))
    return bad(c, CM_E_FORMAT, "has %" PRIu64 " elements, more than the file can hold", kv->count);
  kv->p = c->p + c->at;
  code = size ? take(c, kv->count * size, &kv->p) : skip_strings(c, kv->count);
  kv->n = c->at - (size_t)(kv->p - c->p);
  return code;
}

static cm_code take_value(cursor *c, cm_gguf_kv *kv) {
  if (kv->type == CM_GGUF_ARRAY) return take_array(c, kv);
  cm_str s = {0};
  kv->item = kv->type;
  kv->count = 1;
  kv->n = cm_gguf_type_bytes(kv->type);
  if (kv->type != CM_GGUF_STR) return take(c, kv->n, &kv->p);
  cm_code code = take_str(c, CM_GGUF_MAX_STRING, &s);
  if (code) return code;
  kv->p = (const uint8_t *)s.p;
  kv->n = s.n;
  return CM_OK;
}

static cm_code take_kv(cursor *c, cm_gguf_kv *kv) {
  uint32_t type;
  cm_code code = take_name(c, CM_GGUF_MAX_KEY, &kv->key);
  if (!code) code = take_u32(c, &type);
  if (code) return code;
  if (type >= CM_GGUF_TYPE_COUNT) return bad(c, CM_E_FORMAT, "has unknown type %" PRIu32, type);
  kv->type = (cm_gguf_type)type;
  code = take_value(c, kv);
  if (!code && kv->item == CM_GGUF_BOOL) code = check_bools(c, kv);
  return code;
}

static cm_code out_of_memory(const cursor *c) {
  return cm_fail(c->e, CM_E_NOMEM, 0, "not enough memory to read the header");
}

static cm_code take_metadata(cursor *c, cm_gguf *f, size_t count) {
  cm_gguf_kv *kv = cm_alloc(count, sizeof *kv);
  f->kv = kv;
  if (!kv) return out_of_memory(c);
  for (; f->n_kv < count; f->n_kv++) {
    begin(c, "metadata entry", f->n_kv + 1);
    cm_code code = take_kv(c, &kv[f->n_kv]);
    if (code) return code;
  }
  size_t twin;
  f->kv_order = cm_gguf_index(&(cm_gguf_names){kv, sizeof *kv, count}, &twin);
  if (!f->kv_order) return out_of_memory(c);
  if (twin == count) return CM_OK;
  c->name = kv[twin].key;
  return bad(c, CM_E_FORMAT, "is there twice");
}

bool cm_gguf_alignment_ok(uint64_t a) {
  return a >= CM_GGUF_MIN_ALIGNMENT && a <= CM_GGUF_MAX_ALIGNMENT && (a & (a - 1)) == 0;
}

static cm_code find_alignment(cursor *c, cm_gguf *f) {
  f->alignment = CM_GGUF_ALIGNMENT;
  cm_code code = cm_gguf_u32(f, "general.alignment", false, &f->alignment, c->e);
  if (code || cm_gguf_alignment_ok(f->alignment)) return code;
  return cm_fail(c->e, CM_E_FORMAT, c->at,
                 "general.alignment is %" PRIu32 ", not a power of two from %d to %d",
                 f->alignment, CM_GGUF_MIN_ALIGNMENT, CM_GGUF_MAX_ALIGNMENT);
}

/* --- tensors ------------------------------------------------------------------------------ */

static cm_code take_dims(cursor *c, cm_gguf_tensor *t) {
  cm_code code = take_u32(c, &t->n_dims);
  if (code) return code;
  if (t->n_dims < 1 || t->n_dims > CM_GGUF_MAX_DIMS)
    return bad(c, CM_E_FORMAT, "has %" PRIu32 " dimensions, not 1 to %d", t->n_dims,
               CM_GGUF_MAX_DIMS);
  for (uint32_t i = 0; i < CM_GGUF_MAX_DIMS; i++) {
    t->dims[i] = 1;
    if (i < t->n_dims && (code = take_u64(c, &t->dims[i]))) return code;
    if (t->dims[i] == 0) return bad(c, CM_E_FORMAT, "has size 0 in dimension %" PRIu32, i + 1);
  }
  return CM_OK;
}

static cm_code take_type(cursor *c, cm_gguf_tensor *t) {
  uint32_t id;
  cm_code code = take_u32(c, &id);
  if (code) return code;
  t->type = cm_qtype_by_gguf(id);
  if (t->type) return CM_OK;
  const char *name = cm_qtype_foreign_name(id);
  if (!name) return bad(c, CM_E_UNSUPPORTED, "has unknown type %" PRIu32, id);
  return bad(c, CM_E_UNSUPPORTED, "has type %" PRIu32 " (%s), which is not supported", id, name);
}

static cm_code find_size(const cursor *c, cm_gguf_tensor *t) {
  if (t->dims[0] % t->type->block_values)
    return bad(c, CM_E_FORMAT,
               "has rows of %" PRIu64 " values, not a multiple of %s's block of %" PRIu32,
               t->dims[0], t->type->name, t->type->block_values);
  bool ok = cm_qtype_row_bytes(t->type, t->dims[0], &t->row_bytes) &&
            !__builtin_mul_overflow(t->dims[1], t->dims[2], &t->rows) &&
            !__builtin_mul_overflow(t->rows, t->dims[3], &t->rows) &&
            !__builtin_mul_overflow(t->rows, t->row_bytes, &t->bytes);
  return ok ? CM_OK : bad(c, CM_E_FORMAT, "has a size that overflows 64 bits");
}

/* Leaves t->offset counted from data_start, as in the file. */
static cm_code take_tensor(cursor *c, const cm_gguf *f, cm_gguf_tensor *t) {
  cm_code code = take_name(c, CM_GGUF_MAX_TENSOR_NAME, &t->name);
  if (!code) code = take_dims(c, t);
  if (!code) code = take_type(c, t);
  if (!code) code = find_size(c, t);
  if (!code) code = take_u64(c, &t->offset);
  if (code) return code;
  if (t->offset % f->alignment)
    return bad(c, CM_E_FORMAT, "is misaligned: offset %" PRIu64 " is not a multiple of %" PRIu32,
               t->offset, f->alignment);
  return CM_OK;
}

static cm_code take_tensors(cursor *c, cm_gguf *f, size_t count) {
  cm_gguf_tensor *t = cm_alloc(count, sizeof *t);
  f->tensors = t;
  if (!t) return out_of_memory(c);
  for (; f->n_tensors < count; f->n_tensors++) {
    begin(c, "tensor", f->n_tensors + 1);
    cm_code code = take_tensor(c, f, &t[f->n_tensors]);
    if (code) return code;
  }
  size_t twin;
  f->tensor_order = cm_gguf_index(&(cm_gguf_names){t, sizeof *t, count}, &twin);
  if (!f->tensor_order) return out_of_memory(c);
  if (twin == count) return CM_OK;
  c->name = t[twin].name;
  return bad(c, CM_E_FORMAT, "is there twice");
}

/* --- where the data lies ------------------------------------------------------------------ */

static cm_code place(cursor *c, cm_gguf *f, cm_gguf_tensor *t) {
  uint64_t room = f->bytes - f->data_start;
  c->name = t->name;
  if (t->offset > room || t->bytes > room - t->offset)
    return bad(c, CM_E_FORMAT,
               "lies outside the file: %" PRIu64 " bytes at offset %" PRIu64 " of %" PRIu64
               " (is the file complete?)",
               t->bytes, t->offset, room);
  t->offset += f->data_start;
  return CM_OK;
}

static bool offset_less(const void *ctx, uint32_t a, uint32_t b) {
  const cm_gguf_tensor *t = ctx;
  return t[a].offset < t[b].offset;
}

static cm_code check_overlap(cursor *c, const cm_gguf *f) {
  uint32_t *order = cm_gguf_sorted(f->n_tensors, offset_less, f->tensors);
  cm_code code = order ? CM_OK : out_of_memory(c);
  for (size_t i = 1; !code && i < f->n_tensors; i++) {
    const cm_gguf_tensor *a = &f->tensors[order[i - 1]], *b = &f->tensors[order[i]];
    if (b->offset - a->offset >= a->bytes) continue;
    c->name = b->name;
    code = bad(c, CM_E_FORMAT, "overlaps tensor %.*s", (int)a->name.n, a->name.p);
  }
  cm_free(order);
  return code;
}

static cm_code place_tensors(cursor *c, cm_gguf *f) {
  uint64_t mask = f->alignment - 1;
  f->data_start = ((uint64_t)c->at + mask) & ~mask;
  /* Without tensors the padding may be missing; with them, place() says that they lie outside. */
  if (f->data_start > f->bytes) f->data_start = f->bytes;
  cm_gguf_tensor *t = (cm_gguf_tensor *)f->tensors;
  begin(c, "tensor", 0);
  for (size_t i = 0; i < f->n_tensors; i++) {
    cm_code code = place(c, f, &t[i]);
    if (code) return code;
  }
  return check_overlap(c, f);
}

/* --- the whole header --------------------------------------------------------------------- */

static cm_code check_magic(cursor *c) {
  const uint8_t *p;
  cm_code code = take(c, 4, &p);
  if (code || memcmp(p, "GGUF", 4) == 0) return code;
  return cm_fail(c->e, CM_E_FORMAT, 0, "not a GGUF file: it starts with %02x %02x %02x %02x", p[0],
                 p[1], p[2], p[3]);
}

static cm_code check_version(cursor *c, cm_gguf *f) {
  cm_code code = take_u32(c, &f->version);
  if (code || f->version == 2 || f->version == 3) return code;
  /* Small numbers stored the other way round have their low half empty. */
  if (f->version && (f->version & 0xffff) == 0)
    return cm_fail(c->e, CM_E_UNSUPPORTED, 4,
                   "big-endian GGUF file; only little-endian is supported");
  return cm_fail(c->e, CM_E_UNSUPPORTED, 4, "GGUF version %" PRIu32 "; only 2 and 3 are supported",
                 f->version);
}

static cm_code take_count(cursor *c, const char *of, uint64_t limit, size_t min_bytes,
                          size_t *out) {
  uint64_t n;
  cm_code code = take_u64(c, &n);
  if (code) return code;
  if (n > limit)
    return bad(c, CM_E_LIMIT, "announces %" PRIu64 " %s; the limit is %" PRIu64, n, of, limit);
  if (n > (c->n - c->at) / min_bytes)
    return bad(c, CM_E_FORMAT, "announces %" PRIu64 " %s, more than the file can hold", n, of);
  *out = (size_t)n;
  return CM_OK;
}

cm_code cm_gguf_scan(cm_gguf *f, const uint8_t *p, size_t n, uint64_t file_bytes, cm_err *e) {
  cursor c = {.p = p, .n = n, .what = "the GGUF header", .e = e};
  size_t n_tensors = 0, n_kv = 0;
  f->bytes = file_bytes;
  cm_code code = check_magic(&c);
  if (!code) code = check_version(&c, f);
  if (!code) code = take_count(&c, "tensors", CM_GGUF_MAX_TENSORS, MIN_TENSOR_BYTES, &n_tensors);
  if (!code) code = take_count(&c, "metadata entries", CM_GGUF_MAX_KV, MIN_KV_BYTES, &n_kv);
  if (!code) code = take_metadata(&c, f, n_kv);
  if (!code) code = find_alignment(&c, f);
  if (!code) code = take_tensors(&c, f, n_tensors);
  if (!code) code = place_tensors(&c, f);
  return code;
}

void cm_gguf_scan_free(cm_gguf *f) {
  cm_free((void *)f->kv);
  cm_free((void *)f->tensors);
  cm_free(f->kv_order);
  cm_free(f->tensor_order);
}
