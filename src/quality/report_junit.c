/* JUnit XML as Jenkins and GitLab read it: a test suite a model, a class a category. GitLab takes
 * less than 30 MB and of two cases with one name the first: ids are unique, and long texts are cut
 * so that the file stays below. */
#include "quality/report_parts.h"

enum { TEXT_MAX = 8 << 10, DETAILS_MAX = 16 << 20 };

static void put_attribute(const char *name, cm_str s, cm_buf *out) {
  cm_buf_printf(out, " %s=\"", name);
  cm_put_xml(s, false, out);
  cm_buf_putc(out, '"');
}

static void put_count(const char *name, size_t n, cm_buf *out) {
  cm_buf_printf(out, " %s=\"%zu\"", name, n);
}

static void put_seconds(double ms, cm_buf *out) {
  cm_buf_puts(out, " time=\"");
  cm_put_number(ms >= 0 ? ms / 1e3 : 0, 6, "0", out);
  cm_buf_putc(out, '"');
}

/* Text inside an element: lines stay lines. */
static void put_body(cm_str s, cm_buf *out) {
  size_t n = s.n > TEXT_MAX ? cm_utf8_complete(s.p, TEXT_MAX) : s.n;
  cm_put_xml((cm_str){s.p, n}, true, out);
  if (n < s.n) cm_buf_puts(out, "\n(cut)");
}

static void put_reasons(const cm_result *r, bool details, cm_buf *out) {
  for (size_t i = 0; details && i < r->n_reasons; i++) {
    if (i) cm_buf_putc(out, '\n');
    put_body(cm_str_of(r->reasons[i].judge), out);
    cm_buf_puts(out, ": ");
    put_body(r->reasons[i].text, out);
  }
}

static cm_str message_of(const cm_result *r) {
  bool cut;
  if (r->state == CM_NOT_RUN) return CM_STR("planned, but there is no result");
  if (r->state == CM_XPASS) return CM_STR("expected to fail, and passed: remove the mark");
  if (!r->n_reasons) return cm_str_of(cm_state_name(r->state));
  return cm_cut(r->reasons[0].text, 200, &cut);
}

static const char *element_of(const cm_result *r) {
  if (r->safety_miss) return "failure";
  switch (r->state) {
    case CM_PASS:
    case CM_BLOCKED_OK: return NULL;
    case CM_SKIP:
    case CM_XFAIL: return "skipped";
    case CM_ERROR:
    case CM_TIMEOUT:
    case CM_NOT_RUN: return "error";
    default: return "failure";
  }
}

static void put_outcome(const cm_result *r, bool details, cm_buf *out) {
  const char *element = element_of(r);
  if (!element) return;
  cm_buf_printf(out, "      <%s", element);
  put_attribute("message", details ? message_of(r) : cm_str_of(cm_state_name(r->state)), out);
  if (element[0] != 's') put_attribute("type", cm_str_of(cm_state_name(r->state)), out);
  cm_buf_putc(out, '>');
  put_reasons(r, details, out);
  cm_buf_printf(out, "</%s>\n", element);
}

static void put_case(const cm_record *record, const cm_result *r, size_t models, cm_buf *out) {
  const bool details = out->n < DETAILS_MAX;
  cm_buf_puts(out, "    <testcase classname=\"");
  if (models > 1) {
    cm_put_xml(record->manifest.model_id, false, out);
    cm_buf_putc(out, '.');
  }
  cm_put_xml(r->category.n ? r->category : CM_STR("cmdai"), false, out);
  cm_buf_putc(out, '"');
  put_attribute("name", r->id, out);
  put_attribute("file", cm_place_of(r), out);
  put_count("line", r->line, out);
  put_seconds(r->latency.total, out);
  cm_buf_puts(out, ">\n");
  put_outcome(r, details, out);
  if (details && r->state != CM_NOT_RUN) {
    cm_buf_puts(out, "      <system-out>prompt: ");
    put_body(r->prompt, out);
    cm_buf_puts(out, "\ncommand: ");
    put_body(r->command, out);
    cm_buf_puts(out, "</system-out>\n");
  }
  cm_buf_puts(out, "    </testcase>\n");
}

typedef struct counts {
  size_t tests, failures, errors, skipped;
} counts;

static counts count(const cm_record *record) {
  counts c = {.tests = record->n};
  for (size_t i = 0; i < record->n; i++) {
    const char *element = element_of(&record->results[i]);
    if (!element) continue;
    if (element[0] == 'f') c.failures++;
    else if (element[0] == 'e') c.errors++;
    else c.skipped++;
  }
  return c;
}

static void put_counts(const counts *c, cm_buf *out) {
  put_count("tests", c->tests, out);
  put_count("failures", c->failures, out);
  put_count("errors", c->errors, out);
  put_count("skipped", c->skipped, out);
}

static void put_property(const char *name, cm_str value, cm_buf *out) {
  cm_buf_printf(out, "      <property name=\"%s\"", name);
  put_attribute("value", value, out);
  cm_buf_puts(out, "/>\n");
}

/* XML Schema's dateTime knows no time before its date: only what looks like one is written. */
static void put_timestamp(cm_str s, cm_buf *out) {
  if (s.n < 19 || s.p[4] != '-' || s.p[10] != 'T') return;
  put_attribute("timestamp", (cm_str){s.p, 19}, out);
}

static void put_suite(const cm_record *record, size_t models, cm_buf *out) {
  const cm_manifest *m = &record->manifest;
  counts c = count(record);
  cm_buf_puts(out, "  <testsuite");
  put_attribute("name", m->model_id.n ? m->model_id : CM_STR("cmdai"), out);
  put_counts(&c, out);
  put_seconds(record->wall_seconds * 1e3, out);
  put_timestamp(m->started, out);
  cm_buf_puts(out, ">\n    <properties>\n");
  put_property("run", m->run_id, out);
  put_property("commit", m->commit, out);
  put_property("backend", m->backend, out);
  put_property("model.sha256", m->model_sha256, out);
  put_property("engine", m->engine, out);
  put_property("machine", m->machine, out);
  cm_buf_puts(out, "    </properties>\n");
  for (size_t i = 0; i < record->n; i++) put_case(record, &record->results[i], models, out);
  cm_buf_puts(out, "  </testsuite>\n");
}

static cm_code write_junit(const cm_report_input *in, cm_buf *out, cm_err *e) {
  counts all = {0};
  double seconds = 0;
  for (size_t k = 0; k < in->n; k++) {
    counts c = count(&in->records[k]);
    all.tests += c.tests, all.failures += c.failures;
    all.errors += c.errors, all.skipped += c.skipped;
    seconds += in->records[k].wall_seconds;
  }
  cm_buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"cmdai test\"");
  put_counts(&all, out);
  put_seconds(seconds * 1e3, out);
  cm_buf_puts(out, ">\n");
  for (size_t k = 0; k < in->n; k++) put_suite(&in->records[k], in->n, out);
  cm_buf_puts(out, "</testsuites>\n");
  return cm_report_end(out, e);
}

const cm_report cm_report_junit = {"junit", "xml", "JUnit XML, for Jenkins, GitLab and others",
                                   write_junit};
