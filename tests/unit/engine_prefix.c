/* rooms: engine */
/* A session that was filled from the bytes of a file goes on with the same bits as one that
 * computed everything, whatever the contexts; and bytes that aren't of exactly that prompt are
 * refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "engine/prefix.h"
#include "models.h"

enum { PROMPT = 150, CTX = 256, OTHER_CTX = 511 };

static const char key[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

typedef struct rig {
  cm_engine *g;
  cm_batch *b;
  const cm_shape *shape;
  uint32_t tokens[PROMPT];
  float *want, *got; /* [vocab], after the last token */
} rig;

static void open_rig(rig *r, const char *path) {
  cm_err e;
  const cm_batch_options o = {2, .any_isa = true, .max_cols = 64};
  if (cm_engine_open(&r->g, path, &e)) fail_msg("%s", e.msg);
  if (cm_batch_open(&r->b, r->g, &o, &e)) fail_msg("%s", e.msg);
  r->shape = cm_engine_shape(r->g);
  for (uint32_t i = 0; i < PROMPT; i++) r->tokens[i] = (i * 7919 + 13) % r->shape->vocab;
  r->want = cm_alloc(r->shape->vocab, sizeof(float));
  r->got = cm_alloc(r->shape->vocab, sizeof(float));
  assert_true(r->want && r->got);
}

static void close_rig(rig *r) {
  cm_free(r->want);
  cm_free(r->got);
  cm_batch_close(r->b);
  cm_engine_close(r->g);
}

/* A session that holds tokens[0..n), and the logits after the last one. */
static cm_session *computed(rig *r, uint32_t ctx, size_t n, float *logits) {
  cm_session *s;
  cm_err e;
  if (cm_session_open(&s, r->g, ctx, &e)) fail_msg("%s", e.msg);
  if (cm_session_sync(r->b, s, r->tokens, n, logits, NULL, &e)) fail_msg("%s", e.msg);
  return s;
}

/* The file of tokens[0..n), from a session that holds more. */
static uint8_t *file_of(rig *r, uint32_t n, size_t *size) {
  const cm_prefix p = {key, r->tokens, n};
  cm_session *s = computed(r, CTX, PROMPT, NULL);
  *size = (size_t)cm_prefix_bytes(r->shape, n);
  uint8_t *file = cm_alloc(*size, 1);
  assert_non_null(file);
  cm_prefix_write(&p, r->shape, s, file);
  cm_session_close(s);
  return file;
}

/* --- the same bits --- */

static void goes_on(rig *r, uint32_t n, uint32_t ctx) {
  size_t size, reused = 0;
  cm_err e;
  const void *state;
  const cm_prefix p = {key, r->tokens, n};
  uint8_t *file = file_of(r, n, &size);
  cm_session *s = computed(r, ctx, 40, NULL); /* what it had goes */
  if (cm_prefix_check(&p, r->shape, file, size, &state, &e)) fail_msg("%s", e.msg);
  assert_int_equal(cm_session_restore(s, r->tokens, n, state, &e), CM_OK);
  cm_free(file);
  assert_int_equal(cm_session_len(s), n);
  if (cm_session_sync(r->b, s, r->tokens, PROMPT, r->got, &reused, &e)) fail_msg("%s", e.msg);
  assert_int_equal(reused, n);
  assert_memory_equal(r->got, r->want, r->shape->vocab * sizeof(float));
  cm_session_close(s);
}

static void test_goes_on_with_the_same_bits(void **state) {
  (void)state;
  static const uint32_t sizes[] = {1, 16, 63, 64, 65, 100, PROMPT - 1};
  glob_t models = cm_test_models();
  assert_true(models.gl_pathc > 0);
  for (size_t m = 0; m < models.gl_pathc; m++) {
    rig r;
    open_rig(&r, models.gl_pathv[m]);
    cm_session_close(computed(&r, CTX, PROMPT, r.want));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      goes_on(&r, sizes[i], CTX);
      goes_on(&r, sizes[i], OTHER_CTX);
      goes_on(&r, sizes[i], PROMPT);
    }
    close_rig(&r);
  }
  globfree(&models);
}

/* Without the state itself the logits would differ: the comparison above sees it. */
static void test_the_state_counts(void **state) {
  (void)state;
  rig r;
  cm_err e;
  open_rig(&r, CM_SOURCE_DIR "/tests/fixtures/models/tiny-Q8_0.gguf");
  cm_session_close(computed(&r, CTX, PROMPT, r.want));
  cm_session *s = computed(&r, CTX, 40, NULL);
  const size_t bytes = (size_t)cm_kv_bytes(r.shape, 100);
  void *zeros = cm_alloc(bytes, 1);
  assert_int_equal(cm_session_restore(s, r.tokens, 100, zeros, &e), CM_OK);
  if (cm_session_sync(r.b, s, r.tokens, PROMPT, r.got, NULL, &e)) fail_msg("%s", e.msg);
  assert_memory_not_equal(r.got, r.want, r.shape->vocab * sizeof(float));
  cm_free(zeros);
  cm_session_close(s);
  close_rig(&r);
}

static void test_too_long_for_the_context(void **state) {
  (void)state;
  rig r;
  cm_err e;
  open_rig(&r, CM_SOURCE_DIR "/tests/fixtures/models/tiny-Q8_0.gguf");
  cm_session *s = computed(&r, 64, 10, NULL);
  uint16_t one = 0;
  assert_int_equal(cm_session_restore(s, r.tokens, 65, &one, &e), CM_E_LIMIT);
  assert_int_equal(cm_session_len(s), 10);
  cm_session_close(s);
  close_rig(&r);
}

/* --- other bytes --- */

static cm_code check(const rig *r, const cm_prefix *p, const uint8_t *file, size_t size) {
  const void *state;
  cm_err e = {0};
  const cm_code code = cm_prefix_check(p, r->shape, file, size, &state, &e);
  assert_true(code ? !state && e.msg[0] : state != NULL);
  return code;
}

static void test_every_byte_before_the_state(void **state) {
  (void)state;
  rig r;
  size_t size;
  open_rig(&r, CM_SOURCE_DIR "/tests/fixtures/models/tiny-Q8_0.gguf");
  uint8_t *file = file_of(&r, 21, &size);
  const cm_prefix p = {key, r.tokens, 21};
  const size_t head = size - (size_t)cm_kv_bytes(r.shape, 21);
  assert_int_equal(head, 192 + 128); /* 21 tokens need two times 64 bytes */
  for (size_t i = 0; i < head; i++)
    for (int bit = 0; bit < 8; bit++) {
      file[i] ^= (uint8_t)(1 << bit);
      assert_int_equal(check(&r, &p, file, size), i < CM_PREFIX_SUM ? CM_OK : CM_E_FORMAT);
      file[i] ^= (uint8_t)(1 << bit);
    }
  assert_int_equal(check(&r, &p, file, size), CM_OK);
  cm_free(file);
  close_rig(&r);
}

static void test_every_length(void **state) {
  (void)state;
  rig r;
  size_t size;
  open_rig(&r, CM_SOURCE_DIR "/tests/fixtures/models/tiny-Q8_0.gguf");
  uint8_t *file = file_of(&r, 17, &size);
  const cm_prefix p = {key, r.tokens, 17};
  for (size_t n = 0; n < size; n++) {
    uint8_t *cut = cm_realloc(NULL, n, 1); /* exact, for sanitizers */
    if (n) memcpy(cut, file, n);
    assert_int_equal(check(&r, &p, cut, n), CM_E_FORMAT);
    cm_free(cut);
  }
  assert_int_equal(check(&r, &p, file, size), CM_OK);
  cm_free(file);
  close_rig(&r);
}

static void test_other_prompts(void **state) {
  (void)state;
  rig r;
  size_t size;
  char other_key[sizeof key];
  open_rig(&r, CM_SOURCE_DIR "/tests/fixtures/models/tiny-Q8_0.gguf");
  uint8_t *file = file_of(&r, 30, &size);
  memcpy(other_key, key, sizeof key);
  other_key[63] = '0';
  uint32_t other[30];
  memcpy(other, r.tokens, sizeof other);
  other[29] ^= 1;
  const cm_prefix same = {key, r.tokens, 30}, keyed = {other_key, r.tokens, 30},
                  shorter = {key, r.tokens, 29}, last = {key, other, 30};
  assert_int_equal(check(&r, &same, file, size), CM_OK);
  assert_int_equal(check(&r, &keyed, file, size), CM_E_FORMAT);
  assert_int_equal(check(&r, &shorter, file, size), CM_E_FORMAT);
  assert_int_equal(check(&r, &last, file, size), CM_E_FORMAT);
  cm_shape shape = *r.shape; /* as many bytes, in another arrangement */
  shape.layers *= 2, shape.head_dim /= 2;
  const void *at;
  cm_err e;
  assert_int_equal(cm_prefix_check(&same, &shape, file, size, &at, &e), CM_E_FORMAT);
  cm_free(file);
  close_rig(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_goes_on_with_the_same_bits),
      cmocka_unit_test(test_the_state_counts),
      cmocka_unit_test(test_too_long_for_the_context),
      cmocka_unit_test(test_every_byte_before_the_state),
      cmocka_unit_test(test_every_length),
      cmocka_unit_test(test_other_prompts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
