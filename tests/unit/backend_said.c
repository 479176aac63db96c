/* rooms: base engine backend */
/* Which tokens a text is made of, and how likely they were: against logits that the engine gives
 * for these very tokens, with the softmax computed here in float64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "backend/cpu.h"
#include "backend/embedded.h"

#define MODEL   CM_SOURCE_DIR "/tests/fixtures/models/tiny-Q8_0.gguf"
#define NEAR    1e-4
#define PROMPTS (sizeof prompts / sizeof *prompts)

enum { ARENA = 8 << 20, CTX = 512, TOKENS = 60, LIKELY = 4, BYTES = 4096 };

static const char *const prompts[] = {"list files", "count the lines of main.c",
                                      "\xe5\x88\x97\xe5\x87\xba \xe2\x82\xac", "x"};

static cm_backend *backend;
static cm_arena *arena;

static int open_with(const char *model) {
  const cm_backend_options o = {.model = model, .threads = 2, .ctx = CTX, .n_parallel = 3};
  cm_err e;
  if (cm_backend_open(&backend, "cpu", &o, &e)) fail_msg("%s", e.msg);
  arena = cm_arena_open(ARENA);
  return arena ? 0 : -1;
}

/* Weights at random: half of its tokens are parts of characters, or nothing at all. */
static int set_up(void **state) {
  (void)state;
  return open_with(MODEL);
}

/* All that it says has text, so that the text says what it has read. */
static int set_up_embedded(void **state) {
  (void)state;
  return open_with(NULL);
}

static int tear_down(void **state) {
  (void)state;
  cm_backend_close(backend);
  cm_arena_close(arena);
  return 0;
}

static cm_request request_of(size_t i, float temperature) {
  cm_request q = {.raw = true,
                  .opening = cm_str_of(prompts[i]),
                  .sampling = cm_sample_defaults(),
                  .max_tokens = TOKENS,
                  .candidates = 1,
                  .says = true,
                  .n_likely = LIKELY};
  q.sampling.temperature = temperature;
  return q;
}

static cm_replies ask(const cm_request *q) {
  cm_replies r;
  cm_err e;
  if (cm_backend_generate(backend, q, arena, &r, &e)) fail_msg("%s", e.msg);
  return r;
}

/* --- the text ------------------------------------------------------------------------------- */

/* Bytes of all tokens; the text has U+FFFD for those that are no character. */
static size_t join(const cm_candidate *c, char *out) {
  size_t n = 0;
  for (size_t i = 0; i < c->n_said; i++) {
    const cm_str bytes = c->said[i].token.bytes;
    assert_true(bytes.n > 0 && n + bytes.n <= BYTES);
    memcpy(out + n, bytes.p, bytes.n);
    n += bytes.n;
  }
  return n;
}

/* Bytes that go on from a lead byte: table 3-7 of the Unicode Standard. */
static size_t longest(unsigned char lead) {
  return lead < 0xC2 || lead > 0xF4 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

static bool goes_on(unsigned char lead, size_t place, unsigned char c) {
  if (place > 1) return c >= 0x80 && c <= 0xBF;
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  return c >= low && c <= high;
}

/* Characters of bytes, where one U+FFFD stands for the longest beginning of one that isn't whole.
 */
static size_t replaced(const char *p, size_t n) {
  const unsigned char *b = (const unsigned char *)p;
  size_t count = 0;
  for (size_t at = 0, len; at < n; at += len, count++)
    for (len = 1; len < longest(b[at]) && at + len < n && goes_on(b[at], len, b[at + len]);) len++;
  return count;
}

static size_t characters(cm_str text) {
  size_t n = 0;
  for (size_t at = 0, step; at < text.n; at += step, n++) {
    uint32_t cp;
    step = cm_utf8_next(text.p + at, text.n - at, &cp);
  }
  return n;
}

static void is_made_of(const cm_candidate *c) {
  char bytes[BYTES];
  const size_t n = join(c, bytes);
  size_t end = 0;
  assert_true(c->n_said > 0 || c->text.n == 0);
  if (cm_utf8_check(bytes, n) == n) {
    assert_int_equal(c->text.n, n);
    assert_memory_equal(c->text.p, bytes, n);
  }
  for (size_t i = 0; i < c->n_said; end = c->said[i++].end) {
    assert_in_range(c->said[i].end, end, c->text.n);
    assert_int_equal(c->said[i].before, characters((cm_str){c->text.p, end}));
  }
  assert_int_equal(end, c->text.n);
}

/* --- probabilities -------------------------------------------------------------------------- */

/* An engine that is fed what the reply says. */
typedef struct judge {
  cm_engine *engine;
  cm_batch *batch;
  cm_session *session;
  float *logits;
  cm_ids ids;
} judge;

static void open_judge(judge *j, const char *prompt) {
  const cm_batch_options o = {.threads = 1, .any_isa = true};
  cm_err e;
  assert_int_equal(cm_model_load(&j->engine, NULL, &e), CM_OK);
  assert_int_equal(cm_batch_open(&j->batch, j->engine, &o, &e), CM_OK);
  assert_int_equal(cm_session_open(&j->session, j->engine, CTX, &e), CM_OK);
  j->logits = cm_alloc(cm_engine_shape(j->engine)->vocab, sizeof *j->logits);
  assert_non_null(j->logits);
  cm_ids_init(&j->ids, CTX);
  assert_int_equal(cm_tok_encode(cm_engine_tok(j->engine), cm_str_of(prompt), false, &j->ids, &e),
                   CM_OK);
}

static void close_judge(judge *j) {
  cm_ids_close(&j->ids);
  cm_free(j->logits);
  cm_session_close(j->session);
  cm_batch_close(j->batch);
  cm_engine_close(j->engine);
}

/* The logarithm of the sum over all, after what has been said so far. */
static double log_sum(judge *j) {
  const uint32_t vocab = cm_engine_shape(j->engine)->vocab;
  double sum = 0;
  cm_err e;
  assert_int_equal(cm_session_sync(j->batch, j->session, j->ids.p, j->ids.n, j->logits, NULL, &e),
                   CM_OK);
  for (uint32_t t = 0; t < vocab; t++) sum += exp((double)j->logits[t]);
  return log(sum);
}

/* Tokens are known by their bytes: of those spelled so, the likeliest. */
static uint32_t token_of(const judge *j, cm_str bytes) {
  const uint32_t vocab = cm_engine_shape(j->engine)->vocab;
  uint32_t best = CM_TOK_NONE;
  for (uint32_t t = 0; t < vocab; t++) {
    cm_buf text;
    cm_buf_init(&text, BYTES);
    cm_tok_decode(cm_engine_tok(j->engine), t, true, &text);
    const bool same = cm_str_eq((cm_str){text.p ? text.p : "", text.n}, bytes);
    cm_buf_close(&text);
    if (same && (best == CM_TOK_NONE || j->logits[t] > j->logits[best])) best = t;
  }
  assert_int_not_equal(best, CM_TOK_NONE);
  return best;
}

static void is_near(double a, double b) {
  if (!(fabs(a - b) < NEAR)) fail_msg("%.9g instead of %.9g", a, b);
}

static void is_likely(const judge *j, const cm_said *s, double all) {
  const uint32_t vocab = cm_engine_shape(j->engine)->vocab;
  assert_int_equal(s->n_likely, LIKELY);
  for (size_t k = 0; k < LIKELY; k++) {
    size_t above = 0;
    const uint32_t token = token_of(j, s->likely[k].bytes);
    is_near((double)s->likely[k].logprob, (double)j->logits[token] - all);
    for (uint32_t t = 0; t < vocab; t++) above += j->logits[t] > j->logits[token];
    assert_true(above <= k);
    if (k) assert_true(s->likely[k].logprob <= s->likely[k - 1].logprob);
  }
}

/* Returns what the token that ended the text added. */
static double is_probable(const char *prompt, const cm_candidate *c, bool greedy) {
  judge j;
  double sum = 0;
  open_judge(&j, prompt);
  for (size_t i = 0; i < c->n_said; i++) {
    const cm_said *s = &c->said[i];
    const double all = log_sum(&j);
    const uint32_t token = token_of(&j, s->token.bytes);
    cm_err e;
    is_near((double)s->token.logprob, (double)j.logits[token] - all);
    is_likely(&j, s, all);
    if (greedy) assert_true(cm_str_eq(s->token.bytes, s->likely[0].bytes));
    sum += (double)s->token.logprob;
    assert_int_equal(cm_ids_push(&j.ids, token, &e), CM_OK);
  }
  close_judge(&j);
  return c->logprob - sum;
}

static void test_probabilities(void **state) {
  (void)state;
  for (size_t i = 0; i < 2 * PROMPTS; i++) {
    const bool greedy = i < PROMPTS;
    const cm_request q = request_of(i % PROMPTS, greedy ? 0 : 1.5f);
    const cm_replies r = ask(&q);
    is_made_of(&r.items[0]);
    const double end = is_probable(prompts[i % PROMPTS], &r.items[0], greedy);
    if (r.items[0].finished) assert_true(end <= NEAR);
    else is_near(end, 0);
  }
}

static size_t odd_ones(const cm_candidate *c) {
  size_t n = 0;
  for (size_t i = 0; i < c->n_said; i++) {
    const cm_str bytes = c->said[i].token.bytes;
    n += cm_utf8_check(bytes.p, bytes.n) < bytes.n;
  }
  return n;
}

/* Asking changes nothing, and who doesn't ask gets nothing. */
static void test_same_text(void **state) {
  (void)state;
  size_t odd = 0;
  for (size_t i = 0; i < PROMPTS; i++) {
    cm_request q = request_of(i, 0.8f);
    q.candidates = 3;
    const cm_replies with = ask(&q);
    q.says = false, q.n_likely = 0;
    const cm_replies without = ask(&q);
    for (size_t k = 0; k < 3; k++) {
      is_made_of(&with.items[k]);
      assert_int_equal(without.items[k].n_said, 0);
      assert_true(cm_str_eq(with.items[k].text, without.items[k].text));
      odd += odd_ones(&with.items[k]);
    }
  }
  assert_true(odd > 0); /* else they would be untested */
}

/* --- what is told on the way ---------------------------------------------------------------- */

typedef struct heard {
  size_t bytes, n, end; /* of the text, tokens, where the last one ends */
  char tokens[BYTES];
  size_t n_tokens;
} heard;

static void hear(void *user, const cm_piece *p) {
  heard *h = user;
  h->bytes += p->text.n;
  for (size_t i = 0; i < p->n_said; i++) {
    const cm_str bytes = p->said[i].token.bytes;
    assert_true(h->end < h->bytes); /* there it begins */
    h->end = p->said[i].end;
    memcpy(h->tokens + h->n_tokens, bytes.p, bytes.n);
    h->n_tokens += bytes.n;
  }
  h->n += p->n_said;
}

static void is_heard(const heard *h, const cm_candidate *c) {
  char bytes[BYTES];
  const size_t n = join(c, bytes);
  assert_int_equal(h->bytes, c->text.n);
  assert_int_equal(h->n, c->n_said);
  assert_int_equal(h->n_tokens, n);
  assert_memory_equal(h->tokens, bytes, n);
}

/* Each token is told once, in order, with the text that it begins in. */
static void test_stream(void **state) {
  (void)state;
  for (size_t i = 0; i < 2 * PROMPTS; i++) {
    heard h = {0};
    cm_request q = request_of(i % PROMPTS, i < PROMPTS ? 0 : 1.5f);
    q.sink = (cm_sink){hear, &h};
    const cm_replies r = ask(&q);
    is_heard(&h, &r.items[0]);
  }
}

/* A stop at every place of a text: what is left is made of the tokens before it, and of the one
 * that holds its beginning. */
static void stop_everywhere(const cm_request *plain) {
  const cm_replies whole = ask(plain);
  const cm_str text = whole.items[0].text;
  assert_true(text.n > 8);
  for (size_t at = 0, step; at + 6 <= text.n; at += step) {
    uint32_t cp;
    step = cm_utf8_next(text.p + at, text.n - at, &cp);
    const cm_str stop = {text.p + at, step + cm_utf8_next(text.p + at + step, 4, &cp)};
    heard h = {0};
    cm_request q = *plain;
    q.stops = &stop, q.n_stops = 1, q.sink = (cm_sink){hear, &h};
    const cm_replies r = ask(&q);
    const cm_candidate *c = &r.items[0];
    size_t n = 0;
    assert_true(c->finished && c->text.n <= at);
    is_heard(&h, c);
    while (n < c->n_said && whole.items[0].said[n].end < c->text.n) n++;
    assert_int_equal(c->n_said, c->text.n ? n + 1 : 0);
    if (c->n_said) assert_int_equal(c->said[n].end, c->text.n);
    for (size_t k = 0; k < c->n_said; k++)
      assert_true(cm_str_eq(c->said[k].token.bytes, whole.items[0].said[k].token.bytes));
  }
}

static void test_stops(void **state) {
  (void)state;
  const cm_request q = request_of(1, 0);
  stop_everywhere(&q);
}

/* Where tokens are words a stop may begin within one. */
static void test_stops_in_words(void **state) {
  (void)state;
  const cm_message m = {CM_ROLE_USER, CM_STR("find files larger than 1GB")};
  cm_request q = request_of(1, 0);
  q.raw = false, q.opening = CM_STR(""), q.messages = &m, q.n_messages = 1;
  stop_everywhere(&q);
}

/* A server's tokens aren't known: the next source is asked, whatever the server is like. */
static void test_servers(void **state) {
  (void)state;
  const cm_remote nobody = {.url = "http://127.0.0.1:9", .model = "m"};
  const cm_backend_options o = {.model = MODEL, .ctx = CTX, .ollama = nobody, .vllm = nobody};
  const cm_request q = request_of(0, 0);
  cm_backend *servers;
  cm_err e;
  cm_replies r;
  assert_int_equal(cm_backend_open(&servers, "ollama,vllm", &o, &e), CM_OK);
  assert_int_equal(cm_backend_generate(servers, &q, arena, &r, &e), CM_E_UNSUPPORTED);
  cm_backend_close(servers);
  assert_int_equal(cm_backend_open(&servers, "ollama,cpu", &o, &e), CM_OK);
  cm_job job = {.request = q, .arena = arena};
  cm_backend_submit(servers, &job);
  assert_ptr_equal(cm_backend_poll(servers), &job);
  assert_int_equal(job.error.code, CM_OK);
  assert_string_equal(job.backend, "cpu");
  assert_int_equal(job.n_failed, 1);
  assert_true(job.replies.items[0].n_said > 0);
  cm_backend_close(servers);
}

static void test_too_many(void **state) {
  (void)state;
  cm_request q = request_of(0, 0);
  cm_replies r;
  cm_err e;
  q.n_likely = CM_LIKELY_MAX + 1;
  assert_int_equal(cm_backend_generate(backend, &q, arena, &r, &e), CM_E_USAGE);
}

/* Where each token begins, in characters: by the tokens alone, each decoded by itself behind the
 * ones before it. */
static void test_places(void **state) {
  (void)state;
  for (size_t i = 0; i < PROMPTS; i++) {
    const cm_request q = request_of(i, 1.5f);
    const cm_replies r = ask(&q);
    const cm_candidate *c = &r.items[0];
    char bytes[BYTES];
    size_t n = 0;
    join(c, bytes);
    for (size_t k = 0; k < c->n_said; n += c->said[k++].token.bytes.n) {
      const cm_str b = c->said[k].token.bytes;
      if (((unsigned char)b.p[0] & 0xC0) == 0x80) continue; /* may go on with a character */
      assert_int_equal(c->said[k].before, replaced(bytes, n));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_probabilities, set_up_embedded, tear_down),
      cmocka_unit_test_setup_teardown(test_same_text, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_stream, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_stops, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_stops_in_words, set_up_embedded, tear_down),
      cmocka_unit_test_setup_teardown(test_places, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_servers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_too_many, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
