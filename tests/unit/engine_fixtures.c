/* rooms: engine data */
/* Parity with llama.cpp and with the exact float64 result on models of our own making: recorded in
 * tests/fixtures/models (its README says how), so that these checks need nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/os.h"
#include "data/json.h"
#include "engine/engine.h"
#include "ref64.h"

#define FOLDER CM_SOURCE_DIR "/tests/fixtures/models/"

enum { VOCAB = 320, PROMPTS = 3, IDS_MAX = 400 };

/* How much further from exact than the peer our logits may be. */
static const double margin = 1.5;

static struct {
  cm_buf text;
  cm_json *json;
  cm_map peer, exact; /* [model][prompt][VOCAB] */
} references;

typedef struct rig {
  const char *name;
  cm_engine *g;
  cm_batch *batch;
  cm_session *s;
  ref64 ref;
  float logits[VOCAB];
} rig;

typedef struct ids {
  uint32_t p[IDS_MAX];
  size_t n;
} ids;

static ids read_ids(const cm_json *prompt, const char *key) {
  const cm_json *a = cm_json_get(prompt, key);
  ids out = {.n = cm_json_count(a)};
  assert_in_range(out.n, 1, IDS_MAX);
  for (size_t i = 0; i < out.n; i++) {
    uint64_t v;
    assert_true(cm_json_u64(cm_json_at(a, i), &v));
    out.p[i] = (uint32_t)v;
  }
  return out;
}

static void check_tokens(const rig *r, const cm_json *prompt, const char *key, bool special) {
  ids want = read_ids(prompt, key);
  cm_str text;
  cm_err e;
  cm_ids got;
  cm_ids_init(&got, IDS_MAX);
  assert_true(cm_json_str(cm_json_get(prompt, "text"), &text));
  assert_int_equal(cm_tok_encode(cm_engine_tok(r->g), text, special, &got, &e), CM_OK);
  assert_int_equal(got.n, want.n);
  assert_memory_equal(got.p, want.p, want.n * sizeof *got.p);
  cm_ids_close(&got);
}

/* The sum of the squared differences. */
static double apart(const float *a, const double *b) {
  double sum = 0;
  for (size_t i = 0; i < VOCAB; i++) sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
  return sum;
}

static const float *recorded(cm_map map, size_t model, size_t prompt) {
  const float *all = (const float *)(const void *)map.p;
  return all + (model * PROMPTS + prompt) * VOCAB;
}

/* Our root mean square distance from exact over the prompt's last token and every forced one. */
static double run_prompt(rig *r, const cm_json *prompt, size_t model, size_t index) {
  ids in = read_ids(prompt, "ids"), forced = read_ids(prompt, "forced");
  double exact[VOCAB], sum;
  cm_err e;
  r->ref.len = 0;
  for (size_t i = 0; i < in.n; i++) ref_next(&r->ref, in.p[i], i + 1 == in.n ? exact : NULL);
  assert_int_equal(cm_session_sync(r->batch, r->s, in.p, in.n, r->logits, NULL, &e), CM_OK);
  sum = apart(r->logits, exact);
  for (size_t i = 0; i < forced.n; i++) {
    float *out = r->logits;
    ref_next(&r->ref, forced.p[i], exact);
    assert_int_equal(cm_batch_next(r->batch, &r->s, &forced.p[i], 1, &out, &e), CM_OK);
    sum += apart(r->logits, exact);
  }
  /* Two exact results, from C here and from Python there, differ by float64's and float32's last
   * digits; the judge itself is judged by that. */
  if (apart(recorded(references.exact, model, index), exact) > VOCAB * 1e-10)
    fail_msg("%s prompt %zu: the recorded exact logits are others", r->name, index + 1);
  return sqrt(sum / (double)(VOCAB * (forced.n + 1)));
}

/* Distance of our last logits from the peer's. */
static double from_peer(const rig *r, size_t model, size_t prompt) {
  const float *peer = recorded(references.peer, model, prompt);
  double sum = 0;
  for (size_t i = 0; i < VOCAB; i++)
    sum += ((double)r->logits[i] - (double)peer[i]) * ((double)r->logits[i] - (double)peer[i]);
  return sqrt(sum / VOCAB);
}

static void open_rig(rig *r, cm_str name) {
  char path[4096];
  cm_err e;
  cm_batch_options o = {.any_isa = true, .threads = 2};
  snprintf(path, sizeof path, FOLDER "%.*s", (int)name.n, name.p);
  if (cm_engine_open(&r->g, path, &e)) fail_msg("%s", e.msg);
  assert_int_equal(cm_engine_shape(r->g)->vocab, VOCAB);
  assert_int_equal(cm_batch_open(&r->batch, r->g, &o, &e), CM_OK);
  assert_int_equal(cm_session_open(&r->s, r->g, REF_CTX, &e), CM_OK);
  ref_open(&r->ref, cm_engine_gguf(r->g), cm_engine_shape(r->g));
}

static void close_rig(rig *r) {
  ref_close(&r->ref);
  cm_session_close(r->s);
  cm_batch_close(r->batch);
  cm_engine_close(r->g);
}

static bool check_model(const cm_json *about, size_t model) {
  const cm_json *prompts = cm_json_get(references.json, "prompts");
  double worst = 0, ours = 0, peers = 0, between = 0;
  cm_str name;
  rig r = {0};
  assert_true(cm_json_str(cm_json_get(about, "name"), &name));
  r.name = name.p;
  open_rig(&r, name);
  for (size_t i = 0; i < PROMPTS; i++) {
    const cm_json *prompt = cm_json_at(prompts, i);
    double peer;
    assert_true(cm_json_f64(cm_json_at(cm_json_get(about, "peer_rms"), i), &peer));
    check_tokens(&r, prompt, "ids", true);
    check_tokens(&r, prompt, "ids_plain", false);
    double rms = run_prompt(&r, prompt, model, i), gap = from_peer(&r, model, i) / peer;
    if (rms / peer > worst) worst = rms / peer;
    if (gap > between) between = gap;
    ours += rms / PROMPTS, peers += peer / PROMPTS;
  }
  close_rig(&r);
  print_message("%-26s %9.5f %9.5f %9.2f %14.2f\n", r.name, ours, peers, worst, between);
  return worst <= margin && between <= 1 + margin;
}

static void parity(void **unused) {
  const cm_json *models = cm_json_get(references.json, "models");
  size_t n = cm_json_count(models);
  bool good = n > 0;
  (void)unused;
  assert_int_equal(cm_json_count(cm_json_get(references.json, "prompts")), PROMPTS);
  assert_int_equal(references.exact.n, n * PROMPTS * VOCAB * sizeof(float));
  assert_int_equal(references.peer.n, references.exact.n);
  print_message("%-26s %9s %9s %9s %14s\n", "distance from exact", "ours", "peer's", "worst/p",
                "ours-peer's/p");
  for (size_t i = 0; i < n; i++) good = check_model(cm_json_at(models, i), i) && good;
  assert_true(good);
}

static int open_references(void **unused) {
  cm_err e;
  (void)unused;
  cm_buf_init(&references.text, 1 << 20);
  cm_code code = cm_os_read_file(FOLDER "references.json", &references.text, &e);
  cm_str text = {references.text.p, references.text.n};
  if (!code) code = cm_json_parse(text, CM_JSON_LIMITS, &references.json, &e);
  if (!code) code = cm_os_map(FOLDER "exact.f32", &references.exact, &e);
  if (!code) code = cm_os_map(FOLDER "peer.f32", &references.peer, &e);
  if (code) print_error("%s\n", e.msg);
  return code != CM_OK;
}

static int close_references(void **unused) {
  (void)unused;
  cm_os_unmap(&references.exact);
  cm_os_unmap(&references.peer);
  cm_json_free(references.json);
  cm_buf_close(&references.text);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(parity)};
  return cmocka_run_group_tests(tests, open_references, close_references);
}
