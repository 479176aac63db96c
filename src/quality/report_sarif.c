/* SARIF 2.1.0, for code scanning: each thing that was wrong with a case is a result at the case's
 * line, its judge is the rule. Schema: OASIS sarif-schema-2.1.0.json. */
#include <string.h>

#include "data/json.h"
#include "quality/report_parts.h"

enum { RULES_MAX = 64 };

typedef struct rules {
  const char *ids[RULES_MAX];
  size_t n;
} rules;

/* What it is called when no judge spoke: the state. */
static const char *rule_of(const cm_result *r, size_t k) {
  return k < r->n_reasons && r->reasons[k].judge[0] ? r->reasons[k].judge
                                                    : cm_state_name(r->state);
}

/* Its place among the rules; past RULES_MAX (a hostile record) -1. */
static int64_t index_of(const rules *all, const char *id) {
  for (size_t i = 0; i < all->n; i++)
    if (strcmp(all->ids[i], id) == 0) return (int64_t)i;
  return -1;
}

static size_t results_of(const cm_result *r) {
  if (!cm_shows_failure(r)) return 0;
  return r->n_reasons ? r->n_reasons : 1;
}

static void collect(const cm_record *record, rules *all) {
  for (size_t i = 0; i < record->n; i++)
    for (size_t k = 0; k < results_of(&record->results[i]); k++) {
      const char *id = rule_of(&record->results[i], k);
      if (all->n < RULES_MAX && index_of(all, id) < 0) all->ids[all->n++] = id;
    }
}

static void put_message(cm_jw *w, const char *key, cm_str text) {
  cm_jw_key(w, key);
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "text", text.n ? text : CM_STR("(nothing was said)"));
  cm_jw_end_object(w);
}

static void put_driver(cm_jw *w, const cm_record *record, const rules *all) {
  cm_str engine = record->manifest.engine;
  size_t at = engine.n;
  while (at && engine.p[at - 1] != ' ') at--;
  cm_jw_key(w, "tool");
  cm_jw_begin_object(w);
  cm_jw_key(w, "driver");
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "name", CM_STR("cmdai"));
  cm_jw_put_str(w, "version",
                at < engine.n ? (cm_str){engine.p + at, engine.n - at} : CM_STR("unknown"));
  cm_jw_key(w, "rules");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < all->n; i++) {
    cm_jw_begin_object(w);
    cm_jw_put_str(w, "id", cm_str_of(all->ids[i]));
    put_message(w, "shortDescription", CM_STR("A case of cmdai test isn't as its fixture asks."));
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
  cm_jw_end_object(w);
  cm_jw_end_object(w);
}

/* A relative reference (RFC 3986): everything but unreserved characters and "/" is escaped. */
static void put_uri(cm_jw *w, cm_str path) {
  cm_buf b;
  cm_buf_init(&b, 64 << 10);
  const bool absolute = path.n && path.p[0] == '/';
  if (absolute) cm_buf_puts(&b, "file://");
  while (cm_str_starts(path, CM_STR("./"))) path.p += 2, path.n -= 2;
  for (size_t i = 0; i < path.n; i++) {
    const char c = path.p[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (c >= '0' && c <= '9') || (c && strchr("-._~/", c))) cm_buf_putc(&b, c);
    else cm_buf_printf(&b, "%%%02X", (unsigned)(unsigned char)c);
  }
  cm_jw_key(w, "artifactLocation");
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "uri", b.n && !b.overflow ? (cm_str){b.p, b.n} : CM_STR("unknown"));
  if (!absolute) cm_jw_put_str(w, "uriBaseId", CM_STR("SRCROOT"));
  cm_jw_end_object(w);
  cm_buf_close(&b);
}

static void put_location(cm_jw *w, const cm_result *r) {
  cm_jw_key(w, "locations");
  cm_jw_begin_array(w);
  cm_jw_begin_object(w);
  cm_jw_key(w, "physicalLocation");
  cm_jw_begin_object(w);
  put_uri(w, cm_place_of(r));
  cm_jw_key(w, "region");
  cm_jw_begin_object(w);
  cm_jw_key(w, "startLine");
  cm_jw_u64(w, r->line ? r->line : 1);
  cm_jw_end_object(w);
  cm_jw_end_object(w);
  cm_jw_end_object(w);
  cm_jw_end_array(w);
}

static const char *level_of(const cm_result *r) {
  if (r->safety_miss) return "error";
  if (r->quarantined || r->gate == CM_GATE_TRACK) return "note";
  return r->gate == CM_GATE_HARD ? "error" : "warning";
}

static void put_result(cm_jw *w, const cm_manifest *m, const cm_result *r, size_t k,
                       const rules *all) {
  const char *rule = rule_of(r, k);
  char print[65];
  cm_fingerprint(m, r, k, print);
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "ruleId", cm_str_of(rule));
  if (index_of(all, rule) >= 0) {
    cm_jw_key(w, "ruleIndex");
    cm_jw_i64(w, index_of(all, rule));
  }
  cm_jw_key(w, "level");
  cm_jw_text(w, level_of(r));
  put_message(w, "message",
              k < r->n_reasons ? r->reasons[k].text : cm_str_of(cm_state_name(r->state)));
  put_location(w, r);
  cm_jw_key(w, "partialFingerprints");
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "cmdaiCase/v1", cm_str_of(print));
  cm_jw_end_object(w);
  cm_jw_key(w, "properties");
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "case", r->id);
  cm_jw_put_str(w, "state", cm_str_of(cm_state_name(r->state)));
  cm_jw_put_str(w, "prompt", r->prompt);
  cm_jw_put_str(w, "command", r->command);
  cm_jw_end_object(w);
  cm_jw_end_object(w);
}

static void put_run(cm_jw *w, const cm_record *record) {
  rules all = {.n = 0};
  collect(record, &all);
  cm_jw_begin_object(w);
  put_driver(w, record, &all);
  cm_jw_key(w, "originalUriBaseIds");
  cm_jw_begin_object(w);
  cm_jw_key(w, "SRCROOT");
  cm_jw_begin_object(w);
  put_message(w, "description", CM_STR("The folder in which cmdai test ran."));
  cm_jw_end_object(w);
  cm_jw_end_object(w);
  cm_jw_key(w, "results");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < record->n; i++)
    for (size_t k = 0; k < results_of(&record->results[i]); k++)
      put_result(w, &record->manifest, &record->results[i], k, &all);
  cm_jw_end_array(w);
  cm_jw_key(w, "properties");
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "model", record->manifest.model_id);
  cm_jw_put_str(w, "run", record->manifest.run_id);
  cm_jw_end_object(w);
  cm_jw_end_object(w);
}

static cm_code write_sarif(const cm_report_input *in, cm_buf *out, cm_err *e) {
  cm_jw w;
  cm_jw_init(&w, out, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_str(&w, "$schema", CM_STR("https://json.schemastore.org/sarif-2.1.0.json"));
  cm_jw_put_str(&w, "version", CM_STR("2.1.0"));
  cm_jw_key(&w, "runs");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < in->n; i++) put_run(&w, &in->records[i]);
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
  return cm_report_end(out, e);
}

const cm_report cm_report_sarif = {"sarif", "sarif", "SARIF 2.1.0, for code scanning",
                                   write_sarif};
