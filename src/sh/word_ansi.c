#include <string.h>

#include "sh/parse.h"

static int digit(int c, int base) {
  int d = c >= '0' && c <= '9'   ? c - '0'
          : c >= 'a' && c <= 'f' ? c - 'a' + 10
          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                 : 99;
  return d < base ? d : -1;
}

/* Up to `max` digits at *i. */
static uint32_t number(const char *s, uint32_t n, uint32_t *i, int base, int max) {
  uint32_t value = 0;
  for (int d; max-- > 0 && *i < n && (d = digit((unsigned char)s[*i], base)) >= 0; ++*i)
    value = value * (uint32_t)base + (uint32_t)d;
  return value;
}

/* \x \u \U, behind the letter: false if there is no digit. */
static bool code(const char *s, uint32_t n, uint32_t *i, char letter, char *out, size_t *len) {
  const uint32_t start = *i;
  const uint32_t value = number(s, n, i, 16, letter == 'x' ? 2 : letter == 'u' ? 4 : 8);
  if (*i == start) return false;
  if (letter == 'x' || value > 0x10FFFF) out[(*len)++] = (char)value;
  else *len += cm_utf8_put(value, out + *len);
  return true;
}

/* One escape, behind the backslash. */
static void escape(const char *s, uint32_t n, uint32_t *i, char *out, size_t *len) {
  static const char letters[] = "abeEfnrtv\\'\"?", meant[] = "\a\b\x1b\x1b\f\n\r\t\v\\'\"?";
  const char c = s[*i];
  const char *known = strchr(letters, c);
  if (known) {
    out[(*len)++] = meant[known - letters];
    ++*i;
  } else if (digit(c, 8) >= 0) {
    out[(*len)++] = (char)number(s, n, i, 8, 3);
  } else if (c == 'c' && *i + 1 < n) {
    const char of = s[*i + 1];
    out[(*len)++] = (char)(of == '?' ? 0x7f : of & 0x1f);
    *i += 2;
    if (of == '\\' && *i < n && s[*i] == '\\') ++*i;
  } else {
    ++*i;
    if (strchr("xuU", c) && code(s, n, i, c, out, len)) return;
    out[(*len)++] = '\\';
    out[(*len)++] = c;
  }
}

static cm_str decode(cm_parser *p, const char *s, uint32_t n) {
  char *out = cm_sh_bytes(p, n + 4, 1);
  size_t len = 0;
  if (!out) return (cm_str){"", 0};
  for (uint32_t i = 0; i < n;) {
    if (s[i] != '\\' || i + 1 == n) {
      out[len++] = s[i++];
      continue;
    }
    const size_t before = len;
    i++;
    escape(s, n, &i, out, &len);
    if (len == before + 1 && !out[before]) return (cm_str){out, before}; /* bash ends it at NUL */
  }
  return (cm_str){out, len};
}

void cm_sh_ansi(cm_parser *p, cm_wordb *b) {
  const bool quoted = b->quoted;
  const uint32_t start = p->pos;
  uint32_t end = start;
  bool escapes = false;
  for (; end < p->limit && p->s[end] != '\''; end++)
    if (p->s[end] == '\\') escapes = true, end++;
  if (end >= p->limit) {
    cm_sh_fail(p, start - 1, "nothing closes", CM_STR("'"));
    return;
  }
  const cm_str raw = cm_sh_slice(p, start, end),
               text = escapes ? decode(p, raw.p, end - start) : raw;
  b->quoted = true;
  cm_wordb_text(p, b, text.p, text.n, p->pos = end + 1);
  cm_wordb_close(p, b);
  b->quoted = quoted;
}
