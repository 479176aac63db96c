#include "quality/report.h"

#include "quality/report_parts.h"

static const cm_report *const list[] = {
    &cm_report_json,   &cm_report_jsonl,     &cm_report_junit,       &cm_report_md,
    &cm_report_html,   &cm_report_csv,       &cm_report_sarif,       &cm_report_tap,
    &cm_report_github, &cm_report_gitlab_cq, &cm_report_openmetrics,
};

const cm_report *cm_report_at(size_t i) { return i < sizeof list / sizeof *list ? list[i] : NULL; }

const cm_report *cm_report_find(cm_str name) {
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (cm_str_is(name, list[i]->name)) return list[i];
  return NULL;
}

cm_code cm_report_comment(const cm_report_input *in, size_t max, cm_buf *out, cm_err *e) {
  cm_put_markdown(in, max, out);
  return cm_report_end(out, e);
}
