#include <string.h>

#include "safety/script.h"

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static bool is_word(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char peek(const cm_awk *w, size_t ahead) {
  return w->at + ahead < w->script.n ? w->script.p[w->at + ahead] : 0;
}

/* Behind a string or an expression in slashes, whose first character is at w->at. */
static void skip_quoted(cm_awk *w) {
  char q = peek(w, 0);
  for (w->at++; w->at < w->script.n && peek(w, 0) != q; w->at++) w->at += peek(w, 0) == '\\';
  if (w->at < w->script.n) w->at++;
  else w->at = w->script.n;
}

static void skip_space(cm_awk *w) {
  while (is_space(peek(w, 0)) || (peek(w, 0) == '\\' && peek(w, 1) == '\n'))
    w->at += peek(w, 0) == '\\' ? 2 : 1;
}

static cm_str read_word(cm_awk *w) {
  size_t begin = w->at;
  while (is_word(peek(w, 0))) w->at++;
  return (cm_str){w->script.p + begin, w->at - begin};
}

/* --- expressions ----------------------------------------------------------------------------- */

static char unescaped(char c) {
  static const char pairs[] = "n\nt\tr\ra\ab\bf\fv\v";
  const char *found = c ? strchr(pairs, c) : NULL;
  return found && (found - pairs) % 2 == 0 ? found[1] : c;
}

/* Puts the text of the string at w->at behind the `n` bytes of `out`, if there is one (NULL:
 * counts only). */
static size_t add_string(cm_awk *w, char *out, size_t n) {
  size_t i = w->at + 1;
  skip_quoted(w);
  for (; i + 1 < w->at; i++) {
    bool escaped = w->script.p[i] == '\\' && i + 2 < w->at;
    i += escaped;
    if (out) out[n] = escaped ? unescaped(w->script.p[i]) : w->script.p[i];
    n++;
  }
  return n;
}

/* Where an expression ends, outside all parentheses. */
static bool ends_expression(const cm_awk *w, size_t depth) {
  char c = peek(w, 0);
  if (c == ';' || c == '}' || c == '{' || c == '\n' || c == '#') return true;
  return depth == 0 && (c == ')' || c == ',' || c == '|' || c == '>' || c == '&' || c == '?');
}

/* The text of the expression at w->at: its strings, and a hole for whatever else is in it. Its
 * length comes back; NULL counts only. */
static size_t add_expression(cm_awk *w, char *out) {
  size_t end = w->script.n;
  size_t n = 0, depth = 0;
  for (bool hole = false; w->at < end && !ends_expression(w, depth);) {
    char c = peek(w, 0);
    if (c == '"') {
      n = add_string(w, out, n);
      hole = false;
      continue;
    }
    w->at++;
    if (c == '(') depth++;
    if (c == ')') depth--;
    if (hole || is_space(c) || c == '(' || c == ')') continue;
    if (out) out[n] = CM_HOLE;
    n++;
    hole = true;
  }
  return n;
}

static bool read_expression(cm_awk *w, cm_str *out) {
  size_t begin = w->at, n = add_expression(w, NULL);
  char *text = cm_arena_alloc(w->arena, n + 1, 1);
  w->no_memory |= !text;
  if (!text) return false;
  w->at = begin;
  *out = (cm_str){text, add_expression(w, text)};
  return true;
}

/* --- statements ------------------------------------------------------------------------------ */

static bool give(cm_awk *w, cm_act *out, cm_act_kind kind) {
  *out = (cm_act){.kind = kind};
  return read_expression(w, &out->text);
}

/* print | "cmd", print |& "cmd". "cmd" | getline feeds nothing. */
static bool read_pipe(cm_awk *w, cm_act *out) {
  w->at++;
  if (peek(w, 0) == '&') w->at++;
  skip_space(w);
  size_t behind = w->at;
  if (cm_str_is(read_word(w), "getline")) return false;
  w->at = behind;
  return give(w, out, CM_ACT_FEED);
}

/* print > "file", >> "file". A '>' elsewhere compares. */
static bool read_write(cm_awk *w, cm_act *out) {
  bool append = peek(w, 1) == '>';
  w->at += append ? 2 : 1;
  return give(w, out, append ? CM_ACT_APPEND : CM_ACT_WRITE);
}

/* A word: system(…) is an act; print starts a statement that may write. */
static bool read_name(cm_awk *w, cm_act *out) {
  cm_str word = read_word(w);
  bool print = cm_str_is(word, "print") || cm_str_is(word, "printf");
  if (print) w->print = w->depth + 1;
  w->operand = !print;
  if (!cm_str_is(word, "system")) return false;
  skip_space(w);
  if (peek(w, 0) != '(') return false;
  w->at++;
  return give(w, out, CM_ACT_RUN);
}

static bool read_string(cm_awk *w, cm_act *out) {
  cm_str rest = {w->script.p + w->at + 1, w->script.n - w->at - 1};
  skip_quoted(w);
  w->operand = true;
  *out = (cm_act){.kind = CM_ACT_CONNECT};
  return cm_str_starts(rest, CM_STR("/inet"));
}

/* Parentheses, ends of statements, operators. */
static void read_mark(cm_awk *w, char c) {
  if (c == '(') w->depth++;
  if (c == ')' && w->depth) w->depth--;
  if (c == ';' || c == '{' || c == '}' || c == '\n') w->print = 0;
  w->operand = c == ')' || c == ']' || c == '$' || (w->operand && is_space(c));
  w->at++;
}

static void skip_comment(cm_awk *w) {
  while (w->at < w->script.n && peek(w, 0) != '\n') w->at++;
}

bool cm_awk_next(cm_awk *w, cm_act *out) {
  while (w->at < w->script.n) {
    char c = peek(w, 0);
    if (c == '"') {
      if (read_string(w, out)) return true;
    } else if (c == '#') {
      skip_comment(w);
    } else if (c == '/' && !w->operand) {
      skip_quoted(w);
    } else if (c == '|' && peek(w, 1) == '|') {
      w->at += 2;
    } else if (c == '|') {
      if (read_pipe(w, out)) return true;
    } else if (c == '>' && w->print == w->depth + 1) {
      if (read_write(w, out)) return true;
    } else if (is_word(c)) {
      if (read_name(w, out)) return true;
    } else {
      read_mark(w, c);
    }
  }
  return false;
}
