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

extern const cm_report cm_report_json, cm_report_jsonl, cm_report_junit, cm_report_md,
    cm_report_html, cm_report_csv, cm_report_sarif, cm_report_tap, cm_report_github,
    cm_report_gitlab_cq, cm_report_openmetrics;

#endif
