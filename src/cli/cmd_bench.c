/* cmdai bench: how fast this machine runs a model, by phase. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/embedded.h"
#include "base/os.h"
#include "cli/models.h"
#include "data/json.h"
#include "engine/engine.h"
#include "engine/sample.h"

enum { MAX_BATCH = 64 };

typedef struct bench {
  const cm_opts *o;
  cm_found model;
  cm_engine *g;
  cm_batch *batch;
  cm_session *s[MAX_BATCH];
  float *logits[MAX_BATCH];
  uint32_t *prompt;
  double *load_ms, *prefill, *decode, *answer_ms; /* [repeat]; tokens per second where not ms */
} bench;

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *v, size_t n) {
  qsort(v, n, sizeof *v, by_value);
  return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static cm_code measure_load(bench *b, size_t i, cm_err *e) {
  cm_engine *g = NULL;
  uint64_t t = cm_os_now_ns();
  cm_code code = cm_model_load(&g, cm_model_path(&b->model), e);
  b->load_ms[i] = (double)(cm_os_now_ns() - t) / 1e6;
  cm_engine_close(g);
  return code;
}

/* Ids spread over the vocabulary: the work does not depend on which tokens they are. */
static void fill_prompt(bench *b) {
  uint32_t vocab = cm_engine_shape(b->g)->vocab;
  for (uint32_t i = 0; i < b->o->prompt; i++) b->prompt[i] = (i * 7919u + 13u) % vocab;
}

static cm_code prefill_all(bench *b, cm_err *e) {
  cm_code code = CM_OK;
  for (unsigned i = 0; !code && i < b->o->batch; i++) {
    cm_session_rewind(b->s[i], 0);
    code = cm_session_sync(b->batch, b->s[i], b->prompt, b->o->prompt, b->logits[i], NULL, e);
  }
  return code;
}

static cm_code decode_all(bench *b, cm_err *e) {
  uint32_t tokens[MAX_BATCH], vocab = cm_engine_shape(b->g)->vocab;
  cm_code code = CM_OK;
  for (unsigned step = 0; !code && step < b->o->decode; step++) {
    for (unsigned i = 0; i < b->o->batch; i++)
      tokens[i] = (uint32_t)cm_argmax(b->logits[i], vocab);
    code = cm_batch_next(b->batch, b->s, tokens, b->o->batch, b->logits, e);
  }
  return code;
}

static cm_code measure(bench *b, size_t i, cm_err *e) {
  unsigned n = b->o->batch;
  cm_code code = measure_load(b, i, e);
  uint64_t t0 = cm_os_now_ns();
  if (!code) code = prefill_all(b, e);
  uint64_t t1 = cm_os_now_ns();
  if (!code) code = decode_all(b, e);
  uint64_t t2 = cm_os_now_ns();
  b->prefill[i] = n * b->o->prompt * 1e9 / (double)(t1 - t0);
  b->decode[i] = n * b->o->decode * 1e9 / (double)(t2 - t1);
  b->answer_ms[i] = b->load_ms[i] + (double)(t2 - t0) / 1e6;
  return code;
}

static cm_code prepare(bench *b, cm_err *e) {
  const cm_opts *o = b->o;
  cm_code code = cm_model_find(o, cm_opts_model(o), false, &b->model, e);
  if (!code) code = cm_model_load(&b->g, cm_model_path(&b->model), e);
  if (code) return code;
  const cm_shape *shape = cm_engine_shape(b->g);
  uint64_t ctx = (uint64_t)o->prompt + o->decode;
  if (ctx > shape->ctx_train)
    return cm_fail(e, CM_E_USAGE, 0,
                   "--prompt and --decode make %llu tokens, the model's context is %u",
                   (unsigned long long)ctx, shape->ctx_train);
  cm_batch_options bo = {.threads = o->threads, .any_isa = true};
  code = cm_batch_open(&b->batch, b->g, &bo, e);
  for (unsigned i = 0; !code && i < o->batch; i++) {
    code = cm_session_open(&b->s[i], b->g, (uint32_t)ctx, e);
    b->logits[i] = cm_alloc(shape->vocab, sizeof(float));
    if (!code && !b->logits[i]) code = cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  }
  b->prompt = cm_alloc(o->prompt, sizeof *b->prompt);
  b->load_ms = cm_alloc(4 * o->repeat, sizeof(double));
  if (!code && (!b->prompt || !b->load_ms)) code = cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  if (code) return code;
  b->prefill = b->load_ms + o->repeat, b->decode = b->prefill + o->repeat,
  b->answer_ms = b->decode + o->repeat;
  fill_prompt(b);
  return CM_OK;
}

static void report_json(bench *b, cm_buf *out) {
  const cm_opts *o = b->o;
  const cm_cost cost = cm_model_cost(cm_engine_model(b->g));
  struct {
    const char *key;
    double value;
  } figures[] = {{"load_ms", median(b->load_ms, o->repeat)},
                 {"prefill_tokens_per_s", median(b->prefill, o->repeat)},
                 {"decode_tokens_per_s", median(b->decode, o->repeat)},
                 {"answer_ms", median(b->answer_ms, o->repeat)},
                 {"peak_rss_mb", (double)cm_os_peak_rss_bytes() / 1e6},
                 {"model_mb", (double)cm_engine_gguf(b->g)->bytes / 1e6},
                 {"pass_mb", (double)cost.bytes / 1e6},
                 {"token_gop", 2 * (double)cost.products / 1e9},
                 {"prompt", o->prompt},
                 {"decode", o->decode},
                 {"batch", o->batch},
                 {"repeat", o->repeat},
                 {"threads", cm_batch_threads(b->batch)}};
  cm_jw w;
  cm_jw_init(&w, out, 2);
  cm_jw_begin_object(&w);
  cm_jw_key(&w, "schema");
  cm_jw_text(&w, "cmdai.bench/1");
  cm_jw_key(&w, "isa");
  cm_jw_text(&w, cm_isa_name(cm_batch_isa(b->batch)));
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
    cm_jw_key(&w, figures[i].key);
    cm_jw_f64(&w, figures[i].value);
  }
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
}

static void report_plain(bench *b, cm_buf *out) {
  const cm_opts *o = b->o;
  const double mb = (double)cm_engine_gguf(b->g)->bytes / 1e6;
  const double decode = median(b->decode, o->repeat);
  const double pass = (double)cm_model_cost(cm_engine_model(b->g)).bytes;
  cm_buf_printf(out, "%s, %u threads, %s, medians of %u\n",
                cm_opts_model(o) ? cm_opts_model(o) : "embedded model", cm_batch_threads(b->batch),
                cm_isa_name(cm_batch_isa(b->batch)), o->repeat);
  cm_buf_printf(out, "load            %10.2f ms   (%.1f MB)\n", median(b->load_ms, o->repeat), mb);
  cm_buf_printf(out, "prefill %5u   %10.1f tokens/s\n", o->prompt, median(b->prefill, o->repeat));
  cm_buf_printf(out, "decode  %2u x %2u %10.1f tokens/s", o->batch, o->decode, decode);
  cm_buf_printf(out, "   (weights read at %.1f GB/s)\n", decode / o->batch * pass / 1e9);
  cm_buf_printf(out, "whole answer    %10.1f ms   (load, prompt, decode)\n",
                median(b->answer_ms, o->repeat));
  cm_buf_printf(out, "peak memory     %10.1f MB\n", (double)cm_os_peak_rss_bytes() / 1e6);
}

int cm_cmd_bench(const cm_opts *o, char **operands, size_t n) {
  (void)operands;
  if (n)
    return cm_ui_fail(CM_EXIT_USAGE,
                      "bench takes options only; did you mean: cmdai ask bench ...?");
  cm_err e = {0};
  cm_opts own = *o;
  if (!own.batch) own.batch = 1;
  o = &own;
  bench b = {.o = o};
  cm_buf out;
  cm_buf_init(&out, 1 << 16);
  cm_code code = prepare(&b, &e);
  for (unsigned i = 0; !code && i < o->repeat; i++) code = measure(&b, i, &e);
  if (!code) cm_opts_document(o) ? report_json(&b, &out) : report_plain(&b, &out);
  int status = code ? cm_ui_fail(cm_ui_status(&e), "%s", e.msg) : cm_ui_out_as(o, &out);
  for (unsigned i = 0; i < MAX_BATCH; i++) {
    cm_session_close(b.s[i]);
    cm_free(b.logits[i]);
  }
  cm_free(b.prompt);
  cm_free(b.load_ms);
  cm_batch_close(b.batch);
  cm_engine_close(b.g);
  return status;
}
