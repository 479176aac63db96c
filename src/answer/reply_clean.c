#include <string.h>

#include "answer/reply_parts.h"

static cm_str from(cm_str s, size_t i) { return (cm_str){s.p + i, s.n - i}; }

/* --- line ends --- */

/* `to` has room for all of `text`. */
static cm_str copy_lines(cm_str text, char *to) {
  size_t n = 0;
  if (cm_str_starts(text, CM_STR("\xEF\xBB\xBF"))) text = from(text, 3);
  for (size_t i = 0; i < text.n; i++) {
    bool line_end = i + 1 == text.n || text.p[i + 1] == '\n';
    if (text.p[i] != '\r' || !line_end) to[n++] = text.p[i];
  }
  return (cm_str){to, n};
}

/* --- special tokens --- */

static bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

/* Length of a token such as <|im_end|> (or with DeepSeek's wide bars) at the start of s. */
static size_t barred_token(cm_str s) {
  enum { NAME_MAX_BYTES = 60 };
  static const char wide[] = "\xEF\xBD\x9C";
  size_t bar = cm_str_starts(s, CM_STR("<|")) ? 1 : 0;
  if (cm_str_starts(s, CM_STR("<\xEF\xBD\x9C"))) bar = 3;
  size_t i = 1 + bar;
  if (!bar) return 0;
  while (i < s.n && i < NAME_MAX_BYTES && (is_name(s.p[i]) || (s.p[i] & 0x80))) {
    if (bar == 3 && cm_str_starts(from(s, i), CM_STR(wide))) break;
    i++;
  }
  bool closed = bar == 1 ? cm_str_starts(from(s, i), CM_STR("|>"))
                         : cm_str_starts(from(s, i), CM_STR("\xEF\xBD\x9C>"));
  return closed && i > 1 + bar ? i + bar + 1 : 0;
}

static size_t token_length(cm_str s, bool at_start) {
  static const char *anywhere[] = {"</s>", "<eos>", "<end_of_turn>", "<start_of_turn>"};
  static const char *first[] = {"<s>", "<bos>", "[INST]", "[/INST]"};
  if (s.p[0] != '<' && s.p[0] != '[') return 0;
  for (size_t i = 0; i < 4; i++) {
    if (cm_str_starts(s, cm_str_of(anywhere[i]))) return strlen(anywhere[i]);
    if (at_start && cm_str_starts(s, cm_str_of(first[i]))) return strlen(first[i]);
  }
  return barred_token(s);
}

/* A token that opens a turn is followed by the speaker's name. */
static size_t role_length(cm_str token, cm_str rest) {
  static const char *opening[] = {"<|im_start|>", "<|start_header_id|>", "<|start|>",
                                  "<start_of_turn>"};
  size_t n = 0;
  for (size_t i = 0; i < sizeof opening / sizeof *opening; i++)
    if (cm_str_is(token, opening[i]))
      while (n < rest.n && is_name(rest.p[n])) n++;
  return n;
}

/* Follows the quotes of one line, so that what a command quotes is left alone. */
typedef struct quotes {
  char open;                 /* the quote we are in, or 0 */
  size_t last_one, last_two; /* positions of the line's last ' and " */
} quotes;

static quotes quotes_of(cm_str line) {
  quotes q = {0};
  for (size_t i = 0; i < line.n; i++) {
    if (line.p[i] == '\'') q.last_one = i;
    if (line.p[i] == '"') q.last_two = i;
  }
  return q;
}

static void follow(quotes *q, cm_str line, size_t i) {
  char c = line.p[i];
  bool apostrophe = c == '\'' && i && is_name(line.p[i - 1]);
  if (q->open == c) q->open = 0;
  else if (!q->open && (c == '"' || (c == '\'' && !apostrophe))) q->open = c;
}

/* Inside quotes that close on this line. */
static bool quoted(const quotes *q, size_t i) {
  return (q->open == '\'' && q->last_one > i) || (q->open == '"' && q->last_two > i);
}

static size_t no_break_space(cm_str s) {
  if (cm_str_starts(s, CM_STR("\xC2\xA0"))) return 2;
  return cm_str_starts(s, CM_STR("\xE2\x80\xAF")) || cm_str_starts(s, CM_STR("\xE2\x80\x87")) ? 3
                                                                                              : 0;
}

/* Copies one line to `to`, returns how much that gave. *started: something of the reply was seen
 * before; *ended: a token ended the reply. */
static size_t clean_line(cm_str line, char *to, bool *started, bool *ended) {
  quotes q = quotes_of(line);
  size_t n = 0;
  for (size_t i = 0; i < line.n && !*ended;) {
    bool data = quoted(&q, i);
    size_t token = data ? 0 : token_length(from(line, i), !*started);
    size_t space = data ? 0 : no_break_space(from(line, i));
    if (token) {
      *ended = *started;
      i += token + role_length((cm_str){line.p + i, token}, from(line, i + token));
    } else if (space) {
      to[n++] = ' ';
      i += space;
    } else {
      follow(&q, line, i);
      if (line.p[i] != ' ' && line.p[i] != '\t') *started = true;
      to[n++] = line.p[i++];
    }
  }
  return n;
}

/* In place: nothing grows. */
static cm_str clean_tokens(cm_str text, char *to) {
  static const char final[] = "<|channel|>final<|message|>";
  size_t at = cm_str_find(text, CM_STR(final)); /* what stands before it is thinking */
  cm_str rest = at == SIZE_MAX ? text : from(text, at + sizeof final - 1);
  bool started = false, ended = false;
  size_t n = 0;
  while (rest.n && !ended) {
    const char *nl = memchr(rest.p, '\n', rest.n);
    cm_str line = {rest.p, nl ? (size_t)(nl - rest.p) : rest.n};
    rest = from(rest, line.n + (nl ? 1 : 0));
    n += clean_line(line, to + n, &started, &ended);
    if (nl && !ended) to[n++] = '\n';
  }
  return (cm_str){to, n};
}

/* --- thinking --- */

static const char *const thoughts[] = {"think>", "thinking>", "thought>", "reasoning>"};

/* The name's closing tag in s: position after it, or SIZE_MAX. `alone` asks for one that begins or
 * ends a line: others may be a command's data. */
static size_t closing_tag(cm_str s, const char *name, bool alone) {
  size_t n = strlen(name);
  for (size_t i = 0; i + 2 + n <= s.n; i++) {
    if (s.p[i] != '<' || s.p[i + 1] != '/' || memcmp(s.p + i + 2, name, n) != 0) continue;
    size_t end = i + 2 + n;
    if (!alone || i == 0 || s.p[i - 1] == '\n' || end == s.n || s.p[end] == '\n') return end;
  }
  return SIZE_MAX;
}

/* Length of the thinking at the start of s. */
static size_t thought_length(cm_str s) {
  cm_str t = cm_str_trim(s);
  for (size_t k = 0; k < sizeof thoughts / sizeof *thoughts; k++) {
    size_t n = strlen(thoughts[k]);
    bool opened = t.n > n && t.p[0] == '<' && memcmp(t.p + 1, thoughts[k], n) == 0;
    size_t end = closing_tag(s, thoughts[k], !opened);
    if (opened) return end == SIZE_MAX ? s.n : end;
    if (end != SIZE_MAX) return end;
  }
  return 0;
}

/* Our prompt may have opened a fence before the model began to think: that line stays. */
static cm_str drop_thoughts(cm_str text, char *p) {
  size_t keep = 0;
  if (cm_str_starts(text, CM_STR("```"))) {
    const char *nl = memchr(text.p, '\n', text.n);
    keep = nl ? (size_t)(nl - text.p) + 1 : text.n;
  }
  size_t drop = thought_length(from(text, keep));
  memmove(p + keep, p + keep + drop, text.n - keep - drop);
  return (cm_str){p, text.n - drop};
}

bool cm_reply_clean(cm_str text, cm_arena *a, cm_str *out) {
  char *p = cm_arena_alloc(a, text.n + 1, 1);
  if (!p) return false;
  *out = drop_thoughts(clean_tokens(copy_lines(text, p), p), p);
  return true;
}
