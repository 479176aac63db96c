/* quality/history_page: the parts of the history's page. */
#ifndef CM_QUALITY_HISTORY_PAGE_H
#define CM_QUALITY_HISTORY_PAGE_H
#include "quality/history_parts.h"

typedef struct cm_history_page {
  const cm_trend *t;
  const cm_trend_change *changes;
  size_t n_changes;
  cm_trend_series *series; /* of one backend, model and set of options, all machines */
  size_t n_series;
  cm_arena *arena;
} cm_history_page;

/* What the page adds to the report's style, and its script; NULL at the end. */
extern const char *const cm_history_style[];
extern const char *const cm_history_script[];

/* The figures of a series: pass rate, then times and memory with a line a machine. CM_E_NOMEM. */
cm_code cm_history_plots(const cm_history_page *p, const cm_trend_series *s, cm_buf *out,
                         cm_err *e);

#endif
