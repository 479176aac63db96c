/* rooms: base data answer */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "answer/reply.h"
#include "base/os.h"

enum { ARENA = 4 << 20 };

/* --- the cases of tests/data/replies.txt --- */

typedef struct expected {
  bool command, refused, nothing, extra, odd, explained;
  cm_buf text, explanation;
} expected;

typedef struct reply_case {
  char name[100];
  cm_buf input;
  expected want;
} reply_case;

static unsigned hex_digit(char c) {
  assert_true((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Adds a line of a section; ⟦0d 0a⟧ are bytes. */
static void add_line(cm_buf *b, cm_str line, bool first) {
  static const char open[] = "⟦", close[] = "⟧";
  if (!first) cm_buf_putc(b, '\n');
  for (size_t i = 0; i < line.n;) {
    if (!cm_str_starts((cm_str){line.p + i, line.n - i}, CM_STR(open))) {
      cm_buf_putc(b, line.p[i++]);
      continue;
    }
    for (i += 3; !cm_str_starts((cm_str){line.p + i, line.n - i}, CM_STR(close));) {
      if (line.p[i] == ' ') i++;
      else cm_buf_putc(b, (char)(hex_digit(line.p[i]) << 4 | hex_digit(line.p[i + 1]))), i += 2;
    }
    i += 3;
  }
}

/* A "=> …" line; returns the buffer for the lines below it. */
static cm_buf *add_expectation(reply_case *c, cm_str line) {
  cm_str rest = {line.p + 3, line.n - 3};
  if (cm_str_starts(rest, CM_STR("explanation"))) {
    c->want.explained = true;
    return &c->want.explanation;
  }
  c->want.command = cm_str_starts(rest, CM_STR("command"));
  c->want.refused = cm_str_starts(rest, CM_STR("refused"));
  c->want.nothing = cm_str_starts(rest, CM_STR("nothing"));
  c->want.extra = cm_str_find(rest, CM_STR(" extra")) != SIZE_MAX;
  c->want.odd = cm_str_find(rest, CM_STR(" odd")) != SIZE_MAX;
  assert_true(c->want.command || c->want.refused || c->want.nothing);
  return &c->want.text;
}

static void open_case(reply_case *c, cm_str line) {
  *c = (reply_case){0};
  snprintf(c->name, sizeof c->name, "%.*s", (int)(line.n - 4), line.p + 4);
  cm_buf_init(&c->input, CM_REPLY_MAX);
  cm_buf_init(&c->want.text, CM_REPLY_MAX);
  cm_buf_init(&c->want.explanation, CM_REPLY_MAX);
}

static void close_case(reply_case *c) {
  cm_buf_close(&c->input);
  cm_buf_close(&c->want.text);
  cm_buf_close(&c->want.explanation);
}

/* Reads the next case off `rest`. */
static bool next_case(cm_str *rest, reply_case *c) {
  cm_str line;
  cm_buf *to = NULL;
  bool first = true;
  while (rest->n) {
    cm_str before = *rest;
    cm_str_line(rest, &line);
    if (cm_str_starts(line, CM_STR("=== "))) {
      if (to) {
        *rest = before;
        return true;
      }
      open_case(c, line);
      to = &c->input;
      first = true;
    } else if (to && cm_str_starts(line, CM_STR("=> "))) {
      to = add_expectation(c, line);
      first = true;
    } else if (to) {
      add_line(to, line, first);
      first = false;
    }
  }
  return to != NULL;
}

static cm_str bytes_of(const cm_buf *b) { return (cm_str){b->p ? b->p : "", b->n}; }

static bool is_same(const char *name, const char *what, cm_str got, cm_str want) {
  if (cm_str_eq(got, want)) return true;
  print_error("%s: %s\n  want [%.*s]\n  got  [%.*s]\n", name, what, (int)want.n, want.p,
              (int)got.n, got.p ? got.p : "");
  return false;
}

static bool is_flag(const char *name, const char *what, bool got, bool want) {
  if (got != want) print_error("%s: %s is %d\n", name, what, got);
  return got == want;
}

static bool run_case(const reply_case *c, cm_arena *a) {
  cm_reply r;
  cm_err e;
  cm_code code = cm_reply_parse(bytes_of(&c->input), a, &r, &e);
  bool ok = is_flag(c->name, "nothing", code == CM_E_NOTFOUND, c->want.nothing) &&
            is_flag(c->name, "refused", r.refused, c->want.refused);
  if (!ok) print_error("%s: command [%.*s]\n", c->name, (int)r.command.n, r.command.p);
  if (!ok || c->want.nothing) return ok;
  if (code) return is_flag(c->name, "code", (bool)code, false);
  if (c->want.refused)
    return is_same(c->name, "reason", r.reason, bytes_of(&c->want.text)) && r.command.n == 0;
  ok = is_same(c->name, "command", r.command, bytes_of(&c->want.text));
  ok = is_flag(c->name, "extra", r.extra, c->want.extra) && ok;
  ok = is_flag(c->name, "odd", r.odd_bytes, c->want.odd) && ok;
  if (c->want.explained)
    ok = is_same(c->name, "explanation", r.explanation, bytes_of(&c->want.explanation)) && ok;
  return ok;
}

static cm_buf read_cases(void) {
  cm_buf b;
  cm_err e;
  cm_buf_init(&b, 1 << 20);
  assert_int_equal(cm_os_read_file(CM_SOURCE_DIR "/tests/data/replies.txt", &b, &e), CM_OK);
  return b;
}

static void test_cases(void **state) {
  (void)state;
  cm_buf file = read_cases();
  cm_str rest = bytes_of(&file);
  reply_case c;
  unsigned n = 0, failed = 0;
  while (next_case(&rest, &c)) {
    cm_arena *a = cm_arena_open(ARENA);
    n++;
    if (!run_case(&c, a)) failed++;
    cm_arena_close(a);
    close_case(&c);
  }
  cm_buf_close(&file);
  print_message("%u replies, %u wrong\n", n, failed);
  assert_true(n >= 100);
  assert_int_equal(failed, 0);
}

/* Whatever the case, a reply that is cut anywhere is read without harm. */
static void test_prefixes(void **state) {
  (void)state;
  cm_buf file = read_cases();
  cm_str rest = bytes_of(&file);
  reply_case c;
  cm_arena *a = cm_arena_open(ARENA);
  while (next_case(&rest, &c)) {
    for (size_t n = 0; n <= c.input.n; n++) {
      cm_reply r;
      char *exact = cm_strdup_n(bytes_of(&c.input).p, n);
      cm_code code = cm_reply_parse((cm_str){exact, n}, a, &r, NULL);
      assert_true(code == CM_OK || code == CM_E_NOTFOUND);
      if (!code) assert_true(r.refused ? r.command.n == 0 : r.command.n > 0);
      cm_arena_reset(a);
      cm_free(exact);
    }
    close_case(&c);
  }
  cm_arena_close(a);
  cm_buf_close(&file);
}

/* --- limits and failures --- */

static cm_code parse_repeated(const char *head, const char *body, const char *tail, size_t size,
                              cm_reply *r) {
  static cm_arena *a;
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  cm_arena_close(a);
  a = cm_arena_open(ARENA);
  cm_buf_puts(&b, head);
  while (b.n + strlen(body) + strlen(tail) <= size) cm_buf_puts(&b, body);
  cm_buf_puts(&b, tail);
  cm_err e;
  cm_code code = cm_reply_parse(bytes_of(&b), a, r, &e);
  cm_buf_close(&b);
  if (size == 0) {
    cm_arena_close(a);
    a = NULL;
  }
  return code;
}

static void test_limits(void **state) {
  (void)state;
  cm_reply r;
  assert_int_equal(parse_repeated("echo ", "a", "", CM_REPLY_COMMAND_MAX, &r), CM_OK);
  assert_int_equal(r.command.n, CM_REPLY_COMMAND_MAX);
  assert_int_equal(parse_repeated("echo ", "a", "", CM_REPLY_COMMAND_MAX + 1, &r), CM_E_LIMIT);
  assert_int_equal(parse_repeated("ls\n", "\n", "", CM_REPLY_MAX, &r), CM_OK);
  assert_int_equal(parse_repeated("ls\n", "\n", "", CM_REPLY_MAX + 1, &r), CM_E_LIMIT);
  parse_repeated("", "x", "", 0, &r);
}

/* Shapes that cost a careless parser quadratic time: each takes a few milliseconds. */
static void test_time(void **state) {
  (void)state;
  static const char *const shapes[][3] = {
      {"", "`", ""},
      {"", "` ", ""},
      {"", "```\n", ""},
      {"", "```sh\n", ""},
      {"", "~~~~\n```\n", ""},
      {"", "{\"", ""},
      {"{\"a\":", "\"\\", ""},
      {"", "{\"a\":[", ""},
      {"", "a <<X\n\n", ""},
      {"", "ls $(\n\n", ""},
      {"", "ls '\n\n", ""},
      {"ls ", "(", ""},
      {"", "<think>", ""},
      {"", "</think", ""},
      {"", "<|im_end", ""},
      {"", "<|im_end|>", ""},
      {"", "\xC2\xA0'", ""},
      {"", "cd x\n", ""},
      {"", "$ cd x\n> \n", ""},
      {"", "1. ```\n", ""},
      {"", " ```sh\nls\n", ""},
      {"ls \"", "`", ""},
      {"", "run: ", ""},
      {"", "here's ", ""},
      {"", "a b\n", ""},
      {"", "ls -\n", ""},
      {"i can't ", "'", "`ls`"},
      {"{\"command\":\"", "\", ", ""},
  };
  uint64_t worst = 0;
  size_t slowest = 0;
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    cm_reply r;
    uint64_t begin = cm_os_now_ns();
    parse_repeated(shapes[i][0], shapes[i][1], shapes[i][2], CM_REPLY_MAX, &r);
    uint64_t took = cm_os_now_ns() - begin;
    if (took > worst) worst = took, slowest = i;
  }
  print_message("slowest shape %zu: %.1f ms\n", slowest, (double)worst / 1e6);
  assert_true(worst < 3000000000u); /* a sanitizer's build is slow; quadratic is minutes */
  cm_reply r;
  parse_repeated("", "x", "", 0, &r);
}

static void test_no_memory(void **state) {
  (void)state;
  cm_buf file = read_cases();
  cm_str rest = bytes_of(&file);
  reply_case c;
  while (next_case(&rest, &c)) {
    cm_reply r;
    cm_err e;
    size_t max = 0;
    cm_code code;
    do { /* an arena that grows until the reply fits */
      cm_arena *a = cm_arena_open(max);
      code = cm_reply_parse(bytes_of(&c.input), a, &r, &e);
      cm_arena_close(a);
      max += 16;
    } while (code == CM_E_NOMEM);
    assert_int_equal(code, c.want.nothing ? CM_E_NOTFOUND : CM_OK);
    close_case(&c);
  }
  cm_buf_close(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cases),     cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_limits),    cmocka_unit_test(test_time),
      cmocka_unit_test(test_no_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
