#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <yaml.h>

#include "data/yaml.h"

/* --- strings --- */

/* What YAML 1.1 reads as a truth value or as nothing. */
static bool is_word_of_yaml(cm_str s) {
  static const char *const words[] = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (s.n == strlen(words[i]) && strncasecmp(s.p, words[i], s.n) == 0) return true;
  return false;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Text beyond doubt in every YAML: it begins like a word or a path, and so like no number, date or
 * mark; nothing in it could end a key or begin a comment, and all of it is seen. */
static bool is_plain(cm_str s) {
  if (!s.n || !(is_letter(s.p[0]) || s.p[0] == '/') || s.p[s.n - 1] == ' ') return false;
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == ':' || s.p[i] == '#') return false;
  return !is_word_of_yaml(s);
}

static bool put_scalar(yaml_emitter_t *w, cm_str text, yaml_scalar_style_t style) {
  yaml_event_t event;
  return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text.p, (int)text.n,
                                      1, 1, style) &&
         yaml_emitter_emit(w, &event);
}

static bool put_str(yaml_emitter_t *w, cm_str s) {
  return put_scalar(w, s, is_plain(s) ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

/* The library escapes what can't be printed, but not what hides or turns text round. That stands
 * in double quotes only, where the same escapes are read. */
static int take(void *out, unsigned char *bytes, size_t n) {
  const char *p = (const char *)bytes;
  for (size_t i = 0; i < n;) {
    uint32_t cp;
    const size_t len = cm_utf8_next(p + i, n - i, &cp);
    if (cp >= 0x80 && cm_json_hidden(cp)) cm_buf_printf(out, "\\u%04" PRIX32, cp);
    else cm_buf_add(out, p + i, len);
    i += len;
  }
  return 1;
}

/* --- numbers --- */

static bool put_int(yaml_emitter_t *w, int64_t v) {
  char text[24];
  const int n = snprintf(text, sizeof text, "%" PRId64, v);
  return put_scalar(w, (cm_str){text, (size_t)n}, YAML_PLAIN_SCALAR_STYLE);
}

/* The digits of JSON, and always a point: 1e+20 is text to YAML 1.1. */
static bool put_real(yaml_emitter_t *w, double v) {
  char text[48];
  cm_buf b;
  cm_jw digits;
  cm_buf_init(&b, sizeof text);
  cm_jw_init(&digits, &b, 0);
  cm_jw_f64(&digits, v);
  bool ok = cm_jw_done(&digits);
  if (ok) {
    const char *e = memchr(b.p, 'e', b.n);
    const size_t before = e ? (size_t)(e - b.p) : b.n;
    const int n =
        snprintf(text, sizeof text, "%.*s%s%.*s", (int)before, b.p,
                 memchr(b.p, '.', before) ? "" : ".0", (int)(b.n - before), b.p + before);
    ok = put_scalar(w, (cm_str){text, (size_t)n}, YAML_PLAIN_SCALAR_STYLE);
  }
  cm_buf_close(&b);
  return ok;
}

/* --- the tree --- */

static bool put_value(yaml_emitter_t *w, const cm_json *v);

static bool put_list(yaml_emitter_t *w, const cm_json *v) {
  yaml_event_t event;
  bool ok =
      yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE) &&
      yaml_emitter_emit(w, &event);
  for (size_t i = 0; ok && i < cm_json_count(v); i++) ok = put_value(w, cm_json_at(v, i));
  return ok && yaml_sequence_end_event_initialize(&event) && yaml_emitter_emit(w, &event);
}

static bool put_map(yaml_emitter_t *w, const cm_json *v) {
  yaml_event_t event;
  void *at = NULL;
  cm_str key;
  const cm_json *value;
  bool ok = yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE) &&
            yaml_emitter_emit(w, &event);
  while (ok && cm_json_next(v, &at, &key, &value)) ok = put_str(w, key) && put_value(w, value);
  return ok && yaml_mapping_end_event_initialize(&event) && yaml_emitter_emit(w, &event);
}

/* Recurses as deep as JSON is read: CM_JSON_DEPTH_MAX. */
static bool put_value(yaml_emitter_t *w, const cm_json *v) {
  cm_str s = CM_STR("null");
  int64_t i = 0;
  double d = 0;
  bool b = false;
  switch (cm_json_kind_of(v)) {
    case CM_JSON_OBJECT: return put_map(w, v);
    case CM_JSON_ARRAY: return put_list(w, v);
    case CM_JSON_STR: return cm_json_str(v, &s) && put_str(w, s);
    case CM_JSON_INT: return cm_json_i64(v, &i) && put_int(w, i);
    case CM_JSON_REAL: return cm_json_f64(v, &d) && put_real(w, d);
    case CM_JSON_BOOL: s = cm_json_bool(v, &b) && b ? CM_STR("true") : CM_STR("false"); break;
    default: break;
  }
  return put_scalar(w, s, YAML_PLAIN_SCALAR_STYLE);
}

static bool put_document(yaml_emitter_t *w, const cm_json *document) {
  yaml_event_t event;
  return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
         yaml_emitter_emit(w, &event) &&
         yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 0) &&
         yaml_emitter_emit(w, &event) && put_value(w, document) &&
         yaml_document_end_event_initialize(&event, 1) && yaml_emitter_emit(w, &event) &&
         yaml_stream_end_event_initialize(&event) && yaml_emitter_emit(w, &event);
}

cm_code cm_yaml_write(const cm_json *document, cm_buf *out, cm_err *e) {
  yaml_emitter_t w;
  bool ok = yaml_emitter_initialize(&w);
  if (ok) {
    yaml_emitter_set_output(&w, take, out);
    yaml_emitter_set_unicode(&w, 1);
    yaml_emitter_set_width(&w, -1);
    ok = put_document(&w, document) && !out->overflow;
    yaml_emitter_delete(&w);
  }
  return ok ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "no memory for YAML");
}
