/* cmdai test [run]: cases against one model or several. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/os_lines.h"
#include "base/pool.h"
#include "cli/backends.h"
#include "cli/progress.h"
#include "cli/test.h"
#include "quality/changes.h"
#include "quality/sampling.h"

enum { DEFAULT_BATCH = 16, GIB = 1 << 30, WATCH_MS = 200 };

/* One run with one model. */
typedef struct running {
  cm_testing *t;
  cm_opened opened;
  cm_model_id model;
  const cm_record *earlier; /* rescore: no model is asked */
  cm_manifest manifest;
  cm_os_lines file;
  cm_buf text; /* all lines of the run */
  cm_buf line;
  cm_progress progress;
  cm_goldens accepted, pending;
  bool has_goldens, waited; /* there were pending ones */
  cm_sampling sampling;     /* with --sprt */
  const cm_case **left;     /* what the run file doesn't have yet */
  size_t n_left;
  uint64_t start_ns;
} running;

/* Answers are generated together, unless a case has a budget: that is about one answer alone. */
static unsigned batch_of(const cm_testing *t) {
  if (t->o->batch) return t->o->batch;
  for (size_t i = 0; i < t->plan.n_whole; i++) {
    const cm_budget *b = &t->plan.whole[i]->budget;
    if (b->ttft_ms > 0 || b->total_ms > 0) return 1;
  }
  return DEFAULT_BATCH;
}

/* --- the model --- */

/* Of all shards: they are parts of one run, with one model. */
static bool asks_model(const cm_testing *t) {
  for (size_t i = 0; i < t->plan.n_whole; i++)
    if (t->plan.whole[i]->subject == CM_SUBJECT_PROMPT) return true;
  return false;
}

static cm_code open_backend(running *r, const char *model, cm_err *e) {
  const cm_opts *o = r->t->o;
  if (r->earlier || !asks_model(r->t)) return CM_OK;
  cm_code code = cm_opened_open(&r->opened, o, model, true, batch_of(r->t), e);
  if (!code) code = cm_opened_identify(&r->opened, &r->model, e);
  const cm_source *from = &r->opened.source;
  for (size_t i = 0; !code && i < from->n_failed; i++)
    cm_ui_note(o, "backend %s can't answer, the next one does: %s", from->failed[i].backend,
               from->failed[i].error);
  return code;
}

/* The backend that the run's model is of; NULL: none is asked. */
static const char *backend_name(const running *r) {
  return r->opened.backend ? r->opened.source.backend : NULL;
}

/* Another backend stood in for it: what it answered is not this model's. */
static bool is_stand_in(const running *r, const cm_result *result) {
  return result->backend.n && !cm_str_eq(result->backend, r->manifest.backend);
}

/* --- golden answers --- */

static bool has_golden_case(const cm_testing *t) {
  for (size_t i = 0; i < t->plan.n; i++)
    if (t->plan.cases[i]->golden != CM_GOLDEN_OFF) return true;
  return false;
}

/* Answers are kept for each model, those to given texts too, for which none is asked. A model that
 * can't be told from another has none; the results say so. */
static cm_code open_goldens(running *r, const char *model, cm_err *e) {
  cm_str id = r->manifest.model_id, sha256 = r->manifest.model_sha256;
  cm_model_id own;
  cm_err why;
  if (!has_golden_case(r->t)) return CM_OK;
  if (!sha256.n && !r->opened.backend) {
    if (cm_test_identify(r->t->o, model, &own, &why)) {
      cm_ui_note(r->t->o, "no answer is held against an accepted one: %s", why.msg);
      return CM_OK;
    }
    id = cm_str_of(own.id), sha256 = cm_str_of(own.sha256);
  }
  if (!sha256.n) return CM_OK;
  r->has_goldens = true;
  cm_code code = cm_test_goldens(r->t, id, sha256, &r->accepted, &r->pending, e);
  r->waited = r->pending.n > 0;
  return code;
}

/* Fixtures may lie where nothing can be written: the run counts all the same. */
static void save_goldens(const running *r) {
  const cm_opts *o = r->t->o;
  cm_err e = {0};
  if (!r->pending.n && !r->waited) return;
  if (cm_test_save_golden(r->t, &r->pending, true, &e))
    cm_ui_note(o, "the answers that wait for a review are not kept: %s", e.msg);
  else if (r->pending.n)
    cm_ui_note(o, "answers that wait for a review: %zu (cmdai test golden review)", r->pending.n);
}

/* --- the manifest --- */

static cm_str keep(running *r, const char *s) {
  const size_t n = strlen(s);
  char *p = cm_arena_strdup(r->t->arena, s, n);
  return p ? (cm_str){p, n} : (cm_str){0};
}

static cm_str *ids_of(running *r, const cm_case *const *cases, size_t n) {
  cm_str *ids = cm_arena_alloc(r->t->arena, n + 1, sizeof *ids);
  for (size_t i = 0; ids && i < n; i++) ids[i] = cases[i]->id;
  return ids;
}

static cm_str machine(running *r) {
  char cpu[128], all[192];
  cm_os_cpu_name(cpu, sizeof cpu);
  snprintf(all, sizeof all, "%s, %u cores, %.0f GiB", cpu, cm_os_cpu_count(),
           (double)cm_os_memory_bytes() / GIB);
  return keep(r, all);
}

static cm_str options(running *r) {
  const cm_opts *o = r->t->o;
  char all[320];
  snprintf(all, sizeof all,
           "max_tokens=%u temperature=%g top_k=%u top_p=%g min_p=%g repeat_penalty=%g "
           "repeat_last=%u seed=%llu ctx=%u",
           o->max_tokens, o->temperature, o->top_k, o->top_p, o->min_p, o->repeat_penalty,
           o->repeat_last, o->seed, o->ctx);
  return keep(r, all);
}

/* Two programs of one version may answer differently. */
static cm_str engine(running *r) {
  char name[128];
  snprintf(name, sizeof name, "cmdai " CM_VERSION "+%s", cm_build_id);
  return keep(r, name);
}

static cm_str sampling(running *r) {
  const cm_stat_sprt_plan *p = &r->sampling.plan;
  char text[128];
  if (!r->t->o->sprt) return (cm_str){0};
  (void)cm_sampling_of(cm_str_of(r->t->o->sprt), &r->sampling, NULL); /* plan_sample has looked */
  snprintf(text, sizeof text, "%.9g:%.9g:%.9g:%.9g", p->bad, p->good, p->alpha, p->beta);
  return keep(r, text);
}

static cm_code describe(running *r, cm_err *e) {
  const cm_testing *t = r->t;
  const cm_opts *o = t->o;
  char now[21], commit[65], id[96];
  cm_os_utc(now);
  cm_changes_commit(commit);
  snprintf(id, sizeof id, "%s-%.12s-%llx", now, r->model.sha256[0] ? r->model.sha256 : "none",
           (unsigned long long)cm_os_now_ns() & 0xffffff);
  cm_plan_options shard = {.shard = 1, .shards = 1};
  if (o->shard) (void)cm_shard_of(cm_str_of(o->shard), &shard);
  cm_manifest *m = &r->manifest;
  *m = (cm_manifest){.run_id = keep(r, id),
                     .started = keep(r, now),
                     .commit = keep(r, commit),
                     .backend = cm_str_of(backend_name(r) ? backend_name(r) : "none"),
                     .model_id = keep(r, r->model.id),
                     .model_sha256 = keep(r, r->model.sha256),
                     .model_quant = keep(r, r->model.quant),
                     .scale = (double)r->model.scale,
                     .bias = (double)r->model.bias,
                     .engine = engine(r),
                     .machine = machine(r),
                     .os = cm_str_of(cm_os_name()),
                     .threads = o->threads ? o->threads : cm_os_cpu_count(),
                     .batch = batch_of(t),
                     .sandbox = cm_str_of(t->sandbox ? cm_sandbox_name(t->sandbox) : NULL),
                     .level = cm_str_of(o->safety),
                     .options = options(r),
                     .sampling = sampling(r),
                     .suite_hash = cm_str_of(t->suite.hash),
                     .shard = shard.shard,
                     .shards = shard.shards,
                     .planned = ids_of(r, t->plan.cases, t->plan.n),
                     .n_planned = t->plan.n};
  if (r->earlier) {
    const cm_manifest *old = &r->earlier->manifest;
    m->backend = old->backend, m->model_id = old->model_id, m->model_quant = old->model_quant;
    m->model_sha256 = old->model_sha256, m->options = old->options;
    m->scale = old->scale, m->bias = old->bias;
  }
  if (shard.shards > 1)
    m->whole = ids_of(r, t->plan.whole, t->plan.n_whole), m->n_whole = t->plan.n_whole;
  if (!m->planned || !m->machine.n || !m->options.n || !m->engine.n)
    return cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  return CM_OK;
}

/* --- the run file --- */

static cm_code add_line(running *r, cm_err *e) {
  cm_buf_putc(&r->line, '\n');
  cm_buf_add(&r->text, r->line.p, r->line.n);
  if (r->line.overflow || r->text.overflow) return cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  return r->file.fd < 0 ? CM_OK : cm_os_lines_add(&r->file, &r->line, e);
}

static cm_code add_result(running *r, const cm_result *result, cm_err *e) {
  cm_buf_reset(&r->line);
  cm_result_line(result, &r->line);
  return add_line(r, e);
}

/* An answer that isn't the accepted one waits for a review. */
static cm_code propose(running *r, const cm_result *result, cm_err *e) {
  const cm_case *c = cm_suite_find(&r->t->suite, result->id);
  const bool good = cm_state_passed(result->state) || result->state == CM_GOLDEN_CHANGED;
  if (!r->has_goldens || !c || c->golden == CM_GOLDEN_OFF || !good) return CM_OK;
  if (is_stand_in(r, result)) return CM_OK;
  return cm_golden_propose(&r->accepted, &r->pending, c, result->command, e);
}

static bool is_decided(const running *r) { return r->sampling.verdict != CM_STAT_CONTINUE; }

/* An error ends the run: also the one that nothing is left to find out. */
static cm_code finished(void *ctx, const cm_result *result, cm_err *e) {
  running *r = ctx;
  cm_code code = add_result(r, result, e);
  if (!code) code = propose(r, result, e);
  if (!code) cm_progress_add(&r->progress, result);
  if (!code && r->t->o->sprt) cm_sampling_add(&r->sampling, result);
  return !code && is_decided(r) ? cm_fail(e, CM_E_LIMIT, 0, "decided") : code;
}

/* The second model's run stands beside the first one's: run.jsonl, run-2.jsonl. */
static cm_code file_name(const running *r, size_t model, char *out, size_t size, cm_err *e) {
  char last[4096];
  cm_test_last_run(last, sizeof last);
  const char *path = r->t->o->out ? r->t->o->out : last;
  cm_str stem = cm_str_of(path), end = CM_STR(".jsonl");
  if (cm_str_ends(stem, end)) stem.n -= end.n;
  else end = CM_STR("");
  int n = snprintf(out, size, "%s", path);
  if (model && *path) n = snprintf(out, size, "%.*s-%zu%s", (int)stem.n, stem.p, model + 1, end.p);
  if (n < 0 || (size_t)n >= size) return cm_fail(e, CM_E_USAGE, 0, "--out is too long");
  return CM_OK;
}

static bool same(cm_str a, cm_str b) { return cm_str_eq(a, b); }

/* Whether results of `m` are what this run would get for equal cases; for those with `exec` it
 * takes the same sandbox too. */
static bool is_comparable(const running *r, const cm_manifest *m) {
  const cm_manifest *own = &r->manifest;
  return same(m->model_sha256, own->model_sha256) && same(m->engine, own->engine) &&
         same(m->options, own->options) && same(m->backend, own->backend) &&
         same(m->level, own->level);
}

/* A run that was killed before its manifest was whole: there is nothing to resume. */
static bool is_unborn(const char *path) {
  cm_buf b;
  cm_buf_init(&b, CM_RUN_BYTES_MAX);
  cm_code code = cm_os_read_file(path, &b, NULL);
  bool unborn = !code && (!b.n || (b.p[0] == '{' && !memchr(b.p, '\n', b.n)));
  cm_buf_close(&b);
  return unborn;
}

static cm_code resume(running *r, const char *path, cm_err *e) {
  cm_record old;
  if (is_unborn(path)) return CM_E_NOTFOUND;
  cm_code code = cm_test_read(r->t, path, &old, e);
  if (code == CM_E_NOTFOUND || (!code && !old.manifest.n_planned)) return CM_E_NOTFOUND;
  if (code) return code;
  bool equal = is_comparable(r, &old.manifest) &&
               same(old.manifest.suite_hash, r->manifest.suite_hash) &&
               same(old.manifest.sandbox, r->manifest.sandbox) &&
               same(old.manifest.sampling, r->manifest.sampling) &&
               old.manifest.n_planned == r->manifest.n_planned;
  for (size_t i = 0; equal && i < r->manifest.n_planned; i++)
    equal = same(old.manifest.planned[i], r->manifest.planned[i]);
  if (!equal)
    return cm_fail(e, CM_E_USAGE, 0, "%.150s is of another run; start again without --resume",
                   path);
  r->n_left = 0;
  for (size_t i = 0; i < r->t->plan.n && !code; i++) {
    const cm_result *done = cm_record_find(&old, r->t->plan.cases[i]->id);
    if (!done || done->state == CM_NOT_RUN) r->left[r->n_left++] = r->t->plan.cases[i];
    else code = propose(r, done, e);
    if (done && r->t->o->sprt) cm_sampling_add(&r->sampling, done);
  }
  if (!code) code = cm_os_read_file(path, &r->text, e);
  while (r->text.n && r->text.p[r->text.n - 1] != '\n') r->text.n--;
  return code;
}

/* On a machine that has more time for it the command may end. */
static bool ran_late(const cm_result *r) {
  for (size_t i = 0; i < r->n_reasons; i++)
    if (strcmp(r->reasons[i].judge, "exec.time") == 0) return true;
  return false;
}

/* Results that an earlier run had for equal cases. What depends on the machine's mood is had
 * again, and what depends on accepted answers: those may be others now. */
static cm_code reuse(running *r, cm_err *e) {
  cm_record old;
  cm_code code = cm_test_read(r->t, r->t->o->reuse, &old, e);
  size_t n = 0;
  if (!code && !is_comparable(r, &old.manifest))
    return cm_fail(e, CM_E_USAGE, 0, "%.120s is of another model, engine or options",
                   r->t->o->reuse);
  for (size_t i = 0; i < r->n_left && !code; i++) {
    const cm_case *c = r->left[i];
    const cm_result *done = cm_record_find(&old, c->id);
    const bool fine = done && cm_str_is(done->hash, c->hash) && done->state <= CM_FLAKY &&
                      c->golden == CM_GOLDEN_OFF && !ran_late(done) && !is_stand_in(r, done) &&
                      (!c->exec || same(old.manifest.sandbox, r->manifest.sandbox));
    if (!fine) r->left[n++] = c;
    else code = add_result(r, done, e);
  }
  r->n_left = n;
  return code;
}

/* That a run is kept although nobody asked for it is a convenience: where that can't be, it is
 * only said. */
static cm_code open_lines(running *r, const char *path, bool go_on, cm_err *e) {
  cm_code code = cm_os_lines_open(&r->file, path, go_on, e);
  if (!code || code == CM_E_NOMEM || r->t->o->resume || r->t->o->out) return code;
  cm_ui_note(r->t->o, "this run is not kept: %s", e->msg);
  *e = (cm_err){0};
  return CM_OK;
}

static cm_code begin_file(running *r, size_t model, cm_err *e) {
  char path[4096];
  r->left = cm_arena_alloc(r->t->arena, r->t->plan.n + 1, sizeof *r->left);
  if (!r->left) return cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  for (size_t i = 0; i < r->t->plan.n; i++) r->left[i] = r->t->plan.cases[i];
  r->n_left = r->t->plan.n;
  cm_code code = file_name(r, model, path, sizeof path, e);
  cm_code resumed = !code && r->t->o->resume && *path ? resume(r, path, e) : CM_E_NOTFOUND;
  if (code || (resumed && resumed != CM_E_NOTFOUND)) return code ? code : resumed;
  if (*path) code = open_lines(r, path, !resumed, e);
  if (code || !resumed) return code;
  cm_buf_reset(&r->line);
  cm_manifest_line(&r->manifest, &r->line);
  code = add_line(r, e);
  return !code && r->t->o->reuse ? reuse(r, e) : code;
}

/* --- running --- */

static cm_code run_left(running *r, cm_err *e) {
  const cm_testing *t = r->t;
  const cm_opts *o = t->o;
  cm_run_options run = {.backend = r->opened.backend,
                        .goldens = r->has_goldens ? &r->accepted : NULL,
                        .backend_kind = backend_name(r),
                        .today = cm_str_of(t->today),
                        .batch = batch_of(t),
                        .jobs = cm_test_jobs(o),
                        .timeout_ms = o->timeout * 1000,
                        .retries = o->retries,
                        .cancel = &cm_ui_cancel,
                        .finished = finished,
                        .ctx = r};
  run.question = (cm_question){.candidates = 1, .max_tokens = o->max_tokens, .safety = t->safety};
  (void)cm_level_of(cm_str_of(o->safety), &run.question.level);
  run.question.sampling = (cm_sample_options){
      (float)o->temperature,    o->top_k,       (float)o->top_p, (float)o->min_p,
      (float)o->repeat_penalty, o->repeat_last, o->seed};
  run.room = cm_test_room(t);
  if (is_decided(r)) return CM_OK;
  cm_code code = r->earlier ? cm_run_rescore(r->left, r->n_left, r->earlier, &run, e)
                            : cm_run_cases(r->left, r->n_left, &run, e);
  return code == CM_E_LIMIT && is_decided(r) ? CM_OK : code;
}

static cm_code end_file(running *r, cm_err *e) {
  cm_buf_reset(&r->line);
  cm_end_line((double)(cm_os_now_ns() - r->start_ns) / 1e9,
              (double)cm_os_peak_rss_bytes() / (1 << 20), &r->line);
  return add_line(r, e);
}

static cm_code run_model(running *r, const char *model, size_t i, cm_record *out, cm_err *e) {
  r->start_ns = cm_os_now_ns();
  cm_code code = open_backend(r, model, e);
  if (!code) code = describe(r, e);
  if (!code) code = open_goldens(r, model, e);
  if (!code) code = begin_file(r, i, e);
  if (code) return code;
  cm_progress_begin(&r->progress, r->t->o, r->n_left);
  code = run_left(r, e);
  cm_progress_end(&r->progress);
  if (!code) code = end_file(r, e);
  if (!code) save_goldens(r);
  /* What an interrupted run has is still shown. */
  cm_err ignored;
  if (code && code != CM_E_CANCELLED) return code;
  cm_code read = cm_record_read(out, (cm_str){r->text.p, r->text.n}, CM_STR("the run"),
                                r->t->arena, code ? &ignored : e);
  return code ? code : read;
}

static cm_code run_one(cm_testing *t, const char *model, size_t i, const cm_record *earlier,
                       cm_record *out, cm_err *e) {
  running r = {.t = t, .earlier = earlier, .file.fd = -1};
  cm_buf_init(&r.text, CM_RUN_BYTES_MAX);
  cm_buf_init(&r.line, CM_RUN_BYTES_MAX);
  cm_code code = run_model(&r, model, i, out, e);
  cm_os_lines_close(&r.file);
  cm_buf_close(&r.text);
  cm_buf_close(&r.line);
  cm_opened_close(&r.opened);
  return code;
}

/* Runs every model and hands the records to `conclude`. */
static int run_models(cm_testing *t, cm_test_end *conclude) {
  cm_record records[CM_TEXTS_MAX] = {0};
  cm_err e = {0};
  const size_t n = t->o->models.typed ? t->o->models.n : 1;
  for (size_t i = 0; i < n; i++) {
    const char *model = n > 1 ? t->o->models.items[i] : cm_test_model(t->o);
    cm_code code = run_one(t, model, i, NULL, &records[i], &e);
    if (code == CM_E_CANCELLED) {
      (void)cm_test_conclude(t, records, i + 1);
      return CM_EXIT_INTERRUPTED;
    }
    if (code == CM_E_USAGE) return cm_ui_fail(CM_TEST_USAGE, "%s", e.msg);
    if (code) return cm_ui_fail(CM_TEST_BROKEN, "%s", e.msg);
  }
  return conclude(t, records, n);
}

/* --- once, or again and again --- */

static int nothing(const cm_testing *t) {
  if (!t->suite.n)
    return cm_ui_fail(CM_TEST_NOTHING,
                      "there is no test case: no *.yaml or *.yml in what is named");
  return cm_ui_fail(
      CM_TEST_NOTHING,
      "no test case is selected of %zu; --list shows them (a folder is named ./NAME)", t->suite.n);
}

/* A sample is of the whole run, in an order of its own, and decides for itself. */
static cm_code plan_sample(cm_testing *t, cm_err *e) {
  const cm_opts *o = t->o;
  cm_sampling s;
  if (!o->sprt) return CM_OK;
  if (o->shard || o->reuse || strcmp(o->gate, "none") != 0)
    return cm_fail(e, CM_E_USAGE, 0, "--sprt goes with none of --shard, --reuse and --gate");
  cm_code code = cm_sampling_of(cm_str_of(o->sprt), &s, e);
  if (!code) cm_sampling_sort(&t->plan);
  return code;
}

/* What the fixtures say, or what is wrong with them. */
enum { FINGERPRINT = 240 };

static void fingerprint_of(const cm_testing *t, cm_code code, const cm_err *e,
                           char out[FINGERPRINT]) {
  snprintf(out, FINGERPRINT, "%s", code ? e->msg : t->suite.hash);
}

/* `ran` gets the fingerprint of what was run; it may be NULL. */
static int run_once(const cm_opts *o, char **operands, size_t n, cm_test_end *conclude,
                    char ran[FINGERPRINT]) {
  cm_testing t = {.o = o};
  cm_err e = {0};
  cm_code code = cm_test_open(&t, operands, n, &e);
  if (!code) code = plan_sample(&t, &e);
  int status = CM_TEST_OK;
  if (ran) fingerprint_of(&t, code, &e, ran);
  if (code) status = cm_test_fail(&e);
  else if (!t.plan.n_whole) status = nothing(&t);
  else if (o->list) status = cm_test_list(&t);
  else if (cm_test_check_ends(&t, &e)) status = cm_ui_fail(CM_TEST_USAGE, "%s", e.msg);
  else if (cm_test_equip(&t, &e)) status = cm_ui_fail(CM_TEST_BROKEN, "%s", e.msg);
  else status = o->check ? cm_test_check(&t) : run_models(&t, conclude);
  cm_test_close(&t);
  return status;
}

static void look(const cm_opts *o, char **operands, size_t n, char out[FINGERPRINT]) {
  cm_testing t = {.o = o};
  cm_err e = {0};
  cm_code code = cm_test_open(&t, operands, n, &e);
  fingerprint_of(&t, code, &e, out);
  cm_test_close(&t);
}

/* A file that is being written is seen half: a change counts once two looks at it agree, and what
 * counts as seen is what the run itself has read. */
static int watch(const cm_opts *o, char **operands, size_t n) {
  char ran[FINGERPRINT], before[FINGERPRINT], now[FINGERPRINT];
  while (!cm_ui_cancel) {
    (void)run_once(o, operands, n, cm_test_conclude, ran);
    cm_ui_note(o, "waiting for a fixture to change; Ctrl-C ends");
    memcpy(now, ran, sizeof now);
    do {
      memcpy(before, now, sizeof before);
      cm_os_sleep_ms(WATCH_MS);
      look(o, operands, n, now);
    } while (!cm_ui_cancel && (strcmp(ran, now) == 0 || strcmp(before, now) != 0));
  }
  return CM_EXIT_INTERRUPTED;
}

int cm_test_run(const cm_opts *o, char **operands, size_t n) {
  return o->watch ? watch(o, operands, n) : run_once(o, operands, n, cm_test_conclude, NULL);
}

int cm_test_ab(const cm_opts *o, char **operands, size_t n) {
  if (o->models.n != 2)
    return cm_ui_fail(CM_TEST_USAGE, "cmdai test ab compares two models: -m A -m B");
  return run_once(o, operands, n, cm_test_contrast, NULL);
}

/* --- rescore --- */

/* Only cases that were answered, and that ask the same as then. */
static void keep_answered(cm_testing *t, const cm_record *earlier) {
  cm_plan *p = &t->plan;
  size_t n = 0;
  for (size_t i = 0; i < p->n; i++) {
    const cm_case *c = p->cases[i];
    const cm_result *old = cm_record_find(earlier, c->id);
    if (!old || old->state == CM_NOT_RUN || old->state == CM_SKIP) continue;
    if (old->subject == c->subject && same(old->prompt, c->text)) p->cases[n++] = c;
  }
  if (n < p->n)
    cm_ui_note(t->o, "cases left out, which ask something else now or had no answer: %zu",
               p->n - n);
  p->n = n;
}

static cm_code rescore(cm_testing *t, char **operands, size_t n, cm_record *out, cm_err *e) {
  cm_record earlier;
  cm_code code = cm_test_read(t, operands[0], &earlier, e);
  if (!code) code = cm_test_open(t, operands + 1, n - 1, e);
  if (!code) keep_answered(t, &earlier);
  if (!code) code = plan_sample(t, e);
  if (!code && !t->plan.n) code = cm_fail(e, CM_E_USAGE, 0, "the run has none of these cases");
  if (!code) code = cm_test_equip(t, e);
  return code ? code : run_one(t, cm_test_model(t->o), 0, &earlier, out, e);
}

int cm_test_rescore(const cm_opts *o, char **operands, size_t n) {
  cm_testing t = {.o = o};
  cm_record out;
  cm_err e = {0};
  if (!n || !o->out)
    return cm_ui_fail(CM_TEST_USAGE, "cmdai test rescore RUN.jsonl [PATH...] --out NEW.jsonl");
  cm_code code = rescore(&t, operands, n, &out, &e);
  int status = code ? cm_test_fail(&e) : cm_test_conclude(&t, &out, 1);
  cm_test_close(&t);
  return status;
}
