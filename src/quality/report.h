/* quality/report: a run, written for people and programs. A format is one file and one line in the
 * list; --help, the tests and the documentation take it from there. */
#ifndef CM_QUALITY_REPORT_H
#define CM_QUALITY_REPORT_H
#include "quality/gate.h"

/* One run, or several of different models over the same cases (a column each). */
typedef struct cm_report_input {
  const cm_record *records; /* [n], at least one */
  const cm_summary *summaries;
  const cm_gates *gates; /* of the first; may have no items */
  size_t n;
} cm_report_input;

typedef struct cm_report {
  const char *name, *ext, *help; /* "junit", "xml", "JUnit XML" */
  /* Appends the document. Text of models, prompts and file names is hostile: escaped as the format
   * needs it. CM_E_NOMEM: out overflowed. */
  cm_code (*write)(const cm_report_input *in, cm_buf *out, cm_err *e);
} cm_report;

const cm_report *cm_report_at(size_t i); /* NULL past the end */
const cm_report *cm_report_find(cm_str name);

/* The Markdown report in at most `max` bytes, whole at its end: what doesn't fit is counted
 * instead. For a comment (CM_COMMENT_MAX: 65,536 characters is what GitHub takes) or a step's
 * summary (CM_SUMMARY_MAX: one of more than 1 MiB is lost). */
enum { CM_COMMENT_MAX = 65000, CM_SUMMARY_MAX = 1000 << 10 };
cm_code cm_report_comment(const cm_report_input *in, size_t max, cm_buf *out, cm_err *e);

extern const cm_report cm_report_json, cm_report_jsonl, cm_report_junit, cm_report_md,
    cm_report_html, cm_report_csv, cm_report_sarif, cm_report_tap, cm_report_github,
    cm_report_gitlab_cq, cm_report_openmetrics;

#endif
