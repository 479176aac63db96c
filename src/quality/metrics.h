/* quality/metrics: runs as OpenMetrics 1.0 text, which is also Prometheus text. One set of names
 * for the report of a run and for the history: what packaging/grafana and dashboards rely on. */
#ifndef CM_QUALITY_METRICS_H
#define CM_QUALITY_METRICS_H
#include "quality/summary.h"

/* Values of which a run has one. */
typedef enum cm_metric {
  CM_METRIC_PASS, /* ratios of cases */
  CM_METRIC_LOWER,
  CM_METRIC_UPPER,
  CM_METRIC_MISSES,
  CM_METRIC_SPEED,  /* tokens per second */
  CM_METRIC_MEMORY, /* MB */
  CM_METRIC_WALL,   /* seconds */
  CM_METRIC_COMPLETE,
  CM_METRIC_STARTED, /* seconds since 1970 */
  CM_METRIC_COST,    /* dollars */
  CM_METRICS
} cm_metric;

typedef struct cm_metric_run {
  cm_str backend, model, commit, engine, model_sha256, quant;
  cm_str machine, options; /* with `placed`: what series of a history are told apart by */
  uint32_t threads, batch;
  bool placed;
  size_t column;             /* of a report with several models, from 1; 0: it has one */
  double values[CM_METRICS]; /* NaN: there is none */
  const size_t *counts;      /* [CM_STATES] */
  const cm_spread *ttft, *total, *check, *exec; /* milliseconds; NULL: not known */
} cm_metric_run;

/* All families of the runs. What stands behind them is the caller's, "# EOF" too. */
void cm_metrics_put(const cm_metric_run *runs, size_t n, cm_buf *out);

/* A family of the caller's own: its head, then for each value a line up to its own labels, those,
 * and the value. */
void cm_metrics_family(const char *name, const char *type, const char *unit, const char *help,
                       cm_buf *out);
void cm_metrics_line(const char *name, const cm_metric_run *r, cm_buf *out);
void cm_metrics_label(const char *name, cm_str s, cm_buf *out);
void cm_metrics_value(double v, cm_buf *out);

#endif
