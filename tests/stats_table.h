/* Rows of tests/data/stats/reference.tsv: a kind, then columns of numbers divided by commas. */
#ifndef CM_TESTS_STATS_TABLE_H
#define CM_TESTS_STATS_TABLE_H
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tools/tsv.h"
#include "base/os.h"
#include "base/str.h"

enum { STATS_LIST_MAX = 200, STATS_COLUMNS_MAX = 16 };

typedef struct stats_list {
  double x[STATS_LIST_MAX];
  size_t n;
} stats_list;

typedef struct stats_row {
  stats_list column[STATS_COLUMNS_MAX]; /* column[0] is the first behind the kind */
  cm_str line;                          /* for messages */
} stats_row;

/* "NA" and what else is no number is NaN. */
static inline void stats_read_list(cm_str field, stats_list *out) {
  out->n = 0;
  while (field.n && out->n < STATS_LIST_MAX) {
    char one[64];
    const char *comma = memchr(field.p, ',', field.n);
    const size_t n = comma ? (size_t)(comma - field.p) : field.n;
    snprintf(one, sizeof one, "%.*s", (int)n, field.p);
    char *end;
    const double value = strtod(one, &end);
    out->x[out->n++] = *end == 0 && end > one ? value : NAN;
    field = (cm_str){field.p + n + (comma != NULL), field.n - n - (comma != NULL)};
  }
}

/* Calls `each` with the rows of this kind; returns how many there are. */
static inline size_t stats_each(const char *kind, void (*each)(stats_row *)) {
  static stats_row row;
  size_t rows = 0;
  cm_buf file;
  cm_err e = {0};
  cm_str line;
  cm_buf_init(&file, 1 << 20);
  if (cm_os_read_file(CM_SOURCE_DIR "/tests/data/stats/reference.tsv", &file, &e) != CM_OK)
    fail_msg("%s", e.msg);
  for (cm_str rest = {file.p, file.n}; cm_str_line(&rest, &line);) {
    row.line = line;
    if (!cm_str_is(tsv_column(&line), kind)) continue;
    memset(row.column, 0, sizeof row.column);
    for (size_t i = 0; i < STATS_COLUMNS_MAX && line.n; i++)
      stats_read_list(tsv_column(&line), &row.column[i]);
    each(&row);
    rows++;
  }
  cm_buf_close(&file);
  return rows;
}

static inline double stats_one(const stats_row *r, size_t column) {
  return r->column[column].x[0];
}

/* `got` is `want` up to this relative error; NaN only if NaN. */
static inline void stats_near(const stats_row *r, const char *what, double got, double want,
                              double error) {
  if (isnan(got) && isnan(want)) return;
  if (got == want || fabs(got - want) <= error * fabs(want)) return;
  fail_msg("%s is %.17g, should be %.17g: %.*s", what, got, want, (int)r->line.n, r->line.p);
}

/* Uniform in (0, 1): SplitMix64 (Steele, Lea and Flood, 2014), not the generator under test. */
static inline double stats_uniform(uint64_t *state) {
  uint64_t z = *state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return ((double)((z ^ (z >> 31)) >> 12) + 0.5) * 0x1p-52;
}

/* Normal, by Box and Muller. */
static inline double stats_gauss(uint64_t *state) {
  const double r = sqrt(-2 * log(stats_uniform(state))), turn = 2 * acos(-1);
  return r * cos(turn * stats_uniform(state));
}

#endif
