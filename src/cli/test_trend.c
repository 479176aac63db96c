/* cmdai test trend: the history of runs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "cli/test.h"
#include "quality/history.h"

enum { TEXT_MAX = 64 << 20, RECENT = 5 };

/* $XDG_STATE_HOME/cmdai/history.db, unless --db says where. */
static cm_code path_of(const cm_opts *o, char out[4096], cm_err *e) {
  static const char last[] = "last-run.jsonl";
  if (o->db) snprintf(out, 4096, "%s", o->db);
  else cm_test_last_run(out, 4096);
  const size_t n = strlen(out);
  if (n < sizeof last) return n ? CM_OK : cm_fail(e, CM_E_USAGE, 0, "name the history with --db");
  if (!o->db) snprintf(out + n - (sizeof last - 1), sizeof last, "history.db");
  return CM_OK;
}

static cm_code add_run(cm_testing *t, cm_history *h, const char *path, cm_err *e) {
  const cm_run_cost cost = {.minutes = NAN, .price = t->o->price > 0 ? t->o->price : NAN};
  cm_record r;
  cm_summary s;
  bool added;
  cm_code code = cm_test_read(t, path, &r, e);
  if (!code) code = cm_summarize(&r, t->arena, &s, e);
  if (!code) code = cm_history_add(h, &r, &s, &cost, &added, e);
  if (!code && !added) cm_ui_note(t->o, "%s is in the history already", path);
  return code;
}

/* Where the history goes: --out FILE by its ending, else stdout. */
static cm_code write_trend(const cm_opts *o, const cm_trend *trend, const cm_trend_change *c,
                           size_t n, cm_buf *b, cm_err *e) {
  const cm_str out = cm_str_of(o->out);
  if (cm_str_ends(out, CM_STR(".html"))) return cm_history_html(trend, c, n, b, e);
  if (cm_str_ends(out, CM_STR(".prom")) || cm_str_ends(out, CM_STR(".txt")))
    return cm_history_openmetrics(trend, b, e);
  if (cm_opts_document(o) || cm_str_ends(out, CM_STR(".json")))
    return cm_history_json(trend, c, n, b, e);
  return cm_history_text(trend, b, e);
}

static int show(cm_testing *t, const cm_trend *trend, const cm_trend_change *c, size_t n) {
  cm_buf b;
  cm_err e = {0};
  cm_buf_init(&b, TEXT_MAX);
  cm_code code = write_trend(t->o, trend, c, n, &b, &e);
  if (!code && t->o->out) code = cm_test_save(t->o->out, &b, &e);
  if (!code && !t->o->out) return cm_test_out(t->o, &b);
  cm_buf_close(&b);
  return code ? cm_test_fail(&e) : CM_TEST_OK;
}

static void detected_text(const cm_trend_change *c, size_t n, size_t longest, cm_buf *b) {
  if (longest < CM_TREND_RUNS_MIN) {
    cm_buf_printf(b,
                  "too few runs to see a change: %zu complete in the longest series, and %d are "
                  "needed\n",
                  longest, CM_TREND_RUNS_MIN);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    if (!c[i].stands) continue;
    cm_buf_puts(b, c[i].worse ? "ALERT " : "");
    cm_ui_escape(c[i].text, b);
    cm_buf_putc(b, '\n');
  }
  if (!b->n) cm_buf_puts(b, "no change\n");
}

/* With too few runs "no change" would be a claim. */
static int detect(cm_testing *t, const cm_trend *trend, const cm_trend_change *c, size_t n) {
  cm_buf b;
  cm_err e = {0};
  size_t longest;
  if (cm_trend_longest(trend, t->arena, &longest, &e)) return cm_test_fail(&e);
  cm_buf_init(&b, TEXT_MAX);
  if (!cm_opts_document(t->o)) detected_text(c, n, longest, &b);
  else (void)cm_trend_detected_json(c, n, longest, &b, &e);
  const int status = cm_test_out(t->o, &b);
  if (status) return status;
  return longest < CM_TREND_RUNS_MIN ? CM_TEST_NOTHING : cm_trend_status(c, n, RECENT);
}

static int look(cm_testing *t, cm_history *h, bool detects) {
  const cm_trend_filter all = {.last = 0};
  cm_trend trend;
  cm_trend_change *changes;
  size_t n;
  cm_err e = {0};
  cm_code code = cm_history_list(h, &all, t->arena, &trend, &e);
  if (!code) code = cm_trend_detect(&trend, NULL, t->arena, &changes, &n, &e);
  if (code) return cm_test_fail(&e);
  return detects ? detect(t, &trend, changes, n) : show(t, &trend, changes, n);
}

int cm_test_trend(const cm_opts *o, char **operands, size_t n) {
  const char *how = n ? operands[0] : "show";
  const bool adds = strcmp(how, "add") == 0, detects = strcmp(how, "detect") == 0;
  if ((!adds && !detects && strcmp(how, "show") != 0) || (adds ? n < 2 : n > 1))
    return cm_ui_fail(CM_TEST_USAGE, "cmdai test trend add RUN.jsonl... | show | detect");
  cm_testing t = {.o = o, .arena = cm_arena_open(1 << 30)};
  cm_history *h = NULL;
  char path[4096];
  cm_err e = {0};
  cm_code code = t.arena ? path_of(o, path, &e) : cm_fail(&e, CM_E_NOMEM, 0, "out of memory");
  if (!code) code = cm_history_open(&h, path, adds, &e);
  for (size_t i = 1; i < n && !code && adds; i++) code = add_run(&t, h, operands[i], &e);
  int status = code ? cm_test_fail(&e) : adds ? CM_TEST_OK : look(&t, h, detects);
  cm_history_close(h);
  cm_test_close(&t);
  return status;
}
