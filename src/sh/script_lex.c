/* Tokens of scripting languages: enough of them to tell code from comments and strings. */
#include <string.h>

#include "sh/decode.h"
#include "sh/script.h"

typedef struct lexer {
  cm_eval *ev;
  char language;
  cm_str s;
  size_t i;
  cm_tokens out;
  size_t cap;
} lexer;

static bool word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (unsigned char)c >= 0x80 || c == CM_HOLE;
}

static char at(const lexer *l, size_t k) { return l->i + k < l->s.n ? l->s.p[l->i + k] : 0; }

static bool spoken(const lexer *l, const char *languages) {
  return strchr(languages, l->language) != NULL;
}

static void put(lexer *l, cm_tok_kind kind, cm_str text) {
  if (l->out.n + 1 >= l->cap) {
    size_t cap = l->cap ? 2 * l->cap : 64;
    cm_tok *v = cm_ev_new(l->ev, cap, sizeof *v);
    if (!v) return;
    if (l->out.n) memcpy(v, l->out.v, l->out.n * sizeof *v);
    l->out.v = v;
    l->cap = cap;
  }
  l->out.v[l->out.n++] = (cm_tok){kind, text};
}

/* --- comments --- */

static void skip_to(lexer *l, const char *end) {
  size_t n = cm_str_find((cm_str){l->s.p + l->i, l->s.n - l->i}, cm_str_of(end));
  l->i = n == SIZE_MAX ? l->s.n : l->i + n + strlen(end);
}

static bool skip_comment(lexer *l) {
  char c = at(l, 0), next = at(l, 1);
  bool hash = c == '#' && spoken(l, "plrhao");
  bool slashes = c == '/' && next == '/' && spoken(l, "jho");
  bool dashes = c == '-' && next == '-' && spoken(l, "us");
  if (hash || slashes || dashes) return skip_to(l, "\n"), true;
  if (c == '/' && next == '*' && spoken(l, "jho")) return skip_to(l, "*/"), true;
  return false;
}

/* --- strings --- */

/* "…$name…" and "…#{x}…" hold something that isn't known. */
static cm_str with_holes(lexer *l, cm_str s, bool braces, bool dollars) {
  cm_txt t = {0};
  if (!cm_str_has(s, '$') && !cm_str_has(s, '{') && !cm_str_has(s, '@')) return s;
  for (size_t i = 0; i < s.n;) {
    char c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : 0;
    bool hash = l->language == 'r' && c == '#' && next == '{';
    bool js = l->language == 'j' && c == '$' && next == '{';
    bool name = dollars && (c == '$' || (c == '@' && l->language == 'l')) &&
                (word_char(next) || next == '{');
    bool plain = braces && c == '{' && next != '{';
    if (!hash && !js && !name && !plain) {
      cm_txt_add(l->ev, &t, (cm_str){s.p + i++, 1});
      continue;
    }
    i += plain ? 1 : 2;
    if (plain || hash || js || next == '{') {
      while (i < s.n && s.p[i] != '}') i++;
      i += i < s.n;
    } else {
      while (i < s.n && word_char(s.p[i])) i++;
    }
    cm_txt_add(l->ev, &t, CM_STR("\x01"));
  }
  return cm_txt_str(&t);
}

static cm_str unescape(lexer *l, cm_str s) {
  bool ended;
  cm_str out = s;
  (void)cm_decode_escapes(l->ev->a, s, false, &out, &ended);
  return out;
}

/* '…' of Perl, Ruby and PHP: a backslash takes only itself and the quote. */
static cm_str unescape_single(lexer *l, cm_str s) {
  cm_txt t = {0};
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '\'' || s.p[i + 1] == '\\')) i++;
    cm_txt_add(l->ev, &t, (cm_str){s.p + i, 1});
  }
  return cm_txt_str(&t);
}

/* The body of a quoted text whose opening mark has been passed. */
static cm_str quoted_body(lexer *l, const char *end) {
  size_t n = strlen(end), from = l->i;
  while (l->i < l->s.n && (l->s.n - l->i < n || memcmp(l->s.p + l->i, end, n) != 0))
    l->i += l->s.p[l->i] == '\\' ? 2 : 1;
  if (l->i > l->s.n) l->i = l->s.n;
  cm_str body = {l->s.p + from, l->i - from};
  l->i = l->i + n < l->s.n ? l->i + n : l->s.n;
  return body;
}

static void quoted(lexer *l, char quote, bool raw, bool format) {
  char end[4] = {quote, 0};
  if (l->language == 'p' && at(l, 1) == quote && at(l, 2) == quote) end[1] = end[2] = quote;
  l->i += strlen(end);
  cm_str s = quoted_body(l, end);
  bool single = quote == '\'' && spoken(l, "lrh");
  if (format) s = with_holes(l, s, true, false);
  else if (!single && quote != '\'' && l->language != 'j')
    s = with_holes(l, s, false, spoken(l, "lh"));
  put(l, CM_TOK_TEXT, raw ? s : single ? unescape_single(l, s) : unescape(l, s));
}

static void backtick(lexer *l) {
  l->i++;
  cm_str s = quoted_body(l, "`");
  bool shell = spoken(l, "lrhi");
  s = unescape(l, with_holes(l, s, false, spoken(l, "lhi")));
  put(l, shell ? CM_TOK_SHELL : CM_TOK_TEXT, s);
}

static char closing(char open) {
  static const char pairs[] = "()[]{}<>";
  const char *p = open ? strchr(pairs, open) : NULL;
  return p && (p - pairs) % 2 == 0 ? p[1] : open;
}

/* q(…) qq{…} qx/…/ of Perl, %x(…) %q[…] of Ruby; false: something else. */
static bool operator_quote(lexer *l) {
  size_t n = 0;
  bool perl = l->language == 'l', shell;
  if (perl && at(l, 0) == 'q') n = strchr("qxw", at(l, 1)) && at(l, 1) ? 2 : 1;
  else if (l->language == 'r' && at(l, 0) == '%' && strchr("xqQw", at(l, 1)) && at(l, 1)) n = 2;
  char open = n ? at(l, n) : 0;
  if (!open || word_char(open) || strchr(" \t\n,;=)", open)) return false;
  shell = at(l, n - 1) == 'x';
  l->i += n + 1;
  char end[2] = {closing(open), 0};
  cm_str s = quoted_body(l, end);
  put(l, shell ? CM_TOK_SHELL : CM_TOK_TEXT, with_holes(l, s, false, perl));
  return true;
}

/* A '/' that begins a regular expression rather than divides. */
static bool begins_regex(const lexer *l) {
  if (!spoken(l, "jlra") || at(l, 0) != '/') return false;
  const cm_tok *last = l->out.n ? &l->out.v[l->out.n - 1] : NULL;
  if (!last) return true;
  return last->kind == CM_TOK_MARK && !strchr(")]}", last->text.p[0]);
}

/* --- tokens --- */

static void name(lexer *l) {
  size_t from = l->i++;
  while (l->i < l->s.n && word_char(l->s.p[l->i])) l->i++;
  cm_str s = {l->s.p + from, l->i - from};
  char quote = at(l, 0);
  bool python = l->language == 'p' && s.n <= 2 && (quote == '"' || quote == '\'');
  if (python) {
    bool raw = false, format = false, prefix = true;
    for (size_t i = 0; i < s.n; i++) {
      char c = s.p[i] | 32;
      raw |= c == 'r';
      format |= c == 'f';
      prefix &= strchr("rbfu", c) != NULL;
    }
    if (prefix) {
      quoted(l, quote, raw, format);
      return;
    }
  }
  put(l, s.p[0] >= '0' && s.p[0] <= '9' ? CM_TOK_NUMBER : CM_TOK_NAME, s);
}

static void next(lexer *l) {
  char c = at(l, 0);
  bool sigil = (c == '$' || c == '@') && spoken(l, "lrh") && word_char(at(l, 1));
  if (strchr(" \t\r\\", c)) l->i++;
  else if (skip_comment(l) || operator_quote(l)) return;
  else if (c == '`' && spoken(l, "lrhji")) backtick(l);
  else if (c == '\'' && spoken(l, "as")) l->i++;
  else if (c == '\'' || c == '"') quoted(l, c, false, false);
  else if (c == '[' && at(l, 1) == '[' && l->language == 'u') {
    l->i += 2;
    put(l, CM_TOK_TEXT, quoted_body(l, "]]"));
  } else if (begins_regex(l)) {
    l->i++;
    (void)quoted_body(l, "/");
    put(l, CM_TOK_NUMBER, CM_STR("/"));
  } else if (word_char(c) || sigil) name(l);
  else put(l, CM_TOK_MARK, (cm_str){l->s.p + l->i++, 1});
}

cm_tokens cm_script_lex(cm_eval *ev, char language, cm_str code) {
  lexer l = {.ev = ev, .language = language, .s = code};
  while (l.i < l.s.n && !ev->nomem) next(&l);
  put(&l, CM_TOK_END, CM_STR(""));
  if (l.out.n) l.out.n--;
  return l.out;
}
