#include "answer/reply.h"

#include <string.h>

#include "answer/reply_parts.h"
#include "data/json.h"

/* Shared by the places where a command may be found. Each of them returns true when it settled the
 * reply: with a command or with a refusal. */
typedef struct parse {
  cm_str text; /* cleaned */
  cm_arena *a;
  cm_reply *out;
  bool no_memory;
} parse;

static cm_str part(cm_str s, size_t from, size_t to) { return (cm_str){s.p + from, to - from}; }

/* --- commands out of a walk --- */

/* Text beside a command explains it, unless it only announces it. */
static void explain(parse *p, cm_str before, cm_str after) {
  before = cm_str_trim(before);
  after = cm_str_trim(after);
  if (after.n) p->out->explanation = after;
  else if (before.n && before.p[before.n - 1] != ':') p->out->explanation = before;
}

/* `first` and what it prepares for, one command a line. The walk goes on after the last of them;
 * *last is that. A command that doesn't belong to it sets `extra`. */
static void join_prepared(parse *p, cm_walk *w, cm_found first, cm_found *last) {
  p->out->command = first.command;
  *last = first;
  if (!first.prepares) return;
  char *joined = cm_arena_alloc(p->a, w->text.n + 1, 1);
  p->no_memory = !joined;
  if (!joined) return;
  size_t n = first.command.n;
  memcpy(joined, first.command.p, n);
  cm_found next;
  while (last->prepares && cm_walk_next(w, &next)) {
    if (next.apart) {
      p->out->extra = true;
      break;
    }
    joined[n++] = '\n';
    memcpy(joined + n, next.command.p, next.command.n);
    n += next.command.n;
    *last = next;
  }
  p->out->command = (cm_str){joined, n};
}

/* Takes the walk's first command; *first and *last tell where it stands. */
static bool take(parse *p, cm_walk *w, cm_found *first, cm_found *last) {
  cm_found other;
  if (!cm_walk_next(w, first)) return false;
  join_prepared(p, w, *first, last);
  while (!p->out->extra && cm_walk_next(w, &other))
    if (!cm_str_eq(other.command, p->out->command)) p->out->extra = true;
  return true;
}

/* The inside of a fence or of a JSON string. */
static bool take_block(parse *p, cm_str content, cm_line_kind least, bool console) {
  cm_walk w;
  cm_found first, last;
  if (!cm_walk_open(&w, content, least, true, console, p->a)) return p->no_memory = true;
  return take(p, &w, &first, &last);
}

/* --- JSON --- */

/* The position of an object that begins in this line, behind nothing or prose; else SIZE_MAX.
 * `curl -d '{"command": …` is no such thing. */
static size_t object_in_line(cm_str text, size_t pos, cm_str line) {
  const char *brace = memchr(line.p, '{', line.n);
  if (!brace) return SIZE_MAX;
  size_t at = (size_t)(brace - text.p), i = at + 1;
  while (i < text.n && (text.p[i] == ' ' || text.p[i] == '\t' || text.p[i] == '\n')) i++;
  if (i == text.n || (text.p[i] != '"' && text.p[i] != '\'')) return SIZE_MAX;
  cm_str before = cm_str_trim(part(text, pos, at));
  if (before.n && before.p[before.n - 1] == '[') {
    at = (size_t)(before.p - text.p) + before.n - 1;
    before = cm_str_trim(part(before, 0, before.n - 1));
  }
  if (before.n == 0) return at;
  bool data = strchr("'\"=", before.p[before.n - 1]) != NULL;
  return data || cm_line_classify(before) != CM_LINE_PROSE ? SIZE_MAX : at;
}

/* Settles the reply by the object at text.p[at]; *end is just after it. */
static bool take_object(parse *p, cm_str text, size_t at, size_t *end) {
  cm_reply_object o;
  *end = text.n;
  if (!cm_reply_object_read(text, at, p->a, &o)) return p->no_memory = true;
  *end = o.end;
  if (take_block(p, o.command, CM_LINE_WEAK, false)) {
    p->out->explanation = cm_str_trim(o.explanation);
    p->out->extra = p->out->extra || o.extra;
    return true;
  }
  p->out->reason = cm_str_trim(o.reason);
  p->out->refused = p->out->reason.n > 0;
  return p->out->refused;
}

/* The objects of a text up to position `limit`: a command that stands before an object wins. */
static bool from_objects(parse *p, cm_str text, size_t limit, size_t *after) {
  *after = 0;
  for (size_t pos = 0; pos <= limit && pos < text.n;) {
    cm_str line = cm_line_at(text, pos);
    size_t at = object_in_line(text, pos, line), end;
    if (at != SIZE_MAX) {
      if (take_object(p, text, at, &end)) return true;
      *after = pos = end;
    } else {
      pos += line.n + 1;
    }
  }
  return false;
}

/* --- fences --- */

/* The text from its position `from`, without up to `indent` blanks before each line. */
static cm_str dedented(parse *p, size_t from, size_t indent) {
  cm_str rest = part(p->text, from, p->text.n);
  if (indent == 0) return rest;
  char *to = cm_arena_alloc(p->a, rest.n + 1, 1);
  size_t n = 0, column = 0;
  p->no_memory = !to;
  if (!to) return (cm_str){"", 0};
  for (size_t i = 0; i < rest.n; i++) {
    bool blank = rest.p[i] == ' ' || rest.p[i] == '\t';
    column = rest.p[i] == '\n' ? 0 : blank && column < indent ? column + 1 : SIZE_MAX;
    if (column == 0 || column == SIZE_MAX) to[n++] = rest.p[i];
  }
  return (cm_str){to, n};
}

/* A closing line inside a here-document or inside quotes is part of the command: where the block
 * really ends, given its first end. */
static size_t true_end(cm_str rest, const cm_block *b, size_t end, size_t first, size_t *next) {
  cm_statement in_block = cm_shell_statement((cm_str){rest.p, end}, first);
  if (in_block.complete || end == rest.n) return end;
  cm_statement beyond = cm_shell_statement(rest, first);
  if (!beyond.complete || beyond.end <= end) return end;
  size_t next_beyond, i = beyond.end < rest.n ? beyond.end + 1 : rest.n;
  size_t end_beyond = cm_block_end(rest, i, &b->fence, &next_beyond);
  /* Prose has apostrophes too: a quote counts only if the fence closes right behind it. */
  bool closes_here = next_beyond > end_beyond && cm_str_trim(part(rest, i, end_beyond)).n == 0;
  if (!in_block.document && !closes_here) return end;
  *next = next_beyond;
  return end_beyond;
}

/* ```bash ls -la and then nothing: the command stands on the opening line. */
static bool from_info(parse *p, const cm_block *b) {
  cm_str info = b->fence.info, word = cm_first_word(info);
  if (b->fence.lang != CM_FENCE_SHELL || word.n == info.n) return false;
  cm_str rest = cm_str_trim(part(info, word.n, info.n));
  bool attribute = memchr(cm_first_word(rest).p, '=', cm_first_word(rest).n) != NULL;
  return !attribute && take_block(p, rest, CM_LINE_LIKELY, false);
}

static bool holds_command(parse *p, const cm_block *b, cm_line_kind least, size_t *first) {
  cm_walk w;
  cm_found found;
  cm_str content = part(p->text, b->begin, b->end);
  if (!cm_walk_open(&w, content, least, true, b->fence.console, p->a)) return p->no_memory = true;
  bool holds = cm_walk_next(&w, &found);
  *first = found.from;
  return holds;
}

/* A later block of the same language that holds another command. */
static bool has_other_block(parse *p, size_t from, const cm_block *taken) {
  cm_block b;
  for (; cm_block_next(p->text, from, &b); from = b.next) {
    cm_walk w;
    cm_found found;
    cm_str content = part(p->text, b.begin, b.end);
    if (b.fence.lang != taken->fence.lang) continue;
    if (!cm_walk_open(&w, content, CM_LINE_LIKELY, true, b.fence.console, p->a)) return false;
    if (cm_walk_next(&w, &found) && !cm_str_eq(found.command, p->out->command)) return true;
  }
  return false;
}

static bool take_fence(parse *p, cm_block *b, cm_line_kind least) {
  size_t first = 0, after, next = 0;
  cm_str content = part(p->text, b->begin, b->end);
  cm_str before = part(p->text, 0, b->line);
  if (cm_str_starts(cm_str_trim(content), CM_STR("{")) ||
      cm_str_starts(cm_str_trim(content), CM_STR("["))) {
    if (from_objects(p, content, content.n, &after)) return true;
  }
  if (b->fence.lang == CM_FENCE_JSON) return false;
  if (!holds_command(p, b, least, &first)) return from_info(p, b);
  cm_str rest = dedented(p, b->begin, b->fence.indent);
  size_t end = cm_block_end(rest, 0, &b->fence, &next);
  if (b->fence.indent == 0) end = true_end(rest, b, end, first, &next);
  if (!take_block(p, part(rest, 0, end), least, b->fence.console)) return false;
  cm_block following = {.line = rest.n};
  cm_str behind = part(rest, next, rest.n);
  if (cm_block_next(behind, 0, &following)) behind.n = following.line;
  explain(p, before, behind);
  size_t from = p->text.n - (rest.n - next);
  if (b->fence.indent) from = b->next;
  p->out->extra = p->out->extra || has_other_block(p, from, b);
  return true;
}

/* What a line of a block must at least look like, by the block's language, in two rounds: a block
 * that names no shell may also hold output. 0 = CM_LINE_PROSE: not in this round. */
static cm_line_kind block_least(cm_fence_lang lang, int round) {
  switch (lang) {
    case CM_FENCE_SHELL:
    case CM_FENCE_JSON: return round == 0 ? CM_LINE_WEAK : CM_LINE_PROSE;
    case CM_FENCE_NONE: return round == 0 ? CM_LINE_LIKELY : CM_LINE_WEAK;
    case CM_FENCE_TEXT: return round == 0 ? CM_LINE_PROSE : CM_LINE_LIKELY;
    case CM_FENCE_OTHER: break;
  }
  return CM_LINE_PROSE;
}

static bool from_fences(parse *p) {
  cm_block b;
  for (int round = 0; round < 2; round++)
    for (size_t from = 0; cm_block_next(p->text, from, &b); from = b.next) {
      cm_line_kind least = block_least(b.fence.lang, round);
      if (least != CM_LINE_PROSE && take_fence(p, &b, least)) return true;
    }
  return false;
}

/* --- lines --- */

/* A command before the first fence, such as one that is followed by its output. */
static bool starts_with_command(cm_str text) {
  cm_str line;
  cm_fence f;
  while (cm_str_line(&text, &line)) {
    if (cm_str_trim(line).n == 0) continue;
    return !cm_fence_read(line, &f) && cm_line_classify(line) == CM_LINE_SURE;
  }
  return false;
}

static bool from_lines(parse *p) {
  cm_walk w;
  cm_found first, last;
  size_t after;
  if (!cm_walk_open(&w, p->text, CM_LINE_LIKELY, false, false, p->a)) return p->no_memory = true;
  cm_walk probe = w;
  size_t limit = cm_walk_next(&probe, &first) ? first.from : w.text.n;
  if (from_objects(p, w.text, limit, &after)) return true;
  if (after > w.pos) w.pos = after;
  if (!take(p, &w, &first, &last)) return false;
  cm_block b;
  cm_str behind = part(w.text, last.end, w.text.n);
  if (cm_block_next(behind, 0, &b)) behind.n = b.line;
  if (p->out->extra) behind.n = 0;
  explain(p, part(w.text, 0, first.from), behind);
  return true;
}

/* A first paragraph of one line that could be a command, when nothing better was found. */
static bool from_first_line(parse *p) {
  cm_str rest = cm_str_trim(p->text), line, second;
  cm_fence f;
  if (!cm_str_line(&rest, &line)) return false;
  cm_str after = rest;
  bool alone = !cm_str_line(&rest, &second) || cm_str_trim(second).n == 0;
  if (!alone && !cm_fence_read(second, &f)) return false;
  if (!take_block(p, line, CM_LINE_WEAK, false)) return false;
  explain(p, (cm_str){"", 0}, after);
  return true;
}

/* --- inline code --- */

typedef struct span {
  size_t begin, end, next; /* the code; what follows its closing backticks */
  size_t ticks;
} span;

static size_t run_of_ticks(cm_str line, size_t i) {
  size_t n = 0;
  while (i + n < line.n && line.p[i + n] == '`') n++;
  return n;
}

/* A single backtick between a blank or bracket and a letter opens a substitution in the code. */
static bool opens_inside(cm_str line, size_t i) {
  char before = i ? line.p[i - 1] : 0, after = i + 1 < line.n ? line.p[i + 1] : 0;
  return before && after && strchr(" (=\"\\", before) && !strchr(" .,:;)`", after);
}

/* The code that opens at line.p[i]; false when it doesn't close in this line. */
static bool read_span(cm_str line, size_t i, span *out) {
  size_t ticks = run_of_ticks(line, i);
  bool nested = false;
  *out = (span){.begin = i + ticks, .ticks = ticks};
  for (size_t j = i + ticks; j < line.n; j++) {
    size_t n = run_of_ticks(line, j);
    if (ticks == 1 && n == 2 && nested) n = 1; /* `echo `date`` */
    if (n == 0) continue;
    if (ticks == 1 && n == 1 && (nested || opens_inside(line, j))) {
      nested = !nested;
      continue;
    }
    out->end = j;
    out->next = j + n;
    if (n == ticks) return true;
    j += n - 1;
  }
  return false;
}

/* `echo \`date\``: the backslashes are Markdown's, not the shell's. */
static cm_str unescape_ticks(parse *p, cm_str code) {
  if (cm_str_find(code, CM_STR("\\`")) == SIZE_MAX) return code;
  char *to = cm_arena_alloc(p->a, code.n, 1);
  size_t n = 0;
  p->no_memory = !to;
  if (!to) return (cm_str){"", 0};
  for (size_t i = 0; i < code.n; i++)
    if (code.p[i] != '\\' || i + 1 == code.n || code.p[i + 1] != '`') to[n++] = code.p[i];
  return (cm_str){to, n};
}

static cm_str code_of(parse *p, cm_str line, const span *s) {
  cm_str code = cm_str_trim(part(line, s->begin, s->end));
  if (s->ticks == 1) code = unescape_ticks(p, code);
  cm_str word = cm_first_word(code), rest = cm_str_trim(part(code, word.n, code.n));
  bool language = s->ticks >= 3 && rest.n && cm_fence_is_shell(word) &&
                  cm_line_known_utility(cm_first_word(rest)); /* ```bash ls``` */
  if (language) return rest;
  size_t prompt = cm_prompt_length(code);
  return cm_str_trim(part(code, prompt, code.n));
}

/* How much the code looks like the command that the prose is about; 0: not at all. */
static int rank_of(cm_str code, bool whole_line) {
  cm_line_kind kind = cm_line_classify(code);
  bool one_word = cm_first_word(code).n == code.n;
  if (one_word) kind = cm_line_known_utility(code) ? CM_LINE_LIKELY : CM_LINE_PROSE;
  if (kind >= CM_LINE_LIKELY) return (int)kind;
  return kind == CM_LINE_WEAK && whole_line ? 1 : 0;
}

/* Goes through one line's code; keeps the best, the first of equals. */
static void scan_line(parse *p, cm_str line, int *best, bool *alone) {
  for (size_t i = 0; i < line.n;) {
    span s;
    if (line.p[i] != '`') {
      i++;
      continue;
    }
    if (!read_span(line, i, &s)) return;
    cm_str code = code_of(p, line, &s);
    bool whole = cm_str_trim(line).n == s.next - i;
    int rank = rank_of(code, whole);
    bool other = p->out->command.n && !cm_str_eq(code, p->out->command);
    if (rank > *best) {
      *best = rank;
      *alone = whole;
      p->out->command = code;
      p->out->extra = false;
    } else if (rank && rank == *best && other) {
      p->out->extra = true;
    }
    i = s.next;
  }
}

static bool any_phrase(cm_str s, const char *const *phrases, size_t n,
                       bool (*test)(cm_str, const char *)) {
  for (size_t i = 0; i < n; i++)
    if (test(s, phrases[i])) return true;
  return false;
}

#define ANY_PHRASE(s, phrases, test) any_phrase(s, phrases, sizeof phrases / sizeof *phrases, test)

static bool from_code(parse *p) {
  static const char *const warnings[] = {"dangerous", "never ",    "avoid ",
                                         "do not ",   "don't run", "don't use"};
  cm_str rest = p->text, line;
  int best = 0;
  bool alone = false;
  while (cm_str_line(&rest, &line))
    if (!ANY_PHRASE(line, warnings, cm_phrase_in)) scan_line(p, line, &best, &alone);
  if (best && !alone) p->out->explanation = cm_str_trim(p->text);
  return best > 0;
}

/* --- refusals --- */

/* The text from its first line that is neither empty nor a fence. */
static cm_str content_of(cm_str text) {
  cm_str rest = text, line;
  cm_fence f;
  while (cm_str_line(&rest, &line)) {
    if (cm_str_trim(line).n == 0 || cm_fence_read(line, &f)) continue;
    size_t at = (size_t)(line.p - text.p);
    return part(text, at, text.n);
  }
  return (cm_str){"", 0};
}

/* What our own prompt asks for: "# cannot: the reason". */
static bool is_marked_refusal(cm_str content, cm_str *reason) {
  static const char mark[] = "cannot:";
  cm_str line;
  if (!cm_str_line(&content, &line)) return false;
  line = cm_str_trim(line);
  while (line.n && (line.p[0] == '#' || line.p[0] == ' ')) line = part(line, 1, line.n);
  if (!cm_phrase_starts(line, mark)) return false;
  *reason = cm_str_trim(part(line, sizeof mark - 1, line.n));
  return true;
}

/* The model says no in prose. A command after it counts only where the prose offers one before:
 * others are examples of what is not done. */
static bool is_prose_refusal(cm_str content) {
  static const char *const starts[] = {"i'm sorry",         "i am sorry",
                                       "sorry, ",           "sorry but",
                                       "i can't",           "i cannot",
                                       "i can not",         "i'm unable",
                                       "i am unable",       "i'm not able",
                                       "i am not able",     "as an ai",
                                       "i won't",           "i will not",
                                       "i must decline",    "unfortunately, i",
                                       "i apologize, but",  "it is not possible",
                                       "it's not possible", "there is no command",
                                       "cannot ",           "i don't",
                                       "i do not"};
  static const char *const offers[] = {"you can ", "you could ", "you may ",     "you might ",
                                       "here is",  "here's",     "this command", "try "};
  if (!ANY_PHRASE(content, starts, cm_phrase_starts)) return false;
  size_t code = 0;
  while (code < content.n && content.p[code] != '`' && content.p[code] != '~') code++;
  cm_str before = part(content, 0, code);
  bool offered = ANY_PHRASE(before, offers, cm_phrase_in);
  return code == content.n || !offered;
}

/* The first paragraph on one line. */
static cm_str first_paragraph(parse *p, cm_str content) {
  cm_str line;
  char *to = cm_arena_alloc(p->a, content.n + 1, 1);
  size_t n = 0;
  cm_fence f;
  p->no_memory = !to;
  while (to && cm_str_line(&content, &line)) {
    line = cm_str_trim(line);
    if (line.n == 0 || cm_fence_read(line, &f)) break;
    if (n) to[n++] = ' ';
    memcpy(to + n, line.p, line.n);
    n += line.n;
  }
  return (cm_str){to, n};
}

static bool from_refusal(parse *p) {
  cm_str content = content_of(p->text);
  if (is_marked_refusal(content, &p->out->reason)) return p->out->refused = true;
  if (!is_prose_refusal(content)) return false;
  p->out->reason = first_paragraph(p, content);
  return p->out->refused = true;
}

/* Words of refusal anywhere, where nothing else was found. */
static bool from_late_refusal(parse *p) {
  static const char *const words[] = {"i cannot",     "i can't",   "i can not", "cannot be",
                                      "can't be",     "unable to", "not able",  "not a shell",
                                      "not possible", "sorry"};
  cm_str content = content_of(p->text);
  while (content.n && (content.p[0] == '#' || content.p[0] == ' '))
    content = part(content, 1, content.n);
  if (!ANY_PHRASE(content, words, cm_phrase_in)) return false;
  p->out->reason = first_paragraph(p, content);
  return p->out->refused = true;
}

/* --- the whole --- */

static bool has_odd_bytes(cm_str s) {
  for (size_t i = 0; i < s.n;) {
    uint32_t cp;
    i += cm_utf8_next(s.p + i, s.n - i, &cp);
    if (cp != '\n' && cp != '\t' && cm_json_hidden(cp)) return true;
  }
  return false;
}

static bool settle(parse *p) {
  if (from_refusal(p)) return true;
  if (starts_with_command(p->text) && from_lines(p)) return true;
  return from_fences(p) || from_lines(p) || from_code(p) || from_first_line(p) ||
         from_late_refusal(p);
}

cm_code cm_reply_parse(cm_str text, cm_arena *a, cm_reply *out, cm_err *e) {
  parse p = {.a = a, .out = out};
  *out = (cm_reply){0};
  if (text.n > CM_REPLY_MAX)
    return cm_fail(e, CM_E_LIMIT, CM_REPLY_MAX, "the reply has %zu bytes, at most %d are read",
                   text.n, CM_REPLY_MAX);
  bool settled = cm_reply_clean(text, a, &p.text) && settle(&p);
  if (!p.text.p || p.no_memory) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the reply");
  if (!settled) return cm_fail(e, CM_E_NOTFOUND, 0, "the reply holds no command");
  if (out->command.n > CM_REPLY_COMMAND_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "the command has %zu bytes, at most %d are taken",
                   out->command.n, CM_REPLY_COMMAND_MAX);
  out->odd_bytes = has_odd_bytes(out->command);
  return CM_OK;
}
