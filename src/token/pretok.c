#include "token/pretok.h"

#include "token/unicode_tables.h"

/* As in the tables; END is what stands behind the text. */
typedef enum { OTHER, LETTER, NUMBER, SPACE, END } char_class;

typedef struct {
  uint32_t cp;
  char_class class;
  size_t n; /* bytes; 0 at the end */
} character;

static char_class class_of(uint32_t cp) {
  size_t lo = 0, hi = sizeof unicode_ranges / sizeof *unicode_ranges;
  while (hi - lo > 1) { /* the range that holds cp starts in [lo, hi) */
    size_t mid = (lo + hi) / 2;
    if (unicode_ranges[mid] >> 2 <= cp) lo = mid;
    else hi = mid;
  }
  return (char_class)(unicode_ranges[lo] & 3);
}

static character look(cm_str text, size_t at) {
  if (at >= text.n) return (character){UINT32_MAX, END, 0};
  unsigned char c = (unsigned char)text.p[at];
  if (c < 0x80) return (character){c, (char_class)unicode_ascii[c], 1};
  uint32_t cp;
  size_t n = cm_utf8_next(text.p + at, text.n - at, &cp);
  return (character){cp, cp == UINT32_MAX ? OTHER : class_of(cp), n};
}

static bool is_newline(character c) { return c.cp == '\n' || c.cp == '\r'; }

/* Where a run of characters of one class ends. */
static size_t skip(cm_str text, size_t at, char_class class) {
  for (character c; (c = look(text, at)).class == class;) at += c.n;
  return at;
}

static size_t skip_newlines(cm_str text, size_t at) {
  while (is_newline(look(text, at))) at++;
  return at;
}

static char lower(character c) {
  if (c.cp >= 'A' && c.cp <= 'Z') return (char)(c.cp + ('a' - 'A'));
  /* In Unicode the long s is an s when case doesn't count. (llama.cpp knows [sS] only; the pattern
   * that the models were trained with has it.) */
  if (c.cp == 0x17F) return 's';
  return c.cp < 0x80 ? (char)c.cp : 0;
}

/* Length of 's 't 're 've 'm 'll 'd at `at`, or 0. */
static size_t contraction(cm_str text, size_t at) {
  if (text.p[at] != '\'') return 0;
  character first = look(text, at + 1), second = look(text, at + 1 + first.n);
  char a = lower(first), b = lower(second);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 1 + first.n;
  bool two = (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l');
  return two ? 3 : 0;
}

/* The three alternatives for white space, which differ in where they let go: behind the last line
 * break, or else before the last space when text follows (it belongs to the next piece). */
static size_t skip_space(cm_str text, size_t at) {
  size_t end = at, last = at, after_break = 0;
  for (character c; (c = look(text, end)).class == SPACE;) {
    last = end;
    end += c.n;
    if (is_newline(c)) after_break = end;
  }
  if (after_break) return after_break;
  return end == text.n || last == at ? end : last;
}

static size_t piece_end(cm_str text, size_t at) {
  character c = look(text, at);
  size_t n = contraction(text, at), next = at + c.n;
  if (n) return at + n;
  if (c.class == LETTER) return skip(text, next, LETTER);
  if (c.class == NUMBER) return next;
  char_class follows = look(text, next).class;
  if (follows == LETTER && !is_newline(c)) return skip(text, next, LETTER);
  if (c.class == OTHER || (c.cp == ' ' && follows == OTHER))
    return skip_newlines(text, skip(text, next, OTHER));
  return skip_space(text, at);
}

bool cm_pretok_next(cm_pretok *it, cm_str *piece) {
  if (it->at >= it->text.n) return false;
  size_t end = piece_end(it->text, it->at);
  *piece = (cm_str){it->text.p + it->at, end - it->at};
  it->at = end;
  return true;
}
