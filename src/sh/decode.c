#include "sh/decode.h"

#include <string.h>

static signed char base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return (signed char)(c - 'A');
  if (c >= 'a' && c <= 'z') return (signed char)(c - 'a' + 26);
  if (c >= '0' && c <= '9') return (signed char)(c - '0' + 52);
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static signed char base32_digit(char c) {
  if (c >= 'A' && c <= 'Z') return (signed char)(c - 'A');
  return c >= '2' && c <= '7' ? (signed char)(c - '2' + 26) : -1;
}

/* Groups of `bits` bits a digit. What is in front of a wrong byte has been printed already. */
static bool decode_digits(cm_arena *a, cm_str in, signed char (*digit)(char), unsigned bits,
                          bool garbage, cm_str *out) {
  char *p = cm_arena_alloc(a, in.n * bits / 8 + 1, 1);
  size_t n = 0;
  uint32_t acc = 0;
  unsigned have = 0;
  if (!p) return false;
  for (size_t i = 0; i < in.n; i++) {
    signed char v = digit(in.p[i]);
    if (in.p[i] == '=') {
      have = 0;
      continue;
    }
    if (v < 0 && (garbage || in.p[i] == '\n' || in.p[i] == '\r')) continue;
    if (v < 0) break;
    acc = (acc << bits) | (uint32_t)(unsigned char)v;
    have += bits;
    if (have >= 8) p[n++] = (char)(acc >> (have -= 8) & 0xFFu);
  }
  *out = (cm_str){p, n};
  return true;
}

bool cm_decode_base64(cm_arena *a, cm_str in, bool garbage, cm_str *out) {
  return decode_digits(a, in, base64_digit, 6, garbage, out);
}

bool cm_decode_base32(cm_arena *a, cm_str in, bool garbage, cm_str *out) {
  return decode_digits(a, in, base32_digit, 5, garbage, out);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c |= 32;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t hex_pairs(cm_str in, char *p) {
  size_t n = 0;
  int high = -1;
  for (size_t i = 0; i < in.n; i++) {
    int v = hex_digit(in.p[i]);
    if (v < 0) continue;
    if (high < 0) high = v;
    else p[n++] = (char)(high << 4 | v), high = -1;
  }
  return n;
}

bool cm_decode_hex(cm_arena *a, cm_str in, cm_str *out) {
  char *p = cm_arena_alloc(a, in.n / 2 + 1, 1);
  if (p) *out = (cm_str){p, hex_pairs(in, p)};
  return p != NULL;
}

bool cm_decode_hexdump(cm_arena *a, cm_str in, cm_str *out) {
  char *p = cm_arena_alloc(a, in.n / 2 + 1, 1);
  cm_str line;
  size_t n = 0;
  if (!p) return false;
  while (cm_str_line(&in, &line)) {
    const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
    if (!colon) continue;
    cm_str hex = {colon + 1, line.n - (size_t)(colon + 1 - line.p)};
    if (hex.n && hex.p[0] == ' ') hex.p++, hex.n--;
    size_t end = cm_str_find(hex, CM_STR("  "));
    if (end != SIZE_MAX) hex.n = end;
    n += hex_pairs(hex, p + n);
  }
  *out = (cm_str){p, n};
  return true;
}

/* --- escapes --- */

/* Up to `most` digits of the base; *len counts them. */
static uint32_t digits(cm_str s, int base, size_t most, size_t *len) {
  uint32_t v = 0;
  for (*len = 0; *len < most && *len < s.n; ++*len) {
    int d = hex_digit(s.p[*len]);
    if (d < 0 || d >= base) break;
    v = v * (uint32_t)base + (uint32_t)d;
  }
  return v;
}

static char named_escape(char c) {
  static const char names[] = "abefnrtv\\\"'E", values[] = "\a\b\033\f\n\r\t\v\\\"'\033";
  const char *at = c ? strchr(names, c) : NULL;
  return at ? values[at - names] : 0;
}

/* The escape behind a backslash at s.p[0]; returns how much of `s` it is, and 0: none. */
static size_t escape(cm_str s, bool echo, char *out, size_t *n) {
  size_t len;
  char c = s.p[0];
  *n = 1;
  if (c == 'x' || c == 'u' || c == 'U') {
    uint32_t v = digits((cm_str){s.p + 1, s.n - 1}, 16, c == 'x' ? 2 : c == 'u' ? 4 : 8, &len);
    if (!len) return 0;
    if (c == 'x') *out = (char)v;
    else if (v <= 0x10FFFF) *n = cm_utf8_put(v, out);
    return len + 1;
  }
  if (c >= '0' && c <= '7') {
    bool zero = c == '0' && s.n > 1;
    if (echo && c != '0') return 0; /* echo wants \0NNN */
    cm_str rest = zero ? (cm_str){s.p + 1, s.n - 1} : s;
    *out = (char)digits(rest, 8, zero && !echo ? 2 : 3, &len);
    return len + zero;
  }
  *out = named_escape(c);
  return *out ? 1 : 0;
}

bool cm_decode_escapes(cm_arena *a, cm_str in, bool echo, cm_str *out, bool *ended) {
  *ended = false;
  *out = in;
  if (!in.n || !memchr(in.p, '\\', in.n)) return true;
  char *p = cm_arena_alloc(a, in.n + 4, 1);
  size_t n = 0;
  if (!p) return false;
  for (size_t i = 0; i < in.n;) {
    size_t put = 0, len = 0;
    if (in.p[i] == '\\' && i + 1 < in.n) {
      if (in.p[i + 1] == 'c') {
        *ended = true;
        break;
      }
      len = escape((cm_str){in.p + i + 1, in.n - i - 1}, echo, p + n, &put);
    }
    if (len) n += put, i += len + 1;
    else p[n++] = in.p[i++];
  }
  *out = (cm_str){p, n};
  return true;
}

/* --- lines --- */

/* The next line with its newline. */
static cm_str whole_line(cm_str *rest) {
  const char *nl = memchr(rest->p, '\n', rest->n);
  size_t n = nl ? (size_t)(nl - rest->p) + 1 : rest->n;
  cm_str line = {rest->p, n};
  rest->p += n;
  rest->n -= n;
  return line;
}

static size_t line_text(cm_str line) {
  return line.n && line.p[line.n - 1] == '\n' ? line.n - 1 : line.n;
}

bool cm_filter_rev(cm_arena *a, cm_str in, cm_str *out) {
  char *p = cm_arena_alloc(a, in.n + 1, 1);
  size_t n = 0;
  if (!p) return false;
  while (in.n) {
    cm_str line = whole_line(&in);
    size_t text = line_text(line), end = n + text;
    for (size_t i = 0; i < text;) {
      uint32_t cp;
      size_t len = cm_utf8_next(line.p + i, text - i, &cp);
      end -= len;
      memcpy(p + end, line.p + i, len);
      i += len;
    }
    n += text;
    if (line.n > text) p[n++] = '\n';
  }
  *out = (cm_str){p, n};
  return true;
}

bool cm_filter_tac(cm_arena *a, cm_str in, cm_str *out) {
  char *p = cm_arena_alloc(a, in.n + 1, 1);
  size_t end = in.n;
  *out = (cm_str){p, in.n};
  while (p && in.n) {
    cm_str line = whole_line(&in);
    end -= line.n;
    memcpy(p + end, line.p, line.n);
  }
  return p != NULL;
}

cm_str cm_filter_ends(cm_str in, size_t n, bool lines, bool last) {
  if (!lines) {
    if (n >= in.n) return in;
    return last ? (cm_str){in.p + in.n - n, n} : (cm_str){in.p, n};
  }
  size_t count = 0, skip;
  for (cm_str rest = in; rest.n; count++) (void)whole_line(&rest);
  skip = last && count > n ? count - n : 0;
  cm_str rest = in;
  for (size_t i = 0; i < skip; i++) (void)whole_line(&rest);
  cm_str from = rest;
  for (size_t i = 0; i < n && rest.n; i++) (void)whole_line(&rest);
  return (cm_str){from.p, from.n - rest.n};
}

/* --- cut --- */

/* Whether the list "1,3-5,7-" has position i (from 1). */
static bool in_list(cm_str list, size_t i, bool *valid) {
  while (list.n) {
    const char *comma = memchr(list.p, ',', list.n);
    size_t n = comma ? (size_t)(comma - list.p) : list.n;
    const char *dash = memchr(list.p, '-', n);
    cm_str from = {list.p, dash ? (size_t)(dash - list.p) : n};
    cm_str to = dash ? (cm_str){dash + 1, n - from.n - 1} : from;
    uint64_t low = 1, high = UINT64_MAX;
    if (from.n && !cm_str_u64(from, 1, UINT32_MAX, &low)) return *valid = false;
    if (to.n && !cm_str_u64(to, 1, UINT32_MAX, &high)) return *valid = false;
    if (i >= low && i <= high) return true;
    list.p += n + (comma != NULL);
    list.n -= n + (comma != NULL);
  }
  return false;
}

static size_t cut_fields(cm_str line, cm_str list, char delimiter, char *p, bool *valid) {
  size_t n = 0, field = 1, kept = 0;
  if (!line.n || !memchr(line.p, delimiter, line.n)) return memcpy(p, line.p, line.n), line.n;
  for (size_t i = 0; i <= line.n; field++) {
    const char *end = i < line.n ? memchr(line.p + i, delimiter, line.n - i) : NULL;
    size_t len = (end ? (size_t)(end - line.p) : line.n) - i;
    if (in_list(list, field, valid)) {
      if (kept++) p[n++] = delimiter;
      memcpy(p + n, line.p + i, len);
      n += len;
    }
    i += len + 1;
  }
  return n;
}

bool cm_filter_cut(cm_arena *a, cm_str in, cm_str list, char delimiter, bool fields, cm_str *out) {
  char *p = cm_arena_alloc(a, in.n + 1, 1);
  size_t n = 0;
  bool valid = list.n > 0 && list.n <= 64;
  while (p && valid && in.n) {
    cm_str line = whole_line(&in);
    size_t text = line_text(line);
    if (fields) n += cut_fields((cm_str){line.p, text}, list, delimiter, p + n, &valid);
    for (size_t i = 0; !fields && i < text; i++)
      if (in_list(list, i + 1, &valid)) p[n++] = line.p[i];
    if (line.n > text) p[n++] = '\n';
  }
  *out = (cm_str){p, n};
  return p && valid;
}
