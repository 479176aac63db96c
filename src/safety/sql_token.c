#include "safety/sql_token.h"

#include <string.h>

#include "sh/resolve.h"

static void skip(cm_str *s, size_t n) {
  if (n > s->n) n = s->n;
  s->p += n;
  s->n -= n;
}

static char at(cm_str s, size_t i) { return i < s.n ? s.p[i] : '\0'; }
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }
static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_name(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) || c == '_' ||
         (unsigned char)c >= 128;
}

static size_t line_length(cm_str s) {
  const char *end = memchr(s.p, '\n', s.n);
  return end ? (size_t)(end - s.p) : s.n;
}

/* The length of the opening of a comment that MySQL runs after all. */
static size_t run_comment(cm_str s) {
  size_t i = lower(at(s, 2)) == 'm' ? 3 : 2;
  if (at(s, i++) != '!') return 0;
  while (is_digit(at(s, i))) i++;
  return i;
}

static size_t block_length(cm_str s, bool nests) {
  size_t i = 2, depth = 1;
  for (; i < s.n && depth; i++) {
    if (nests && s.p[i] == '/' && at(s, i + 1) == '*') depth++, i++;
    else if (s.p[i] == '*' && at(s, i + 1) == '/') depth--, i++;
  }
  return i;
}

/* The length of a comment that starts here, 0 if none does. */
static size_t comment_length(cm_str s, unsigned dialect) {
  bool mysql = dialect & CM_SQL_MYSQL;
  if (at(s, 0) == '-' && at(s, 1) == '-' && (!mysql || s.n == 2 || is_space(at(s, 2))))
    return line_length(s);
  if (mysql && at(s, 0) == '#') return line_length(s);
  if (at(s, 0) == '/' && at(s, 1) == '*') {
    size_t n = mysql ? run_comment(s) : 0;
    return n ? n : block_length(s, dialect & CM_SQL_NESTS);
  }
  return mysql && at(s, 0) == '*' && at(s, 1) == '/' ? 2 : 0; /* the end of one that is run */
}

static void skip_blanks(cm_str *rest, unsigned dialect) {
  for (;;) {
    size_t n = comment_length(*rest, dialect);
    if (!n && rest->n && is_space(rest->p[0])) n = 1;
    if (!n) return;
    skip(rest, n);
  }
}

/* '…' with '' or \' inside. */
static cm_str take_quoted(cm_str *rest, bool escapes) {
  char end = rest->p[0];
  size_t i = 1;
  for (; i < rest->n; i++) {
    if (escapes && rest->p[i] == '\\') i++;
    else if (rest->p[i] == end && at(*rest, i + 1) == end) i++;
    else if (rest->p[i] == end) break;
  }
  if (i > rest->n) i = rest->n;
  cm_str text = {rest->p + 1, i - 1};
  skip(rest, i + 1);
  return text;
}

/* $tag$…$tag$; false: not one. */
static bool take_dollars(cm_str *rest, cm_str *text) {
  size_t n = 1;
  while (is_name(at(*rest, n))) n++;
  if (at(*rest, n) != '$' || is_digit(at(*rest, 1))) return false;
  cm_str tag = {rest->p, n + 1}, body = {rest->p + n + 1, rest->n - n - 1};
  size_t end = cm_str_find(body, tag);
  if (end > body.n) end = body.n;
  *text = (cm_str){body.p, end};
  skip(rest, n + 1 + end + tag.n);
  return true;
}

static cm_sql_token take_run(cm_str *rest, cm_sql_type type) {
  size_t n = 0;
  while (is_name(at(*rest, n)) || (type == CM_SQL_NUMBER && at(*rest, n) == '.')) n++;
  cm_sql_token t = {type, {rest->p, n}, false};
  skip(rest, n);
  return t;
}

static cm_sql_token take_client(cm_str *rest) {
  skip(rest, 1);
  cm_sql_token t = {CM_SQL_CLIENT, {rest->p, line_length(*rest)}, false};
  skip(rest, t.text.n);
  return t;
}

static bool is_letter(char c) { return is_name(c) && !is_digit(c); }

static cm_sql_token string_of(cm_str text) { return (cm_sql_token){CM_SQL_STRING, text, false}; }

/* E'…' of PostgreSQL has escapes. */
static bool is_escaped(cm_str rest) { return lower(at(rest, 0)) == 'e' && at(rest, 1) == '\''; }

cm_sql_token cm_sql_take(cm_str *rest, unsigned dialect, bool start) {
  bool mysql = dialect & CM_SQL_MYSQL;
  cm_str text;
  skip_blanks(rest, dialect);
  if (!rest->n) return (cm_sql_token){CM_SQL_END, {0}, false};
  if (is_escaped(*rest)) {
    skip(rest, 1);
    return string_of(take_quoted(rest, true));
  }
  char c = rest->p[0];
  if (c == '\'') return string_of(take_quoted(rest, mysql));
  if (c == '"' || c == '`') return (cm_sql_token){CM_SQL_WORD, take_quoted(rest, mysql), true};
  if (c == '$' && take_dollars(rest, &text)) return string_of(text);
  if (c == '\\' || (c == '.' && start && is_letter(at(*rest, 1)))) return take_client(rest);
  if (is_digit(c)) return take_run(rest, CM_SQL_NUMBER);
  if (is_name(c)) return take_run(rest, CM_SQL_WORD);
  text = (cm_str){rest->p, 1};
  skip(rest, 1);
  return (cm_sql_token){c == CM_HOLE ? CM_SQL_HIDDEN : CM_SQL_SIGN, text, false};
}

static bool same(cm_str word, const char *keyword, size_t n) {
  if (word.n != n) return false;
  for (size_t i = 0; i < n; i++)
    if (lower(word.p[i]) != keyword[i]) return false;
  return true;
}

bool cm_sql_is(const cm_sql_token *t, const char *keywords) {
  if ((t->type != CM_SQL_WORD && t->type != CM_SQL_SIGN) || t->quoted) return false;
  for (const char *k = keywords;; k++) {
    size_t n = strcspn(k, "|");
    if (same(t->text, k, n)) return true;
    k += n;
    if (!*k) return false;
  }
}
