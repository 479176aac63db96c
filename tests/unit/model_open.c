/* rooms: model */
/* What a model file must say, and what happens when it doesn't. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/model.h"
#include "tiny_model.h"

static char path[64];

static cm_code open_tiny(const tiny_model *t, cm_gguf **f, cm_model **m, cm_err *e) {
  snprintf(path, sizeof path, "/tmp/cmdai-model-%d.gguf", (int)getpid());
  assert_int_equal(tiny_write(t, path, e), CM_OK);
  assert_int_equal(cm_gguf_open(path, f, e), CM_OK);
  unlink(path);
  return cm_model_open(m, *f, e);
}

/* Opening fails with this code and a message that holds `word`. */
static void refused(tiny_model t, cm_code code, const char *word) {
  cm_gguf *f;
  cm_model *m;
  cm_err e = {0};
  assert_int_equal(open_tiny(&t, &f, &m, &e), code);
  if (!strstr(e.msg, word)) fail_msg("message \"%s\" does not say \"%s\"", e.msg, word);
  assert_null(m);
  cm_gguf_close(f);
}

static void runs(const char *arch) {
  tiny_model t = tiny_good;
  t.arch = arch;
  cm_gguf *f;
  cm_model *m;
  cm_kern *k;
  cm_kv *kv;
  cm_run *r;
  cm_err e = {0};
  float logits[TINY_VOCAB];
  assert_int_equal(open_tiny(&t, &f, &m, &e), CM_OK);
  assert_true(cm_model_shape(m)->tied);
  assert_int_equal(cm_model_shape(m)->head_dim, 8);
  assert_int_equal(cm_kern_open(&k, CM_ISA_SCALAR, NULL, &e), CM_OK);
  assert_int_equal(cm_kv_open(&kv, cm_model_shape(m), 4, &e), CM_OK);
  assert_int_equal(cm_run_open(&r, m, k, 2, &e), CM_OK);
  cm_forward(r, (cm_col[]){{kv, 0, 3, NULL}, {kv, 1, 5, logits}}, 2);
  for (int i = 0; i < TINY_VOCAB; i++) assert_true(isfinite(logits[i]));
  cm_run_close(r);
  cm_kv_close(kv);
  cm_kern_close(k);
  cm_model_close(m);
  cm_gguf_close(f);
}

static void good_models_run(void **unused) {
  (void)unused;
  runs("qwen2");
  runs("qwen3");
}

#define BAD(field, value, code, word) \
  do {                                \
    tiny_model t = tiny_good;         \
    t.field = (value);                \
    refused(t, (code), (word));       \
  } while (0)

static void bad_metadata(void **unused) {
  (void)unused;
  BAD(arch, "llama4", CM_E_UNSUPPORTED, "llama4");
  BAD(rope_scaling, "yarn", CM_E_UNSUPPORTED, "scaling");
  BAD(eps, 2.0f, CM_E_FORMAT, "psilon");
  BAD(eps, NAN, CM_E_FORMAT, "psilon");
  BAD(kv_heads, 3, CM_E_FORMAT, "KV heads");
  BAD(head_dim, 7, CM_E_FORMAT, "head dimension");
  BAD(head_dim, 1024, CM_E_FORMAT, "head dimension");
  BAD(head_dim, 16, CM_E_FORMAT, "attn_q");
  BAD(value_dim, 16, CM_E_UNSUPPORTED, "values of 16 and keys of 8");
}

static void bad_tensors(void **unused) {
  (void)unused;
  static const char *const names[] = {"token_embd.weight",        "output_norm.weight",
                                      "blk.0.attn_norm.weight",   "blk.0.attn_k.weight",
                                      "blk.0.attn_output.weight", "blk.0.ffn_down.weight"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    BAD(without, names[i], CM_E_FORMAT, names[i]);
    if (i > 0)
      BAD(misshapen, names[i], CM_E_FORMAT, names[i]); /* one more token is a larger vocabulary */
  }
  BAD(as_f16, "output_norm.weight", CM_E_UNSUPPORTED, "F16");
}

/* Without the weights of its heads Qwen3 would be another model; Qwen2 has none. */
static void bad_head_norms(void **unused) {
  (void)unused;
  static const char *const names[] = {"blk.0.attn_q_norm.weight", "blk.0.attn_k_norm.weight"};
  for (size_t i = 0; i < 2; i++) {
    tiny_model t = tiny_good;
    t.arch = "qwen3";
    t.without = names[i];
    refused(t, CM_E_FORMAT, names[i]);
    t.without = NULL;
    t.misshapen = names[i];
    refused(t, CM_E_FORMAT, names[i]);
    t.misshapen = NULL;
    t.as_f16 = names[i];
    refused(t, CM_E_UNSUPPORTED, names[i]);
  }
}

/* Every allocation of opening and preparing a run may fail, and nothing is lost. */
static void torture(void **unused) {
  (void)unused;
  cm_gguf *f;
  cm_model *m;
  cm_err e = {0};
  assert_int_equal(open_tiny(&tiny_good, &f, &m, &e), CM_OK);
  cm_model_close(m);
  for (uint64_t nth = 1;; nth++) {
    cm_kern *k = NULL;
    cm_kv *kv = NULL;
    cm_run *r = NULL;
    cm_mem_fail_nth(nth);
    cm_code code = cm_model_open(&m, f, &e);
    if (!code) code = cm_kern_open(&k, CM_ISA_SCALAR, NULL, &e);
    if (!code) code = cm_kv_open(&kv, cm_model_shape(m), 4, &e);
    if (!code) code = cm_run_open(&r, m, k, 2, &e);
    cm_mem_fail_nth(0);
    cm_run_close(r);
    cm_kv_close(kv);
    cm_kern_close(k);
    cm_model_close(m);
    if (!code) {
      assert_true(nth > 5);
      break;
    }
    assert_int_equal(code, CM_E_NOMEM);
  }
  cm_gguf_close(f);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(good_models_run),
                                     cmocka_unit_test(bad_metadata), cmocka_unit_test(bad_tensors),
                                     cmocka_unit_test(bad_head_norms), cmocka_unit_test(torture)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
