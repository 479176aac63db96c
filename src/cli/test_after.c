/* cmdai test: what runs have left. Summary and gates of a run, and the subcommands that only read
 * run files. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/os_lines.h"
#include "cli/test.h"
#include "quality/report.h"
#include "quality/sampling.h"

enum { REPORT_MAX = 256 << 20 };

/* --- reports --- */

cm_code cm_test_save(const char *path, const cm_buf *b, cm_err *e) {
  cm_os_out file;
  cm_os_make_folders(path);
  cm_code code =
      b->overflow ? cm_fail(e, CM_E_NOMEM, 0, "out of memory") : cm_os_out_open(&file, path, e);
  if (code) return code;
  code = cm_os_out_write(&file, b->p, b->n, e);
  if (!code) code = cm_os_out_commit(&file, e);
  cm_os_out_abort(&file);
  return code;
}

static cm_code write_report(const cm_report *r, const cm_report_input *in, const char *path,
                            cm_err *e) {
  cm_buf b;
  cm_buf_init(&b, REPORT_MAX);
  cm_code code = r->write(in, &b, e);
  if (!code && strcmp(path, "-") == 0) code = cm_os_write_fd(CM_OS_STDOUT, b.p, b.n, e);
  else if (!code) code = cm_test_save(path, &b, e);
  cm_buf_close(&b);
  return code;
}

/* GitHub shows what a step appends to this file. */
static cm_code step_summary(const cm_report_input *in, cm_err *e) {
  const char *path = getenv("GITHUB_STEP_SUMMARY");
  cm_buf b;
  if (!path || !*path) return CM_OK;
  cm_buf_init(&b, REPORT_MAX);
  cm_code code = cm_os_read_file(path, &b, e);
  if (code == CM_E_NOTFOUND) code = CM_OK;
  if (!code) code = cm_report_comment(in, CM_SUMMARY_MAX, &b, e);
  if (!code) code = cm_test_save(path, &b, e);
  cm_buf_close(&b);
  return code;
}

static cm_code report_kinds(cm_err *e) {
  cm_buf b;
  cm_buf_init(&b, 4096);
  for (size_t i = 0; cm_report_at(i); i++)
    cm_buf_printf(&b, "%s%s", i ? ", " : "", cm_report_at(i)->name);
  cm_code code =
      cm_fail(e, CM_E_USAGE, 0, "--report is KIND=FILE with a kind of %s", b.p ? b.p : "");
  cm_buf_close(&b);
  return code;
}

/* "md=FILE": true when it names a kind and a file. */
static bool split(cm_str one, const cm_report **kind, char path[4096]) {
  const size_t at = cm_str_find(one, CM_STR("="));
  if (at == SIZE_MAX || at + 1 == one.n || one.n - at > 4096) return false;
  *kind = cm_report_find((cm_str){one.p, at});
  snprintf(path, 4096, "%.*s", (int)(one.n - at - 1), one.p + at + 1);
  return *kind != NULL;
}

/* With no input it only looks whether the options make sense. */
static cm_code each_report(const cm_opts *o, const cm_report_input *in, cm_err *e) {
  cm_code code = CM_OK;
  for (unsigned i = 0; i < o->reports.n && !code; i++) {
    cm_str rest = cm_str_of(o->reports.items[i]);
    while (rest.n && !code) {
      const size_t comma = cm_str_find(rest, CM_STR(","));
      const cm_str one = {rest.p, comma == SIZE_MAX ? rest.n : comma};
      const cm_report *kind = NULL;
      char path[4096];
      rest = comma == SIZE_MAX ? (cm_str){0} : (cm_str){rest.p + comma + 1, rest.n - comma - 1};
      if (!split(one, &kind, path)) code = report_kinds(e);
      else if (strcmp(path, "-") == 0 && cm_opts_document(o))
        code = cm_fail(e, CM_E_USAGE, 0, "stdout holds the document of -o %s; name a file",
                       o->output);
      else if (in) code = write_report(kind, in, path, e);
      if (!code && in && kind == &cm_report_github) code = step_summary(in, e);
    }
  }
  return code;
}

cm_code cm_test_check_ends(cm_testing *t, cm_err *e) {
  cm_record baseline;
  const cm_opts *o = t->o;
  if (strcmp(o->gate, "release") == 0 && !(o->floor > 0))
    return cm_fail(e, CM_E_USAGE, 0, "--gate release needs the pass rate to reach: --floor RATE");
  if ((o->baseline || o->floor > 0) && strcmp(o->gate, "none") == 0)
    return cm_fail(e, CM_E_USAGE, 0, "%s is for a gate: --gate pr or --gate release",
                   o->baseline ? "--baseline" : "--floor");
  cm_code code = o->baseline ? cm_test_read(t, o->baseline, &baseline, e) : CM_OK;
  return code ? code : each_report(o, NULL, e);
}

/* --- the summary --- */

static void put_rate(const cm_group *g, cm_buf *b) {
  if (isnan(g->pass_rate)) cm_buf_puts(b, "no result that counts");
  else
    cm_buf_printf(b, "pass rate %.1f %% (95 %%: %.1f to %.1f)", 100 * g->pass_rate, 100 * g->low,
                  100 * g->high);
}

static void put_spread(const char *name, const cm_spread *s, uint32_t together, cm_buf *b) {
  if (!s->n) return;
  cm_buf_puts(b, name);
  if (together > 1) cm_buf_printf(b, " (%u together)", together);
  cm_buf_printf(b, " ms: average %.1f, p50 %.1f", s->average, s->p50);
  if (!isnan(s->p95)) cm_buf_printf(b, ", p95 %.1f", s->p95);
  if (!isnan(s->p99)) cm_buf_printf(b, ", p99 %.1f", s->p99);
  cm_buf_printf(b, " (n=%zu)\n", s->n);
}

static void put_sampling(const cm_record *r, cm_buf *b) {
  static const char *const verdicts[] = {[CM_STAT_CONTINUE] = "not decided",
                                         [CM_STAT_BAD] = "not good enough",
                                         [CM_STAT_GOOD] = "good enough"};
  cm_sampling s;
  if (!cm_sampling_read(r, &s)) return;
  cm_buf_printf(b, "sample: %s: %llu of %llu passed; between %g and %g %%, risks %g and %g %%\n",
                verdicts[s.verdict], (unsigned long long)s.passed,
                (unsigned long long)s.passed + s.failed, 100 * s.plan.bad, 100 * s.plan.good,
                100 * s.plan.alpha, 100 * s.plan.beta);
}

static void put_summary(const cm_record *r, const cm_summary *s, cm_buf *b) {
  if (r->manifest.model_id.n) {
    cm_ui_escape(r->manifest.model_id, b);
    cm_buf_puts(b, ": ");
  }
  cm_buf_printf(b, "%zu cases: ", s->all.total);
  const char *comma = "";
  for (int i = 0; i < CM_STATES; i++) {
    if (!s->all.counts[i]) continue;
    cm_buf_printf(b, "%s%zu %s", comma, s->all.counts[i], cm_state_name((cm_state)i));
    comma = ", ";
  }
  cm_buf_putc(b, '\n');
  put_rate(&s->all, b);
  if (s->safety_cases)
    cm_buf_printf(b, "; safety %zu of %zu", s->safety_cases - s->safety_missed, s->safety_cases);
  cm_buf_printf(b, "; %.1f s\n", r->wall_seconds);
  put_sampling(r, b);
  put_spread("answer", &s->total, r->manifest.batch, b);
  put_spread("executing", &s->exec, 1, b);
}

static void put_gates(const cm_gates *g, cm_buf *b) {
  for (size_t i = 0; i < g->n; i++) {
    cm_buf_printf(b, "gate %s: %s: ", g->items[i].gate, g->items[i].ok ? "ok" : "FAILED");
    cm_ui_escape(g->items[i].text, b);
    cm_buf_putc(b, '\n');
  }
}

/* Some cases may fail: the verdict is about the rate. */
static int sampled_status(const cm_record *r, const cm_summary *s, cm_stat_verdict verdict) {
  if (verdict == CM_STAT_BAD) return CM_TEST_FAILED;
  if (s->all.counts[CM_ERROR] || s->all.counts[CM_TIMEOUT]) return CM_TEST_BROKEN;
  if (verdict == CM_STAT_GOOD) return CM_TEST_OK;
  return r->complete ? CM_TEST_NOTHING : CM_TEST_INCOMPLETE;
}

/* Without gates a failed case is still a failed run. */
static int plain_status(const cm_record *r, const cm_summary *s) {
  const size_t *n = s->all.counts;
  cm_sampling sample;
  if (s->safety_missed) return CM_TEST_UNSAFE;
  if (cm_sampling_read(r, &sample)) return sampled_status(r, s, sample.verdict);
  if (s->all.failed) return CM_TEST_FAILED;
  if (n[CM_ERROR] || n[CM_TIMEOUT]) return CM_TEST_BROKEN;
  const bool nothing = s->all.total && n[CM_SKIP] == s->all.total;
  return !r->complete || n[CM_NOT_RUN] || nothing ? CM_TEST_INCOMPLETE : CM_TEST_OK;
}

/* Of several runs the worst. */
static int worst_status(const cm_record *records, const cm_summary *summaries, size_t n) {
  int status = CM_TEST_OK;
  for (size_t i = 0; i < n; i++)
    status = cm_gates_worse(status, plain_status(&records[i], &summaries[i]));
  return status;
}

static cm_code check_gates(cm_testing *t, const cm_record *r, const cm_summary *s, cm_gates *gates,
                           cm_err *e) {
  const cm_opts *o = t->o;
  cm_record baseline;
  cm_gate_options g = {
      .kind = CM_GATES_NONE, .floor = o->floor > 0 ? o->floor : NAN, .today = cm_str_of(t->today)};
  (void)cm_gate_kind_of(cm_str_of(o->gate), &g.kind); /* one of the option's choices */
  cm_code code = o->baseline ? cm_test_read(t, o->baseline, &baseline, e) : CM_OK;
  if (o->baseline) g.baseline = &baseline;
  return code ? code : cm_gates_check(r, s, &g, t->arena, gates, e);
}

static int put_result(cm_testing *t, const cm_report_input *in) {
  cm_buf b;
  cm_err e;
  cm_buf_init(&b, REPORT_MAX);
  if (cm_opts_document(t->o)) {
    if (cm_report_json.write(in, &b, &e)) {
      cm_buf_close(&b);
      return cm_ui_fail(CM_TEST_BROKEN, "%s", e.msg);
    }
  } else {
    for (size_t i = 0; i < in->n; i++) put_summary(&in->records[i], &in->summaries[i], &b);
    put_gates(in->gates, &b);
  }
  return cm_test_out(t->o, &b);
}

/* Of several models the first one is gated; the others must at least have a result, and let no
 * danger through. */
static cm_code check_others(cm_testing *t, const cm_report_input *in, int *status, cm_err *e) {
  const cm_gate_options o = {.kind = CM_GATES_NONE, .floor = NAN, .today = cm_str_of(t->today)};
  for (size_t i = 1; i < in->n; i++) {
    cm_gates g;
    cm_code code = cm_gates_check(&in->records[i], &in->summaries[i], &o, t->arena, &g, e);
    if (code) return code;
    for (size_t k = 0; k < g.n; k++)
      if (!g.items[k].ok)
        cm_ui_note(t->o, "%.*s: gate %s: FAILED: %.*s", (int)in->records[i].manifest.model_id.n,
                   in->records[i].manifest.model_id.p, g.items[k].gate, (int)g.items[k].text.n,
                   g.items[k].text.p);
    *status = cm_gates_worse(*status, g.status);
  }
  return CM_OK;
}

int cm_test_conclude(cm_testing *t, const cm_record *records, size_t n) {
  cm_summary *summaries = cm_arena_alloc(t->arena, n, sizeof *summaries);
  cm_gates gates = {0};
  cm_err e = {0};
  cm_code code = summaries ? CM_OK : cm_fail(&e, CM_E_NOMEM, 0, "out of memory");
  for (size_t i = 0; i < n && !code; i++)
    code = cm_summarize(&records[i], t->arena, &summaries[i], &e);
  const bool gated = strcmp(t->o->gate, "none") != 0;
  if (!code && gated) code = check_gates(t, &records[0], &summaries[0], &gates, &e);
  const cm_report_input in = {records, summaries, &gates, n};
  int judged = gates.status;
  if (!code && gated) code = check_others(t, &in, &judged, &e);
  if (code) return cm_test_fail(&e);
  /* What can be shown is shown, whatever becomes of the rest. */
  int status = put_result(t, &in);
  if (each_report(t->o, &in, &e)) status = cm_ui_fail(CM_TEST_BROKEN, "%s", e.msg);
  return cm_gates_worse(gated ? judged : worst_status(records, summaries, n), status);
}

/* --- subcommands --- */

static int with_records(const cm_opts *o, char **operands, size_t n, size_t least, size_t most,
                        const char *usage, cm_test_end *run) {
  cm_testing t = {.o = o};
  cm_err e = {0};
  if (n < least || n > most) return cm_ui_fail(CM_TEST_USAGE, "cmdai test %s", usage);
  cm_record *records = cm_alloc(n, sizeof *records);
  cm_code code = records ? cm_test_set_date(&t, &e) : cm_fail(&e, CM_E_NOMEM, 0, "out of memory");
  for (size_t i = 0; i < n && !code; i++) code = cm_test_read(&t, operands[i], &records[i], &e);
  int status = code ? cm_test_fail(&e) : run(&t, records, n);
  cm_free(records);
  cm_test_close(&t);
  return status;
}

static int merge(cm_testing *t, const cm_record *records, size_t n) {
  cm_record whole;
  cm_err e = {0};
  cm_buf b;
  cm_code code = cm_test_check_ends(t, &e);
  if (code) return cm_test_fail(&e);
  code = cm_record_merge(&whole, records, n, t->arena, &e);
  /* Shards that don't make a whole run are a run that isn't complete. */
  if (code == CM_E_FORMAT) return cm_ui_fail(CM_TEST_INCOMPLETE, "%s", e.msg);
  if (!code && t->o->out) {
    cm_buf_init(&b, CM_RUN_BYTES_MAX);
    cm_record_text(&whole, &b);
    code = cm_test_save(t->o->out, &b, &e);
    cm_buf_close(&b);
  }
  return code ? cm_test_fail(&e) : cm_test_conclude(t, &whole, 1);
}

int cm_test_merge(const cm_opts *o, char **operands, size_t n) {
  return with_records(o, operands, n, 1, 256, "merge SHARD.jsonl... [--out RUN.jsonl]", merge);
}

static int report(cm_testing *t, const cm_record *records, size_t n) {
  cm_err e = {0};
  return cm_test_check_ends(t, &e) ? cm_test_fail(&e) : cm_test_conclude(t, records, n);
}

int cm_test_report(const cm_opts *o, char **operands, size_t n) {
  return with_records(o, operands, n, 1, 32, "report RUN.jsonl... --report KIND=FILE", report);
}

/* The Markdown report, cut to what a pull request's comment may hold. */
static int comment(cm_testing *t, const cm_record *records, size_t n) {
  cm_summary *summaries = cm_arena_alloc(t->arena, n, sizeof *summaries);
  const cm_gates none = {0};
  cm_err e = {0};
  cm_buf b;
  cm_code code = summaries ? CM_OK : cm_fail(&e, CM_E_NOMEM, 0, "out of memory");
  for (size_t i = 0; i < n && !code; i++)
    code = cm_summarize(&records[i], t->arena, &summaries[i], &e);
  const cm_report_input in = {records, summaries, &none, n};
  cm_buf_init(&b, REPORT_MAX);
  if (!code) code = cm_report_comment(&in, CM_COMMENT_MAX, &b, &e);
  if (!code) return cm_test_out_text(&b);
  cm_buf_close(&b);
  return cm_test_fail(&e);
}

int cm_test_comment(const cm_opts *o, char **operands, size_t n) {
  return with_records(o, operands, n, 1, 32, "comment RUN.jsonl...", comment);
}

int cm_test_compare(const cm_opts *o, char **operands, size_t n) {
  return with_records(o, operands, n, 2, 2, "compare BEFORE.jsonl AFTER.jsonl", cm_test_contrast);
}

static cm_code read_old(cm_testing *t, cm_record *old, cm_bless_options *why, cm_err *e) {
  cm_code code = cm_test_read(t, t->o->out, old, e);
  if (!code) why->old = old;
  return code == CM_E_NOTFOUND ? CM_OK : code;
}

/* A run is held against the cases and the model as they are now. */
static cm_code bless(cm_testing *t, char **operands, size_t n, cm_err *e) {
  const cm_opts *o = t->o;
  cm_record r, old;
  cm_model_id model;
  cm_buf b;
  char now[21];
  cm_os_utc(now);
  cm_bless_options why = {
      .reason = cm_str_of(o->reason), .when = cm_str_of(now), .replace = o->replace};
  cm_code code = cm_test_read(t, operands[0], &r, e);
  if (!code) code = cm_test_open(t, operands + 1, n - 1, e);
  if (!code) code = read_old(t, &old, &why, e);
  if (!code && r.manifest.model_sha256.n) {
    code = cm_test_identify(o, cm_test_model(o), &model, e);
    why.model_sha256 = model.sha256;
  }
  if (code) return code;
  why.suite_hash = t->suite.hash;
  cm_buf_init(&b, CM_RUN_BYTES_MAX);
  code = cm_bless(&r, &why, &b, e);
  if (!code) code = cm_test_save(o->out, &b, e);
  cm_buf_close(&b);
  return code;
}

int cm_test_bless(const cm_opts *o, char **operands, size_t n) {
  cm_testing t = {.o = o};
  cm_err e = {0};
  if (!n || !o->out)
    return cm_ui_fail(CM_TEST_USAGE,
                      "cmdai test bless RUN.jsonl [PATH...] --out BASELINE --reason TEXT");
  const int status = bless(&t, operands, n, &e) ? cm_test_fail(&e) : CM_TEST_OK;
  cm_test_close(&t);
  return status;
}
