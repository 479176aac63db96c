/* Ollama's interface: https://github.com/ollama/ollama/blob/main/docs/api.md. Streams are a JSON
 * object a line, and are what one gets who doesn't ask. */
#include "serve/api_ollama.h"

#include "serve/api_read.h"
#include "serve/api_rows.h"
#include "serve/api_said.h"

enum { GENERATE, CHAT }; /* places in the list of rows */
enum { REPEAT_LAST_MAX = 4096, PREDICT_MIN = -2 };

static bool is_chat(const cm_call *c) { return c->api == &cm_api_ollama[CHAT]; }

/* --- reading --------------------------------------------------------------------------------- */

/* What would change the answer and isn't there. Options about the machine (num_gpu, use_mmap …)
 * are another matter: they are read over. */
static const char *const unsupported[] = {"format", "tools",    "images",
                                          "suffix", "template", "think"};
static const char *const unsupported_options[] = {"presence_penalty", "frequency_penalty",
                                                  "mirostat", "logit_bias"};

static void read_penalty(cm_body *b, cm_sample_options *o) {
  int64_t last;
  cm_body_real(b, "repeat_penalty", 0.01, 10, &o->repeat_penalty);
  if (!cm_body_int(b, "repeat_last_n", -1, REPEAT_LAST_MAX, &last)) return;
  const uint32_t all = cm_call_tokens_max(b->call);
  if (last >= 0) o->repeat_last = (uint32_t)last;
  else o->repeat_last = all < REPEAT_LAST_MAX ? all : REPEAT_LAST_MAX;
}

/* These two cut nothing off at 1. */
static void read_cuts(cm_body *b) {
  float cut = 1;
  if (cm_body_real(b, "typical_p", 0, 1, &cut) && cut < 1)
    cm_body_fail(b, "typical_p", "is not supported here: leave it out");
  if (cm_body_real(b, "tfs_z", 0, 1e9, &cut) && cut < 1)
    cm_body_fail(b, "tfs_z", "is not supported here: leave it out");
}

static void read_room(cm_body *b, cm_request *q) {
  int64_t predict, ctx;
  const uint32_t most = cm_call_tokens_max(b->call), has = b->call->about->ctx;
  if (cm_body_int(b, "num_predict", PREDICT_MIN, INT64_MAX, &predict)) {
    if (predict == 0) cm_body_fail(b, "num_predict", "must be at least 1, or -1 for no limit");
    q->max_tokens = predict < 0 || predict > most ? most : (uint32_t)predict;
  }
  if (cm_body_int(b, "num_ctx", 0, INT64_MAX, &ctx) && has && ctx > has)
    cm_body_fail(b, "num_ctx", "is %lld, this server's context holds %u: start it with --ctx",
                 (long long)ctx, has);
}

static void read_options(cm_body *b, cm_request *q) {
  cm_body_place old;
  if (!cm_body_enter(b, "options", &old)) return;
  cm_body_sampling(b, 100, &q->sampling);
  read_penalty(b, &q->sampling);
  read_cuts(b);
  read_room(b, q);
  cm_body_stops(b, "stop", CM_STOPS_MAX, q);
  for (size_t i = 0; i < sizeof unsupported_options / sizeof *unsupported_options; i++)
    cm_body_refuse(b, unsupported_options[i]);
  cm_body_leave(b, old);
}

/* The model is always loaded: any time will do, if it is one. */
static void read_keep_alive(cm_body *b) {
  const cm_json_kind kind = cm_json_kind_of(cm_json_get(b->object, "keep_alive"));
  if (kind == CM_JSON_BOOL || kind == CM_JSON_ARRAY || kind == CM_JSON_OBJECT)
    cm_body_fail(b, "keep_alive", "must be a time");
}

static void read_common(cm_body *b) {
  cm_call *c = b->call;
  c->stream = true;
  c->request = (cm_request){
      .sampling = cm_sample_defaults(), .max_tokens = c->about->max_tokens, .candidates = 1};
  cm_body_model(b, "model", true);
  cm_body_bool(b, "stream", &c->stream);
  for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
    cm_body_refuse(b, unsupported[i]);
  read_keep_alive(b);
  cm_body_said(b, &c->request);
  read_options(b, &c->request);
  cm_body_said_fits(b, "top_logprobs");
}

/* --- writing --------------------------------------------------------------------------------- */

static void put_text(cm_jw *w, const cm_call *c, cm_str text) {
  if (!is_chat(c)) {
    cm_jw_put_str(w, "response", text);
    return;
  }
  cm_jw_key(w, "message");
  cm_jw_begin_object(w);
  cm_jw_put_text(w, "role", "assistant");
  cm_jw_put_str(w, "content", text);
  cm_jw_end_object(w);
}

static void begin_object(cm_jw *w, const cm_call *c, cm_str text, bool done, cm_buf *out) {
  cm_jw_init(w, out, 0);
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "model", c->model);
  cm_jw_put_text(w, "created_at", c->created_text);
  put_text(w, c, text);
  cm_jw_put_bool(w, "done", done);
}

static void end_object(cm_jw *w, cm_buf *out) {
  cm_jw_end_object(w);
  cm_buf_putc(out, '\n');
}

/* Times are in nanoseconds. The model was there before the request. */
static void put_costs(cm_jw *w, const cm_call *c, const cm_replies *r) {
  const uint64_t known = r->prompt_ns + r->generate_ns;
  const uint64_t total = c->done_ns > c->start_ns ? c->done_ns - c->start_ns : known;
  cm_jw_put_u64(w, "total_duration", total);
  cm_jw_put_u64(w, "load_duration", 0);
  cm_jw_put_u64(w, "prompt_eval_count", r->prompt_tokens);
  cm_jw_put_u64(w, "prompt_eval_duration", r->prompt_ns);
  cm_jw_put_u64(w, "eval_count", r->output_tokens);
  cm_jw_put_u64(w, "eval_duration", r->generate_ns);
}

static void put_logprobs(cm_jw *w, const cm_said *said, size_t n) {
  if (!n) return;
  cm_jw_key(w, "logprobs");
  cm_put_said(w, said, n);
}

/* The last object: with the text whole, or after a stream of it. */
static void put_last(const cm_call *c, const cm_replies *r, const cm_piece *p, cm_buf *out) {
  cm_jw w;
  begin_object(&w, c, p->text, true, out);
  put_logprobs(&w, p->said, p->n_said);
  cm_jw_put_text(&w, "done_reason", r->n && r->items[0].finished ? "stop" : "length");
  put_costs(&w, c, r);
  cm_jw_key(&w, "cmdai");
  cm_jw_begin_object(&w);
  cm_jw_put_u64(&w, "cached_tokens", r->cached_tokens);
  if (r->n) cm_jw_put_f64(&w, "logprob", r->items[0].logprob);
  cm_jw_end_object(&w);
  end_object(&w, out);
}

static void whole(const cm_call *c, const cm_job *job, const cm_answer *answer, cm_buf *out) {
  const cm_replies *r = &job->replies;
  (void)answer;
  cm_piece p = {.text = CM_STR("")};
  if (r->n) p = (cm_piece){0, r->items[0].text, r->items[0].said, r->items[0].n_said};
  put_last(c, r, &p, out);
}

static void begin(const cm_call *c, cm_buf *out) { (void)c, (void)out; }

static void piece(const cm_call *c, const cm_piece *p, cm_buf *out) {
  cm_jw w;
  begin_object(&w, c, p->text, false, out);
  put_logprobs(&w, p->said, p->n_said);
  end_object(&w, out);
}

static void end(const cm_call *c, const cm_job *job, cm_buf *out) {
  put_last(c, &job->replies, &(cm_piece){.text = CM_STR("")}, out);
}

void cm_ollama_fail(const cm_call *c, int status, const cm_err *e, cm_buf *out) {
  cm_jw w;
  (void)c, (void)status;
  cm_jw_init(&w, out, 0);
  cm_jw_begin_object(&w);
  cm_jw_put_text(&w, "error", e->msg);
  end_object(&w, out);
}

static void broken(const cm_call *c, const cm_err *e, cm_buf *out) {
  cm_ollama_fail(c, 200, e, out);
}

/* Without a prompt a model is only loaded, which it is. */
static void put_loaded(cm_call *c, cm_buf *out) {
  cm_jw w;
  c->kind = CM_API_INFO, c->stream = false;
  begin_object(&w, c, CM_STR(""), true, out);
  cm_jw_put_text(&w, "done_reason", "load");
  end_object(&w, out);
}

/* --- the two ways to ask --------------------------------------------------------------------- */

static void set_messages(cm_call *c, cm_message *m, size_t n) {
  c->kind = CM_API_TEXT;
  c->request.messages = m, c->request.n_messages = n;
}

static void prompt_messages(cm_body *b, cm_str system, cm_str prompt) {
  cm_message *m = cm_arena_alloc(b->call->arena, 2, sizeof *m);
  size_t n = 0;
  if (!m) {
    cm_body_no_memory(b);
    return;
  }
  if (system.n) m[n++] = (cm_message){CM_ROLE_SYSTEM, system};
  m[n++] = (cm_message){CM_ROLE_USER, prompt};
  set_messages(b->call, m, n);
}

/* `raw`: the prompt is all there is. Words in it that look like a template's are words. */
static void prompt_raw(cm_body *b, cm_str system, cm_str prompt) {
  if (system.n) cm_body_fail(b, "system", "doesn't go with raw");
  b->call->kind = CM_API_TEXT;
  b->call->request.raw = true, b->call->request.opening = prompt;
}

static cm_code read_generate(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  cm_body b;
  cm_str prompt = {0}, system = {0};
  bool raw = false;
  if (cm_body_open(&b, c, body, e)) return cm_body_close(&b);
  read_common(&b);
  cm_body_str(&b, "prompt", &prompt);
  cm_body_str(&b, "system", &system);
  cm_body_bool(&b, "raw", &raw);
  cm_body_refuse(&b, "context");
  if (!b.code && prompt.n == 0) put_loaded(c, out);
  else if (!b.code && raw) prompt_raw(&b, system, prompt);
  else if (!b.code) prompt_messages(&b, system, prompt);
  return cm_body_close(&b);
}

static void read_message(cm_body *b, size_t i, cm_message *m) {
  cm_body_place old;
  cm_str role = {0};
  m->text = CM_STR("");
  if (!cm_body_enter_item(b, "messages", i, &old)) return;
  cm_body_str(b, "role", &role);
  if (!cm_body_role(role, &m->role)) cm_body_fail(b, "role", "must be system, user or assistant");
  cm_body_str(b, "content", &m->text);
  cm_body_refuse(b, "images");
  cm_body_refuse(b, "tool_calls");
  cm_body_leave(b, old);
}

/* A last message of the assistant is the beginning of the reply, as in Ollama. */
static void read_messages(cm_body *b, size_t n) {
  cm_call *c = b->call;
  cm_message *m = cm_arena_alloc(c->arena, n, sizeof *m);
  if (!m) {
    cm_body_no_memory(b);
    return;
  }
  for (size_t i = 0; i < n && !b->code; i++) read_message(b, i, &m[i]);
  if (b->code) return;
  if (m[n - 1].role == CM_ROLE_ASSISTANT) c->request.opening = m[--n].text;
  set_messages(c, m, n);
}

static cm_code read_chat(cm_call *c, cm_str body, cm_buf *out, cm_err *e) {
  cm_body b;
  if (cm_body_open(&b, c, body, e)) return cm_body_close(&b);
  read_common(&b);
  const size_t n = cm_body_items(&b, "messages", CM_API_MESSAGES_MAX);
  if (n) read_messages(&b, n);
  else if (!b.code) put_loaded(c, out);
  return cm_body_close(&b);
}

/* --- the list -------------------------------------------------------------------------------- */

#define JSON "application/json"
#define TALK(path, read)                                                                \
  {                                                                                     \
    "POST", path, JSON, "application/x-ndjson", read, begin, piece, end, broken, whole, \
        cm_ollama_fail                                                                  \
  }
#define INFO(method, path, read) \
  { method, path, JSON, NULL, read, NULL, NULL, NULL, NULL, NULL, cm_ollama_fail }

const cm_api cm_api_ollama[] = {
    [GENERATE] = TALK("/api/generate", read_generate),
    [CHAT] = TALK("/api/chat", read_chat),
    INFO("GET", "/api/tags", cm_ollama_tags),
    INFO("POST", "/api/show", cm_ollama_show),
    INFO("GET", "/api/version", cm_ollama_version),
    INFO("GET", "/api/ps", cm_ollama_ps),
    INFO("POST", "/api/pull", cm_ollama_cannot),
    INFO("POST", "/api/push", cm_ollama_cannot),
    INFO("POST", "/api/create", cm_ollama_cannot),
    INFO("POST", "/api/copy", cm_ollama_cannot),
    INFO("DELETE", "/api/delete", cm_ollama_cannot),
    INFO("POST", "/api/embed", cm_ollama_cannot),
    INFO("POST", "/api/embeddings", cm_ollama_cannot),
    INFO("POST", "/api/blobs/", cm_ollama_cannot),
    {.method = NULL},
};
