#include "serve/metrics.h"

#include <inttypes.h>
#include <string.h>

static const double bounds[CM_METRICS_BOUNDS] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.25,
                                                 0.5,   1,     2.5,  5,    15,  60};

static const char *const reasons[CM_CANCELLED_COUNT] = {[CM_CANCELLED_CLIENT] = "client",
                                                        [CM_CANCELLED_SLOW] = "slow_reader",
                                                        [CM_CANCELLED_DEADLINE] = "deadline",
                                                        [CM_CANCELLED_STOP] = "stop"};

const char *cm_cancelled_name(cm_cancelled why) { return reasons[why]; }

void cm_metrics_request(cm_metrics *m, const char *api, int status) {
  size_t i = 0;
  while (i < m->n_requests &&
         (m->requests[i].status != status || strcmp(m->requests[i].api, api) != 0))
    i++;
  if (i == CM_METRICS_ROWS) return; /* more than there are interfaces and statuses */
  if (i == m->n_requests) {
    m->requests[i].api = api, m->requests[i].status = status;
    m->n_requests++;
  }
  m->requests[i].n++;
}

void cm_histogram_add(cm_histogram *h, double seconds) {
  size_t i = 0;
  while (i < CM_METRICS_BOUNDS && seconds > bounds[i]) i++;
  h->counts[i]++;
  h->sum += seconds;
}

/* --- text --- */

static void head(cm_buf *out, const char *name, const char *type, const char *help) {
  cm_buf_printf(out, "# HELP cmdai_serve_%s %s\n# TYPE cmdai_serve_%s %s\n", name, help, name,
                type);
}

static void put(cm_buf *out, const char *name, const char *type, const char *help, uint64_t v) {
  head(out, name, type, help);
  cm_buf_printf(out, "cmdai_serve_%s %" PRIu64 "\n", name, v);
}

/* Label values: backslash, quote and newline are escaped. */
static void put_label(cm_buf *out, const char *s) {
  for (; *s; s++) {
    if (*s == '\\' || *s == '"') cm_buf_putc(out, '\\');
    if (*s == '\n') cm_buf_puts(out, "\\n");
    else cm_buf_putc(out, *s);
  }
}

static void put_histogram(cm_buf *out, const char *name, const char *help, const cm_histogram *h) {
  uint64_t n = 0;
  head(out, name, "histogram", help);
  for (size_t i = 0; i < CM_METRICS_BOUNDS; i++) {
    n += h->counts[i];
    cm_buf_printf(out, "cmdai_serve_%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, bounds[i], n);
  }
  n += h->counts[CM_METRICS_BOUNDS];
  cm_buf_printf(out, "cmdai_serve_%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", name, n);
  cm_buf_printf(out, "cmdai_serve_%s_sum %.9g\n", name, h->sum);
  cm_buf_printf(out, "cmdai_serve_%s_count %" PRIu64 "\n", name, n);
}

static void put_requests(const cm_metrics *m, cm_buf *out) {
  head(out, "requests_total", "counter", "Requests that were answered, by interface and status.");
  for (size_t i = 0; i < m->n_requests; i++) {
    cm_buf_puts(out, "cmdai_serve_requests_total{api=\"");
    put_label(out, m->requests[i].api);
    cm_buf_printf(out, "\",status=\"%d\"} %" PRIu64 "\n", m->requests[i].status, m->requests[i].n);
  }
  head(out, "cancelled_total", "counter", "Requests that ended before their answer was whole.");
  for (size_t i = 0; i < CM_CANCELLED_COUNT; i++)
    cm_buf_printf(out, "cmdai_serve_cancelled_total{reason=\"%s\"} %" PRIu64 "\n", reasons[i],
                  m->cancelled[i]);
}

static void put_now(const cm_metrics_now *now, cm_buf *out) {
  put(out, "in_flight", "gauge", "Requests that are being computed.", now->running);
  put(out, "queue_depth", "gauge", "Requests that wait.", now->waiting);
  put(out, "connections", "gauge", "Open connections.", now->connections);
  put(out, "slots", "gauge", "Texts that may be computed at once.", now->slots);
  put(out, "queue_limit", "gauge", "Requests that may wait.", now->queue);
  put(out, "resident_memory_bytes", "gauge", "Memory that the process holds.", now->rss_bytes);
  head(out, "build_info", "gauge", "Always 1; the labels say what runs.");
  cm_buf_puts(out, "cmdai_serve_build_info{version=\"");
  put_label(out, now->version);
  cm_buf_puts(out, "\",model=\"");
  put_label(out, now->model);
  cm_buf_puts(out, "\"} 1\n");
}

void cm_metrics_text(const cm_metrics *m, const cm_metrics_now *now, cm_buf *out) {
  put_requests(m, out);
  put_histogram(out, "queue_seconds", "From a request's arrival until it is computed.", &m->queue);
  put_histogram(out, "ttft_seconds", "From a request's arrival until its first token.", &m->first);
  put_histogram(out, "duration_seconds", "From a request's arrival until its answer is whole.",
                &m->duration);
  put(out, "tokens_prompt_total", "counter", "Tokens of prompts.", m->prompt);
  put(out, "tokens_cached_total", "counter", "Tokens of prompts that were there already.",
      m->cached);
  put(out, "tokens_output_total", "counter", "Tokens that were generated.", m->output);
  put_now(now, out);
}
