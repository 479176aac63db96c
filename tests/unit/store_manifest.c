/* rooms: store net data gguf base */
/* The manifest: what is read is what was written, and nothing hostile is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/store.h"

#define SUM "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"

static cm_code read_text(const char *text, cm_inventory **out, cm_err *e) {
  *out = cm_inventory_new(e);
  assert_non_null(*out);
  return cm_inventory_read(cm_str_of(text), (*out)->arena, *out, e);
}

static void test_round(void **state) {
  (void)state;
  cm_err e = {0};
  cm_inventory *m, *again;
  assert_int_equal(read_text("", &m, &e), CM_OK);
  const cm_entry a = {.id = CM_STR("b \"1\"\n"),
                      .file = CM_STR("b.gguf"),
                      .sha256 = CM_STR(SUM),
                      .repo = CM_STR("o/r"),
                      .source = CM_STR("https://h/b"),
                      .seconds = 1.5,
                      .last_used = CM_STR("2026-11-26T09:30:00Z"),
                      .at = {1, UINT64_MAX, 42, -5}};
  cm_entry b = a;
  b.id = CM_STR("a"), b.file = CM_STR("a.gguf");
  const cm_known k = {CM_STR("/x/y"), CM_STR(SUM), CM_STR("2026"), {1, 2, 3, 4}};
  assert_int_equal(cm_inventory_put(m, &a, &e), CM_OK);
  assert_int_equal(cm_inventory_put(m, &b, &e), CM_OK);
  assert_int_equal(cm_inventory_put(m, &b, &e), CM_OK); /* replaces */
  assert_int_equal(cm_inventory_remember(m, &k, &e), CM_OK);
  assert_int_equal(m->n, 2);
  cm_buf text;
  cm_buf_init(&text, 1 << 20);
  cm_inventory_text(m, &text);
  if (read_text(text.p, &again, &e)) fail_msg("%s", e.msg);
  assert_int_equal(again->n, 2);
  assert_true(cm_str_is(again->models[0].id, "a"));
  const cm_entry *x = cm_inventory_find(again, a.id);
  assert_non_null(x);
  assert_true(x->at.inode == UINT64_MAX && x->at.bytes == 42 && x->at.mtime_ns == -5);
  assert_true(cm_str_is(x->sha256, SUM) && cm_str_is(x->repo, "o/r") && x->seconds == 1.5);
  assert_non_null(cm_inventory_known(again, k.path));
  cm_inventory_drop(again, cm_inventory_find(again, CM_STR("a")));
  assert_null(cm_inventory_find(again, CM_STR("a")));
  assert_non_null(cm_inventory_find(again, a.id));
  cm_buf_close(&text);
  cm_inventory_free(m);
  cm_inventory_free(again);
}

static void test_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "{",
      "[]",
      "{}",
      "{\"schema\":\"cmdai.manifest/2\"}",
      "{\"schema\":1}",
      "{\"schema\":\"cmdai.manifest/1\",\"models\":[{}]}",
      "{\"schema\":\"cmdai.manifest/1\",\"models\":[{\"id\":\"x\",\"file\":\"a/"
      "b\",\"sha256\":\"" SUM "\"}]}",
      "{\"schema\":\"cmdai.manifest/"
      "1\",\"models\":[{\"id\":\"x\",\"file\":\"..\",\"sha256\":\"" SUM "\"}]}",
      "{\"schema\":\"cmdai.manifest/"
      "1\",\"models\":[{\"id\":\"x\",\"file\":\"a\",\"sha256\":\"AB\"}]}",
      "{\"schema\":\"cmdai.manifest/"
      "1\",\"models\":[{\"id\":\"x\\u0000\",\"file\":\"a\",\"sha256\":\"" SUM "\"}]}",
      "{\"schema\":\"cmdai.manifest/1\",\"files\":[{\"path\":\"relative\",\"sha256\":\"" SUM
      "\"}]}",
      "{\"schema\":\"cmdai.manifest/1\",\"models\":[{\"id\":\"x\",\"file\":\"a\",\"sha256\":\"" SUM
      "\"},"
      "{\"id\":\"y\",\"file\":\"a\",\"sha256\":\"" SUM "\"}]}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    cm_err e = {0};
    cm_inventory *m;
    if (read_text(bad[i], &m, &e) != CM_E_FORMAT) fail_msg("taken: %s", bad[i]);
    assert_int_equal(m->n + m->n_files, 0);
    cm_inventory_free(m);
  }
}

/* Another name for a file takes its place: a file belongs to one entry. */
static void test_one_file_one_entry(void **state) {
  (void)state;
  cm_err e = {0};
  cm_inventory *m;
  assert_int_equal(read_text("", &m, &e), CM_OK);
  cm_entry x = {.id = CM_STR("one"), .file = CM_STR("f.gguf"), .sha256 = CM_STR(SUM)};
  assert_int_equal(cm_inventory_put(m, &x, &e), CM_OK);
  x.id = CM_STR("two");
  assert_int_equal(cm_inventory_put(m, &x, &e), CM_OK);
  assert_int_equal(m->n, 1);
  assert_null(cm_inventory_find(m, CM_STR("one")));
  cm_inventory_free(m);
}

static void test_limits(void **state) {
  (void)state;
  cm_err e = {0};
  cm_inventory *m;
  char name[32];
  assert_int_equal(read_text("", &m, &e), CM_OK);
  for (int i = 0; i <= CM_MANIFEST_MODELS; i++) {
    snprintf(name, sizeof name, "m%d", i);
    const cm_entry x = {.id = cm_str_of(name), .file = cm_str_of(name), .sha256 = CM_STR(SUM)};
    assert_int_equal(cm_inventory_put(m, &x, &e), i < CM_MANIFEST_MODELS ? CM_OK : CM_E_LIMIT);
  }
  for (int i = 0; i <= CM_MANIFEST_FILES; i++) {
    char used[32];
    snprintf(name, sizeof name, "/f%d", i);
    snprintf(used, sizeof used, "2026-01-01T00:%02d:%02dZ", (i + 100) % CM_MANIFEST_FILES / 60,
             (i + 100) % CM_MANIFEST_FILES % 60);
    const cm_known x = {cm_str_of(name), CM_STR(SUM), cm_str_of(used), {0}};
    assert_int_equal(cm_inventory_remember(m, &x, &e), CM_OK);
  }
  assert_int_equal(m->n_files, CM_MANIFEST_FILES);
  assert_null(cm_inventory_known(m, CM_STR("/f100"))); /* the oldest made room */
  cm_inventory_free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_round), cmocka_unit_test(test_refused),
                                     cmocka_unit_test(test_one_file_one_entry),
                                     cmocka_unit_test(test_limits)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
