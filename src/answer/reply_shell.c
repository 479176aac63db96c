/* Where a command ends. This is no shell parser (safety/ has one): it only follows what keeps a
 * command open over line ends, and never fails. */
#include <string.h>

#include "answer/reply_parts.h"

enum { STACK_MAX = 64, DOCUMENTS_MAX = 8 };

/* What can be open. */
enum {
  DOUBLE = '"',
  PAREN = '(',
  ARITHMETIC = 'A',
  BACKTICK = '`',
  GROUP = '{',
  PARAMETER = 'p',
  IF = 'i',
  LOOP = 'l',
  CASE = 'c',
  BLOCK = 'b'
};

typedef struct scan {
  cm_str t;
  size_t i;
  char stack[STACK_MAX];
  size_t depth;
  struct {
    cm_str word;
    bool tabs; /* <<- : leading tabs don't count */
  } documents[DOCUMENTS_MAX];
  size_t n_documents;
  bool word_start, command_start; /* what the next byte begins */
  bool joins;                     /* the last word was an operator that asks for more */
  bool cut;                       /* a single quote or a here-document reaches the text's end */
  bool operator_seen;             /* an outermost ; | & that may stand before another command */
  size_t comment;                 /* on this line, or SIZE_MAX */
  cm_statement out;
} scan;

static char top(const scan *s) { return s->depth ? s->stack[s->depth - 1] : 0; }
static char at(const scan *s, size_t i) { return i < s->t.n ? s->t.p[i] : 0; }

/* Deeper than the stack is read as open to the end: such a command is nobody's. */
static void push(scan *s, char what) {
  if (s->depth == STACK_MAX) {
    s->cut = true;
    s->i = s->t.n;
    return;
  }
  s->stack[s->depth++] = what;
}

static bool is_block(char what) { return what == IF || what == LOOP || what == BLOCK; }

/* Closes the innermost `what` and everything in it, within the innermost double quotes. */
static void pop_to(scan *s, char what) {
  for (size_t d = s->depth; d > 0 && s->stack[d - 1] != DOUBLE; d--)
    if (s->stack[d - 1] == what) {
      s->depth = d - 1;
      return;
    }
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }
static bool ends_word(char c) { return c == 0 || strchr(" \t\n;&|()<>", c) != NULL; }

/* Counts outermost words, and operators between them. */
static void begin_word(scan *s) {
  if (s->word_start && s->depth == 0) {
    s->out.words++;
    if (s->operator_seen) s->out.compound = true;
  }
  s->joins = false;
  s->word_start = false;
}

/* --- quotes --- */

static void single_quote(scan *s) {
  bool escapes = s->i && s->t.p[s->i - 1] == '$'; /* $'it\'s' */
  begin_word(s);
  s->command_start = false;
  for (s->i++; s->i < s->t.n; s->i++) {
    if (s->t.p[s->i] == '\\' && escapes) s->i++;
    else if (s->t.p[s->i] == '\'') break;
  }
  if (s->i >= s->t.n) s->cut = true;
  s->i++;
}

/* `$` outside single quotes: substitutions open what they open, the rest is a word. */
static void dollar(scan *s) {
  char next = at(s, s->i + 1);
  begin_word(s);
  s->command_start = false;
  s->i++;
  if (next == '{') {
    push(s, PARAMETER);
    s->i++;
  } else if (next == '(') {
    bool arithmetic = at(s, s->i + 1) == '(';
    push(s, arithmetic ? ARITHMETIC : PAREN);
    if (arithmetic) push(s, ARITHMETIC);
    s->i += arithmetic ? 2 : 1;
    s->command_start = s->word_start = true;
  }
}

static void backtick(scan *s) {
  size_t before = s->depth;
  pop_to(s, BACKTICK);
  bool opens = s->depth == before;
  if (opens) {
    begin_word(s);
    push(s, BACKTICK);
  }
  s->command_start = s->word_start = opens;
  s->i++;
}

static void in_double_quotes(scan *s) {
  switch (s->t.p[s->i]) {
    case '\\': s->i += 2; break;
    case '$': dollar(s); break;
    case '`': backtick(s); break;
    case '"': s->depth--; /* fall through */
    default: s->i++;
  }
}

/* --- here-documents --- */

/* After "<<": notes the delimiter, whose body begins at the next line. */
static void here_document(scan *s) {
  bool tabs = at(s, s->i + 2) == '-';
  s->i += tabs ? 3 : 2;
  while (is_blank(at(s, s->i))) s->i++;
  char quote = at(s, s->i);
  if (quote == '\'' || quote == '"' || quote == '\\') s->i++;
  size_t begin = s->i;
  if (quote == '\'' || quote == '"')
    while (s->i < s->t.n && s->t.p[s->i] != quote && s->t.p[s->i] != '\n') s->i++;
  else
    while (!ends_word(at(s, s->i))) s->i++;
  cm_str word = {s->t.p + begin, s->i - begin};
  if ((quote == '\'' || quote == '"') && at(s, s->i) == quote) s->i++;
  if (word.n == 0 || s->n_documents == DOCUMENTS_MAX) return;
  s->documents[s->n_documents].word = word;
  s->documents[s->n_documents++].tabs = tabs;
}

/* s->i stands at the line end before the bodies; afterwards at the line end after them. */
static void skip_documents(scan *s) {
  for (size_t d = 0; d < s->n_documents; d++) {
    cm_str rest = {s->t.p + s->i + 1, s->i < s->t.n ? s->t.n - s->i - 1 : 0}, line;
    bool found = false;
    while (!found && cm_str_line(&rest, &line)) {
      while (s->documents[d].tabs && line.n && line.p[0] == '\t') line.p++, line.n--;
      found = cm_str_eq(line, s->documents[d].word);
    }
    if (!found) {
      s->cut = s->out.document = true;
      s->i = s->t.n;
      return;
    }
    s->i = (size_t)(line.p - s->t.p) + line.n;
  }
  s->n_documents = 0;
}

/* --- words --- */

/* Reserved words: what they open or close, and whether a command follows them. fish's are in
 * here too. */
static const struct reserved {
  const char *word;
  char opens, closes;
  bool command_follows;
} reserved[] = {
    {"if", IF, 0, true},       {"while", LOOP, 0, true},    {"until", LOOP, 0, true},
    {"for", LOOP, 0, false},   {"select", LOOP, 0, false},  {"case", CASE, 0, false},
    {"begin", BLOCK, 0, true}, {"switch", BLOCK, 0, false}, {"then", 0, 0, true},
    {"do", 0, 0, true},        {"else", 0, 0, true},        {"elif", 0, 0, true},
    {"!", 0, 0, true},         {"time", 0, 0, true},        {"fi", 0, IF, false},
    {"done", 0, LOOP, false},  {"esac", 0, CASE, false},    {"end", 0, BLOCK, false},
    {"{", GROUP, 0, true},     {"}", 0, GROUP, false},
};

static void reserved_word(scan *s, cm_str word) {
  s->command_start = false;
  for (size_t k = 0; k < sizeof reserved / sizeof *reserved; k++) {
    const struct reserved *r = &reserved[k];
    if (!cm_str_is(word, r->word)) continue;
    if (r->opens) push(s, r->opens);
    if (r->closes == BLOCK && is_block(top(s))) s->depth--;
    else if (r->closes && r->closes != BLOCK) pop_to(s, r->closes);
    s->command_start = r->command_follows;
    return;
  }
}

static void plain_word(scan *s) {
  bool first = s->word_start && s->command_start;
  begin_word(s);
  size_t begin = s->i;
  if (!first) {
    s->i++;
    return;
  }
  while (s->i < s->t.n && !ends_word(s->t.p[s->i]) && !strchr("\"'`$\\", s->t.p[s->i])) s->i++;
  if (ends_word(at(s, s->i))) reserved_word(s, (cm_str){s->t.p + begin, s->i - begin});
  else s->command_start = false;
}

static void operator_char(scan *s) {
  char c = s->t.p[s->i], before = s->i ? s->t.p[s->i - 1] : 0, after = at(s, s->i + 1);
  bool redirection = before == '>' || before == '<' || (c == '&' && after == '>');
  s->i++;
  s->word_start = true;
  if (redirection) return;
  s->joins = c == '|' || (c == '&' && (before == '&' || before == '|'));
  s->command_start = true;
  if (s->depth == 0) s->operator_seen = true;
}

static void open_paren(scan *s) {
  bool arithmetic = top(s) == ARITHMETIC || (s->word_start && at(s, s->i + 1) == '(');
  bool both = arithmetic && top(s) != ARITHMETIC;
  if (s->word_start) begin_word(s);
  push(s, arithmetic ? ARITHMETIC : PAREN);
  if (both) push(s, ARITHMETIC);
  s->i += both ? 2 : 1;
  s->command_start = s->word_start = true;
}

static void close_paren(scan *s) {
  bool body_follows =
      top(s) == CASE || (s->i && s->t.p[s->i - 1] == '('); /* of a pattern, a function */
  if (top(s) == PAREN || top(s) == ARITHMETIC) s->depth--;
  else if (top(s) != CASE) /* a pattern's end */ pop_to(s, PAREN);
  s->i++;
  s->joins = false;
  s->command_start = s->word_start = body_follows;
}

static void less_than(scan *s) {
  if (at(s, s->i + 1) == '<' && at(s, s->i + 2) == '<') s->i += 3;
  else if (at(s, s->i + 1) == '<' && top(s) != ARITHMETIC) here_document(s);
  else s->i++;
  s->word_start = true;
}

/* --- the statement --- */

/* At a line end; true when the statement ends here. */
static bool line_end(scan *s) {
  if (s->n_documents) skip_documents(s);
  if (s->cut) return false;
  bool ends = s->depth == 0 && !s->joins;
  if (ends) return true;
  s->comment = SIZE_MAX;
  s->word_start = s->command_start = true;
  s->i++;
  return false;
}

static void step(scan *s) {
  char c = s->t.p[s->i];
  bool literal_quote = top(s) == PARAMETER && s->depth > 1 && s->stack[s->depth - 2] == DOUBLE;
  if (c == '\'' && !literal_quote) {
    single_quote(s);
  } else if (c == '"') {
    begin_word(s);
    s->command_start = false;
    push(s, DOUBLE);
    s->i++;
  } else if (c == '\\') {
    if (at(s, s->i + 1) != '\n') begin_word(s);
    s->i += 2;
  } else if (c == '#' && s->word_start && top(s) != PARAMETER && top(s) != ARITHMETIC) {
    if (s->depth == 0) s->comment = s->i;
    while (s->i < s->t.n && s->t.p[s->i] != '\n') s->i++;
  } else if (is_blank(c)) {
    s->word_start = true;
    s->i++;
  } else if (c == '}' && top(s) == PARAMETER) {
    s->depth--;
    s->i++;
  } else {
    switch (c) {
      case '`': backtick(s); break;
      case '$': dollar(s); break;
      case '(': open_paren(s); break;
      case ')': close_paren(s); break;
      case '<': less_than(s); break;
      case '>': s->i++, s->word_start = true; break;
      case ';':
      case '&':
      case '|': operator_char(s); break;
      default: plain_word(s);
    }
  }
}

cm_statement cm_shell_statement(cm_str text, size_t from) {
  scan s = {.t = text, .i = from, .word_start = true, .command_start = true, .comment = SIZE_MAX};
  bool ended = false;
  while (s.i < text.n && !ended) {
    if (top(&s) == DOUBLE) in_double_quotes(&s);
    else if (text.p[s.i] == '\n') ended = line_end(&s);
    else step(&s);
  }
  if (s.n_documents && !ended) s.cut = s.out.document = true;
  s.out.end = s.i < text.n ? s.i : text.n;
  s.out.comment = s.comment < s.out.end ? s.comment : s.out.end;
  s.out.complete = ended || (!s.cut && s.depth == 0);
  return s.out;
}
