/* rooms: base sh safety data backend answer serve */
#include <stdlib.h>
#include <string.h>

#include "data/json.h"
#include "serve/api.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static const cm_model_id model = {.id = "tiny-1", .quant = "Q8_0", .scale = 0.5f, .bias = -1};
static const cm_api_about about = {.engine = "cmdai 1+b",
                                   .model = &model,
                                   .alias = "house",
                                   .backend = "cpu",
                                   .ctx = 512,
                                   .max_tokens = 64,
                                   .slots = 4,
                                   .shell = "bash",
                                   .level = CM_MODERATE_LEVEL,
                                   .started_text = "2023-11-14T22:13:20Z"};

/* Exactly one document, whole. */
static void must_be_json(cm_str text) {
  cm_json *root;
  must(cm_json_parse(text, (cm_json_limits){text.n, CM_JSON_DEPTH_MAX}, &root, NULL) == CM_OK);
  must(cm_json_kind_of(root) == CM_JSON_OBJECT);
  cm_json_free(root);
}

static cm_str written(const cm_buf *out) {
  must(!out->overflow);
  return (cm_str){out->p ? out->p : "", out->n};
}

/* A stream: each event or line is a document of its own. */
static void must_be_stream(const cm_api *row, cm_str rest) {
  const bool lines = strcmp(row->stream_type, "application/x-ndjson") == 0;
  const cm_str end = lines ? CM_STR("\n") : CM_STR("\n\n"), head = CM_STR("data: ");
  while (rest.n) {
    const size_t n = cm_str_find(rest, end);
    must(n != SIZE_MAX);
    cm_str item = {rest.p, n};
    if (!lines) {
      must(cm_str_starts(item, head));
      item = (cm_str){item.p + head.n, item.n - head.n};
    }
    if (!cm_str_is(item, "[DONE]")) must_be_json(item);
    rest = (cm_str){rest.p + n + end.n, rest.n - n - end.n};
  }
}

/* All that was read can be used: it stays when the body is gone. */
static void look_at(cm_str s) { must(cm_utf8_check(s.p, s.n) == s.n); }

static void check_sampling(const cm_sample_options *o) { must(cm_sample_check(o, NULL) == CM_OK); }

static void check_request(const cm_request *q) {
  must(q->candidates >= 1 && q->candidates <= about.slots);
  must(q->max_tokens >= 1 && q->max_tokens <= about.ctx);
  must(q->n_messages <= CM_API_MESSAGES_MAX && q->n_stops <= CM_STOPS_MAX);
  must(!q->raw || (q->opening.n && !q->n_messages));
  check_sampling(&q->sampling);
  must(q->n_likely <= CM_LIKELY_MAX && (q->says || !q->n_likely));
  look_at(q->opening);
  for (size_t i = 0; i < q->n_messages; i++) look_at(q->messages[i].text);
  for (size_t i = 0; i < q->n_stops; i++) {
    must(q->stops[i].n > 0);
    look_at(q->stops[i]);
  }
}

static void check_question(const cm_question *q) {
  must(q->request.n + q->context.n > 0);
  must(q->request.n <= CM_REQUEST_MAX && q->context.n <= CM_CONTEXT_MAX);
  must(q->candidates >= 1 && q->candidates <= about.slots && q->level <= about.level);
  check_sampling(&q->sampling);
  look_at(q->request);
  look_at(q->context);
}

/* The answer to it, all ways; the text is the body, whatever it holds. */
static void answer(const cm_call *c, cm_str text, cm_buf *out) {
  const cm_api *row = c->api;
  /* A token may be any bytes. */
  const cm_spelled half = {{text.p, text.n / 2}, -1}, both[] = {{text, -2}, half};
  const cm_said said[] = {{half, both, 2, text.n / 2, 0}, {{text, -3}, both, 1, text.n, 1}};
  const size_t n_said = c->request.says ? 2 : 0;
  cm_candidate items[4];
  for (size_t i = 0; i < 4; i++)
    items[i] = (cm_candidate){.text = text,
                              .logprob = -1,
                              .tokens = 3,
                              .finished = i % 2 == 0,
                              .said = said,
                              .n_said = n_said};
  cm_job job = {
      .replies = {.items = items, .n = c->kind == CM_API_TEXT ? c->request.candidates : 0}};
  const cm_answer none = {.model = model, .backend = "cpu", .refused = true, .reason = text};
  cm_err e;
  (void)cm_fail(&e, CM_E_TIMEOUT, 0, "%.*s", (int)(text.n < 100 ? text.n : 100), text.p);
  row->whole(c, &job, c->kind == CM_API_ASK ? &none : NULL, out);
  must_be_json(written(out));
  if (!row->stream_type) return;
  cm_buf_reset(out);
  row->begin(c, out);
  for (uint32_t i = 0; i < c->request.candidates; i++)
    row->piece(c, &(cm_piece){i, text, said, n_said}, out);
  row->broken(c, &e, out);
  row->end(c, &job, out);
  must_be_stream(row, written(out));
}

static void run(cm_call *c, cm_str body, cm_buf *out) {
  cm_err e = {0};
  char *copy = malloc(body.n + 1);
  if (!copy) return;
  memcpy(copy, body.p, body.n);
  const cm_code code = c->api->read(c, (cm_str){copy, body.n}, out, &e);
  free(copy);
  must(code == CM_OK || (code == e.code && cm_api_status(c, code) >= 400));
  if (code) {
    must(out->n == 0);
    c->api->fail(c, cm_api_status(c, code), &e, out);
  }
  if (code || c->kind == CM_API_INFO) {
    must_be_json(written(out));
    return;
  }
  if (c->kind == CM_API_TEXT) check_request(&c->request);
  else check_question(&c->question);
  answer(c, body, out);
}

/* The first byte chooses the interface, the rest is the body, or what stands behind the path. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  size_t rows = 0;
  while (cm_api_at(rows)) rows++;
  if (!size || !rows) return 0;
  const cm_str body = {(const char *)data + 1, size - 1};
  cm_call c = {.api = cm_api_at(data[0] % rows), .about = &about, .done_ns = 1};
  cm_buf out, path;
  cm_buf_init(&out, 64 << 20);
  cm_buf_init(&path, 64 << 20);
  cm_buf_puts(&path, c.api->path);
  if (path.p && path.p[path.n - 1] == '/') cm_buf_add(&path, body.p, body.n);
  c.path = (cm_str){path.p, path.n};
  c.model = cm_str_of(model.id);
  c.arena = cm_arena_open(64 << 20);
  if (c.arena && !path.overflow) run(&c, body, &out);
  cm_arena_close(c.arena);
  cm_buf_close(&path);
  cm_buf_close(&out);
  return 0;
}
