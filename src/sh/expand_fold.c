/* What programs print, as far as their arguments say: echo and printf, programs that name files or
 * give numbers, and those that print nothing. */
#include <string.h>

#include "sh/decode.h"
#include "sh/wrap.h"

static bool say(cm_eval *ev, cm_str text, cm_val *out) {
  *out = cm_val_text(cm_ev_join(ev, text, CM_STR("\n")));
  return true;
}

static bool say_hole(unsigned from, const cm_run *source, cm_val *out) {
  *out = (cm_val){CM_STR("\x01\n"), from, source};
  return true;
}

/* --- echo --- */

/* -n -e -E and clusters of them. */
static bool echo_flags(cm_str w, bool *newline, bool *escapes) {
  if (w.n < 2 || w.p[0] != '-') return false;
  for (size_t i = 1; i < w.n; i++)
    if (!strchr("neE", w.p[i])) return false;
  for (size_t i = 1; i < w.n; i++) {
    if (w.p[i] == 'n') *newline = false;
    else *escapes = w.p[i] == 'e';
  }
  return true;
}

static bool fold_echo(cm_eval *ev, const cm_run *run, cm_val *out) {
  bool newline = true, escapes = false, ended = false;
  size_t i = 1;
  cm_str text;
  while (i < run->n && echo_flags(run->words[i].text, &newline, &escapes)) i++;
  cm_rword all = cm_words_joined(ev, run->words + i, run->n - i);
  text = all.text;
  if (escapes && !cm_decode_escapes(ev->a, all.text, true, &text, &ended)) return false;
  if (newline && !ended) text = cm_ev_join(ev, text, CM_STR("\n"));
  *out = (cm_val){text, all.from, all.source};
  return true;
}

/* --- printf --- */

typedef struct format {
  cm_eval *ev;
  cm_txt out;
  cm_val result; /* from and source of the holes */
  const cm_rword *args;
  size_t n, used;
  bool ended;
} format;

static void put_padded(format *f, cm_str s, cm_str spec) {
  long width = 0, precision = -1;
  bool left = false;
  size_t i = 1;
  for (; i < spec.n && strchr("-+ #0", spec.p[i]); i++) left |= spec.p[i] == '-';
  for (; i < spec.n && spec.p[i] >= '0' && spec.p[i] <= '9' && width < 1000; i++)
    width = width * 10 + (spec.p[i] - '0');
  if (i < spec.n && spec.p[i] == '.')
    for (i++, precision = 0; i < spec.n && spec.p[i] >= '0' && spec.p[i] <= '9'; i++)
      if (precision < 100000) precision = precision * 10 + (spec.p[i] - '0');
  char kind = spec.p[spec.n - 1];
  if (precision >= 0 && (size_t)precision < s.n && (kind == 's' || kind == 'b'))
    s.n = (size_t)precision;
  for (long k = (long)s.n; !left && k < width && !f->out.over; k++)
    cm_txt_putc(f->ev, &f->out, ' ');
  cm_txt_add(f->ev, &f->out, s);
  for (long k = (long)s.n; left && k < width && !f->out.over; k++)
    cm_txt_putc(f->ev, &f->out, ' ');
}

/* A number in a base; arguments like "'a" stand for the character's code. */
static cm_str number_text(format *f, cm_str arg, char kind) {
  long v = 0;
  char tmp[24];
  size_t at = sizeof tmp;
  cm_val computed = cm_expand_arith_text(f->ev, arg);
  if (arg.n > 1 && strchr("\"'", arg.p[0])) v = (unsigned char)arg.p[1];
  else if (!cm_str_number(computed.text, &v)) v = 0;
  if (kind == 'd' || kind == 'i' || kind == 'u') return cm_ev_number(f->ev, v);
  unsigned base = kind == 'o' ? 8 : 16;
  const char *digits = kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  uint64_t u = (uint64_t)v;
  do tmp[--at] = digits[u % base];
  while (u /= base);
  char *copy = cm_arena_strdup(f->ev->a, tmp + at, sizeof tmp - at);
  if (!copy) f->ev->nomem = true;
  return copy ? (cm_str){copy, sizeof tmp - at} : CM_STR("");
}

/* One directive; `spec` is "%-5.3s". */
static void directive(format *f, cm_str spec) {
  char kind = spec.p[spec.n - 1];
  cm_rword arg = {.text = CM_STR("")};
  if (kind == '%') {
    cm_txt_add(f->ev, &f->out, CM_STR("%"));
    return;
  }
  if (f->used < f->n) arg = f->args[f->used++];
  f->result.from |= arg.from;
  if (!f->result.source) f->result.source = arg.source;
  if (kind == 'b') (void)cm_decode_escapes(f->ev->a, arg.text, false, &arg.text, &f->ended);
  if (kind == 'c' && arg.text.n) arg.text.n = 1;
  if (strchr("diuxXo", kind) && !arg.from) arg.text = number_text(f, arg.text, kind);
  put_padded(f, arg.text, spec);
}

static bool format_once(format *f, cm_str s) {
  for (size_t i = 0; i < s.n && !f->ended;) {
    const char *percent = memchr(s.p + i, '%', s.n - i);
    size_t n = percent ? (size_t)(percent - s.p) - i : s.n - i;
    cm_txt_add(f->ev, &f->out, (cm_str){s.p + i, n});
    i += n;
    if (!percent) break;
    size_t end = i + 1;
    while (end < s.n && strchr("-+ #0123456789.", s.p[end])) end++;
    if (end >= s.n || !strchr("sbdiuxXocq%", s.p[end])) return false;
    directive(f, (cm_str){s.p + i, end + 1 - i});
    i = end + 1;
  }
  return true;
}

/* A percent sign that is written as an escape is no directive. */
static cm_str double_escaped(cm_eval *ev, cm_str s) {
  static const char *const escapes[] = {"x25", "u0025", "U00000025", "045", "45"};
  cm_txt t = {0};
  for (size_t i = 0; i < s.n;) {
    cm_str rest = {s.p + i + 1, s.n - i - 1};
    size_t n = s.p[i] == '\\' && rest.n ? 2 : 1;
    bool percent = false;
    for (size_t k = 0; n == 2 && k < sizeof escapes / sizeof *escapes && !percent; k++) {
      percent = cm_str_starts(rest, cm_str_of(escapes[k]));
      if (percent) n = 1 + strlen(escapes[k]);
    }
    cm_txt_add(ev, &t, percent ? CM_STR("%%") : (cm_str){s.p + i, n});
    i += n;
  }
  return cm_txt_str(&t);
}

bool cm_fold_printf(cm_eval *ev, const cm_rword *words, size_t n, cm_val *out) {
  format f = {.ev = ev};
  cm_str text;
  if (n > 1 && cm_str_is(words[1].text, "--")) words++, n--;
  if (n < 2 ||
      !cm_decode_escapes(ev->a, double_escaped(ev, words[1].text), false, &text, &f.ended))
    return false;
  f.result = cm_val_of_word(&words[1]);
  f.args = words + 2;
  f.n = n - 2;
  size_t before;
  do {
    before = f.used;
    if (!format_once(&f, text)) return false;
  } while (f.used < f.n && f.used > before && !f.ended && cm_ev_step(ev));
  f.result.text = cm_txt_str(&f.out);
  *out = f.result;
  return !f.out.over;
}

static bool fold_printf(cm_eval *ev, const cm_run *run, cm_val *out) {
  return cm_fold_printf(ev, run->words, run->n, out);
}

/* --- names and places --- */

static bool fold_pwd(cm_eval *ev, const cm_run *run, cm_val *out) {
  (void)run;
  bool set;
  *out = cm_param_get(ev, CM_STR("PWD"), NULL, &set);
  out->text = cm_ev_join(ev, out->text, CM_STR("\n"));
  return true;
}

static bool fold_whoami(cm_eval *ev, const cm_run *run, cm_val *out) {
  if (ev->context->user.n && !run->root) return say(ev, ev->context->user, out);
  return run->root ? say(ev, CM_STR("root"), out) : say_hole(CM_FROM_OUTPUT, run, out);
}

/* which rm, type -p rm, command -v rm: the name says more than the path. */
static bool fold_which(cm_eval *ev, const cm_run *run, cm_val *out) {
  cm_txt t = {0};
  *out = (cm_val){0};
  for (size_t i = 1; i < run->n; i++) {
    if (run->words[i].text.n && run->words[i].text.p[0] == '-') continue;
    cm_txt_add(ev, &t, run->words[i].text);
    cm_txt_add(ev, &t, CM_STR("\n"));
    out->from |= run->words[i].from;
  }
  out->text = cm_txt_str(&t);
  return true;
}

static bool fold_type(cm_eval *ev, const cm_run *run, cm_val *out) {
  bool path =
      run->n > 1 && (cm_str_is(run->words[1].text, "-p") || cm_str_is(run->words[1].text, "-P"));
  return path && fold_which(ev, run, out);
}

static const cm_rword *last_operand(const cm_run *run) {
  const cm_rword *last = NULL;
  for (size_t i = 1; i < run->n; i++)
    if (!run->words[i].text.n || run->words[i].text.p[0] != '-') last = &run->words[i];
  return last;
}

static bool fold_path(cm_eval *ev, const cm_run *run, cm_val *out) {
  const cm_rword *w = run->n > 1 ? &run->words[1] : NULL;
  bool dir = cm_str_is(run->program, "dirname");
  if (!w || run->n > 3) return false;
  cm_str s = w->text;
  while (s.n > 1 && s.p[s.n - 1] == '/') s.n--;
  size_t slash = s.n;
  while (slash && s.p[slash - 1] != '/') slash--;
  cm_str base = {s.p + slash, s.n - slash}, folder = {s.p, slash};
  while (folder.n > 1 && folder.p[folder.n - 1] == '/') folder.n--;
  if (run->n == 3 && !dir && cm_str_ends(base, run->words[2].text)) base.n -= run->words[2].text.n;
  (void)say(ev, dir ? (folder.n ? folder : CM_STR(".")) : base.n ? base : s, out);
  out->from = cm_str_has(out->text, CM_HOLE) ? w->from : 0;
  out->source = w->source;
  return true;
}

static bool fold_realpath(cm_eval *ev, const cm_run *run, cm_val *out) {
  const cm_rword *w = last_operand(run);
  if (!w || w->from || !ev->context->cwd.n) return false;
  return say(ev, cm_path_join(ev, run->cwd.text, w->text), out);
}

static bool is_find_option(cm_str w) {
  return w.n > 1 && w.p[0] == '-' && strchr("HLPOD", w.p[1]) && (w.n == 2 || w.p[1] == 'O');
}

/* One file that find gives: START/?, or START/?/NAME if its conditions say so. */
static void add_found(cm_eval *ev, cm_txt *t, cm_str start, cm_picked p) {
  cm_txt_add(ev, t, start);
  cm_txt_add(ev, t, cm_str_ends(start, CM_STR("/")) ? CM_STR("\x01") : CM_STR("/\x01"));
  if (p.name) {
    cm_txt_add(ev, t, CM_STR("/"));
    cm_txt_add(ev, t, *p.name);
  }
  cm_txt_add(ev, t, CM_STR("\n"));
}

/* Files that find and ls name. */
static bool fold_find(cm_eval *ev, const cm_run *run, cm_val *out) {
  cm_txt t = {0};
  size_t first = 1, end;
  *out = (cm_val){.from = CM_FROM_FILES, .source = run};
  while (first < run->n && is_find_option(run->words[first].text)) first++;
  for (end = first; end < run->n; end++)
    if (run->words[end].text.n && strchr("-(!", run->words[end].text.p[0])) break;
  cm_picked p = cm_find_picks(run, end, run->n);
  for (size_t i = first; i < end; i++) {
    cm_val start = cm_files_of(ev, &run->words[i]);
    add_found(ev, &t, start.text, p);
    out->from |= start.from;
  }
  if (end == first) add_found(ev, &t, CM_STR("."), p);
  out->text = cm_txt_str(&t);
  for (size_t i = end; i < run->n; i++) {
    cm_str w = run->words[i].text;
    if (cm_str_starts(w, CM_STR("-printf")) || cm_str_starts(w, CM_STR("-exec"))) return false;
    if (cm_str_is(w, "-print0") &&
        !cm_filter_tr(ev->a, out->text, "", CM_STR("\n"), CM_STR("\\0"), &out->text))
      return false;
  }
  return true;
}

static bool fold_ls(cm_eval *ev, const cm_run *run, cm_val *out) {
  cm_txt t = {0};
  *out = (cm_val){.from = CM_FROM_FILES, .source = run};
  for (size_t i = 1; i < run->n; i++) {
    cm_str w = run->words[i].text;
    if (w.n > 1 && w.p[0] == '-' && w.p[1] != '-' && cm_str_has(w, 'l')) return false;
    if (!run->words[i].glob) continue;
    cm_txt_add(ev, &t, cm_files_of(ev, &run->words[i]).text);
    cm_txt_add(ev, &t, CM_STR("\n"));
  }
  out->text = t.n ? cm_txt_str(&t) : CM_STR("\x01\n");
  return true;
}

static bool fold_git(cm_eval *ev, const cm_run *run, cm_val *out) {
  (void)ev;
  if (run->n < 2 || !cm_str_is(run->words[1].text, "ls-files")) return false;
  return say_hole(CM_FROM_FILES, run, out);
}

static bool fold_mktemp(cm_eval *ev, const cm_run *run, cm_val *out) {
  const cm_rword *w = last_operand(run);
  (void)say(ev, w ? w->text : CM_STR("/tmp/tmp.\x01"), out);
  out->from = CM_FROM_FILES;
  return !w || !w->from;
}

/* --- numbers --- */

static bool fold_number(cm_eval *ev, const cm_run *run, cm_val *out) {
  (void)ev;
  return say_hole(CM_FROM_NUMBER, run, out);
}

/* Programs that give numbers with one option. */
static bool fold_number_option(cm_eval *ev, const cm_run *run, cm_val *out) {
  static const struct {
    const char *program, *letters;
  } table[] = {{"id", "ugG"}, {"lsof", "t"}, {"wc", "lcwmL"},
               {"grep", "c"}, {"jobs", "p"}, {"ps", "q"}};
  cm_str w = run->n > 1 ? run->words[1].text : CM_STR("");
  bool operand = run->n > 2 && cm_str_is(run->program, "wc");
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    for (size_t k = 1; k < w.n && w.p[0] == '-' && cm_str_is(run->program, table[i].program); k++)
      if (!operand && strchr(table[i].letters, w.p[k])) return fold_number(ev, run, out);
  return cm_fold_filter(ev, run, out);
}

static bool fold_date(cm_eval *ev, const cm_run *run, cm_val *out) {
  const cm_rword *w = run->n > 1 ? &run->words[run->n - 1] : NULL;
  if (!w || !w->text.n || w->text.p[0] != '+' || w->from)
    return say_hole(CM_FROM_OUTPUT, run, out);
  cm_txt t = {0};
  for (size_t i = 1; i < w->text.n; i++) {
    bool percent = w->text.p[i] == '%' && i + 1 < w->text.n;
    if (percent && !strchr("sYymdHMSNjFTDuVgGCekIl", w->text.p[++i]))
      return say_hole(CM_FROM_OUTPUT, run, out);
    cm_txt_add(ev, &t, percent ? CM_STR("\x01") : (cm_str){w->text.p + i, 1});
  }
  (void)say(ev, cm_txt_str(&t), out);
  out->from = CM_FROM_NUMBER;
  return true;
}

static bool fold_seq(cm_eval *ev, const cm_run *run, cm_val *out) {
  long v[3] = {1, 1, 1};
  size_t n = run->n - 1;
  cm_txt t = {0};
  for (size_t i = 0; i < n; i++)
    if (n > 3 || !cm_str_number(run->words[i + 1].text, &v[i])) return fold_number(ev, run, out);
  if (!n) return false;
  long first = n > 1 ? v[0] : 1, step = n > 2 ? v[1] : 1, last = v[n - 1];
  if (step <= 0 || last - first > 16 * step) return fold_number(ev, run, out);
  for (long i = first; i <= last; i += step) {
    cm_txt_add(ev, &t, cm_ev_number(ev, i));
    cm_txt_add(ev, &t, CM_STR("\n"));
  }
  *out = cm_val_text(cm_txt_str(&t));
  return true;
}

static bool fold_silent(cm_eval *ev, const cm_run *run, cm_val *out) {
  (void)ev;
  (void)run;
  *out = cm_val_text(CM_STR(""));
  return true;
}

typedef struct folder {
  const char *name;
  bool (*fold)(cm_eval *ev, const cm_run *run, cm_val *out);
} folder;

static const folder folders[] = {
    {".", fold_silent},
    {":", fold_silent},
    {"[", fold_silent},
    {"alias", fold_silent},
    {"basename", fold_path},
    {"break", fold_silent},
    {"cd", fold_silent},
    {"chmod", fold_silent},
    {"chown", fold_silent},
    {"command", fold_which},
    {"continue", fold_silent},
    {"cp", fold_silent},
    {"date", fold_date},
    {"declare", fold_silent},
    {"dirname", fold_path},
    {"echo", fold_echo},
    {"exit", fold_silent},
    {"export", fold_silent},
    {"false", fold_silent},
    {"find", fold_find},
    {"getopts", fold_silent},
    {"git", fold_git},
    {"grep", fold_number_option},
    {"id", fold_number_option},
    {"jobs", fold_number_option},
    {"kill", fold_silent},
    {"let", fold_silent},
    {"ln", fold_silent},
    {"local", fold_silent},
    {"ls", fold_ls},
    {"lsof", fold_number_option},
    {"mapfile", fold_silent},
    {"mkdir", fold_silent},
    {"mktemp", fold_mktemp},
    {"mv", fold_silent},
    {"nproc", fold_number},
    {"pgrep", fold_number},
    {"pidof", fold_number},
    {"popd", fold_silent},
    {"printf", fold_printf},
    {"pushd", fold_silent},
    {"pwd", fold_pwd},
    {"read", fold_silent},
    {"readarray", fold_silent},
    {"readlink", fold_realpath},
    {"readonly", fold_silent},
    {"realpath", fold_realpath},
    {"return", fold_silent},
    {"rm", fold_silent},
    {"rmdir", fold_silent},
    {"seq", fold_seq},
    {"set", fold_silent},
    {"shift", fold_silent},
    {"shopt", fold_silent},
    {"sleep", fold_silent},
    {"test", fold_silent},
    {"touch", fold_silent},
    {"trap", fold_silent},
    {"true", fold_silent},
    {"type", fold_type},
    {"typeset", fold_silent},
    {"umask", fold_silent},
    {"unalias", fold_silent},
    {"unset", fold_silent},
    {"wait", fold_silent},
    {"wc", fold_number_option},
    {"which", fold_which},
    {"whoami", fold_whoami},
};

bool cm_fold_run(cm_eval *ev, const cm_run *run, cm_val *out) {
  const folder *f = run->kind == CM_RUN_COMMAND ? CM_TABLE_FIND(folders, run->program) : NULL;
  return f ? f->fold(ev, run, out) : cm_fold_filter(ev, run, out);
}
