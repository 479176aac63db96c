/* Programs that run a command for each file or line: find, fd, xargs, parallel. */
#include <string.h>

#include "sh/wrap.h"

enum { ITEMS_MAX = 16 }; /* commands for known items; more are one command with a hole */

/* --- words with a placeholder --- */

/* `w` with every `mark` replaced by the item. */
static cm_rword replaced(cm_eval *ev, const cm_rword *w, cm_str mark, const cm_rword *item) {
  size_t at = mark.n ? cm_str_find(w->text, mark) : SIZE_MAX;
  if (at == SIZE_MAX) return *w;
  cm_txt t = {0};
  cm_rword out = *w;
  for (cm_str rest = w->text; at != SIZE_MAX; at = cm_str_find(rest, mark)) {
    cm_txt_add(ev, &t, (cm_str){rest.p, at});
    cm_txt_add(ev, &t, item->text);
    rest.p += at + mark.n;
    rest.n -= at + mark.n;
    if (cm_str_find(rest, mark) == SIZE_MAX) cm_txt_add(ev, &t, rest);
  }
  out.text = cm_txt_str(&t);
  out.from |= item->from;
  out.glob |= item->glob;
  if (!out.source) out.source = item->source;
  return out;
}

/* Starts the words with the item put in; `append`: behind them if there is no placeholder. */
static void start_with(cm_eval *ev, cm_evrun *r, const cm_rword *words, size_t n, cm_str mark,
                       const cm_rword *item, bool append) {
  cm_fields all = {0};
  bool found = false;
  for (size_t i = 0; i < n; i++) {
    cm_rword w = replaced(ev, &words[i], mark, item);
    found |= w.text.p != words[i].text.p;
    cm_fields_add(ev, &all, &w);
  }
  if (append && !found) cm_fields_add(ev, &all, item);
  cm_run_words(ev, r, all.v, all.n, CM_START_PROGRAM);
}

static void output_unknown(cm_eval *ev) { cm_sink_unknown(ev, NULL); }

/* --- find --- */

static bool is_exec(cm_str w) {
  return cm_str_is(w, "-exec") || cm_str_is(w, "-execdir") || cm_str_is(w, "-ok") ||
         cm_str_is(w, "-okdir");
}

static size_t exec_end(const cm_run *run, size_t from) {
  size_t i = from;
  for (; i < run->n; i++) {
    cm_str w = run->words[i].text;
    if (cm_str_is(w, ";") || (cm_str_is(w, "+") && cm_str_is(run->words[i - 1].text, "{}"))) break;
  }
  return i;
}

static bool picks(cm_str w) {
  static const char *const names[] = {
      "-amin",     "-anewer", "-atime", "-cmin",    "-cnewer", "-ctime",    "-empty", "-gid",
      "-group",    "-ilname", "-iname", "-inum",    "-ipath",  "-iregex",   "-links", "-lname",
      "-mmin",     "-mtime",  "-name",  "-nogroup", "-nouser", "-path",     "-perm",  "-regex",
      "-samefile", "-size",   "-uid",   "-used",    "-user",   "-wholename"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (cm_str_is(w, names[i])) return true;
  return cm_str_starts(w, CM_STR("-newer"));
}

cm_picked cm_find_picks(const cm_run *run, size_t from, size_t to) {
  cm_picked out = {0};
  bool several = false, all = false;
  for (size_t i = from; i < to; i++) {
    cm_str w = run->words[i].text, next = i + 1 < to ? run->words[i + 1].text : (cm_str){0};
    bool named = cm_str_is(w, "-name") || cm_str_is(w, "-iname");
    all |= cm_str_is(w, "!") || cm_str_is(w, "-not");
    several |= cm_str_is(w, "-o") || cm_str_is(w, "-or") || (named && out.name);
    out.some |= picks(w) && !cm_str_is(next, "*");
    if (named && i + 1 < to) out.name = &run->words[i + 1].text;
  }
  if (all) out.some = false;
  if (several || !out.some) out.name = NULL;
  return out;
}

/* A file that find gives: START/?, START/?/NAME, or all of them: START and a star. */
static cm_rword below(cm_eval *ev, const cm_rword *start, const cm_run *source, cm_picked p) {
  cm_rword out = *start;
  cm_val place = cm_files_of(ev, start);
  bool slash = cm_str_ends(place.text, CM_STR("/"));
  cm_str last = p.some ? CM_STR("/\x01") : CM_STR("/*");
  if (slash) last.p++, last.n--;
  out.text = cm_ev_join(ev, place.text, last);
  if (p.name) out.text = cm_ev_join(ev, cm_ev_join(ev, out.text, CM_STR("/")), *p.name);
  out.from = place.from | CM_FROM_FILES;
  out.source = place.source ? place.source : source;
  out.glob = !p.some || p.name;
  return out;
}

/* Conditions, and more of them behind an earlier -exec. */
static cm_picked both(cm_picked a, cm_picked b) {
  cm_picked out = {.some = a.some || b.some};
  if (!a.name || !b.name) out.name = a.name ? a.name : b.name;
  return out;
}

bool cm_wrap_find(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  const cm_run *run = &r->run;
  size_t first = 1, end;
  bool any = false;
  (void)w;
  while (first < run->n && run->words[first].text.n == 2 && run->words[first].text.p[0] == '-' &&
         strchr("HLPEXdsx", run->words[first].text.p[1]))
    first++;
  for (end = first; end < run->n; end++) {
    cm_str word = run->words[end].text;
    if (word.n && strchr("-(!", word.p[0])) break;
  }
  cm_rword here = {.text = CM_STR("."), .span = run->span};
  cm_picked p = {0};
  for (size_t i = end, from = end; i < run->n; i++) {
    if (!is_exec(run->words[i].text)) continue;
    size_t stop = exec_end(run, i + 1);
    p = both(p, cm_find_picks(run, from, i));
    any = true;
    for (size_t k = first; k < end || (k == first && first == end); k++) {
      cm_rword item = below(ev, first == end ? &here : &run->words[k], run, p);
      start_with(ev, r, run->words + i + 1, stop - i - 1, CM_STR("{}"), &item, false);
    }
    i = stop;
    from = stop + 1;
  }
  if (any) output_unknown(ev);
  return any;
}

/* --- fd --- */

/* fd [options] [pattern [path]] -x command */
bool cm_wrap_fd(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  static const cm_argv_spec spec = {
      "e:E:t:d:S:j:o:c:", "extension= exclude= type= max-depth= size=", 0};
  cm_argv v = cm_argv_of(r->run.words, r->run.n, spec);
  cm_arg arg;
  size_t operands = 0;
  cm_rword start = {.text = CM_STR("."), .span = r->run.span};
  (void)w;
  while (cm_argv_next(&v, &arg)) {
    if (!arg.option && ++operands == 2) start = *arg.word;
    if (!arg.option || !cm_listed("x X exec exec-batch", ' ', arg.name)) continue;
    cm_rword item = below(ev, &start, &r->run, (cm_picked){.some = true});
    start_with(ev, r, r->run.words + v.next, r->run.n - v.next, CM_STR("{}"), &item, true);
    output_unknown(ev);
    return true;
  }
  return false;
}

/* --- xargs --- */

typedef struct xargs {
  bool nul, lines, known;
  char delimiter; /* 0: blanks and quotes */
  cm_str mark;
  size_t max; /* items a command; 0: all */
} xargs;

/* Cuts the next item off the text, as xargs splits it. */
static bool next_item(cm_eval *ev, const xargs *x, cm_str *rest, cm_str *out) {
  char quote = 0;
  size_t i = 0;
  cm_txt t = {0};
  if (x->delimiter || x->lines || x->nul) {
    char end = x->nul ? 0 : x->delimiter ? x->delimiter : '\n';
    const char *at = rest->n ? memchr(rest->p, end, rest->n) : NULL;
    if (!rest->n) return false;
    *out = (cm_str){rest->p, at ? (size_t)(at - rest->p) : rest->n};
    size_t used = out->n + (at != NULL);
    rest->p += used, rest->n -= used;
    bool hole = x->nul && !at && cm_str_has(*out, CM_HOLE); /* of a list that ends lines */
    if (x->lines || hole) *out = cm_str_trim(*out);
    return true;
  }
  *rest = cm_str_trim(*rest);
  if (!rest->n) return false;
  for (; i < rest->n && (quote || !strchr(" \t\n", rest->p[i])); i++) {
    char c = rest->p[i];
    if (quote ? c == quote : c == '"' || c == '\'') quote = quote ? 0 : c;
    else if (c == '\\' && !quote && i + 1 < rest->n)
      cm_txt_add(ev, &t, (cm_str){rest->p + ++i, 1});
    else cm_txt_add(ev, &t, (cm_str){rest->p + i, 1});
  }
  *out = cm_txt_str(&t);
  rest->p += i, rest->n -= i;
  return true;
}

static void xargs_option(xargs *x, const cm_arg *arg) {
  static const struct {
    const char *name;
    char does;
  } names[] = {{"0", '0'}, {"null", '0'}, {"I", 'I'},         {"J", 'I'}, {"replace", 'I'},
               {"i", 'I'}, {"d", 'd'},    {"delimiter", 'd'}, {"n", 'n'}, {"max-args", 'n'},
               {"L", 'n'}, {"l", 'n'},    {"max-lines", 'n'}, {"a", 'a'}, {"arg-file", 'a'}};
  char does = 0;
  long n = 1;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (cm_str_is(arg->name, names[i].name)) does = names[i].does;
  if (does == '0') x->nul = true;
  if (does == 'a') x->known = false;
  if (does == 'I') x->lines = true, x->mark = arg->has_value ? arg->value : CM_STR("{}");
  if (does == 'd' && arg->value.n)
    x->delimiter = arg->value.n > 1 && arg->value.p[1] == 'n' ? '\n' : arg->value.p[0];
  if (does == 'n') {
    (void)cm_str_number(arg->value, &n);
    x->max = n > 0 ? (size_t)n : 1;
  }
}

/* The command with up to `max` items behind it. */
static void start_behind(cm_eval *ev, cm_evrun *r, const cm_rword *words, size_t n,
                         const cm_fields *items) {
  cm_fields all = {0};
  for (size_t i = 0; i < n; i++) cm_fields_add(ev, &all, &words[i]);
  for (size_t i = 0; i < items->n; i++) cm_fields_add(ev, &all, &items->v[i]);
  cm_run_words(ev, r, all.v, all.n, CM_START_PROGRAM);
}

static void known_items(cm_eval *ev, cm_evrun *r, const xargs *x, const cm_rword *words,
                        size_t n) {
  cm_str rest = r->run.in_text->text, item;
  cm_fields items = {0};
  size_t commands = 0;
  while (next_item(ev, x, &rest, &item) && cm_ev_step(ev)) {
    cm_rword w = cm_wrap_piece(r->run.in_text, item);
    if (x->mark.n && !item.n) continue;
    if (++commands > ITEMS_MAX && (x->max || x->mark.n)) {
      cm_val hole = cm_val_hole(CM_FROM_LIMIT, NULL);
      w = cm_word_of_val(&hole, w.span);
      rest.n = 0;
    }
    if (x->mark.n) {
      start_with(ev, r, words, n, x->mark, &w, false);
      continue;
    }
    cm_fields_add(ev, &items, &w);
    if (items.n != x->max) continue;
    start_behind(ev, r, words, n, &items);
    items = (cm_fields){0};
  }
  if (items.n) start_behind(ev, r, words, n, &items);
}

bool cm_wrap_xargs(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  static const cm_argv_spec spec = {
      "a:d:E:e::I:i::J:L:l::n:P:R:S:s:",
      "arg-file= delimiter= eof=? replace=? max-lines=? max-args= max-procs= max-chars= "
      "process-slot-var=",
      CM_ARGV_STOP};
  static const cm_rword echo = {.text = {"echo", 4}};
  cm_argv v = cm_argv_of(r->run.words, r->run.n, spec);
  cm_arg arg;
  xargs x = {.known = r->run.in_text != NULL};
  (void)w;
  while (cm_argv_next(&v, &arg)) xargs_option(&x, &arg);
  const cm_rword *words = r->run.words + v.next;
  size_t n = r->run.n - v.next;
  if (!n) words = &echo, n = 1;
  const cm_rword *text = x.known ? r->run.in_text : NULL;
  if (text && cm_str_trim(text->text).n) {
    known_items(ev, r, &x, words, n);
    return true;
  }
  cm_rword item = {.text = CM_STR("\x01"), .from = CM_FROM_INPUT, .source = r->run.in};
  item.span = r->run.span;
  start_with(ev, r, words, n, x.mark, &item, !x.mark.n);
  output_unknown(ev);
  return true;
}

/* --- parallel --- */

/* A command line of parallel's is shell code. */
static void start_line(cm_eval *ev, cm_evrun *r, const cm_rword *line, const cm_rword *item) {
  cm_rword code = replaced(ev, line, CM_STR("{}"), item);
  if (!line->text.n) {
    code = *item;
  } else if (code.text.p == line->text.p) {
    cm_rword both[2] = {*line, *item};
    code = cm_words_joined(ev, both, 2);
  }
  cm_wrap_code(ev, r, &code, NULL, 0);
}

static bool parallel_dry(const cm_arg *arg) {
  return cm_str_is(arg->name, "dry-run") || cm_str_is(arg->name, "dryrun");
}

bool cm_wrap_parallel(cm_eval *ev, cm_evrun *r, const cm_wrapper *w) {
  static const cm_argv_spec spec = {
      "j:n:N:a:I:P:S:d:s:L:C:E:",
      "jobs= max-args= arg-file= replace= max-procs= sshlogin= delimiter= colsep= delay= joblog= "
      "results= timeout= retries= tmpdir= memfree= load= halt= nice= workdir= block= tagstring= "
      "dry-run dryrun",
      CM_ARGV_STOP};
  cm_argv v = cm_argv_of(r->run.words, r->run.n, spec);
  cm_arg arg;
  (void)w;
  while (cm_argv_next(&v, &arg))
    if (parallel_dry(&arg)) return false;
  const cm_run *run = &r->run;
  size_t colons = v.next, n = 0;
  while (colons < run->n && !cm_str_starts(run->words[colons].text, CM_STR(":::"))) colons++;
  cm_rword line = cm_words_joined(ev, run->words + v.next, colons - v.next);
  if (colons == v.next) line.text.n = 0;
  bool listed = colons < run->n && cm_str_is(run->words[colons].text, ":::");
  for (size_t i = colons + 1; listed && i < run->n && n < ITEMS_MAX; i++) {
    if (cm_str_starts(run->words[i].text, CM_STR(":::"))) break;
    cm_rword item = run->words[i];
    cm_val files = cm_files_of(ev, &item);
    item.text = files.text;
    item.from = files.from;
    start_line(ev, r, &line, &item);
    n++;
  }
  cm_str rest = run->in_text && !listed ? run->in_text->text : CM_STR(""), text;
  for (; n < ITEMS_MAX && cm_str_line(&rest, &text); n++) {
    cm_rword item = cm_wrap_piece(run->in_text, text);
    start_line(ev, r, &line, &item);
  }
  if (n && n < ITEMS_MAX) return true;
  cm_rword item = {.text = CM_STR("\x01"), .from = n ? CM_FROM_LIMIT : CM_FROM_INPUT};
  item.source = run->in;
  item.span = run->span;
  start_line(ev, r, &line, &item);
  output_unknown(ev);
  return true;
}
