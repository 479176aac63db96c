/* rooms: net base */
/* Answers that come in lines, cut at every place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/stream.h"

enum { LIMIT = 64 };

/* Items, each with "|" behind it. */
static cm_code note(void *user, cm_str text, cm_err *e) {
  (void)e;
  cm_buf *out = user;
  cm_buf_add(out, text.p, text.n);
  cm_buf_putc(out, '|');
  return CM_OK;
}

/* Pushes the text in three pieces, which end at a, b and n. */
static cm_code run(cm_stream_kind kind, cm_str text, size_t a, size_t b, cm_buf *out) {
  const size_t ends[] = {a, b, text.n};
  cm_stream s;
  cm_code code = CM_OK;
  cm_stream_init(&s, kind, LIMIT);
  cm_buf_reset(out);
  for (size_t i = 0, at = 0; !code && i < 3; at = ends[i++])
    code = cm_stream_push(&s, (cm_str){text.p + at, ends[i] - at}, note, out, NULL);
  if (!code) code = cm_stream_end(&s, note, out, NULL);
  cm_stream_close(&s);
  return code;
}

static void check(cm_stream_kind kind, cm_str text, cm_str wanted, cm_code code) {
  cm_buf out;
  cm_buf_init(&out, 4096);
  for (size_t a = 0; a <= text.n; a++)
    for (size_t b = a; b <= text.n; b++) {
      assert_int_equal(run(kind, text, a, b, &out), code);
      assert_int_equal(out.n, wanted.n);
      assert_memory_equal(out.p ? out.p : "", wanted.p, wanted.n);
    }
  cm_buf_close(&out);
}

#define SSE(text, wanted)   check(CM_STREAM_SSE, CM_STR(text), CM_STR(wanted), CM_OK)
#define LINES(text, wanted) check(CM_STREAM_NDJSON, CM_STR(text), CM_STR(wanted), CM_OK)

/* The examples of WHATWG HTML, "Interpreting an event stream" and "Authoring notes", and of the
 * introduction. */
static void test_whatwg(void **state) {
  (void)state;
  SSE("data: This is the first message.\n\n"
      "data: This is the second message, it\ndata: has two lines.\n\n"
      "data: This is the third message.\n\n",
      "This is the first message.|This is the second message, it\nhas two lines.|"
      "This is the third message.|");
  SSE("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\nevent: add\ndata: 113411\n\n",
      "73857293|2153|113411|");
  SSE("data: YHOO\ndata: +2\ndata: 10\n\n", "YHOO\n+2\n10|");
  SSE(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third "
      "event\n\n",
      "first event|second event| third event|");
  SSE("data\n\ndata\ndata\n\ndata:", "|\n|");
  SSE("data:test\n\ndata: test\n\n", "test|test|");
}

/* end-of-line = CR LF, CR or LF, also mixed. */
static void test_line_ends(void **state) {
  (void)state;
  SSE("data: a\r\n\r\ndata: b\r\rdata: c\n\n", "a|b|c|");
  SSE("data: a\r\ndata: b\r\n\r\n", "a\nb|");
  SSE("data: a\r\n\rdata: b\n\r\n", "a|b|");
  SSE("data: a\r\r\ndata: b\n\r", "a|b|");
  LINES("{\"a\":1}\r\n{\"b\":2}\n\n \t\r\n[3]", "{\"a\":1}|{\"b\":2}|[3]|");
  LINES("{\"a\":\r1}\n", "{\"a\":\r1}|"); /* a lone CR is white space of JSON */
}

static void test_fields(void **state) {
  (void)state;
  SSE("Data: a\ndatas: b\ndat: c\n data: d\ndata e\n:data: f\n\n", "");
  SSE("retry: 10\ndata:a:b\n\n", "a:b|");
  SSE("data: a\nevent: x\n:\ndata: b\n\n", "a\nb|");
  SSE("\n\n\r\n", "");
  SSE("data: a\0b\n\n", "a\0b|");
  SSE("event: x\n\ndata: y\n\n", "y|");
}

/* One is dropped at the beginning, no other. */
static void test_byte_order_mark(void **state) {
  (void)state;
  SSE("\xEF\xBB\xBF"
      "data: a\n\n",
      "a|");
  SSE("\xEF\xBB\xBF\xEF\xBB\xBF"
      "data: a\n\n",
      "");
  SSE("data: a\n\n\xEF\xBB\xBF"
      "data: b\n\n",
      "a|");
  LINES("\xEF\xBB\xBF{}\n\xEF\xBB\xBF{}\n", "{}|\xEF\xBB\xBF{}|");
}

static void test_ends(void **state) {
  (void)state;
  SSE("data: a\n\ndata: b\n", "a|");
  SSE("data: a\n\ndata: b", "a|");
  LINES("{}\n{", "{}|{|");
  LINES("", "");
  LINES("\n", "");
  LINES("{}\n \r", "{}|");
}

#define A60 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff"

/* Exactly LIMIT bytes are taken, one more isn't. */
static void test_limit(void **state) {
  (void)state;
  LINES(A60 "1234\n" A60 "1234", A60 "1234|" A60 "1234|");
  check(CM_STREAM_NDJSON, CM_STR("x\n" A60 "12345\ny\n"), CM_STR("x|"), CM_E_LIMIT);
  check(CM_STREAM_NDJSON, CM_STR("x\n" A60 "12345"), CM_STR("x|"), CM_E_LIMIT);
  check(CM_STREAM_SSE, CM_STR("data:x\n\ndata:" A60), CM_STR("x|"), CM_E_LIMIT);
}

/* An event of many lines counts as a whole. */
static void test_limit_of_events(void **state) {
  (void)state;
  cm_stream s;
  cm_buf out;
  cm_err e;
  cm_buf_init(&out, 4096);
  cm_stream_init(&s, CM_STREAM_SSE, LIMIT);
  for (int i = 0; i < 32; i++) /* 32 bytes and 31 line ends between them */
    assert_int_equal(cm_stream_push(&s, CM_STR("data: a\n"), note, &out, &e), CM_OK);
  assert_int_equal(cm_stream_push(&s, CM_STR("data\n"), note, &out, &e), CM_OK);
  assert_int_equal(cm_stream_push(&s, CM_STR("data\n"), note, &out, &e), CM_E_LIMIT);
  assert_non_null(strstr(e.msg, "64 bytes"));
  cm_stream_close(&s);
  cm_buf_close(&out);
}

static cm_code stop(void *user, cm_str text, cm_err *e) {
  (void)text;
  ++*(int *)user;
  return cm_fail(e, CM_E_CANCELLED, 0, "stop");
}

/* What `item` says ends the piece. */
static void test_item_fails(void **state) {
  (void)state;
  for (int kind = 0; kind < 2; kind++) {
    cm_stream s;
    cm_err e;
    int calls = 0;
    cm_stream_init(&s, kind ? CM_STREAM_SSE : CM_STREAM_NDJSON, LIMIT);
    const cm_str text = CM_STR("data: a\n\ndata: b\n\n");
    assert_int_equal(cm_stream_push(&s, text, stop, &calls, &e), CM_E_CANCELLED);
    assert_int_equal(calls, 1);
    assert_string_equal(e.msg, "stop");
    cm_stream_close(&s);
  }
}

/* Memory that runs out is no limit. */
static void test_no_memory(void **state) {
  (void)state;
  cm_stream s;
  cm_buf out;
  cm_buf_init(&out, 4096);
  cm_stream_init(&s, CM_STREAM_SSE, LIMIT);
  cm_mem_fail_nth(1);
  assert_int_equal(cm_stream_push(&s, CM_STR("data: a\n\n"), note, &out, NULL), CM_E_NOMEM);
  cm_mem_fail_nth(0);
  cm_stream_close(&s);
  cm_buf_close(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_whatwg),
                                     cmocka_unit_test(test_line_ends),
                                     cmocka_unit_test(test_fields),
                                     cmocka_unit_test(test_byte_order_mark),
                                     cmocka_unit_test(test_ends),
                                     cmocka_unit_test(test_limit),
                                     cmocka_unit_test(test_limit_of_events),
                                     cmocka_unit_test(test_item_fails),
                                     cmocka_unit_test(test_no_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
