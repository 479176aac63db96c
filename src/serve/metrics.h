/* Inside serve: what is counted, and the text that Prometheus reads of it (text format 0.0.4).
 * Pure; the caller's lock guards it. */
#ifndef CM_SERVE_METRICS_H
#define CM_SERVE_METRICS_H
#include <stdbool.h>

#include "base/mem.h"
#include "base/str.h"

enum { CM_METRICS_ROWS = 256, CM_METRICS_BOUNDS = 12 };

typedef struct cm_histogram {
  uint64_t counts[CM_METRICS_BOUNDS + 1]; /* the last one: above all bounds */
  double sum;
} cm_histogram;

/* Why a request ended before its answer was whole. */
typedef enum cm_cancelled {
  CM_CANCELLED_CLIENT,   /* it went away */
  CM_CANCELLED_SLOW,     /* it doesn't read what it asked for */
  CM_CANCELLED_DEADLINE, /* it took too long */
  CM_CANCELLED_STOP,     /* the server stops */
  CM_CANCELLED_COUNT
} cm_cancelled;

const char *cm_cancelled_name(cm_cancelled why);

typedef struct cm_metrics {
  struct {
    const char *api; /* static: a path of the list of interfaces, or "other" */
    int status;
    uint64_t n;
  } requests[CM_METRICS_ROWS];
  size_t n_requests;
  cm_histogram queue, first, duration; /* seconds */
  uint64_t prompt, cached, output;     /* tokens */
  uint64_t cancelled[CM_CANCELLED_COUNT];
} cm_metrics;

/* What is so at the moment. */
typedef struct cm_metrics_now {
  size_t waiting, running, connections;
  uint32_t slots, queue;
  uint64_t rss_bytes; /* 0: not known */
  const char *version, *model;
} cm_metrics_now;

void cm_metrics_request(cm_metrics *m, const char *api, int status);
void cm_histogram_add(cm_histogram *h, double seconds);
void cm_metrics_text(const cm_metrics *m, const cm_metrics_now *now, cm_buf *out);

#endif
