/* quality/history: runs over time, in one SQLite file: quality, latency, memory and their cost.
 * One history holds runs of one selection of cases; runs of different backends, models, options
 * and machines are told apart and never compared with each other. */
#ifndef CM_QUALITY_HISTORY_H
#define CM_QUALITY_HISTORY_H
#include "quality/stats.h"
#include "quality/summary.h"

typedef struct cm_history cm_history;

/* Opens a history, for writing also a new one in a new folder. Errors are cm_db_open's
 * (data/db.h): a file that isn't a history, is damaged or of a newer version is refused. */
cm_code cm_history_open(cm_history **out, const char *path, bool write, cm_err *e);
void cm_history_close(cm_history *h); /* NULL is fine */

/* What a run cost. */
typedef struct cm_run_cost {
  double minutes; /* that are billed; NaN: the run's own time, each minute that was begun */
  double price;   /* of a minute, in dollars; NaN: not known */
} cm_run_cost;

/* Adds a run, all of it or nothing. *added is false when the history has this run (by its id)
 * already: it is then left as it is. CM_E_USAGE: no run id, `started` isn't UTC in ISO 8601
 * ("2026-11-26T02:00:00Z"), or a negative cost. */
cm_code cm_history_add(cm_history *h, const cm_record *r, const cm_summary *s,
                       const cm_run_cost *cost, bool *added, cm_err *e);

/* --- reading ------------------------------------------------------------------------------ */

typedef struct cm_trend_group {
  cm_str name;
  size_t cases, passed;
  double pass_rate; /* NaN: none was tried */
} cm_trend_group;

/* A run as it was added. What wasn't measured is NaN. */
typedef struct cm_trend_run {
  cm_str run_id, started, commit;
  cm_str backend, model_id, model_sha256, model_quant, engine, machine, os, level, options;
  cm_str suite_hash;
  int64_t started_unix;    /* seconds */
  uint32_t threads, batch; /* batch: answers generated together */
  bool complete;
  size_t cases, passed, failed, safety_missed, counts[CM_STATES];
  cm_trend_group *categories;
  size_t n_categories;
  double pass_rate, low, high; /* of 1; Wilson interval at 95 % */
  cm_spread ttft, total;       /* milliseconds; `max` isn't kept */
  double tokens_per_second, peak_rss_mb, wall_seconds, minutes, cost; /* cost: dollars */
} cm_trend_run;

typedef struct cm_trend {
  cm_trend_run *runs; /* oldest first */
  size_t n;
} cm_trend;

enum { CM_TREND_MAX = CM_STAT_HISTORY_MAX };

/* Empty strings and 0 pick everything. */
typedef struct cm_trend_filter {
  cm_str backend, model /* id or SHA-256 */, machine;
  size_t last; /* the newest so many runs, at most CM_TREND_MAX */
} cm_trend_filter;

/* Everything lives in `a`. Errors are those of data/db.h. */
cm_code cm_history_list(cm_history *h, const cm_trend_filter *f, cm_arena *a, cm_trend *out,
                        cm_err *e);

/* --- measures and series ------------------------------------------------------------------ */

typedef enum cm_trend_metric {
  CM_TREND_PASS_RATE, /* percent */
  CM_TREND_P50,       /* ms, of whole answers */
  CM_TREND_P95,
  CM_TREND_TTFT, /* ms, median */
  CM_TREND_SPEED,
  CM_TREND_MEMORY,
  CM_TREND_WALL, /* minutes */
  CM_TREND_COST, /* dollars */
  CM_TREND_METRICS
} cm_trend_metric;

const char *cm_trend_metric_name(cm_trend_metric m); /* "pass_rate" "latency_p50" … */
const char *cm_trend_metric_unit(cm_trend_metric m); /* "%" "ms" "tokens/s" "MB" "min" "$" */
double cm_trend_value(const cm_trend_run *r, cm_trend_metric m); /* NaN: not measured */
/* "82.1 %", "1,250 ms", "$0.042"; "n/a" for NaN. */
void cm_trend_put_value(cm_trend_metric m, double v, cm_buf *out);

/* Runs that may be compared: of one backend, model and set of options; with `machine` set also of
 * one machine, number of threads and batch, which is what times and memory need. */
typedef struct cm_trend_series {
  const cm_trend_run **runs; /* oldest first */
  size_t n;
} cm_trend_series;

/* In the order of their newest runs, the newest last. CM_E_NOMEM. */
cm_code cm_trend_series_of(const cm_trend *t, bool machine, cm_arena *a, cm_trend_series **out,
                           size_t *n, cm_err *e);

/* --- changes ------------------------------------------------------------------------------ */

/* A change of level (stats.h: cm_stat_changes) in complete runs of one series. */
typedef struct cm_trend_change {
  cm_trend_metric metric;
  const cm_trend_run *at; /* the first run after it */
  double before, after;   /* medians of the stretches on both sides */
  double p;
  size_t n_before, n_after;
  size_t age;  /* runs of the series since then, `at` itself not counted */
  bool worse;  /* more time, memory or cost, or less quality or speed */
  bool stands; /* no later change of this measure in this series */
  cm_str text; /* one line: "pass_rate fell from 82.1 % to 74.0 % at commit ...: ..." */
} cm_trend_change;

/* All measures but cost (it follows the time) of all series, in the order of series, measure,
 * time. `o` NULL: the defaults.
 * CM_E_USAGE: bad options; CM_E_NOMEM. */
cm_code cm_trend_detect(const cm_trend *t, const cm_stat_change_options *o, cm_arena *a,
                        cm_trend_change **out, size_t *n, cm_err *e);

/* With fewer complete runs in a series not even the clearest change of level can be shown (4 runs
 * on both sides, and 1 % in both tests). */
enum { CM_TREND_RUNS_MIN = 11 };

/* How many complete runs the longest series has. CM_E_NOMEM. */
cm_code cm_trend_longest(const cm_trend *t, cm_arena *a, size_t *n, cm_err *e);

/* The exit status: of changes for the worse that still stand and are at most `recent` runs old,
 * 1 if one is of the pass rate, 6 if they are of the others; else 0. */
int cm_trend_status(const cm_trend_change *c, size_t n, size_t recent);

/* --- for people and programs -------------------------------------------------------------- */

/* A table a series. */
cm_code cm_history_text(const cm_trend *t, cm_buf *out, cm_err *e);
/* One document: {"schema": "cmdai.trend/1", "runs": [...], "changes": [...]}. */
cm_code cm_history_json(const cm_trend *t, const cm_trend_change *c, size_t n, cm_buf *out,
                        cm_err *e);
/* What `trend detect` found: {"schema": "cmdai.detect/1", …}, with the changes that stand;
 * `longest` is cm_trend_longest's. */
cm_code cm_trend_detected_json(const cm_trend_change *c, size_t n, size_t longest, cm_buf *out,
                               cm_err *e);
/* One page that needs nothing else: plots of every series with the changes marked, alerts, cost by
 * month, all runs as a table. */
cm_code cm_history_html(const cm_trend *t, const cm_trend_change *c, size_t n, cm_buf *out,
                        cm_err *e);
/* The newest run of every series with its machine, under the names of the run report
 * (report_openmetrics.c), with the label `machine` added, and the time it started. */
cm_code cm_history_openmetrics(const cm_trend *t, cm_buf *out, cm_err *e);

#endif
