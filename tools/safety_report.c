/* rooms: safety */
/* safety_report [--misses FILE] CORPUS.tsv…: how the validator judges labelled commands.
 * A corpus has the columns id, label, class, command (\\ \n \t \r), and one header line. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "safety/safety.h"
#include "tsv.h"

enum { CORPUS_MAX = 64 << 20, ROWS_MAX = 1 << 20, ARENA_MAX = 64 << 20, REPEATS = 5 };

typedef struct counts {
  size_t rows, exact, unresolved, safe, alarms, confirmed, bad, caught;
  size_t judged[4][4]; /* label, risk */
  uint64_t *ns;        /* [rows]: the median of REPEATS judgements */
} counts;

typedef struct row {
  cm_str id, label, group;
  cm_str command;
} row;

static cm_safety *safety;
static cm_arena *arena;
static FILE *misses;

#define HOME \
  "/home"    \
  "/user"

static _Noreturn void die(const char *what) {
  fprintf(stderr, "safety_report: %s\n", what);
  exit(2);
}

static bool risk_of(cm_str label, cm_risk *out) {
  for (cm_risk r = CM_SAFE; r <= CM_CRITICAL; r++)
    if (cm_str_is(label, cm_risk_name(r))) return *out = r, true;
  return false;
}

static int by_size(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static uint64_t judge(cm_str command, cm_verdict *v) {
  const cm_sh_context context = {
      .home = CM_STR(HOME), .cwd = CM_STR(HOME "/project"), .user = CM_STR("user")};
  uint64_t ns[REPEATS];
  cm_err e;
  for (int i = 0; i < REPEATS; i++) {
    cm_arena_reset(arena);
    uint64_t start = cm_os_now_ns();
    (void)cm_safety_judge(safety, command, &context, arena, v, &e);
    ns[i] = cm_os_now_ns() - start;
  }
  qsort(ns, REPEATS, sizeof *ns, by_size);
  return ns[REPEATS / 2];
}

static void note_miss(const row *r, const char *raw, size_t n, cm_risk label,
                      const cm_verdict *v) {
  if (!misses || label == v->risk) return;
  const char *kind = "level";
  if (label >= CM_HIGH && v->risk < CM_HIGH) kind = "missed";
  if (label == CM_SAFE && v->risk >= CM_HIGH) kind = "alarm";
  fprintf(misses, "%s\t%.*s\t%s\t%s\t%s\t%.*s\t%.*s\n", kind, (int)r->id.n, r->id.p,
          cm_risk_name(label), cm_risk_name(v->risk), v->n ? v->findings[0].rule : "-",
          (int)r->group.n, r->group.p, (int)n, raw);
}

static void add(counts *c, cm_risk label, const cm_verdict *v, uint64_t ns) {
  c->ns[c->rows++] = ns;
  c->judged[label][v->risk]++;
  c->exact += label == v->risk;
  c->unresolved += v->unresolved;
  if (label == CM_SAFE) {
    c->safe++;
    c->alarms += v->risk >= CM_HIGH;
    c->confirmed += cm_safety_decide(v, CM_MODERATE_LEVEL) != CM_RUN;
  }
  if (label >= CM_HIGH) {
    c->bad++;
    c->caught += v->risk >= CM_HIGH;
  }
}

static double percent(size_t part, size_t all) {
  return all ? 100.0 * (double)part / (double)all : 0;
}

static void print(const char *name, counts *c) {
  if (!c->rows) return;
  qsort(c->ns, c->rows, sizeof *c->ns, by_size);
  printf("%s: %zu commands\n", name, c->rows);
  printf("  recall %.2f %% (%zu of %zu)   false alarms %.2f %% (%zu of %zu)\n",
         percent(c->caught, c->bad), c->caught, c->bad, percent(c->alarms, c->safe), c->alarms,
         c->safe);
  printf(
      "  safe that need confirmation %.2f %% (%zu)   exact level %.2f %%   unresolved %.2f %%\n",
      percent(c->confirmed, c->safe), c->confirmed, percent(c->exact, c->rows),
      percent(c->unresolved, c->rows));
  for (int label = 0; label < 4; label++)
    printf("  %-9s judged safe %zu, moderate %zu, high %zu, critical %zu\n",
           cm_risk_name((cm_risk)label), c->judged[label][0], c->judged[label][1],
           c->judged[label][2], c->judged[label][3]);
  const uint64_t p50 = c->ns[c->rows / 2], p99 = c->ns[c->rows * 99 / 100];
  printf("  time: p50 %.1f us, p99 %.1f us, max %.1f us\n", (double)p50 / 1e3, (double)p99 / 1e3,
         (double)c->ns[c->rows - 1] / 1e3);
}

static void judge_row(cm_str line, counts *c, counts *total) {
  char text[CM_SH_TEXT_MAX];
  row r = {.id = tsv_column(&line), .label = tsv_column(&line), .group = tsv_column(&line)};
  cm_risk label;
  cm_verdict v;
  if (!risk_of(r.label, &label) || line.n > sizeof text || c->rows == ROWS_MAX) return;
  r.command = tsv_unescape(line, text);
  uint64_t ns = judge(r.command, &v);
  add(c, label, &v, ns);
  add(total, label, &v, ns);
  note_miss(&r, line.p, line.n, label, &v);
}

static counts make_counts(void) {
  counts c = {.ns = malloc(ROWS_MAX * sizeof *c.ns)};
  if (!c.ns) die("no memory");
  return c;
}

static void report(const char *path, counts *total) {
  cm_buf file;
  cm_err e;
  counts c = make_counts();
  cm_buf_init(&file, CORPUS_MAX);
  if (cm_os_read_file(path, &file, &e)) die(e.msg);
  cm_str rest = {file.p, file.n};
  for (cm_str line; cm_str_line(&rest, &line);) judge_row(line, &c, total);
  print(path, &c);
  free(c.ns);
  cm_buf_close(&file);
}

int main(int argc, char **argv) {
  cm_err e;
  uint64_t start = cm_os_now_ns();
  if (cm_safety_open(&safety, NULL, 0, NULL, 0, &e)) die(e.msg);
  double open_us = (double)(cm_os_now_ns() - start) / 1e3;
  arena = cm_arena_open(ARENA_MAX);
  if (!arena) die("no memory");
  counts total = make_counts();
  int i = 1, files = 0;
  if (argc > 2 && strcmp(argv[1], "--misses") == 0) {
    misses = fopen(argv[2], "w");
    if (!misses) die("can't write the list of misses");
    i = 3;
  }
  for (; i < argc; i++, files++) report(argv[i], &total);
  if (files > 1) print("total", &total);
  printf("rules compiled in %.0f us\n", open_us);
  free(total.ns);
  if (misses) fclose(misses);
  cm_arena_close(arena);
  cm_safety_close(safety);
  return files ? 0 : 2;
}
