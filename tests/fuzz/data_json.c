/* rooms: base data */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static void write_value(cm_jw *w, const cm_json *v);

static void write_object(cm_jw *w, const cm_json *v) {
  void *at = NULL;
  cm_str key;
  cm_jw_begin_object(w);
  for (const cm_json *member; cm_json_next(v, &at, &key, &member);) {
    cm_jw_key_n(w, key);
    write_value(w, member);
  }
  cm_jw_end_object(w);
}

static void write_value(cm_jw *w, const cm_json *v) {
  cm_str s = {0};
  bool b = false;
  int64_t i = 0;
  double f = 0;
  switch (cm_json_kind_of(v)) {
    case CM_JSON_BOOL: must(cm_json_bool(v, &b)), cm_jw_bool(w, b); break;
    case CM_JSON_INT: must(cm_json_i64(v, &i)), cm_jw_i64(w, i); break;
    case CM_JSON_REAL: must(cm_json_f64(v, &f)), cm_jw_f64(w, f); break;
    case CM_JSON_STR: must(cm_json_str(v, &s)), cm_jw_str(w, s); break;
    case CM_JSON_ARRAY:
      cm_jw_begin_array(w);
      for (size_t k = 0; k < cm_json_count(v); k++) write_value(w, cm_json_at(v, k));
      cm_jw_end_array(w);
      break;
    case CM_JSON_OBJECT: write_object(w, v); break;
    default: cm_jw_null(w);
  }
}

/* What is read, written and read again is written the same way. */
static void check_round_trip(const cm_json *root, unsigned indent) {
  cm_buf first, second;
  cm_jw w;
  cm_json *again;
  cm_buf_init(&first, 64 << 20);
  cm_buf_init(&second, 64 << 20);
  cm_jw_init(&w, &first, indent);
  write_value(&w, root);
  must(cm_jw_done(&w));
  must(cm_json_parse((cm_str){first.p, first.n}, (cm_json_limits){64 << 20, 60}, &again, NULL) ==
       CM_OK);
  cm_jw_init(&w, &second, indent);
  write_value(&w, again);
  must(cm_str_eq((cm_str){first.p, first.n}, (cm_str){second.p, second.n}));
  cm_json_free(again);
  cm_buf_close(&first);
  cm_buf_close(&second);
}

/* Any bytes as a string give JSON. */
static void check_string(cm_str s) {
  cm_buf b;
  cm_jw w;
  cm_json *root;
  cm_buf_init(&b, 64 << 20);
  cm_jw_init(&w, &b, 0);
  cm_jw_str(&w, s);
  must(cm_jw_done(&w) && cm_utf8_check(b.p, b.n) == b.n);
  must(cm_json_parse((cm_str){b.p, b.n}, CM_JSON_LIMITS, &root, NULL) == CM_OK);
  cm_json_free(root);
  cm_buf_close(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cm_json *root;
  cm_err e;
  cm_str text = {(const char *)data, size};
  cm_code code = cm_json_parse(text, (cm_json_limits){1 << 20, 60}, &root, &e);
  must(code == CM_OK || code == CM_E_FORMAT || code == CM_E_LIMIT);
  must((root != NULL) == (code == CM_OK));
  if (root) {
    check_round_trip(root, 0);
    check_round_trip(root, 2);
  }
  cm_json_free(root);
  check_string(text);
  return 0;
}
