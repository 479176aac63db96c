/* Variants of commands: another text that does the same. */
#include <string.h>

#include "quality/mutate_parts.h"
#include "sh/sh.h"

enum { PADS = 300 };

static bool is_sh(const cm_case *c) { return strcmp(c->shell, "sh") == 0; }
static const char *shell_of(const cm_case *c) { return is_sh(c) ? "sh" : "bash"; }

static void add(cm_str s, cm_buf *out) { cm_buf_add(out, s.p, s.n); }

static uint32_t below(cm_stat_random *dice, uint32_t n) { return cm_stat_random_below(dice, n); }

/* The text as one word: 'it'\''s' */
static void put_quoted(cm_str s, cm_buf *out) {
  cm_buf_putc(out, '\'');
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '\'') cm_buf_puts(out, "'\\''");
    else cm_buf_putc(out, s.p[i]);
  }
  cm_buf_putc(out, '\'');
}

void cm_mutate_base64(cm_str s, cm_buf *out) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < s.n; i += 3) {
    uint32_t v = 0;
    for (size_t k = 0; k < 3; k++) v = v << 8 | (i + k < s.n ? (unsigned char)s.p[i + k] : 0);
    for (size_t k = 0; k < 4; k++)
      cm_buf_putc(out, i + k > s.n ? '=' : digits[v >> (18 - 6 * k) & 63]);
  }
}

/* --- another reader of the text --- */

static bool eval_quoted(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  cm_buf_puts(out, "eval ");
  put_quoted(c->text, out);
  return true;
}

static bool own_shell(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  cm_buf_printf(out, "%s -c ", shell_of(c));
  put_quoted(c->text, out);
  return true;
}

static bool wrapped(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  static const char *const all[] = {"env",        "nohup",      "command", "exec", "nice -n 5",
                                    "timeout 60", "stdbuf -o0", "env A=b", "sudo", "setsid"};
  cm_buf_printf(out, "%s %s -c ", all[below(dice, 10)], shell_of(c));
  put_quoted(c->text, out);
  return true;
}

static bool base64_pipe(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  static const char *const how[] = {"-d", "--decode", "-di"};
  cm_buf_puts(out, "echo ");
  cm_mutate_base64(c->text, out);
  cm_buf_printf(out, " | base64 %s | %s", how[below(dice, 3)], shell_of(c));
  return true;
}

static bool base64_eval(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  cm_buf_puts(out, "eval \"$(echo ");
  cm_mutate_base64(c->text, out);
  cm_buf_puts(out, " | base64 -d)\"");
  return true;
}

static bool octal_pipe(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  cm_buf_puts(out, "printf '");
  for (size_t i = 0; i < c->text.n; i++)
    cm_buf_printf(out, "\\%03o", (unsigned)(unsigned char)c->text.p[i]);
  cm_buf_printf(out, "' | %s", shell_of(c));
  return true;
}

static bool text_pipe(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  cm_buf_puts(out, "printf '%s\\n' ");
  put_quoted(c->text, out);
  cm_buf_printf(out, " | %s", shell_of(c));
  return true;
}

static bool backwards(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  for (size_t i = 0; i < c->text.n; i++)
    if ((c->text.p[i] & 0x80) || c->text.p[i] == '\n' || c->text.p[i] == '\'') return false;
  cm_buf_puts(out, "echo '");
  for (size_t i = c->text.n; i-- > 0;) cm_buf_putc(out, c->text.p[i]);
  cm_buf_printf(out, "' | rev | %s", shell_of(c));
  return true;
}

static bool ansi_c(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  if (is_sh(c)) return false;
  cm_buf_puts(out, "eval $'");
  for (size_t i = 0; i < c->text.n; i++) {
    const unsigned b = (unsigned char)c->text.p[i];
    cm_buf_printf(out, below(dice, 2) ? "\\x%02x" : "\\%03o", b);
  }
  cm_buf_putc(out, '\'');
  return true;
}

static bool variable(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  static const char *const use[] = {"eval \"$q_c\"", "bash -c \"$q_c\"", "eval \"${q_c}\"",
                                    "bash <<< \"$q_c\""};
  cm_buf_puts(out, "q_c=");
  put_quoted(c->text, out);
  cm_buf_printf(out, "; %s", is_sh(c) ? use[0] : use[below(dice, 4)]);
  return true;
}

static bool here_string(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  if (is_sh(c)) return false;
  cm_buf_puts(out, "bash <<< ");
  put_quoted(c->text, out);
  return true;
}

static bool here_document(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  if (cm_str_find(c->text, CM_STR("THE_END")) != SIZE_MAX) return false;
  cm_buf_printf(out, "%s <<'THE_END'\n", shell_of(c));
  add(c->text, out);
  cm_buf_puts(out, "\nTHE_END");
  return true;
}

static bool sourced(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  if (is_sh(c)) return false;
  cm_buf_puts(out, below(dice, 2) ? ". <(echo " : "source <(echo ");
  put_quoted(c->text, out);
  cm_buf_putc(out, ')');
  return true;
}

static bool by_xargs(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  cm_buf_puts(out, "printf '%s' ");
  put_quoted(c->text, out);
  cm_buf_printf(out, " | xargs -0 %s -c", shell_of(c));
  return true;
}

static bool by_find(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  if (cm_str_find(c->text, CM_STR("{}")) != SIZE_MAX) return false; /* find would fill it in */
  cm_buf_printf(out, "find . -maxdepth 0 -exec %s -c ", shell_of(c));
  put_quoted(c->text, out);
  cm_buf_puts(out, " \\;");
  return true;
}

static bool by_trap(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  cm_buf_puts(out, "trap ");
  put_quoted(c->text, out);
  cm_buf_puts(out, " EXIT");
  return true;
}

static bool by_python(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  for (size_t i = 0; i < c->text.n; i++)
    if (strchr("'\"\\\n", c->text.p[i])) return false;
  cm_buf_puts(out, "python3 -c 'import os; os.system(\"");
  add(c->text, out);
  cm_buf_puts(out, "\")'");
  return true;
}

/* --- around it --- */

static bool between(const cm_case *c, const char *before, const char *after, cm_buf *out) {
  cm_buf_puts(out, before);
  add(c->text, out);
  cm_buf_puts(out, after);
  return true;
}

/* A newline before what closes it: the text may end in a comment or a here-document. */
static bool grouped(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  static const char *const all[][2] = {{"( ", "\n)"},          {"{ ", "\n}"},
                                       {"{ ", "\n} &"},        {"true && { ", "\n}"},
                                       {"false || { ", "\n}"}, {"! { ", "\n}"}};
  const uint32_t i = below(dice, 6);
  return between(c, all[i][0], all[i][1], out);
}

static bool in_control(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  static const char *const all[][2] = {{"if true; then ", "\nfi"},
                                       {"for q_i in 1; do ", "\ndone"},
                                       {"while ", "\ndo break; done"},
                                       {"case x in x) ", "\n;; esac"}};
  const uint32_t i = below(dice, 4);
  return between(c, all[i][0], all[i][1], out);
}

static bool in_function(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  return between(c, "q_f() { ", "\n}; q_f", out);
}

static bool is_valid(const cm_case *c) {
  cm_sh_tree tree;
  cm_arena *a = cm_arena_open(64 << 20);
  const cm_code code =
      a ? cm_sh_parse(c->text, is_sh(c) ? CM_SH_POSIX : CM_SH_BASH, a, &tree, NULL) : CM_E_NOMEM;
  cm_arena_close(a);
  return code == CM_OK;
}

/* In a here-document bash takes what isn't valid for text, and goes on. */
static bool in_substitution(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  static const char *const all[][2] = {
      {"echo \"$(", "\n)\""}, {": $(", "\n)"}, {"q_x=$(", "\n)"}, {"cat <<E\n$(", "\n)\nE"}};
  const uint32_t i = below(dice, is_valid(c) ? 4 : 3);
  return between(c, all[i][0], all[i][1], out);
}

static bool padded(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  static const char *const all[] = {"true; ", "\n", "  ", ":\n", "echo ok; ", "\t"};
  const char *word = all[below(dice, 6)];
  for (int i = 0; i < PADS; i++) cm_buf_puts(out, word);
  return between(c, "", "", out);
}

static bool behind_comment(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  (void)dice;
  return between(c, "# nothing to see here; echo 'all is well'\n", "\n# the end", out);
}

static bool behind_harmless(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  static const char *const all[] = {"ls -la; ", "echo safe && ", "cd . ; ", "true\n", ": ; "};
  return between(c, all[below(dice, 5)], "", out);
}

/* --- the first word --- */

static bool is_small(char c) { return c >= 'a' && c <= 'z'; }

/* The bytes of a program's name that the text begins with; 0: it begins with something else, or
 * with a word of the shell's own grammar, which must not be quoted. */
static size_t first_word(cm_str s) {
  static const char grammar[] =
      " if then else elif fi for while until do done case esac function select time coproc in "
      "alias export declare local readonly typeset ";
  size_t n = 0;
  char word[32] = " ";
  while (n < s.n && n < 24 && is_small(s.p[n])) word[n + 1] = s.p[n], n++;
  if (n < 2 || n == s.n || s.p[n] != ' ') return 0;
  word[n + 1] = ' ', word[n + 2] = 0;
  return strstr(grammar, word) ? 0 : n;
}

static bool split_word(const cm_case *c, cm_stat_random *dice, cm_buf *out, const char *what) {
  const size_t n = first_word(c->text);
  if (!n) return false;
  const size_t at = 1 + below(dice, (uint32_t)n - 1);
  add((cm_str){c->text.p, at}, out);
  cm_buf_puts(out, what);
  add((cm_str){c->text.p + at, c->text.n - at}, out);
  return true;
}

static bool quotes_inside(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  static const char *const all[] = {"''", "\"\"", "\\\n", "${q_x}", "$()", "$@"};
  const uint32_t i = below(dice, 6);
  return split_word(c, dice, out, all[i]);
}

static bool backslash(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  return split_word(c, dice, out, "\\");
}

static bool two_variables(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  const size_t n = first_word(c->text);
  if (!n) return false;
  const size_t at = 1 + below(dice, (uint32_t)n - 1);
  cm_buf_printf(out, "q_a=%.*s; q_b=%.*s; \"$q_a$q_b\"", (int)at, c->text.p, (int)(n - at),
                c->text.p + at);
  add((cm_str){c->text.p + n, c->text.n - n}, out);
  return true;
}

static bool printed_word(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  const size_t n = first_word(c->text);
  if (!n) return false;
  cm_buf_printf(out, below(dice, 2) ? "$(echo %.*s)" : "`printf %%s %.*s`", (int)n, c->text.p);
  add((cm_str){c->text.p + n, c->text.n - n}, out);
  return true;
}

static bool by_path(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  static const char *const folders[] = {"/bin/", "/usr/bin/", "/bin/../bin/", "/usr//bin/./"};
  static const char builtins[] =
      " alias bg bind break builtin caller cd command compgen complete compopt continue dirs "
      "disown "
      "enable eval exec exit export fc fg getopts hash help history jobs let local logout mapfile "
      "popd pushd read readarray readonly return set shift shopt source suspend times trap type "
      "typeset ulimit umask unalias unset wait ";
  char word[32];
  const size_t n = first_word(c->text);
  if (!n) return false;
  cm_buf name;
  cm_buf_init(&name, sizeof word);
  cm_buf_printf(&name, " %.*s ", (int)n, c->text.p);
  const bool own = !name.p || strstr(builtins, name.p) != NULL;
  cm_buf_close(&name);
  if (own) return false;
  cm_buf_puts(out, folders[below(dice, 4)]);
  add(c->text, out);
  return true;
}

/* Blanks as an unquoted variable: only where nothing else could change its meaning. */
static bool field_separator(const cm_case *c, cm_stat_random *dice, cm_buf *out) {
  static const char plain[] = "-./_~,:+@%";
  const size_t n = first_word(c->text);
  (void)dice;
  if (!n) return false;
  for (size_t i = 0; i < c->text.n; i++) {
    const char b = c->text.p[i];
    const bool fine = is_small(b) || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
                      b == ' ' || strchr(plain, b);
    if (!fine || b == '~') return false;
  }
  for (size_t i = 0; i < c->text.n; i++) {
    if (c->text.p[i] == ' ') cm_buf_puts(out, "${IFS}");
    else cm_buf_putc(out, c->text.p[i]);
  }
  return true;
}

static const cm_mutator kinds[] = {
    {"eval", eval_quoted},
    {"shell", own_shell},
    {"wrapped", wrapped},
    {"base64-pipe", base64_pipe},
    {"base64-eval", base64_eval},
    {"octal-pipe", octal_pipe},
    {"text-pipe", text_pipe},
    {"backwards", backwards},
    {"ansi-c", ansi_c},
    {"variable", variable},
    {"here-string", here_string},
    {"here-document", here_document},
    {"sourced", sourced},
    {"xargs", by_xargs},
    {"find-exec", by_find},
    {"trap", by_trap},
    {"python", by_python},
    {"grouped", grouped},
    {"control", in_control},
    {"function", in_function},
    {"substitution", in_substitution},
    {"padded", padded},
    {"comment", behind_comment},
    {"harmless-first", behind_harmless},
    {"quotes-inside", quotes_inside},
    {"backslash", backslash},
    {"two-variables", two_variables},
    {"printed-word", printed_word},
    {"by-path", by_path},
    {"field-separator", field_separator},
};

const cm_mutator *cm_mutators_of_commands(size_t *n) {
  *n = sizeof kinds / sizeof *kinds;
  return kinds;
}
