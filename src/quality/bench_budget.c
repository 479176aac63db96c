/* What a user may be made to wait. */
#include <strings.h>

#include "quality/bench.h"

static const cm_perf_budget budgets[] = {
    {"cpu", "0.5B", 3000, 5000, 8000, 10000}, {"cpu", "1.5B", 8000, 10000, 15000, 0},
    {"mlx", "0.5B", 1000, 2000, 3000, 0},     {"mlx", "1.5B", 2000, 3000, 5000, 0},
    {"ollama", "0.5B", 2000, 5000, 10000, 0},
};
enum { BUDGETS = sizeof budgets / sizeof *budgets };

static const uint64_t half_max = 700000000, more_max = 1400000000;

const cm_perf_budget *cm_perf_budget_at(size_t i) { return i < BUDGETS ? &budgets[i] : NULL; }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

/* The number before the first "B" that stands behind one: "…-0.5b-…" gives "0.5B". Empty: none. */
static cm_str size_in(cm_str s) {
  for (size_t i = 1; i < s.n; i++) {
    size_t from = i;
    if ((s.p[i] != 'b' && s.p[i] != 'B') || !is_digit(s.p[i - 1])) continue;
    if (i + 1 < s.n && (is_letter(s.p[i + 1]) || is_digit(s.p[i + 1]))) continue;
    while (from && (is_digit(s.p[from - 1]) || s.p[from - 1] == '.')) from--;
    return (cm_str){s.p + from, i - from + 1};
  }
  return (cm_str){0};
}

/* Of the name of a file, without its folders. */
static cm_str file_of(const char *path) {
  cm_str s = cm_str_of(path);
  for (size_t i = s.n; i-- > 0;)
    if (s.p[i] == '/') return (cm_str){s.p + i + 1, s.n - i - 1};
  return s;
}

const cm_perf_budget *cm_perf_budget_of(const cm_perf_model *m, const char *path, uint64_t bytes) {
  cm_str size = size_in(cm_str_of(m->id));
  if (!size.n) size = size_in(file_of(path));
  if (!size.n && bytes <= more_max) size = bytes <= half_max ? CM_STR("0.5B") : CM_STR("1.5B");
  for (size_t i = 0; i < BUDGETS; i++)
    if (cm_str_is(cm_str_of(budgets[i].backend), m->backend) && size.n == 4 &&
        strncasecmp(size.p, budgets[i].size, size.n) == 0)
      return &budgets[i];
  return NULL;
}

static void check(cm_perf_check *out, size_t *n, const char *name, double value, double limit) {
  out[(*n)++] =
      (cm_perf_check){name, value, limit, value < limit ? CM_PERF_MET : CM_PERF_EXCEEDED};
}

void cm_perf_judge(const cm_perf_result *r, const cm_perf_budget *b,
                   cm_perf_check out[CM_PERF_CHECKS], size_t *n) {
  const cm_stat_summary *cold = &r->head[CM_PERF_COLD], *answer = &r->head[CM_PERF_ANSWER];
  *n = 0;
  if (b->cold > 0 && cold->n) check(out, n, "cold start", cold->max, b->cold);
  if (!answer->n) return;
  check(out, n, "mean", answer->mean, b->acceptable);
  const bool few = !cm_stat_known(answer->p95);
  check(out, n, "p95", few ? answer->max : answer->p95, b->fail);
  if (few && out[*n - 1].state == CM_PERF_EXCEEDED) out[*n - 1].state = CM_PERF_UNPROVED;
}

const char *cm_perf_grade(const cm_perf_result *r, const cm_perf_budget *b) {
  const double median = r->head[CM_PERF_ANSWER].median;
  return median <= b->target       ? "target"
         : median <= b->acceptable ? "acceptable"
         : median <= b->fail       ? "slow"
                                   : "fail";
}
