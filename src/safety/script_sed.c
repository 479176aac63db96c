#include <string.h>

#include "safety/script.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static size_t skip_blanks(cm_str s, size_t i) {
  while (i < s.n && is_blank(s.p[i])) i++;
  return i;
}

static size_t skip_digits(cm_str s, size_t i) {
  while (i < s.n && (is_digit(s.p[i]) || s.p[i] == '~')) i++;
  return i;
}

/* Behind the next `d` that no backslash hides. */
static size_t skip_to(cm_str s, size_t i, char d) {
  for (; i < s.n && s.p[i] != d; i++) i += s.p[i] == '\\';
  return i < s.n ? i + 1 : s.n;
}

/* 1 1~2 $ +3 ~4 /re/I \%re%M */
static size_t skip_address(cm_str s, size_t i) {
  if (i >= s.n) return i;
  size_t begin = i;
  if (is_digit(s.p[i]) || s.p[i] == '+' || s.p[i] == '~') i = skip_digits(s, i + 1);
  else if (s.p[i] == '$') i++;
  else if (s.p[i] == '/') i = skip_to(s, i + 1, '/');
  else if (s.p[i] == '\\' && i + 1 < s.n) i = skip_to(s, i + 2, s.p[i + 1]);
  while (i > begin && i < s.n && (s.p[i] == 'I' || s.p[i] == 'M')) i++;
  return i;
}

/* To the command's letter: empty commands, addresses, '!'. */
static size_t skip_to_command(cm_str s, size_t i) {
  while (i < s.n && (is_blank(s.p[i]) || s.p[i] == '\n' || s.p[i] == ';')) i++;
  i = skip_blanks(s, skip_address(s, i));
  if (i < s.n && s.p[i] == ',') i = skip_blanks(s, skip_address(s, skip_blanks(s, i + 1)));
  while (i < s.n && (s.p[i] == '!' || is_blank(s.p[i]))) i++;
  return i;
}

/* The rest of the line, without blanks in front; *at moves behind it. */
static cm_str rest_of_line(cm_str s, size_t *at) {
  size_t begin = skip_blanks(s, *at), end = begin;
  while (end < s.n && s.p[end] != '\n') end++;
  *at = end;
  return (cm_str){s.p + begin, end - begin};
}

static bool give(cm_act *out, cm_act_kind kind, cm_str text) {
  *out = (cm_act){kind, text};
  return true;
}

/* s/a/b/flags: `e` runs the result, `w` writes it (what stands behind `e` reads like commands, so
 * that a `w` there is found too). *at is behind the 's', then behind what was read. */
static bool substitute(cm_str s, size_t *at, cm_act *out) {
  if (*at >= s.n) return false;
  char d = s.p[*at];
  *at = skip_to(s, skip_to(s, *at + 1, d), d);
  while (*at < s.n && s.p[*at] && (is_digit(s.p[*at]) || strchr("gpiImM", s.p[*at]))) ++*at;
  if (*at >= s.n || (s.p[*at] != 'w' && s.p[*at] != 'e')) return false;
  if (s.p[(*at)++] == 'e') return give(out, CM_ACT_INPUT, (cm_str){0});
  return give(out, CM_ACT_WRITE, rest_of_line(s, at));
}

/* Text of a, i and c: to a line's end without a backslash before it. */
static size_t skip_text(cm_str s, size_t i) { return skip_to(s, i, '\n'); }

static size_t skip_label(cm_str s, size_t i) {
  while (i < s.n && s.p[i] != '\n' && s.p[i] != ';') i++;
  return i;
}

/* What the command `c` does; *at is behind its letter. */
static bool read_command(cm_str s, char c, size_t *at, cm_act *out) {
  switch (c) {
    case 's': return substitute(s, at, out);
    case 'y':
      if (*at < s.n) *at = skip_to(s, skip_to(s, *at + 1, s.p[*at]), s.p[*at]);
      return false;
    case 'w':
    case 'W': return give(out, CM_ACT_WRITE, rest_of_line(s, at));
    case 'e':
    case 'r':
    case 'R':
    case '#': (void)rest_of_line(s, at); return false;
    case 'a':
    case 'i':
    case 'c': *at = skip_text(s, *at); return false;
    case ':':
    case 'b':
    case 't':
    case 'T': *at = skip_label(s, *at); return false;
    case 'l':
    case 'L':
    case 'q':
    case 'Q': *at = skip_digits(s, skip_blanks(s, *at)); return false;
    default: return false;
  }
}

bool cm_sed_next(cm_str script, size_t *at, cm_act *out) {
  while (*at < script.n) {
    *at = skip_to_command(script, *at);
    if (*at >= script.n) break;
    char c = script.p[(*at)++];
    if (read_command(script, c, at, out)) return true;
  }
  return false;
}
