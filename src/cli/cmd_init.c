/* cmdai init: shell code for a key that turns the line being typed into a command. It is put into
 * the line and never run: running it stays the person's own next step. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { CHORDS_MAX = 3, OUT_MAX = 1 << 18 };

/* --- keys --- */

typedef enum modifier { PLAIN, CTRL, ALT } modifier;
typedef struct chord {
  modifier with;
  char key; /* a lower-case letter or a digit */
} chord;
typedef struct keys {
  chord chords[CHORDS_MAX];
  size_t n;
} keys;

static cm_code bad_keys(const char *text, const char *why, cm_err *e) {
  return cm_fail(e, CM_E_USAGE, 0, "--key %.40s: %s", text, why);
}

static bool chord_of(cm_str word, chord *out) {
  const cm_str ctrl = CM_STR("ctrl-"), alt = CM_STR("alt-");
  out->with = cm_str_starts(word, ctrl) ? CTRL : cm_str_starts(word, alt) ? ALT : PLAIN;
  const size_t skip = out->with == CTRL ? ctrl.n : out->with == ALT ? alt.n : 0;
  if (word.n != skip + 1) return false;
  out->key = word.p[skip];
  const bool is_letter = out->key >= 'a' && out->key <= 'z';
  return is_letter || (out->with != CTRL && out->key >= '0' && out->key <= '9');
}

/* "ctrl-x,ctrl-a", "alt-i". */
static cm_code keys_of(const char *text, keys *out, cm_err *e) {
  out->n = 0;
  for (const char *p = text;;) {
    const size_t n = strcspn(p, ",");
    if (out->n == CHORDS_MAX) return bad_keys(text, "at most three keys", e);
    if (!chord_of((cm_str){p, n}, &out->chords[out->n++]))
      return bad_keys(text, "expected are keys such as ctrl-g, alt-i or ctrl-x,a", e);
    if (!p[n]) break;
    p += n + 1;
  }
  const chord *first = out->chords;
  if (first->with == PLAIN) return bad_keys(text, "the first key needs ctrl- or alt-", e);
  /* Tab, Enter, end of input and signals: a line can't be typed without them. */
  if (first->with == CTRL && strchr("cdhijmqsz", first->key))
    return bad_keys(text, "the terminal needs this key itself", e);
  return CM_OK;
}

/* As the shells' own bind commands write them. */
static void put_keys(const keys *k, const char *ctrl, const char *alt, cm_buf *out) {
  for (size_t i = 0; i < k->n; i++)
    cm_buf_printf(out, "%s%c",
                  k->chords[i].with == CTRL  ? ctrl
                  : k->chords[i].with == ALT ? alt
                                             : "",
                  k->chords[i].key);
}

/* --- shells --- */

/* cmdai's messages go through a pipe to the terminal: it asks no questions then, which nobody
 * could answer while a line is being edited. Status 7 is "look twice". */
static const char bash_widget[] =
    "_cmdai_line() {\n"
    "  [[ $READLINE_LINE == *[![:space:]]* ]] || return 0\n"
    "  local command status\n"
    "  command=$(\n"
    "    {\n"
    "      command cmdai -o plain -s bash -- \"$READLINE_LINE\" 2>&1 >&3 </dev/null | cat >&2\n"
    "      exit \"${PIPESTATUS[0]}\"\n"
    "    } 3>&1\n"
    "  )\n"
    "  status=$?\n"
    "  if [[ ($status == 0 || $status == 7) && -n $command ]]; then\n"
    "    READLINE_LINE=$command\n"
    "    READLINE_POINT=${#READLINE_LINE}\n"
    "  fi\n"
    "}\n";

static void bash(const keys *k, cm_buf *b) {
  static const char *const maps[] = {"emacs-standard", "vi-insert"};
  cm_buf_puts(b, bash_widget);
  cm_buf_puts(b, "if [[ $- == *i* ]]; then\n");
  for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
    cm_buf_printf(b, "  bind -m %s -x '\"", maps[i]);
    put_keys(k, "\\C-", "\\e", b);
    cm_buf_puts(b, "\": _cmdai_line'\n");
  }
  cm_buf_puts(b, "fi\n");
  (void)cm_completion_write("bash", b);
}

static const char zsh_widget[] =
    "_cmdai_line() {\n"
    "  emulate -L zsh\n"
    "  setopt no_multios\n"
    "  [[ $BUFFER == *[![:space:]]* ]] || return 0\n"
    "  local command code\n"
    "  zle -I\n"
    "  command=$(\n"
    "    {\n"
    "      command cmdai -o plain -s zsh -- \"$BUFFER\" 2>&1 >&3 </dev/null | cat >&2\n"
    "      exit \"${pipestatus[1]}\"\n"
    "    } 3>&1\n"
    "  )\n"
    "  code=$?\n"
    "  if [[ ($code == 0 || $code == 7) && -n $command ]]; then\n"
    "    BUFFER=$command\n"
    "    CURSOR=${#BUFFER}\n"
    "  fi\n"
    "  return 0\n"
    "}\n";

/* The completion is a file for compinit; here it becomes a function. */
static void zsh(const keys *k, cm_buf *b) {
  static const char *const maps[] = {"emacs", "viins"};
  cm_buf_puts(b, zsh_widget);
  cm_buf_puts(b, "if [[ -o zle ]]; then\n  zle -N _cmdai_line\n");
  for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
    cm_buf_printf(b, "  bindkey -M %s '", maps[i]);
    put_keys(k, "^", "^[", b);
    cm_buf_puts(b, "' _cmdai_line\n");
  }
  cm_buf_puts(b, "fi\n_cmdai() {\n");
  (void)cm_completion_write("zsh", b);
  cm_buf_puts(b, "}\nif (( $+functions[compdef] )); then compdef _cmdai cmdai; fi\n");
}

/* The status is set and not printed: fish may put what a builtin prints before what a program
 * printed earlier. */
static const char fish_widget[] =
    "function _cmdai_line\n"
    "  set -l line (commandline -b | string collect)\n"
    "  string match -qr '\\S' -- \"$line\"; or return 0\n"
    "  echo >&2\n"
    "  set -l code\n"
    "  set -l said (command cmdai -o plain -s fish -- \"$line\" </dev/null 2>| cat >&2; "
    "set code $pipestatus[1])\n"
    "  if contains -- \"$code\" 0 7; and set -q said[1]\n"
    "    commandline -r -- (string join \\n -- $said | string collect)\n"
    "  end\n"
    "  commandline -f repaint\n"
    "end\n";

static void fish(const keys *k, cm_buf *b) {
  static const char *const modes[] = {"default", "insert"};
  cm_buf_puts(b, fish_widget);
  cm_buf_puts(b, "if status is-interactive\n");
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    cm_buf_printf(b, "  bind -M %s ", modes[i]);
    put_keys(k, "\\c", "\\e", b);
    cm_buf_puts(b, " _cmdai_line\n");
  }
  cm_buf_puts(b, "end\n");
  (void)cm_completion_write("fish", b);
}

static const struct {
  const char *name;
  void (*write)(const keys *k, cm_buf *b);
} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

int cm_cmd_init(const cm_opts *o, char **operands, size_t n) {
  cm_err e = {0};
  cm_buf b;
  keys k;
  for (size_t i = 0; n == 1 && i < sizeof shells / sizeof *shells; i++) {
    if (strcmp(shells[i].name, operands[0]) != 0) continue;
    if (keys_of(o->keys, &k, &e)) return cm_ui_fail(CM_EXIT_USAGE, "%s", e.msg);
    cm_buf_init(&b, OUT_MAX);
    shells[i].write(&k, &b);
    return cm_ui_out_buf(&b);
  }
  return cm_ui_fail(CM_EXIT_USAGE,
                    "usage: cmdai init bash|zsh|fish; did you mean: cmdai ask init ...?");
}
