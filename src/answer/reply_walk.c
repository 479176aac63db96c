#include <string.h>

#include "answer/reply_parts.h"

static cm_str after(cm_str s, size_t i) { return (cm_str){s.p + i, s.n - i}; }
static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static size_t blanks(cm_str s) {
  size_t i = 0;
  while (i < s.n && is_blank(s.p[i])) i++;
  return i;
}

static size_t next_line(cm_str text, size_t pos, cm_str line) {
  size_t end = pos + line.n;
  return end < text.n ? end + 1 : end;
}

/* --- prompts --- */

/* ada@box:~$ , [ada@box ~]# , bash-5.2$ */
static size_t host_prompt(cm_str line) {
  enum { LONGEST = 80 };
  bool bracket = line.p[0] == '[', at_sign = false;
  bool bare_shell = cm_str_starts(line, CM_STR("bash-")) || cm_str_starts(line, CM_STR("sh-"));
  for (size_t i = 0; i + 1 < line.n && i < LONGEST; i++) {
    char c = line.p[i];
    if (c == '@' && i) at_sign = true;
    if ((c == '$' || c == '#') && line.p[i + 1] == ' ')
      return (at_sign || bare_shell) && (!bracket || line.p[i - 1] == ']') ? i + 2 : 0;
    if (c == '"' || c == '\'' || (is_blank(c) && !bracket)) return 0;
  }
  return 0;
}

size_t cm_prompt_length(cm_str line) {
  if (cm_str_starts(line, CM_STR("$ ")) || cm_str_starts(line, CM_STR("% "))) return 2;
  return line.n ? host_prompt(line) : 0;
}

/* "# apt update" in a session is root's prompt; "# list everything" is a comment. */
static bool is_root_prompt(cm_str line) {
  return cm_str_starts(line, CM_STR("# ")) && cm_line_classify(after(line, 2)) >= CM_LINE_LIKELY;
}

/* Looks at the text's first line that is no comment. */
static void detect_prompts(cm_walk *w, bool console) {
  cm_str rest = w->text, line;
  while (cm_str_line(&rest, &line)) {
    line = cm_str_trim(line);
    if (line.n == 0) continue;
    w->prompts = cm_prompt_length(line) > 0;
    if (line.p[0] != '#') break;
    if (console && is_root_prompt(line)) w->root = true;
  }
  if (w->prompts) w->root = false;
  if (w->root) w->prompts = true;
}

/* Takes the "> " off the lines that continue a command behind a prompt. */
static bool drop_second_prompts(cm_walk *w, cm_arena *a) {
  char *p = cm_arena_alloc(a, w->text.n + 1, 1);
  size_t n = 0;
  bool in_command = false;
  if (!p) return false;
  for (size_t i = 0; i < w->text.n;) {
    cm_str line = cm_line_at(w->text, i);
    size_t next = next_line(w->text, i, line), skip = 0;
    bool prompt = cm_prompt_length(after(line, blanks(line))) > 0;
    if (in_command && cm_str_starts(line, CM_STR("> "))) skip = 2;
    in_command = prompt || skip;
    memcpy(p + n, w->text.p + i + skip, next - i - skip);
    n += next - i - skip;
    i = next;
  }
  w->text = (cm_str){p, n};
  return true;
}

bool cm_walk_open(cm_walk *w, cm_str text, cm_line_kind least, bool block, bool console,
                  cm_arena *a) {
  *w = (cm_walk){.text = text, .least = least, .block = block};
  detect_prompts(w, console);
  return !w->prompts || drop_second_prompts(w, a);
}

/* --- one line --- */

/* "1. ", "2) ", "- ", "* " */
static size_t list_mark(cm_str line) {
  size_t i = 0;
  while (i < line.n && line.p[i] >= '0' && line.p[i] <= '9') i++;
  bool marked = i ? i < line.n && (line.p[i] == '.' || line.p[i] == ')')
                  : line.n && (line.p[0] == '-' || line.p[0] == '*');
  return marked && i + 1 < line.n && line.p[i + 1] == ' ' ? i + 2 : 0;
}

/* "The command is: ls -la": the command's position behind the label, or SIZE_MAX. */
static size_t behind_label(cm_str line) {
  static const char *const labels[] = {"command", "answer", "solution", "run",  "use",
                                       "try",     "bash",   "shell",    "this", "execute"};
  const char *colon = memchr(line.p, ':', line.n);
  size_t i = colon ? (size_t)(colon - line.p) : line.n;
  cm_str label = {line.p, i};
  bool named = false;
  for (size_t k = 0; k < sizeof labels / sizeof *labels; k++)
    named = named || cm_phrase_in(label, labels[k]);
  i++;
  while (i < line.n && line.p[i] == '*') i++; /* **Command:** */
  if (!named || i >= line.n || !is_blank(line.p[i])) return SIZE_MAX;
  i += blanks(after(line, i));
  i += cm_prompt_length(after(line, i));
  return cm_line_classify(after(line, i)) >= CM_LINE_LIKELY ? i : SIZE_MAX;
}

/* What stands around a whole line: so many bytes at each end. */
typedef struct wrap {
  size_t front, back;
} wrap;

/* <code>…</code> */
static wrap tags_around(cm_str line) {
  size_t n = 1;
  while (n < line.n && line.p[n] >= 'a' && line.p[n] <= 'z') n++;
  if (line.p[0] != '<' || n < 2 || n == line.n || line.p[n] != '>') return (wrap){0, 0};
  cm_str name = {line.p + 1, n};
  bool closed = line.n > 2 * n + 3 && cm_str_ends(line, name) &&
                cm_str_ends((cm_str){line.p, line.n - n}, CM_STR("</"));
  return closed ? (wrap){n + 1, n + 2} : (wrap){0, 0};
}

/* A line that is wholly `code`, **bold**, quoted or in tags. */
static wrap wrapping(cm_str line, bool block) {
  wrap tags = tags_around(line), none = {0, 0};
  bool quoted = line.p[0] == '"' || line.p[0] == '\'';
  size_t n = quoted || (block && line.p[0] == '`') ? 1 : cm_str_starts(line, CM_STR("**")) ? 2 : 0;
  wrap w = tags.front ? tags : (wrap){n, n};
  if (w.front == 0 || line.n <= w.front + w.back) return none;
  cm_str inner = {line.p + w.front, line.n - w.front - w.back}, mark = {line.p, w.front};
  if (!tags.front && !cm_str_ends(line, mark)) return none;
  if (cm_str_find(inner, mark) != SIZE_MAX) return none;
  cm_str word = cm_first_word(inner); /* "/opt/My App/run" is quoted for the shell */
  if (quoted && (word.n == inner.n || !cm_line_known_utility(word))) return none;
  return cm_line_classify(inner) >= CM_LINE_LIKELY ? w : none;
}

/* Just "bash" before a command: a fence's language without its fence. */
static bool is_language_line(const cm_walk *w, cm_str line, size_t next) {
  if (!cm_fence_is_shell(cm_str_trim(line)) || next >= w->text.n) return false;
  cm_str following = cm_line_at(w->text, next);
  return cm_line_classify(after(following, cm_prompt_length(following))) >= CM_LINE_LIKELY;
}

typedef struct spot {
  size_t from; /* where in the line the command begins; SIZE_MAX: there is none */
  size_t
      back; /* it ends so many bytes before the line does; 0: it may go on over the line's end */
  bool passed; /* no command, but no prose either: a comment */
} spot;

static spot look_at(const cm_walk *w, cm_str line, size_t next) {
  spot none = {.from = SIZE_MAX}, comment = {.from = SIZE_MAX, .passed = true};
  size_t i = blanks(line), prompt = cm_prompt_length(after(line, i));
  if (w->root && is_root_prompt(after(line, i))) prompt = 2;
  if (w->prompts && !prompt) return comment;
  i += prompt;
  i += blanks(after(line, i));
  if (i == line.n || line.p[i] == '#' || is_language_line(w, line, next)) return comment;
  if (!prompt) i += list_mark(after(line, i));
  cm_str rest = cm_str_trim(after(line, i));
  if (rest.n == 0) return none;
  wrap around = wrapping(rest, w->block);
  if (around.front) return (spot){.from = i + around.front, .back = around.back};
  if (cm_line_classify(rest) >= (prompt ? CM_LINE_WEAK : w->least)) return (spot){.from = i};
  size_t label = behind_label(rest);
  return label == SIZE_MAX ? none : (spot){.from = i + label};
}

/* --- commands --- */

/* cd, assignments and the like do nothing for anybody without the command that follows. */
static bool only_prepares(cm_str command, const cm_statement *s) {
  static const char *const names[] = {"cd", "pushd", "export", "set",   "unset",  "source",
                                      ".",  "shopt", "setopt", "umask", "ulimit", "function"};
  cm_str word = cm_first_word(command);
  if (s->compound) return false;
  for (size_t k = 0; k < sizeof names / sizeof *names; k++)
    if (cm_str_is(word, names[k])) return true;
  if (cm_str_ends(word, CM_STR("()")) && command.p[command.n - 1] == '}') return true;
  const char *equals = memchr(word.p, '=', word.n);
  return s->words == 1 && equals && cm_line_classify(word) == CM_LINE_SURE &&
         !memchr(word.p, '/', (size_t)(equals - word.p));
}

/* An open quote or bracket in a whole reply: nobody knows where the command was meant to end, the
 * paragraph's end is the best guess. */
static size_t paragraph_end(cm_str text, size_t from) {
  size_t end = from;
  while (end < text.n) {
    cm_str line = cm_line_at(text, end);
    cm_fence f;
    if (end > from && (cm_str_trim(line).n == 0 || cm_fence_read(line, &f))) break;
    end = next_line(text, end, line);
  }
  return end;
}

static void read_command(cm_walk *w, cm_str line, spot s, cm_found *out) {
  size_t from = w->pos + s.from, end = w->pos + line.n;
  out->from = from;
  if (s.back) {
    cm_str inner = cm_str_trim((cm_str){w->text.p + from, end - from});
    out->command = (cm_str){inner.p, inner.n - s.back};
    out->end = w->pos = end;
    return;
  }
  cm_statement st = cm_shell_statement(w->text, from);
  if (!st.complete) {
    st.end = w->block ? w->text.n : paragraph_end(w->text, from);
    st.comment = st.end;
  }
  out->command = cm_str_trim((cm_str){w->text.p + from, st.comment - from});
  out->end = st.end;
  out->prepares = st.complete && only_prepares(out->command, &st);
  w->pos = st.complete ? st.end : w->text.n;
}

bool cm_walk_next(cm_walk *w, cm_found *out) {
  *out = (cm_found){0};
  while (w->pos < w->text.n) {
    cm_str line = cm_line_at(w->text, w->pos);
    size_t next = next_line(w->text, w->pos, line);
    cm_block block;
    if (cm_fence_read(line, &block.fence)) {
      if (!w->block) cm_block_end(w->text, next, &block.fence, &next);
      out->apart = true;
      w->pos = next;
      continue;
    }
    spot s = look_at(w, line, next);
    if (s.from != SIZE_MAX) {
      read_command(w, line, s, out);
      return true;
    }
    if (!s.passed) out->apart = true;
    w->pos = next;
  }
  return false;
}
