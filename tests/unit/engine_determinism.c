/* rooms: engine */
/* The same logits, bit for bit, whatever computes them: any number of threads, any instruction set
 * of this machine, a prompt in one piece or many, a session alone or among others, a fresh cache
 * or a reused one. And: the token loop does not allocate. Prints the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "engine/sample.h"
#include "malloc_count.h"
#include "models.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { STRIDE = 7 }; /* sanitizers look at code, not at numbers, and are fifty times slower */
#else
enum { STRIDE = 1 };
#endif
#ifdef __SANITIZE_THREAD__
enum { ONLY_THREADS = 1 }; /* what a single thread computes has no races */
#else
enum { ONLY_THREADS = 0 };
#endif
enum { PROMPT = 150, STEPS = 5, CTX = 256, SESSIONS = 16 };

typedef struct tally {
  unsigned same, all;
} tally;

/* One model, its timeline of PROMPT tokens and STEPS more, and the logits after each of the last
 * STEPS + 1 as one thread of plain C computes them in one piece. */
typedef struct rig {
  cm_engine *g;
  uint32_t vocab;
  size_t bytes; /* of the logits after a token */
  uint32_t tokens[PROMPT + STEPS];
  float *want, *got; /* [STEPS + 1][vocab] */
  tally logits;      /* compared in all */
} rig;

static void *must(void *p) {
  assert_non_null(p);
  return p;
}

static cm_batch *open_batch(const rig *r, unsigned threads, cm_isa isa, size_t piece) {
  cm_batch_options o = {threads, .isa = isa, .max_cols = piece};
  cm_batch *b;
  cm_err e;
  if (cm_batch_open(&b, r->g, &o, &e)) fail_msg("%s", e.msg);
  return b;
}

static cm_session *open_session(const rig *r, uint32_t ctx) {
  cm_session *s;
  cm_err e;
  if (cm_session_open(&s, r->g, ctx, &e)) fail_msg("%s", e.msg);
  return s;
}

static void next(cm_batch *b, cm_session *s, uint32_t token, float *logits) {
  cm_err e;
  if (cm_batch_next(b, &s, &token, 1, &logits, &e)) fail_msg("%s", e.msg);
}

static void sync_to(cm_batch *b, cm_session *s, const uint32_t *tokens, size_t n, float *logits) {
  cm_err e;
  if (cm_session_sync(b, s, tokens, n, logits, NULL, &e)) fail_msg("%s", e.msg);
}

static void compare(rig *r, const float *a, const float *b, tally *t) {
  bool same = memcmp(a, b, r->bytes) == 0;
  t->same += same, t->all++;
  r->logits.same += same ? r->vocab : 0, r->logits.all += r->vocab;
}

/* The whole timeline, its first PROMPT - 1 tokens in pieces; `piece` 0 takes all tokens by next.
 */
static void run(const rig *r, unsigned threads, cm_isa isa, size_t piece, float *logits) {
  cm_batch *b = open_batch(r, threads, isa, piece);
  cm_session *s = open_session(r, CTX);
  if (piece) sync_to(b, s, r->tokens, PROMPT, logits);
  for (size_t i = 0; !piece && i < PROMPT; i++) next(b, s, r->tokens[i], logits);
  for (size_t i = 0; i < STEPS; i++)
    next(b, s, r->tokens[PROMPT + i], logits + (i + 1) * r->vocab);
  cm_session_close(s);
  cm_batch_close(b);
}

static void check_run(rig *r, unsigned threads, cm_isa isa, size_t piece, tally *t) {
  tally steps = {0};
  memset(r->got, 0, (STEPS + 1) * r->bytes);
  run(r, threads, isa, piece, r->got);
  for (size_t i = 0; i <= STEPS; i++)
    compare(r, r->got + i * r->vocab, r->want + i * r->vocab, &steps);
  t->same += steps.same == steps.all, t->all++;
}

/* --- the columns of the table --- */

static tally threads(rig *r) {
  static const unsigned counts[] = {1, 2, 3, 5};
  tally t = {0};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    check_run(r, counts[i], cm_cpu_best(), 64, &t);
  return t;
}

static tally pieces(rig *r) {
  static const size_t sizes[] = {0, 1, 2, 7, 64, PROMPT};
  tally t = {0};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    check_run(r, 1, cm_cpu_best(), sizes[i], &t);
  return t;
}

static tally instruction_sets(rig *r) {
  tally t = {0};
  for (int isa = 0; isa < CM_ISA_COUNT; isa++) {
    if (!cm_cpu_has((cm_isa)isa)) continue;
    check_run(r, 1, (cm_isa)isa, 64, &t);
    check_run(r, 1, (cm_isa)isa, 1, &t);
  }
  return t;
}

/* Session i of a batch holds another part of the timeline in a cache of another size. */
static cm_session *start(const rig *r, cm_batch *b, size_t i) {
  cm_session *s = open_session(r, CTX - (uint32_t)(i % 3) * 8);
  sync_to(b, s, r->tokens + i, 1 + i * 37 % (PROMPT - SESSIONS), NULL);
  return s;
}

static void decode(const rig *r, cm_batch *b, cm_session **s, size_t n, size_t first,
                   float *logits) {
  float *out[SESSIONS];
  uint32_t tokens[SESSIONS];
  cm_err e;
  for (size_t step = 0; step < STEPS; step++) {
    for (size_t i = 0; i < n; i++) {
      tokens[i] = r->tokens[(first + i) * 9 + step];
      out[i] = logits + (i * STEPS + step) * r->vocab;
    }
    if (cm_batch_next(b, s, tokens, n, out, &e)) fail_msg("%s", e.msg);
  }
}

/* Every size of batch from 2 to SESSIONS, all sessions of different lengths, against each alone.
 */
static tally batches(rig *r) {
  tally t = {0};
  size_t each = STEPS * r->vocab;
  float *alone = must(calloc(SESSIONS * each, sizeof *alone));
  float *together = must(calloc(SESSIONS * each, sizeof *together));
  cm_batch_options o = {.threads = 2, .any_isa = true};
  cm_session *s[SESSIONS];
  cm_batch *b;
  cm_err e;
  if (cm_batch_open(&b, r->g, &o, &e)) fail_msg("%s", e.msg);
  for (size_t i = 0; i < SESSIONS; i++) {
    s[i] = start(r, b, i);
    decode(r, b, &s[i], 1, i, alone + i * each);
  }
  for (size_t n = 2; n <= SESSIONS; n++) {
    tally steps = {0};
    for (size_t i = 0; i < n; i++) cm_session_rewind(s[i], cm_session_len(s[i]) - STEPS);
    decode(r, b, s, n, 0, together);
    for (size_t i = 0; i < n * STEPS; i++)
      compare(r, together + i * r->vocab, alone + i * r->vocab, &steps);
    t.same += steps.same == steps.all, t.all++;
  }
  for (size_t i = 0; i < SESSIONS; i++) cm_session_close(s[i]);
  cm_batch_close(b);
  free(alone);
  free(together);
  return t;
}

/* What the session held before -> what it is asked to hold: tokens [0, keep) of the timeline, then
 * `other` tokens that differ from it. */
typedef struct prompt {
  size_t keep, other;
} prompt;

static size_t prompt_tokens(const rig *r, prompt p, uint32_t *out) {
  memcpy(out, r->tokens, p.keep * sizeof *out);
  for (size_t i = 0; i < p.other; i++)
    out[p.keep + i] = (r->tokens[p.keep + i] + 1 + (uint32_t)i) % r->vocab;
  return p.keep + p.other;
}

static tally prefixes(rig *r) {
  static const struct {
    prompt before, after;
    size_t reused;
  } cases[] = {
      {{100, 0}, {PROMPT, 0}, 100}, /* longer */
      {{PROMPT, 0}, {70, 0}, 69},   /* shorter: the last token is computed for its logits */
      {{90, 0}, {90, 0}, 89},       /* the same */
      {{64, 40}, {PROMPT, 0}, 64},  /* diverging, at the border of an attention tile */
      {{129, 9}, {100, 45}, 100},   /* diverging twice */
      {{0, 30}, {40, 0}, 0},        /* nothing in common */
      {{20, 1}, {1, 0}, 0},
  };
  tally t = {0};
  cm_batch *b = open_batch(r, 1, cm_cpu_best(), 64);
  cm_session *used = open_session(r, CTX), *fresh = open_session(r, CTX);
  uint32_t tokens[CTX];
  cm_err e;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    size_t n = prompt_tokens(r, cases[i].before, tokens), reused;
    sync_to(b, used, tokens, n, NULL);
    n = prompt_tokens(r, cases[i].after, tokens);
    assert_int_equal(cm_session_sync(b, used, tokens, n, r->got, &reused, &e), CM_OK);
    assert_int_equal(reused, cases[i].reused);
    cm_session_rewind(fresh, 0);
    sync_to(b, fresh, tokens, n, r->got + r->vocab);
    compare(r, r->got, r->got + r->vocab, &t);
  }
  cm_session_close(used);
  cm_session_close(fresh);
  cm_batch_close(b);
  return t;
}

/* --- any mix in one pass --- */

/* Timelines of MIX tokens, and the logits after each of them, computed alone and one by one. */
enum { LINES = 3, MIX = 40, MIXED = 6, PASSES = 60 };

typedef struct mix {
  const uint32_t *tokens[LINES];
  float *want[LINES];   /* [MIX][vocab] */
  cm_session *s[MIXED]; /* session i is on timeline i % LINES */
  float *logits[MIXED]; /* [vocab] */
  cm_part parts[MIXED];
  size_t who[MIXED];
  uint32_t dice;
} mix;

static uint32_t draw(mix *m, uint32_t below) {
  m->dice = m->dice * 1664525u + 1013904223u;
  return (m->dice >> 8) % below;
}

static void open_mix(const rig *r, mix *m) {
  *m = (mix){.dice = 7};
  cm_batch *b = open_batch(r, 1, CM_ISA_SCALAR, 1);
  cm_session *s = open_session(r, CTX);
  for (size_t l = 0; l < LINES; l++) {
    m->tokens[l] = r->tokens + 31 * l;
    m->want[l] = must(calloc(MIX, r->bytes));
    cm_session_rewind(s, 0);
    for (size_t i = 0; i < MIX; i++) next(b, s, m->tokens[l][i], m->want[l] + i * r->vocab);
  }
  for (size_t i = 0; i < MIXED; i++) {
    m->s[i] = open_session(r, CTX - (uint32_t)(i % 2) * 16);
    m->logits[i] = must(calloc(1, r->bytes));
  }
  cm_session_close(s);
  cm_batch_close(b);
}

static void close_mix(mix *m) {
  for (size_t l = 0; l < LINES; l++) free(m->want[l]);
  for (size_t i = 0; i < MIXED; i++) {
    cm_session_close(m->s[i]);
    free(m->logits[i]);
  }
}

/* Some of the sessions, each with some tokens of its timeline, in any order; half of them want
 * logits. Who is at the end of its timeline goes back to somewhere. */
static size_t draw_parts(mix *m, size_t room) {
  size_t n = 0, from = draw(m, MIXED);
  for (size_t k = 0; k < MIXED && room; k++) {
    size_t i = (from + k * 5) % MIXED;
    cm_session *s = m->s[i];
    if (draw(m, 3) == 0) continue;
    if (cm_session_len(s) == MIX) cm_session_rewind(s, draw(m, MIX));
    uint32_t left = MIX - cm_session_len(s), most = left < room ? left : (uint32_t)room;
    uint32_t tokens = draw(m, 2) ? 1 : 1 + draw(m, most);
    m->who[n] = i;
    m->parts[n++] = (cm_part){s, m->tokens[i % LINES] + cm_session_len(s), tokens,
                              draw(m, 2) ? m->logits[i] : NULL};
    room -= tokens;
  }
  return n;
}

static void run_pass(rig *r, mix *m, cm_batch *b, tally *t) {
  cm_err e;
  size_t n = draw_parts(m, cm_batch_cols(b));
  if (!n) return;
  cm_work before = cm_batch_work(b);
  if (cm_batch_run(b, m->parts, n, &e)) fail_msg("%s", e.msg);
  assert_int_equal(cm_batch_work(b).passes, before.passes + 1);
  for (size_t k = 0; k < n; k++) {
    if (!m->parts[k].logits) continue;
    size_t i = m->who[k], at = cm_session_len(m->s[i]) - 1;
    compare(r, m->logits[i], m->want[i % LINES] + at * r->vocab, t);
  }
}

static tally mixes(rig *r) {
  static const size_t rooms[] = {48, 7, 256};
  tally t = {0};
  mix m;
  open_mix(r, &m);
  for (unsigned threads = 1; threads <= 3; threads++) {
    tally steps = {0};
    cm_batch *b = open_batch(r, threads, cm_cpu_best(), rooms[threads - 1]);
    for (size_t i = 0; i < PASSES; i++) run_pass(r, &m, b, &steps);
    cm_batch_close(b);
    assert_true(steps.all > PASSES);
    t.same += steps.same == steps.all, t.all++;
  }
  close_mix(&m);
  return t;
}

/* --- the table --- */

static void open_rig(rig *r, const char *path) {
  cm_err e;
  *r = (rig){0};
  if (cm_engine_open(&r->g, path, &e)) fail_msg("%s", e.msg);
  r->vocab = cm_engine_shape(r->g)->vocab;
  r->bytes = r->vocab * sizeof(float);
  r->want = must(calloc(STEPS + 1, r->bytes));
  r->got = must(calloc(STEPS + 1, r->bytes));
  for (uint32_t i = 0; i < PROMPT + STEPS; i++) r->tokens[i] = (i * 7919u + 13u) % r->vocab;
  run(r, 1, CM_ISA_SCALAR, PROMPT, r->want);
}

static void close_rig(rig *r) {
  free(r->want);
  free(r->got);
  cm_engine_close(r->g);
}

static const struct {
  const char *title;
  tally (*check)(rig *r);
  bool threaded;
} columns[] = {{"threads", threads, true},        {"pieces", pieces, false},
               {"isas", instruction_sets, false}, {"batches", batches, true},
               {"prefixes", prefixes, false},     {"mixes", mixes, true}};

static bool check_model(const char *path) {
  bool good = true;
  rig r;
  open_rig(&r, path);
  print_message("%-24s", cm_test_model_name(path));
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    if (ONLY_THREADS && !columns[i].threaded) continue;
    tally t = columns[i].check(&r);
    char cell[32];
    snprintf(cell, sizeof cell, "%u/%u", t.same, t.all);
    print_message(" %9s", cell);
    good = good && t.same == t.all;
  }
  print_message("  %u of %u\n", r.logits.same, r.logits.all);
  close_rig(&r);
  return good;
}

static void determinism(void **unused) {
  glob_t models = cm_test_models();
  bool good = models.gl_pathc > 0;
  (void)unused;
  print_message("%-24s", "same bits as scalar");
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
    if (!ONLY_THREADS || columns[i].threaded) print_message(" %9s", columns[i].title);
  print_message("  logits\n");
  for (size_t i = 0; i < models.gl_pathc; i += STRIDE)
    good = check_model(models.gl_pathv[i]) && good;
  globfree(&models);
  assert_true(good);
}

/* --- what a pass refuses --- */

static void refused(void **unused) {
  glob_t models = cm_test_models();
  rig r;
  cm_err e;
  (void)unused;
  assert_true(models.gl_pathc > 0);
  open_rig(&r, models.gl_pathv[0]);
  cm_batch *b = open_batch(&r, 1, cm_cpu_best(), 8);
  cm_session *s = open_session(&r, 8), *other = open_session(&r, 8);
  uint32_t outside = r.vocab;
  cm_part parts[] = {{s, r.tokens, 4, NULL}, {other, r.tokens, 5, NULL}};
  assert_int_equal(cm_batch_run(b, parts, 2, &e), CM_E_USAGE); /* 9 tokens of 8 */
  assert_int_equal(cm_batch_run(b, parts, 0, &e), CM_E_USAGE);
  parts[1].n = 0;
  assert_int_equal(cm_batch_run(b, parts, 2, &e), CM_E_USAGE);
  parts[1].n = 1, parts[1].tokens = &outside;
  assert_int_equal(cm_batch_run(b, parts, 2, &e), CM_E_USAGE);
  assert_int_equal(e.pos, 1);
  assert_int_equal(cm_session_len(s), 0); /* not even the part that was well */
  assert_int_equal(cm_batch_run(b, parts, 1, &e), CM_OK);
  parts[0].n = 5;
  assert_int_equal(cm_batch_run(b, parts, 1, &e), CM_E_LIMIT);
  assert_int_equal(cm_session_len(s), 4);
  assert_int_equal(cm_batch_work(b).passes, 1);
  assert_int_equal(cm_batch_work(b).tokens, 4);
  cm_session_close(s);
  cm_session_close(other);
  cm_batch_close(b);
  close_rig(&r);
  globfree(&models);
}

/* --- memory --- */

static void loop(const rig *r, cm_batch *b, cm_session *s, cm_sampler *pick, cm_buf *text) {
  cm_tok_stream stream;
  uint32_t token;
  float logprob;
  cm_tok_stream_init(&stream, cm_engine_tok(r->g));
  for (size_t i = 0; i < 32; i++) {
    token = cm_sampler_pick(pick, r->got, cm_session_tokens(s), cm_session_len(s), &logprob);
    cm_tok_stream_push(&stream, token, text);
    next(b, s, token, r->got);
  }
}

/* From the prompt on, nothing allocates: not through cm_alloc, and not behind its back. */
static void check_memory(const char *path, const cm_sample_options *o) {
  rig r;
  cm_err e;
  cm_buf text;
  cm_sampler *pick;
  open_rig(&r, path);
  cm_batch *b = open_batch(&r, 2, cm_cpu_best(), 64);
  cm_session *s = open_session(&r, CTX);
  assert_int_equal(cm_sampler_open(&pick, o, r.vocab, &e), CM_OK);
  cm_buf_init(&text, 1 << 16);
  for (int i = 0; i < 4096; i++) cm_buf_putc(&text, ' '); /* room for the text of the loop */
  cm_buf_reset(&text);
  uint64_t ours = cm_mem_count(), all = malloc_count();
  sync_to(b, s, r.tokens, PROMPT, r.got);
  loop(&r, b, s, pick, &text);
  assert_int_equal(cm_mem_count(), ours);
  assert_int_equal(malloc_count(), all);
  cm_buf_close(&text);
  cm_sampler_close(pick);
  cm_session_close(s);
  cm_batch_close(b);
  close_rig(&r);
}

static void no_allocation(void **unused) {
  cm_sample_options greedy = cm_sample_defaults(), all = greedy;
  glob_t models = cm_test_models();
  (void)unused;
  all.temperature = 1, all.top_k = 40, all.top_p = 0.9f, all.min_p = 0.01f;
  all.repeat_penalty = 1.1f;
  for (size_t i = 0; i < models.gl_pathc; i++) {
    check_memory(models.gl_pathv[i], &greedy);
    check_memory(models.gl_pathv[i], &all);
  }
  globfree(&models);
  print_message("malloc is %s\n", malloc_is_counted() ? "counted" : "not counted on this system");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(determinism), cmocka_unit_test(refused),
                                     cmocka_unit_test(no_allocation)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
