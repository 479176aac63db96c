#include "data/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- reading ------------------------------------------------------------------------------ */

/* jansson 2.14 reads out of bounds when memory runs out in the middle of a string. So it never
 * sees a failed allocation: all of a document lives in an arena of its own, and a failure jumps
 * out of the parser, which leaves nothing behind but the arena. */
typedef struct parser {
  cm_arena *arena;
  jmp_buf out;
  bool no_memory;
} parser;

/* Before each allocation, to find the arena from a document's root. */
typedef struct header {
  _Alignas(16) cm_arena *arena;
} header;

static _Thread_local parser *current;
static pthread_once_t hooked = PTHREAD_ONCE_INIT;

static void *allocate(size_t n) {
  header *h = cm_arena_alloc(current->arena, 1, sizeof *h + n);
  if (!h) {
    current->no_memory = true;
    longjmp(current->out, 1);
  }
  h->arena = current->arena;
  return h + 1;
}

static void release(void *p) { (void)p; }
static void hook(void) { json_set_alloc_funcs(allocate, release); }

static json_t *load(parser *p, cm_str text, json_error_t *why) {
  const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
  pthread_once(&hooked, hook);
  if (setjmp(p->out)) return NULL;
  return json_loadb(text.n ? text.p : "", text.n, flags, why);
}

/* jansson recurses into what it parses: the nesting is checked before. Position of the bracket
 * that is too deep, or text.n. */
static size_t too_deep(cm_str text, size_t max) {
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.n; i++) {
    char c = text.p[i];
    if (quoted && c == '\\') i++;
    else if (c == '"') quoted = !quoted;
    else if (!quoted && (c == '{' || c == '[') && ++depth > max) return i;
    else if (!quoted && (c == '}' || c == ']') && depth) depth--;
  }
  return text.n;
}

/* true, false and null are jansson's own constants. */
static bool in_arena(const json_t *v) { return !json_is_boolean(v) && !json_is_null(v); }

cm_code cm_json_parse(cm_str text, cm_json_limits limits, cm_json **root, cm_err *e) {
  *root = NULL;
  if (text.n > limits.bytes)
    return cm_fail(e, CM_E_LIMIT, 0, "JSON of %zu bytes, at most %zu are read", text.n,
                   limits.bytes);
  size_t max = limits.depth < CM_JSON_DEPTH_MAX ? limits.depth : CM_JSON_DEPTH_MAX;
  size_t deep = too_deep(text, max);
  if (deep < text.n)
    return cm_fail(e, CM_E_LIMIT, deep, "JSON is nested deeper than %zu levels", max);
  parser p = {.arena = cm_arena_open(SIZE_MAX / 2)};
  if (!p.arena) return cm_fail(e, CM_E_NOMEM, 0, "no memory for JSON");
  json_error_t why = {.line = 0};
  current = &p;
  json_t *v = load(&p, text, &why);
  current = NULL;
  *root = (cm_json *)v;
  if (!v || !in_arena(v)) cm_arena_close(p.arena);
  if (v) return CM_OK;
  if (p.no_memory) return cm_fail(e, CM_E_NOMEM, 0, "no memory for JSON");
  return cm_fail(e, CM_E_FORMAT, (uint64_t)why.position, "JSON line %d column %d: %s", why.line,
                 why.column, why.text);
}

void cm_json_free(cm_json *root) {
  json_t *v = (json_t *)root;
  if (v && in_arena(v)) cm_arena_close(((header *)(void *)v - 1)->arena);
}

/* jansson's reading functions take no const, but change nothing. */
static json_t *inner(const cm_json *v) { return (json_t *)(uintptr_t)v; }

cm_json_kind cm_json_kind_of(const cm_json *v) {
  if (!v) return CM_JSON_NONE;
  switch (json_typeof(inner(v))) {
    case JSON_OBJECT: return CM_JSON_OBJECT;
    case JSON_ARRAY: return CM_JSON_ARRAY;
    case JSON_STRING: return CM_JSON_STR;
    case JSON_INTEGER: return CM_JSON_INT;
    case JSON_REAL: return CM_JSON_REAL;
    case JSON_TRUE:
    case JSON_FALSE: return CM_JSON_BOOL;
    case JSON_NULL: return CM_JSON_NULL;
  }
  return CM_JSON_NONE;
}

const cm_json *cm_json_get(const cm_json *object, const char *key) {
  return (const cm_json *)json_object_get(inner(object), key);
}

size_t cm_json_count(const cm_json *v) {
  return json_is_array(inner(v)) ? json_array_size(inner(v)) : json_object_size(inner(v));
}

const cm_json *cm_json_at(const cm_json *array, size_t i) {
  return (const cm_json *)json_array_get(inner(array), i);
}

bool cm_json_next(const cm_json *object, void **at, cm_str *key, const cm_json **value) {
  json_t *o = inner(object);
  *at = *at ? json_object_iter_next(o, *at) : json_object_iter(o);
  if (!*at) return false;
  *key = cm_str_of(json_object_iter_key(*at)); /* jansson refuses a NUL in a key */
  *value = (const cm_json *)json_object_iter_value(*at);
  return true;
}

bool cm_json_str(const cm_json *v, cm_str *out) {
  if (!json_is_string(inner(v))) return false;
  *out = (cm_str){json_string_value(inner(v)), json_string_length(inner(v))};
  return true;
}

bool cm_json_bool(const cm_json *v, bool *out) {
  if (!json_is_boolean(inner(v))) return false;
  *out = json_is_true(inner(v));
  return true;
}

bool cm_json_i64(const cm_json *v, int64_t *out) {
  if (!json_is_integer(inner(v))) return false;
  *out = json_integer_value(inner(v));
  return true;
}

bool cm_json_u64(const cm_json *v, uint64_t *out) {
  int64_t i;
  if (!cm_json_i64(v, &i) || i < 0) return false;
  *out = (uint64_t)i;
  return true;
}

bool cm_json_f64(const cm_json *v, double *out) {
  if (!json_is_number(inner(v))) return false;
  *out = json_number_value(inner(v));
  return true;
}

/* --- writing ------------------------------------------------------------------------------ */

bool cm_json_hidden(uint32_t cp) {
  static const uint32_t ranges[][2] = {
      {0, 0x1F},        {0x7F, 0x9F},       {0xAD, 0xAD},           {0x61C, 0x61C},
      {0x115F, 0x1160}, {0x180E, 0x180E},   {0x200B, 0x200F},       {0x2028, 0x202E},
      {0x2060, 0x206F}, {0x3164, 0x3164},   {0xFEFF, 0xFEFF},       {0xFFA0, 0xFFA0},
      {0xFFF9, 0xFFFB}, {0xE0000, 0xE0FFF}, {0x110000, UINT32_MAX},
  };
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
    if (cp >= ranges[i][0] && cp <= ranges[i][1]) return true;
  return false;
}

void cm_jw_init(cm_jw *w, cm_buf *out, unsigned indent) {
  *w = (cm_jw){.out = out, .indent = indent};
}

/* The innermost open level's bit; depth > 0. */
static uint64_t level(const cm_jw *w) { return (uint64_t)1 << (w->depth - 1); }

static void new_line(cm_jw *w) {
  if (!w->indent) return;
  cm_buf_putc(w->out, '\n');
  for (unsigned i = 0; i < w->depth * w->indent; i++) cm_buf_putc(w->out, ' ');
}

static void next_item(cm_jw *w) {
  if (w->filled & level(w)) cm_buf_putc(w->out, ',');
  w->filled |= level(w);
  new_line(w);
}

/* What stands before a value; false when no value may stand here. */
static bool before_value(cm_jw *w) {
  bool in_object = w->depth && (w->objects & level(w));
  if (w->depth == 0 ? w->started : in_object != w->after_key) w->bad = true;
  if (w->bad) return false;
  if (w->depth && !in_object) next_item(w);
  w->started = true;
  w->after_key = false;
  return true;
}

static void begin(cm_jw *w, bool object) {
  if (w->depth == CM_JW_DEPTH_MAX) w->bad = true;
  if (!before_value(w)) return;
  w->depth++;
  w->filled &= ~level(w);
  w->objects = object ? w->objects | level(w) : w->objects & ~level(w);
  cm_buf_putc(w->out, object ? '{' : '[');
}

static void end(cm_jw *w, bool object) {
  if (w->depth == 0 || w->after_key || !(w->objects & level(w)) == object) w->bad = true;
  if (w->bad) return;
  bool filled = w->filled & level(w);
  w->depth--;
  if (filled) new_line(w);
  cm_buf_putc(w->out, object ? '}' : ']');
}

void cm_jw_begin_object(cm_jw *w) { begin(w, true); }
void cm_jw_end_object(cm_jw *w) { end(w, true); }
void cm_jw_begin_array(cm_jw *w) { begin(w, false); }
void cm_jw_end_array(cm_jw *w) { end(w, false); }

static void escape(cm_buf *out, uint32_t cp) {
  static const char shorts[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
  const char *s = cp && cp < 0x80 ? strchr(shorts, (int)cp) : NULL;
  if (s) cm_buf_printf(out, "\\%c", letters[s - shorts]);
  else if (cp == UINT32_MAX) cm_buf_puts(out, "\xEF\xBF\xBD");
  else if (cp < 0x10000) cm_buf_printf(out, "\\u%04" PRIx32, cp);
  else
    cm_buf_printf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xD800 + ((cp - 0x10000) >> 10),
                  0xDC00 + ((cp - 0x10000) & 0x3FF));
}

static void put_string(cm_buf *out, cm_str s) {
  size_t done = 0; /* everything before it is written */
  cm_buf_putc(out, '"');
  for (size_t i = 0; i < s.n;) {
    uint32_t cp;
    size_t n = cm_utf8_next(s.p + i, s.n - i, &cp);
    if (cp == '"' || cp == '\\' || cm_json_hidden(cp)) {
      cm_buf_add(out, s.p + done, i - done);
      escape(out, cp);
      done = i + n;
    }
    i += n;
  }
  if (done < s.n) cm_buf_add(out, s.p + done, s.n - done);
  cm_buf_putc(out, '"');
}

void cm_jw_key_n(cm_jw *w, cm_str key) {
  if (w->depth == 0 || w->after_key || !(w->objects & level(w))) w->bad = true;
  if (w->bad) return;
  next_item(w);
  put_string(w->out, key);
  cm_buf_puts(w->out, w->indent ? ": " : ":");
  w->after_key = true;
}

void cm_jw_key(cm_jw *w, const char *key) { cm_jw_key_n(w, cm_str_of(key)); }

void cm_jw_str(cm_jw *w, cm_str s) {
  if (before_value(w)) put_string(w->out, s);
}

void cm_jw_text(cm_jw *w, const char *s) {
  if (s) cm_jw_str(w, cm_str_of(s));
  else cm_jw_null(w);
}

void cm_jw_f64(cm_jw *w, double v) {
  char s[40];
  if (!before_value(w)) return;
  if (!isfinite(v) || (v == 0 && signbit(v))) { /* "-0" would be read as an integer */
    cm_buf_puts(w->out, v == 0 ? "-0.0" : "null");
    return;
  }
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(s, sizeof s, "%.*g", digits, v);
    if (strtod(s, NULL) == v) break;
  }
  /* Whatever else stands in there is the locale's decimal point. */
  bool point = false;
  for (const char *p = s; *p; p++) {
    bool plain = strchr("0123456789+-e", *p);
    if (plain || !point) cm_buf_putc(w->out, plain ? *p : '.');
    point = !plain;
  }
}

void cm_jw_u64(cm_jw *w, uint64_t v) {
  if (before_value(w)) cm_buf_printf(w->out, "%" PRIu64, v);
}

void cm_jw_i64(cm_jw *w, int64_t v) {
  if (before_value(w)) cm_buf_printf(w->out, "%" PRId64, v);
}

void cm_jw_bool(cm_jw *w, bool v) {
  if (before_value(w)) cm_buf_puts(w->out, v ? "true" : "false");
}

void cm_jw_null(cm_jw *w) {
  if (before_value(w)) cm_buf_puts(w->out, "null");
}

void cm_jw_put_str(cm_jw *w, const char *key, cm_str s) {
  cm_jw_key(w, key);
  cm_jw_str(w, s);
}

void cm_jw_put_text(cm_jw *w, const char *key, const char *s) {
  cm_jw_key(w, key);
  cm_jw_text(w, s);
}

void cm_jw_put_u64(cm_jw *w, const char *key, uint64_t v) {
  cm_jw_key(w, key);
  cm_jw_u64(w, v);
}

void cm_jw_put_f64(cm_jw *w, const char *key, double v) {
  cm_jw_key(w, key);
  cm_jw_f64(w, v);
}

void cm_jw_put_bool(cm_jw *w, const char *key, bool v) {
  cm_jw_key(w, key);
  cm_jw_bool(w, v);
}

bool cm_jw_done(const cm_jw *w) {
  return !w->bad && w->started && w->depth == 0 && !w->out->overflow;
}
