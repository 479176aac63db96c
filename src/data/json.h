/* data/json: JSON in and out. Reading is a thin door over jansson (nobody else includes it);
 * writing goes straight into a buffer, in the order of the calls, so that equal data gives equal
 * bytes. */
#ifndef CM_DATA_JSON_H
#define CM_DATA_JSON_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* --- reading ------------------------------------------------------------------------------ */

/* One value of a parsed document. Everything reached from a root is borrowed and dies with the
 * root. */
typedef struct cm_json cm_json;

typedef enum cm_json_kind {
  CM_JSON_NONE, /* no value there: what a lookup that found nothing gives */
  CM_JSON_NULL,
  CM_JSON_BOOL,
  CM_JSON_INT, /* no fraction and no exponent */
  CM_JSON_REAL,
  CM_JSON_STR,
  CM_JSON_ARRAY,
  CM_JSON_OBJECT
} cm_json_kind;

typedef struct cm_json_limits {
  size_t bytes; /* of the text */
  size_t depth; /* of nested arrays and objects, at most CM_JSON_DEPTH_MAX */
} cm_json_limits;

enum { CM_JSON_DEPTH_MAX = 512 };
/* For a document of ours or a server's reply: 16 MiB, 64 levels. */
#define CM_JSON_LIMITS ((cm_json_limits){16 << 20, 64})

/* Parses exactly one value of any kind. CM_E_FORMAT (e->pos is the byte, the message has line and
 * column): not JSON, text after the value, a duplicate key, invalid UTF-8, an integer outside
 * int64; CM_E_LIMIT; CM_E_NOMEM. */
cm_code cm_json_parse(cm_str text, cm_json_limits limits, cm_json **root, cm_err *e);
void cm_json_free(cm_json *root); /* NULL is fine */

/* Lookups accept NULL and the wrong kind, and then find nothing: chains need one check at their
 * end. */
cm_json_kind cm_json_kind_of(const cm_json *v);
const cm_json *cm_json_get(const cm_json *object, const char *key); /* NULL: absent */
size_t cm_json_count(const cm_json *v); /* items or members; 0 for anything else */
const cm_json *cm_json_at(const cm_json *array, size_t i);
/* Steps through an object's members in the order of the text; start with *at = NULL. */
bool cm_json_next(const cm_json *object, void **at, cm_str *key, const cm_json **value);

/* The value itself; false (and *out unchanged) when it is absent or of another kind. */
bool cm_json_str(const cm_json *v, cm_str *out); /* may hold NUL bytes */
bool cm_json_bool(const cm_json *v, bool *out);
bool cm_json_i64(const cm_json *v, int64_t *out);
bool cm_json_u64(const cm_json *v, uint64_t *out); /* false for a negative number */
bool cm_json_f64(const cm_json *v, double *out);   /* integers too */

/* --- writing ------------------------------------------------------------------------------ */

enum { CM_JW_DEPTH_MAX = 64 };

/* A writer lives on the caller's stack and needs no closing. Misuse (a value without a key inside
 * an object, an end that doesn't match, too deep) is sticky like the buffer's overflow: check
 * cm_jw_done once, at the end. */
typedef struct cm_jw {
  cm_buf *out;
  unsigned indent; /* spaces a level; 0: everything on one line */
  unsigned depth;
  uint64_t objects, filled; /* bit d: level d is an object / holds an item already */
  bool after_key, started, bad;
} cm_jw;

void cm_jw_init(cm_jw *w, cm_buf *out, unsigned indent);
void cm_jw_begin_object(cm_jw *w);
void cm_jw_end_object(cm_jw *w);
void cm_jw_begin_array(cm_jw *w);
void cm_jw_end_array(cm_jw *w);
void cm_jw_key(cm_jw *w, const char *key);
void cm_jw_key_n(cm_jw *w, cm_str key);   /* a key from outside */
void cm_jw_str(cm_jw *w, cm_str s);       /* invalid UTF-8 becomes U+FFFD, one a byte */
void cm_jw_text(cm_jw *w, const char *s); /* NULL becomes null */
/* The fewest of 15 to 17 digits that read back equal, in every locale; NaN and infinity: null. */
void cm_jw_f64(cm_jw *w, double v);
void cm_jw_u64(cm_jw *w, uint64_t v);
void cm_jw_i64(cm_jw *w, int64_t v);
void cm_jw_bool(cm_jw *w, bool v);
void cm_jw_null(cm_jw *w);
/* A member: the key and its value. */
void cm_jw_put_str(cm_jw *w, const char *key, cm_str s);
void cm_jw_put_text(cm_jw *w, const char *key, const char *s);
void cm_jw_put_u64(cm_jw *w, const char *key, uint64_t v);
void cm_jw_put_f64(cm_jw *w, const char *key, double v);
void cm_jw_put_bool(cm_jw *w, const char *key, bool v);
/* True when exactly one whole value was written and nothing overflowed. Writes no newline. */
bool cm_jw_done(const cm_jw *w);

/* Code points that a terminal acts on or hides: C0 and C1 controls, DEL, bidirectional and
 * zero-width controls, line and paragraph separators, tags, and UINT32_MAX (cm_utf8_next's
 * "invalid"). Strings are written with these escaped, so that a document may go to a terminal as
 * it is; newline and tab count too. */
bool cm_json_hidden(uint32_t cp);

#endif
