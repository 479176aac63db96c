/* rooms: engine data */
/* Parity with llama.cpp on recorded models (their tokens: token_qwen.c): logits along the
 * peer's own path no further from the exact float64 result than 1.5 times the peer's distance; F16
 * picks the peer's tokens. Prints the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/os.h"
#include "data/json.h"
#include "engine/engine.h"
#include "ref64.h"
#include "shared.h"

static const char *const models[] = {"tiny-F16",     "tiny-BF16",    "tiny-Q8_0",    "tiny-Q4_0",
                                     "tiny-Q4_1",    "tiny-Q5_0",    "tiny-Q5_1",    "tiny-Q4_K_S",
                                     "tiny-Q4_K_M",  "tiny-Q5_K_S",  "tiny-Q5_K_M",  "tiny-Q6_K",
                                     "tinyf-Q4_K_S", "tinyf-Q4_K_M", "tinyw-Q4_K_M", "tinyw-Q8_0"};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MODELS = 2 }; /* sanitizers look at code, not at numbers, and make ref64 ten times slower */
#else
enum { MODELS = sizeof models / sizeof *models };
#endif
enum { STEPS = 32, VOCAB = 1024, IDS_MAX = 400 };

typedef struct rig {
  cm_engine *g;
  cm_batch *batch;
  cm_session *s;
  ref64 ref;
  float logits[VOCAB];
  double sum2, n;  /* squared distance from gold, and of how many logits */
  double peer_rms; /* weighted like ours */
  unsigned greedy_same, greedy_all;
} rig;

static size_t read_ids(const cm_json *a, uint32_t *ids) {
  size_t n = cm_json_count(a);
  assert_true(n > 0 && n <= IDS_MAX);
  for (size_t i = 0; i < n; i++) {
    uint64_t v;
    assert_true(cm_json_u64(cm_json_at(a, i), &v));
    ids[i] = (uint32_t)v;
  }
  return n;
}

/* The recorded exact logits agree with ref64, so the judge itself is judged. */
static void check_gold(const char *name, size_t index, const double *gold) {
  char file[96];
  cm_map map;
  cm_err e;
  snprintf(file, sizeof file, "gguf-parity/%s.gold.f32", name);
  assert_int_equal(cm_os_map(cm_shared_path(file), &map, &e), CM_OK);
  const float *recorded = (const float *)(const void *)map.p + index * VOCAB;
  for (size_t i = 0; i < VOCAB; i++)
    if (fabs(gold[i] - (double)recorded[i]) > 1e-3)
      fail_msg("%s: gold logit %zu is %f, recorded %f", name, i, gold[i], (double)recorded[i]);
  cm_os_unmap(&map);
}

static double run_prompt(rig *r, const char *name, const cm_json *prompt, size_t index) {
  static uint32_t ids[IDS_MAX], path[IDS_MAX];
  static double gold[VOCAB];
  cm_err e;
  double sum2 = 0;
  size_t n = read_ids(cm_json_get(prompt, "ids"), ids),
         steps = read_ids(cm_json_get(prompt, "greedy"), path);
  assert_int_equal(steps, STEPS);
  r->ref.len = 0;
  for (size_t i = 0; i + 1 < n; i++) ref_next(&r->ref, ids[i], NULL);
  ref_next(&r->ref, ids[n - 1], gold);
  check_gold(name, index, gold);
  assert_int_equal(cm_session_sync(r->batch, r->s, ids, n, r->logits, NULL, &e), CM_OK);
  for (size_t step = 0;; step++) {
    for (size_t i = 0; i < VOCAB; i++)
      sum2 += (gold[i] - (double)r->logits[i]) * (gold[i] - (double)r->logits[i]);
    r->greedy_all++;
    r->greedy_same += cm_argmax(r->logits, VOCAB) == path[step];
    if (step + 1 == steps) break;
    ref_next(&r->ref, path[step], gold);
    float *out = r->logits;
    assert_int_equal(cm_batch_next(r->batch, &r->s, &path[step], 1, &out, &e), CM_OK);
  }
  return sqrt(sum2 / (STEPS * (double)VOCAB));
}

static void check_model(const char *name) {
  char file[96];
  cm_err e = {0};
  cm_buf text;
  cm_json *json;
  rig r = {0};
  double worst = 0;
  snprintf(file, sizeof file, "gguf-parity/%s.json", name);
  cm_buf_init(&text, 1 << 24);
  assert_int_equal(cm_os_read_file(cm_shared_path(file), &text, &e), CM_OK);
  assert_int_equal(cm_json_parse((cm_str){text.p, text.n}, CM_JSON_LIMITS, &json, &e), CM_OK);
  snprintf(file, sizeof file, "gguf-parity/%s.gguf", name);
  if (cm_engine_open(&r.g, cm_shared_path(file), &e)) fail_msg("%s", e.msg);
  assert_int_equal(cm_engine_shape(r.g)->vocab, VOCAB);
  assert_int_equal(
      cm_batch_open(&r.batch, r.g, &(cm_batch_options){.any_isa = true, .threads = 2}, &e), CM_OK);
  assert_int_equal(cm_session_open(&r.s, r.g, REF_CTX, &e), CM_OK);
  ref_open(&r.ref, cm_engine_gguf(r.g), cm_engine_shape(r.g));
  const cm_json *prompts = cm_json_get(json, "prompts");
  double ours = 0, peers = 0;
  for (size_t i = 0; i < cm_json_count(prompts); i++) {
    const cm_json *p = cm_json_at(prompts, i);
    double peer, rms = run_prompt(&r, name, p, i);
    assert_true(cm_json_f64(cm_json_get(cm_json_get(p, "peer_vs_gold_all_steps"), "rms"), &peer));
    if (rms > 1.5 * peer)
      fail_msg("%s prompt %zu: rms %.5f from exact, the peer %.5f", name, i + 1, rms, peer);
    if (rms / peer > worst) worst = rms / peer;
    ours += rms / 5, peers += peer / 5;
  }
  if (strstr(name, "-F16")) assert_int_equal(r.greedy_same, r.greedy_all);
  print_message("%-14s %10.5f %10.5f %9.2f %9.2f  %u/%u\n", name, ours, peers, ours / peers, worst,
                r.greedy_same, r.greedy_all);
  ref_close(&r.ref);
  cm_session_close(r.s);
  cm_batch_close(r.batch);
  cm_engine_close(r.g);
  cm_json_free(json);
  cm_buf_close(&text);
}

static void parity(void **unused) {
  (void)unused;
  if (!cm_shared_path("gguf-parity/README.txt")) {
    print_message("no ../shared/gguf-parity here\n");
    skip();
  }
  print_message("%-14s %10s %10s %9s %9s  %s\n", "model", "our rms", "peer rms", "ratio", "worst",
                "same token as the peer");
  for (size_t i = 0; i < MODELS; i++) check_model(models[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(parity)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
