#include "answer/literal.h"

#include <string.h>
#include <strings.h>

enum { QUOTED_MAX = 1000, EXTENSION_MAX = 8, DOT_NAME_MAX = 5 };

/* Words that look like names but are ordinary speech, or are changed on their way into a command
 * ("JavaScript files" are *.js). */
static const char ordinary[] =
    "and/or input/output read/write true/false yes/no on/off tcp/ip tcp/udp gnu/linux e.g "
    "i.e a.k.a node.js vue.js next.js asp.net utf-8 utf-16 utf-32 sha-1 sha-256 sha-512 "
    "iso-8601 iso-8859-1 rfc-3339 x86-64 x86_64 top-3 top-5 top-10 ipv-4 ipv-6 javascript "
    "typescript github gitlab bitbucket mysql postgresql mariadb mongodb openssl openssh "
    "openvpn macos iphone youtube linkedin libreoffice openoffice powershell imagemagick "
    "virtualbox coffeescript wordpress latex freebsd openbsd latin-1 upper/lower "
    "node_modules package.json docker-compose.yml compose.yml sources.list requirements.txt "
    "modulenotfounderror yyyymmdd_hhmmss ";

typedef struct hide {
  cm_literals *out;
  size_t max;
  cm_buf b;
} hide;

/* --- bytes --- */

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_alnum(char c) { return is_digit(c) || is_upper(c) || is_lower(c); }
static bool is_one_of(char c, const char *set) { return c && strchr(set, c); }

static cm_str from(cm_str s, size_t at) { return (cm_str){s.p + at, s.n - at}; }
static cm_str upto(cm_str s, size_t n) { return (cm_str){s.p, n}; }

static bool holds(cm_str s, char c) { return s.n && memchr(s.p, c, s.n); }

static bool holds_any(cm_str s, const char *set) {
  for (size_t i = 0; i < s.n; i++)
    if (is_one_of(s.p[i], set)) return true;
  return false;
}

static bool holds_alnum(cm_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (is_alnum(s.p[i]) || (unsigned char)s.p[i] >= 0x80) return true;
  return false;
}

int cm_placeholder_at(cm_str s) {
  uint32_t cp;
  if (!s.n || cm_utf8_next(s.p, s.n, &cp) != CM_PLACEHOLDER_BYTES) return -1;
  if (cp < CM_PLACEHOLDER_FIRST || cp >= CM_PLACEHOLDER_FIRST + CM_LITERALS_MAX) return -1;
  return (int)(cp - CM_PLACEHOLDER_FIRST);
}

static bool holds_placeholder(cm_str s) {
  for (size_t i = 0; i + CM_PLACEHOLDER_BYTES <= s.n; i++)
    if (cm_placeholder_at(from(s, i)) >= 0) return true;
  return false;
}

/* --- output --- */

/* Text that stays. */
static void keep(hide *h, cm_str s) {
  while (s.n) {
    bool forged = cm_placeholder_at(s) >= 0;
    if (forged) cm_buf_puts(&h->b, "\xEF\xBF\xBD");
    else cm_buf_putc(&h->b, s.p[0]);
    s = from(s, forged ? CM_PLACEHOLDER_BYTES : 1);
  }
}

/* Text that goes, if there is room for it and it is more than marks. */
static void take(hide *h, cm_str s) {
  cm_literals *l = h->out;
  size_t i = 0;
  while (i < l->n && !cm_str_eq(l->items[i], s)) i++;
  if (!holds_alnum(s) || i >= h->max) {
    keep(h, s);
    return;
  }
  if (i == l->n) l->items[l->n++] = s;
  char mark[4];
  cm_buf_add(&h->b, mark, cm_utf8_put(CM_PLACEHOLDER_FIRST + (uint32_t)i, mark));
}

/* --- what a word is --- */

static bool is_ordinary(cm_str s) {
  for (const char *p = ordinary, *end; (end = strchr(p, ' ')); p = end + 1)
    if ((size_t)(end - p) == s.n && strncasecmp(p, s.p, s.n) == 0) return true;
  return false;
}

/* 5, 1.5, 10MB, 30s, 2nd, 50%: digits with at most one dot, and a unit. */
static bool is_number(cm_str s) {
  size_t i = 0, dots = 0, unit;
  for (; i < s.n && (is_digit(s.p[i]) || s.p[i] == '.'); i++) dots += s.p[i] == '.';
  for (unit = i; i < s.n && (is_alnum(s.p[i]) || s.p[i] == '%'); i++)
    if (is_digit(s.p[i])) return false;
  return s.n && is_digit(s.p[0]) && dots <= 1 && i == s.n && s.n - unit <= 3;
}

/* Nothing but digits and marks, as in 2024-01-31, 10:30, 24/7. */
static bool is_digits_and(cm_str s, const char *marks) {
  for (size_t i = 0; i < s.n; i++)
    if (!is_digit(s.p[i]) && !is_one_of(s.p[i], marks)) return false;
  return true;
}

/* An abbreviated or whole hash. */
static bool is_hash(cm_str s) {
  size_t digits = 0;
  for (size_t i = 0; i < s.n; i++) {
    if (!is_digit(s.p[i]) && (s.p[i] < 'a' || s.p[i] > 'f')) return false;
    digits += is_digit(s.p[i]);
  }
  return s.n >= 7 && digits > 0 && digits < s.n;
}

/* my_file, db-03, myFile, a1b2c3d: no word of the language. */
static bool is_made_up(cm_str s) {
  bool digit = false, hyphen = false, camel = false, under = false;
  for (size_t i = 0; i < s.n; i++) {
    digit |= is_digit(s.p[i]);
    hyphen |= s.p[i] == '-' && i > 0 && i + 1 < s.n;
    under |= s.p[i] == '_';
    camel |= i > 0 && is_upper(s.p[i]) && is_lower(s.p[i - 1]);
  }
  if (!s.n || is_number(s) || is_digits_and(s, "-+_")) return false;
  if (is_hash(s) || under) return true;
  return !is_digit(s.p[0]) && ((hyphen && digit) || (camel && s.n > 3));
}

/* Bytes of the extension with its dot at the end of a name, 0 without one. An ending such as
 * .tar.gz counts whole. */
static size_t extension(cm_str s) {
  size_t dot = s.n;
  bool letter = false;
  while (dot > 0 && is_alnum(s.p[dot - 1])) letter |= !is_digit(s.p[--dot]);
  size_t n = s.n - dot + 1;
  if (!letter || dot < 2 || s.p[dot - 1] != '.' || n > EXTENSION_MAX + 1) return 0;
  cm_str stem = upto(s, dot - 1);
  if (stem.p[stem.n - 1] == '/') return 0;
  bool tar =
      stem.n > 4 && strncasecmp(stem.p + stem.n - 4, ".tar", 4) == 0 && stem.p[stem.n - 5] != '/';
  return tar ? n + 4 : n;
}

/* --- what stays of it --- */

/* A name or path: its beginning, a closing slash and the extension stay. */
static void take_name(hide *h, cm_str s) {
  static const char *const begins[] = {"~/", "./", "../", "/"};
  for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
    if (cm_str_starts(s, cm_str_of(begins[i]))) {
      size_t n = strlen(begins[i]);
      keep(h, upto(s, n));
      s = from(s, n);
      break;
    }
  size_t tail = s.n && s.p[s.n - 1] == '/' ? 1 : extension(s);
  take(h, upto(s, s.n - tail));
  keep(h, from(s, s.n - tail));
}

/* A pattern: each part between the wildcards is a name, unless it is an extension. */
static void take_glob(hide *h, cm_str s) {
  static const char wild[] = "*?[]{}!";
  while (s.n) {
    size_t n = 0;
    while (n < s.n && !is_one_of(s.p[n], wild)) n++;
    if (n < 2 || s.p[0] == '.') keep(h, upto(s, n));
    else take_name(h, upto(s, n));
    s = from(s, n);
    for (n = 0; n < s.n && is_one_of(s.p[n], wild);) n++;
    keep(h, upto(s, n));
    s = from(s, n);
  }
}

/* 192.168.0.0/24, 1.2.3: numbers with two dots or more are addresses and versions. */
static bool take_dotted(hide *h, cm_str s) {
  size_t n = 0, dots = 0;
  for (; n < s.n && (is_digit(s.p[n]) || s.p[n] == '.'); n++) dots += s.p[n] == '.';
  if (dots < 2 || !is_digit(s.p[0]) || (n < s.n && s.p[n] != '/')) return false;
  take(h, upto(s, n));
  keep(h, from(s, n));
  return true;
}

/* A path without a beginning that tells: src/main.c, but not 24/7, n/a. */
static bool is_relative(cm_str s) { return s.n > 3 && !is_digits_and(s, "/.-"); }

/* A part of a word between separators. `sure`: it stands beside an @. */
static void piece(hide *h, cm_str s, bool sure) {
  bool rooted = s.n > 1 && (s.p[0] == '/' || (s.p[1] == '/' && is_one_of(s.p[0], "~.")) ||
                            cm_str_starts(s, CM_STR("../")));
  if (holds_placeholder(s)) take(h, s);
  else if (!s.n || is_ordinary(s) || s.p[0] == '$' || s.p[0] == '-' || s.p[0] == '+') keep(h, s);
  else if (holds_any(s, "*?")) take_glob(h, s);
  else if (take_dotted(h, s)) return;
  else if (is_number(s)) keep(h, s);
  else if (rooted) take_name(h, s);
  else if (holds(s, '/')) is_relative(s) || sure ? take_name(h, s) : keep(h, s);
  else if (s.p[0] == '.') {
    keep(h, upto(s, 1));
    s = from(s, 1);
    if (!is_alnum(s.p[0]) || (s.n <= DOT_NAME_MAX && !holds_any(s, "._-"))) keep(h, s);
    else take_name(h, s);
  } else if (s.n > 4 && strncasecmp(s.p, "tar.", 4) == 0 && extension(s) == s.n - 3) keep(h, s);
  else if (holds(s, '.') && !is_digits_and(s, ".-")) take_name(h, s);
  else if (sure || is_made_up(s)) take(h, s);
  else keep(h, s);
}

/* https://host/path: the scheme and an extension stay. */
static bool take_url(hide *h, cm_str s) {
  size_t mark = cm_str_find(s, CM_STR("://"));
  if (mark == SIZE_MAX || mark == 0) return false;
  for (size_t i = 0; i < mark; i++)
    if (!is_alnum(s.p[i]) && s.p[i] != '+') return false;
  keep(h, upto(s, mark + 3));
  s = from(s, mark + 3);
  size_t tail = holds(s, '/') ? extension(s) : 0;
  take(h, upto(s, s.n - tail));
  keep(h, from(s, s.n - tail));
  return true;
}

/* A word without blanks: its parts between separators. */
static void word(hide *h, cm_str s) {
  static const char separators[] = ",;=@:|<>&";
  static const char closing[] = ".,;:!?)]}>'\"`";
  size_t lead = 0, tail = 0;
  while (lead < s.n && is_one_of(s.p[lead], "([{<'\"`")) lead++;
  keep(h, upto(s, lead));
  s = from(s, lead);
  while (tail < s.n && is_one_of(s.p[s.n - tail - 1], closing)) tail++;
  if (cm_str_ends(upto(s, s.n - tail), CM_STR("'s"))) tail += 2;
  cm_str core = upto(s, s.n - tail);
  bool at = false;
  if (!take_url(h, core))
    while (core.n) {
      size_t n = 0;
      while (n < core.n && !is_one_of(core.p[n], separators)) n++;
      piece(h, upto(core, n), at || (n > 0 && n < core.n && core.p[n] == '@'));
      at = n < core.n && core.p[n] == '@';
      core = from(core, n);
      if (!core.n) break;
      keep(h, upto(core, 1));
      core = from(core, 1);
    }
  keep(h, from(s, s.n - tail));
}

/* What stands in quotes is copied as it is, whatever it is. */
static void quoted(hide *h, cm_str s) {
  bool blank = false;
  for (size_t i = 0; i < s.n; i++) blank |= is_blank(s.p[i]);
  if (holds_placeholder(s)) take(h, s);
  else if (!blank && holds_any(s, "*?")) take_glob(h, s);
  else if (!blank && take_url(h, s)) return;
  else if (s.p[0] == '.' && s.n <= DOT_NAME_MAX + 1) keep(h, s);
  else take_name(h, s);
}

/* --- the request --- */

/* Bytes of the quoted text at request.p[at], with its quotes; 0 when none begins there. */
static size_t quotes_at(cm_str request, size_t at) {
  char mark = request.p[at];
  if (!is_one_of(mark, "\"'`")) return 0;
  if (at > 0 && !is_blank(request.p[at - 1]) && !is_one_of(request.p[at - 1], "([{=:,")) return 0;
  size_t end = at + QUOTED_MAX < request.n ? at + QUOTED_MAX : request.n;
  for (size_t i = at + 2; i < end; i++) {
    if (request.p[i] != mark) continue;
    char next = i + 1 < request.n ? request.p[i + 1] : ' ';
    if (is_blank(next) || is_one_of(next, ".,;:!?)]}")) return i + 1 - at;
  }
  return 0;
}

/* Where the word at request.p[at] ends: before a blank or before quoted text. */
static size_t word_end(cm_str request, size_t at) {
  size_t i = at + 1;
  while (i < request.n && !is_blank(request.p[i]) && !quotes_at(request, i)) i++;
  return i;
}

cm_code cm_literals_hide(cm_str request, size_t max, cm_arena *a, cm_literals *out, cm_err *e) {
  *out = (cm_literals){0};
  hide h = {.out = out, .max = max < CM_LITERALS_MAX ? max : CM_LITERALS_MAX};
  cm_buf_init(&h.b, request.n * CM_PLACEHOLDER_BYTES + 1);
  for (size_t at = 0; at < request.n;) {
    size_t n = quotes_at(request, at);
    if (n) {
      keep(&h, (cm_str){request.p + at, 1});
      quoted(&h, (cm_str){request.p + at + 1, n - 2});
      keep(&h, (cm_str){request.p + at, 1});
    } else if (is_blank(request.p[at])) {
      keep(&h, (cm_str){request.p + at, n = 1});
    } else {
      n = word_end(request, at) - at;
      word(&h, (cm_str){request.p + at, n});
    }
    at += n;
  }
  out->text = (cm_str){h.b.overflow ? NULL : cm_arena_strdup(a, h.b.p, h.b.n), h.b.n};
  cm_buf_close(&h.b);
  return out->text.p ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "no memory for the request");
}
