/* rooms: answer data */
/* literals: placeholders for the training of the embedded model, by the code that the program uses
 * (src/answer/literal.h). Reads one JSON object a line and answers each with one:
 *
 *   {"request": R}                           {"request": R with placeholders}
 *   {"request": R, "reply": A}               {"command": A restored, or null}
 *   {"request": R, "command": C, "bare": B}  {"request": …, "command": C with placeholders or
 *                                             null, "unused": literals that C does not hold}
 *
 * B is C before its values were quoted. C gets placeholders only if restoring gives back exactly
 * C. */
#include <stdio.h>
#include <string.h>

#include "answer/literal.h"
#include "data/json.h"

enum { LINE_MAX_BYTES = 1 << 20, ARENA_BYTES = 16 << 20 };

static bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
         (unsigned char)c >= 0x80;
}

/* Whether s.p[at, at + n) stands alone there: "old" in "mv old.txt", not in "fold" or "--old". */
static bool stands_alone(cm_str s, size_t at, size_t n) {
  char before = at ? s.p[at - 1] : ' ', after = at + n < s.n ? s.p[at + n] : ' ';
  if (is_word(s.p[at]) && (is_word(before) || before == '-')) return false;
  if (after == '-') after = at + n + 1 < s.n ? s.p[at + n + 1] : ' ';
  return !is_word(s.p[at + n - 1]) || !is_word(after);
}

/* The same, and a part of a longer name: "old" in old.txt, /old, old@host. */
static bool stands_in_name(cm_str s, size_t at, size_t n) {
  char before = at ? s.p[at - 1] : ' ', after = at + n < s.n ? s.p[at + n] : ' ';
  return strchr("/.@:", before) || strchr("/.@:*_-", after);
}

/* Whether the word at s.p[at] is where a shell expects a command. */
static bool is_command(cm_str s, size_t at) {
  while (at > 0 && s.p[at - 1] == ' ') at--;
  return at == 0 || strchr("|&;(", s.p[at - 1]) ||
         (at >= 4 && memcmp(s.p + at - 4, "sudo", 4) == 0);
}

/* Whether literal i, seen at s.p[at] of a command, is the user's and not the template's: a stem
 * alone is not, if the request has that word elsewhere, or where a command is expected ("sort
 * sort.txt"). */
static bool is_users(const cm_literals *l, size_t i, cm_str s, size_t at) {
  cm_str item = l->items[i];
  if (!stands_alone(s, at, item.n)) return false;
  if (stands_in_name(s, at, item.n)) return true;
  bool named = false;
  for (size_t k = 0; k + item.n <= l->text.n; k++) {
    if (memcmp(l->text.p + k, item.p, item.n) == 0 && stands_alone(l->text, k, item.n))
      return false;
    named |= cm_placeholder_at((cm_str){l->text.p + k, l->text.n - k}) == (int)i &&
             stands_in_name(l->text, k, CM_PLACEHOLDER_BYTES);
  }
  return !named || !is_command(s, at);
}

/* The longest literal that the command holds at `at`; SIZE_MAX without one. */
static size_t literal_at(const cm_literals *l, cm_str s, size_t at) {
  size_t best = SIZE_MAX;
  for (size_t i = 0; i < l->n; i++) {
    cm_str item = l->items[i];
    if (item.n > s.n - at || memcmp(s.p + at, item.p, item.n) != 0) continue;
    if (best != SIZE_MAX && item.n <= l->items[best].n) continue;
    if (is_users(l, i, s, at)) best = i;
  }
  return best;
}

/* The command with placeholders, in `out`; `used` receives a bit for each literal. */
static void abstract(const cm_literals *l, cm_str command, cm_buf *out, unsigned *used) {
  cm_buf_reset(out);
  *used = 0;
  for (size_t at = 0; at < command.n;) {
    size_t i = literal_at(l, command, at);
    if (i == SIZE_MAX) {
      cm_buf_putc(out, command.p[at++]);
      continue;
    }
    char mark[4];
    cm_buf_add(out, mark, cm_utf8_put(CM_PLACEHOLDER_FIRST + (uint32_t)i, mark));
    *used |= 1u << i;
    at += l->items[i].n;
  }
}

static bool gives_back(const cm_literals *l, cm_str form, cm_str command, cm_arena *a) {
  cm_str restored;
  cm_err e;
  return !cm_literals_restore(l, form, a, &restored, &e) && cm_str_eq(restored, command);
}

static void put_pair(cm_jw *w, const cm_literals *l, cm_str command, cm_str bare, cm_arena *a) {
  cm_buf form;
  unsigned used;
  cm_buf_init(&form, LINE_MAX_BYTES);
  abstract(l, bare, &form, &used);
  bool good = gives_back(l, (cm_str){form.p, form.n}, command, a);
  if (!good) {
    abstract(l, command, &form, &used);
    good = gives_back(l, (cm_str){form.p, form.n}, command, a);
  }
  cm_jw_key(w, "command");
  if (good) cm_jw_str(w, (cm_str){form.p, form.n});
  else cm_jw_null(w);
  cm_jw_key(w, "unused");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < l->n; i++)
    if (!(used & 1u << i)) cm_jw_str(w, l->items[i]);
  cm_jw_end_array(w);
  cm_buf_close(&form);
}

static cm_code answer(const cm_json *question, cm_buf *out, cm_arena *a, cm_err *e) {
  cm_str request, reply, command, bare, restored;
  cm_literals l;
  cm_jw w;
  if (!cm_json_str(cm_json_get(question, "request"), &request))
    return cm_fail(e, CM_E_FORMAT, 0, "a line without \"request\"");
  cm_code code = cm_literals_hide(request, CM_LITERALS_MAX, a, &l, e);
  if (code) return code;
  cm_jw_init(&w, out, 0);
  cm_jw_begin_object(&w);
  if (cm_json_str(cm_json_get(question, "reply"), &reply)) {
    cm_jw_key(&w, "command");
    if (cm_literals_restore(&l, reply, a, &restored, e)) cm_jw_null(&w);
    else cm_jw_str(&w, restored);
  } else {
    cm_jw_key(&w, "request");
    cm_jw_str(&w, l.text);
    if (cm_json_str(cm_json_get(question, "command"), &command)) {
      if (!cm_json_str(cm_json_get(question, "bare"), &bare)) bare = command;
      put_pair(&w, &l, command, bare, a);
    }
  }
  cm_jw_end_object(&w);
  return cm_jw_done(&w) ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "no memory for an answer");
}

static cm_code answer_line(const char *line, size_t n, cm_buf *out, cm_arena *a, cm_err *e) {
  cm_json *question;
  cm_code code = cm_json_parse((cm_str){line, n}, CM_JSON_LIMITS, &question, e);
  if (code) return code;
  cm_arena_reset(a);
  cm_buf_reset(out);
  code = answer(question, out, a, e);
  cm_json_free(question);
  return code;
}

int main(void) {
  static char line[LINE_MAX_BYTES];
  cm_arena *a = cm_arena_open(ARENA_BYTES);
  cm_buf out;
  cm_err e = {0};
  cm_code code = a ? CM_OK : CM_E_NOMEM;
  cm_buf_init(&out, 4 * LINE_MAX_BYTES);
  while (!code && fgets(line, sizeof line, stdin)) {
    code = answer_line(line, strlen(line), &out, a, &e);
    if (!code && (puts(out.p) < 0 || fflush(stdout))) code = CM_E_WRITE;
  }
  cm_buf_close(&out);
  cm_arena_close(a);
  if (code) fprintf(stderr, "literals: %s\n", e.msg);
  return code ? 1 : 0;
}
