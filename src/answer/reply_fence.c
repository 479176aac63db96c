#include <string.h>

#include "answer/reply_parts.h"

static cm_str after(cm_str s, size_t i) { return (cm_str){s.p + i, s.n - i}; }

/* --- one line --- */

static bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

static bool in_set(cm_str name, const char *const *set, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (name.n == strlen(set[i]) && cm_phrase_starts(name, set[i])) return true;
  return false;
}

static const char *const shells[] = {"bash", "sh",    "shell", "zsh",     "fish", "dash", "ksh",
                                     "ash",  "posix", "cmd",   "command", "unix", "linux"};
static const char *const consoles[] = {"console",       "terminal",   "shellsession",
                                       "shell-session", "sh-session", "bash-session"};
static const char *const texts[] = {"text", "plaintext", "txt", "plain", "code"};
static const char *const jsons[] = {"json", "jsonc", "json5", "jsonl"};

#define IN_SET(name, set) in_set(name, set, sizeof set / sizeof *set)

bool cm_fence_is_shell(cm_str name) { return IN_SET(name, shells) || IN_SET(name, consoles); }

/* bash, BASH title="x", {.bash}, bash:run.sh */
static void read_language(cm_fence *f) {
  cm_str info = f->info;
  while (info.n && (info.p[0] == '{' || info.p[0] == '.')) info = after(info, 1);
  size_t n = 0;
  while (n < info.n && is_name(info.p[n])) n++;
  cm_str name = {info.p, n};
  f->console = IN_SET(name, consoles);
  f->lang = n == 0                               ? CM_FENCE_NONE
            : f->console || IN_SET(name, shells) ? CM_FENCE_SHELL
            : IN_SET(name, texts)                ? CM_FENCE_TEXT
            : IN_SET(name, jsons)                ? CM_FENCE_JSON
                                                 : CM_FENCE_OTHER;
}

/* Length of white space and at most one list mark before a fence. */
static size_t indent_length(cm_str line) {
  size_t i = 0;
  while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t')) i++;
  size_t mark = i;
  while (mark < line.n && line.p[mark] >= '0' && line.p[mark] <= '9') mark++;
  bool list = mark > i ? mark < line.n && (line.p[mark] == '.' || line.p[mark] == ')')
                       : mark < line.n && (line.p[mark] == '-' || line.p[mark] == '*');
  if (!list || mark + 1 >= line.n || line.p[mark + 1] != ' ') return i;
  return mark + 2;
}

bool cm_fence_read(cm_str line, cm_fence *out) {
  size_t indent = indent_length(line), i = indent;
  char mark = i < line.n ? line.p[i] : 0;
  if (mark != '`' && mark != '~') return false;
  while (i < line.n && line.p[i] == mark) i++;
  if (i - indent < 3) return false;
  *out = (cm_fence){.indent = indent, .length = i - indent, .mark = mark};
  out->info = cm_str_trim(after(line, i));
  if (mark == '`' && out->info.n && memchr(out->info.p, '`', out->info.n)) return false;
  read_language(out);
  return true;
}

/* --- blocks --- */

cm_str cm_line_at(cm_str text, size_t from) {
  const char *p = text.p + from, *nl = memchr(p, '\n', text.n - from);
  return (cm_str){p, nl ? (size_t)(nl - p) : text.n - from};
}

/* "ls -la```": models close a fence on the command's own line. */
static bool closes_at_end(cm_str line, const cm_fence *open) {
  line = cm_str_trim(line);
  if (open->mark != '`' || line.n <= open->length) return false;
  size_t rest = line.n - open->length;
  for (size_t i = 0; i < line.n; i++)
    if ((line.p[i] == '`') != (i >= rest)) return false;
  return true;
}

size_t cm_block_end(cm_str text, size_t from, const cm_fence *open, size_t *next) {
  for (size_t i = from; i < text.n;) {
    cm_str line = cm_line_at(text, i);
    size_t after_line = i + line.n + (i + line.n < text.n ? 1 : 0);
    cm_fence f;
    bool fence = cm_fence_read(line, &f) && f.mark == open->mark;
    *next = after_line;
    if (fence && !f.info.n && f.length >= open->length) return i;
    if (fence && f.info.n && f.length == open->length) return *next = i; /* opened once more */
    if (closes_at_end(line, open)) {
      while (text.p[i + line.n - 1] != '`') line.n--;
      return i + line.n - open->length;
    }
    i = after_line;
  }
  return *next = text.n;
}

bool cm_block_next(cm_str text, size_t from, cm_block *out) {
  for (size_t i = from; i < text.n;) {
    cm_str line = cm_line_at(text, i);
    size_t after_line = i + line.n + (i + line.n < text.n ? 1 : 0);
    if (cm_fence_read(line, &out->fence)) {
      out->line = i;
      out->begin = after_line;
      out->end = cm_block_end(text, after_line, &out->fence, &out->next);
      return true;
    }
    i = after_line;
  }
  return false;
}
