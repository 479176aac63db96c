/* One sample: a fresh process, and what it printed. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/os_spawn.h"
#include "data/json.h"
#include "quality/bench.h"

enum { OUT_MAX = 4 << 20, ERR_MAX = 4096, ARGS_MAX = 16 };

/* Ours: short and long, plain and with names, one that is no task for a shell. */
static const char *const prompts[CM_PERF_PROMPTS] = {
    "list all files in the current directory",
    "find files larger than 1GB below /var/log that were changed in the last seven days",
    "count the lines of main.c",
    "compress the folder reports into reports.tar.gz and leave out everything that ends in .tmp",
    "what is the meaning of life",
};

const char *cm_perf_prompt(size_t i) { return prompts[i]; }

/* --- reading --- */

static double number(const cm_json *root, const char *group, const char *name) {
  double v = NAN;
  (void)cm_json_f64(cm_json_get(cm_json_get(root, group), name), &v);
  return v;
}

static void text(const cm_json *v, char *out, size_t size) {
  cm_str s = {0};
  (void)cm_json_str(v, &s);
  const size_t n = cm_utf8_complete(s.p, s.n < size - 1 ? s.n : size - 1);
  if (n) memcpy(out, s.p, n);
  out[n] = 0;
}

static void read_values(const cm_json *root, double wall_ms, cm_perf_sample *out) {
  double *v = out->values;
  const double tokens = number(root, "tokens", "output");
  const double generate = number(root, "timing_ms", "generate");
  v[CM_PERF_ANSWER] = wall_ms;
  v[CM_PERF_START] = wall_ms - number(root, "timing_ms", "total");
  v[CM_PERF_LOAD] = number(root, "timing_ms", "load");
  v[CM_PERF_FIRST] = v[CM_PERF_LOAD] + number(root, "timing_ms", "prompt");
  /* The first token is the prompt's. */
  v[CM_PERF_RATE] = tokens > 1 && generate > 0 ? (tokens - 1) / generate * 1e3 : (double)NAN;
  v[CM_PERF_MEMORY] = v[CM_PERF_COLD] = NAN;
}

cm_code cm_perf_read(cm_str json, double wall_ms, cm_perf_sample *out, cm_perf_model *model,
                     cm_err *e) {
  cm_json *root;
  cm_str schema = {0}, command = {0};
  *out = (cm_perf_sample){.answer_hash = 0};
  cm_code code = cm_json_parse(json, CM_JSON_LIMITS, &root, e);
  if (code) return code;
  (void)cm_json_str(cm_json_get(root, "schema"), &schema);
  read_values(root, wall_ms, out);
  if (!cm_str_is(schema, "cmdai.answer/1") || isnan(out->values[CM_PERF_FIRST]) ||
      isnan(out->values[CM_PERF_START]))
    code = cm_fail(e, CM_E_FORMAT, 0, "no answer of schema cmdai.answer/1 with its times");
  (void)cm_json_str(cm_json_get(root, "command"), &command);
  out->answer_hash = cm_str_hash(command);
  const cm_json *m = cm_json_get(root, "model");
  text(cm_json_get(m, "id"), model->id, sizeof model->id);
  text(cm_json_get(m, "sha256"), model->sha256, sizeof model->sha256);
  text(cm_json_get(m, "quant"), model->quant, sizeof model->quant);
  text(cm_json_get(root, "backend"), model->backend, sizeof model->backend);
  cm_json_free(root);
  return code;
}

/* --- asking --- */

static void arguments(const cm_perf_target *t, const char *prompt, char threads[16],
                      char tokens[16], const char *argv[ARGS_MAX]) {
  size_t n = 0;
  argv[n++] = t->program;
  argv[n++] = "ask", argv[n++] = "-o", argv[n++] = "json", argv[n++] = "-q";
  if (t->model) argv[n++] = "-m", argv[n++] = t->model;
  if (t->threads) {
    snprintf(threads, 16, "%u", t->threads);
    argv[n++] = "--threads", argv[n++] = threads;
  }
  if (t->max_tokens) {
    snprintf(tokens, 16, "%u", t->max_tokens);
    argv[n++] = "--max-tokens", argv[n++] = tokens;
  }
  argv[n++] = "--", argv[n++] = prompt, argv[n] = NULL;
}

/* Statuses of an answer: a command, a refusal, blocked, to be confirmed. */
static bool answered(int status) { return status == 0 || (status >= 5 && status <= 7); }

static cm_code failed(const cm_perf_target *t, const cm_os_spawn_result *r, cm_err *e) {
  if (r->stopped == CM_OS_STOPPED_TIME)
    return cm_fail(e, CM_E_TIMEOUT, 0, "%.100s did not end in time", t->program);
  cm_str said = cm_str_trim((cm_str){r->err.p ? r->err.p : "", r->err.n}), line = said;
  (void)cm_str_line(&said, &line);
  if (r->signal)
    return cm_fail(e, CM_E_IO, 0, "%.100s was ended by signal %d", t->program, r->signal);
  return cm_fail(e, CM_E_IO, 0, "%.100s ended with status %d: %.*s", t->program, r->exit_status,
                 (int)(line.n < 100 ? line.n : 100), line.p);
}

/* Linux counts from what this process held when it started the other. */
static double memory_of(const cm_os_spawn_result *r) {
  return r->peak_rss_bytes > cm_os_peak_rss_bytes() ? (double)r->peak_rss_bytes / 1e6
                                                    : (double)NAN;
}

cm_code cm_perf_ask(const cm_perf_target *t, const char *prompt, cm_perf_sample *out,
                    cm_perf_model *model, cm_err *e) {
  const char *argv[ARGS_MAX];
  char threads[16], tokens[16];
  arguments(t, prompt, threads, tokens, argv);
  const cm_os_spawn_job job = {.argv = argv,
                               .out_max = OUT_MAX,
                               .err_max = ERR_MAX,
                               .wall_ns = t->wall_ns,
                               .cancel = t->cancel};
  cm_os_spawn_result r;
  cm_code code = cm_os_spawn(&job, &r, e);
  if (!code && (r.stopped || !answered(r.exit_status))) code = failed(t, &r, e);
  if (!code) {
    code = cm_perf_read((cm_str){r.out.p ? r.out.p : "", r.out.n}, (double)r.wall_ns / 1e6, out,
                        model, e);
    if (code) (void)cm_err_prefix(e, t->program);
    out->values[CM_PERF_MEMORY] = memory_of(&r);
  }
  cm_os_spawn_close(&r);
  return code;
}
