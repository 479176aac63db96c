/* What filters print when the text that they read is known. */
#include <string.h>

#include "sh/decode.h"
#include "sh/eval.h"

typedef struct filter {
  const char *name, *shorts, *longs;
  bool (*fold)(cm_eval *ev, const cm_run *run, cm_str in, cm_str *out);
} filter;

/* Whether the option is there; *value gets its value. */
static bool option(const cm_run *run, const filter *f, const char *names, cm_str *value) {
  cm_argv v = cm_argv_of(run->words, run->n, (cm_argv_spec){f->shorts, f->longs, 0});
  cm_arg arg;
  bool found = false;
  while (cm_argv_next(&v, &arg)) {
    size_t at = arg.option ? cm_str_find(cm_str_of(names), arg.name) : SIZE_MAX;
    bool whole = at != SIZE_MAX && (at == 0 || names[at - 1] == '|') &&
                 (names[at + arg.name.n] == '|' || !names[at + arg.name.n]);
    if (!whole) continue;
    found = true;
    if (value) *value = arg.value;
  }
  return found;
}

/* The n-th operand from 0. */
static const cm_rword *operand(const cm_run *run, const filter *f, size_t n) {
  cm_argv v = cm_argv_of(run->words, run->n, (cm_argv_spec){f->shorts, f->longs, 0});
  cm_arg arg;
  while (cm_argv_next(&v, &arg))
    if (!arg.option && n-- == 0) return arg.word;
  return NULL;
}

static const filter *filter_of(cm_str name);

static bool reads_stdin(const cm_run *run, size_t first) {
  const filter *f = filter_of(run->program);
  const cm_rword *w = operand(run, f, first);
  return !w || cm_str_is(w->text, "-") || cm_str_is(w->text, "/dev/stdin");
}

static bool fold_base64(cm_eval *ev, const cm_run *run, cm_str in, cm_str *out) {
  const filter *f = filter_of(run->program);
  bool garbage = option(run, f, "i|ignore-garbage", NULL);
  if (!option(run, f, "d|D|decode", NULL) || !reads_stdin(run, 0)) return false;
  if (cm_str_is(run->program, "base32")) return cm_decode_base32(ev->a, in, garbage, out);
  return cm_decode_base64(ev->a, in, garbage, out);
}

/* openssl enc -d -base64, openssl base64 -d -A, openssl enc -a -d */
static bool fold_openssl(cm_eval *ev, const cm_run *run, cm_str in, cm_str *out) {
  bool decode = false, base64 = false;
  for (size_t i = 1; i < run->n; i++) {
    cm_str w = run->words[i].text;
    decode |= cm_str_is(w, "-d");
    base64 |= cm_str_is(w, "base64") || cm_str_is(w, "-base64") || cm_str_is(w, "-a");
    if (cm_str_is(w, "-in")) return false;
  }
  return decode && base64 && cm_decode_base64(ev->a, in, false, out);
}

static bool fold_xxd(cm_eval *ev, const cm_run *run, cm_str in, cm_str *out) {
  bool reverse = false, plain = false;
  for (size_t i = 1; i < run->n; i++) {
    cm_str w = run->words[i].text;
    if (!w.n || w.p[0] != '-') return false;
    reverse |= cm_str_has(w, 'r');
    plain |= cm_str_has(w, 'p');
  }
  if (!reverse) return false;
  return plain ? cm_decode_hex(ev->a, in, out) : cm_decode_hexdump(ev->a, in, out);
}

static bool fold_rev(cm_eval *ev, const cm_run *run, cm_str in, cm_str *out) {
  if (!reads_stdin(run, 0)) return false;
  return cm_str_is(run->program, "rev") ? cm_filter_rev(ev->a, in, out)
                                        : cm_filter_tac(ev->a, in, out);
}

static bool fold_tr(cm_eval *ev, const cm_run *run, cm_str in, cm_str *out) {
  const filter *f = filter_of(run->program);
  const cm_rword *one = operand(run, f, 0), *two = operand(run, f, 1);
  char flags[4];
  size_t n = 0;
  if (option(run, f, "d|delete", NULL)) flags[n++] = 'd';
  if (option(run, f, "s|squeeze-repeats", NULL)) flags[n++] = 's';
  if (option(run, f, "c|C|complement", NULL)) flags[n++] = 'c';
  flags[n] = 0;
  if (!one || one->from || (two && two->from)) return false;
  return cm_filter_tr(ev->a, in, flags, one->text, two ? two->text : CM_STR(""), out);
}

static bool fold_sed(cm_eval *ev, const cm_run *run, cm_str in, cm_str *out) {
  const filter *f = filter_of(run->program);
  cm_argv v = cm_argv_of(run->words, run->n, (cm_argv_spec){f->shorts, f->longs, 0});
  cm_arg arg;
  cm_txt script = {0};
  bool expression = false;
  while (cm_argv_next(&v, &arg)) {
    if (arg.option && !cm_str_is(arg.name, "e") && !cm_str_is(arg.name, "expression") &&
        !cm_str_is(arg.name, "E") && !cm_str_is(arg.name, "r"))
      return false;
    if (!arg.option && (expression || script.n)) return false; /* a file */
    if (!arg.has_value || arg.word->from) {
      if (arg.word->from) return false;
      continue;
    }
    expression |= arg.option;
    cm_txt_add(ev, &script, arg.value);
    if (arg.option) cm_txt_add(ev, &script, CM_STR("\n"));
  }
  return cm_filter_sed(ev->a, in, cm_txt_str(&script), out);
}

static bool fold_cut(cm_eval *ev, const cm_run *run, cm_str in, cm_str *out) {
  const filter *f = filter_of(run->program);
  cm_str list, delimiter = CM_STR("\t");
  bool fields = option(run, f, "f|fields", &list);
  if (!fields && !option(run, f, "c|b|characters|bytes", &list)) return false;
  if (option(run, f, "complement|output-delimiter", NULL) || !reads_stdin(run, 0)) return false;
  (void)option(run, f, "d|delimiter", &delimiter);
  return delimiter.n == 1 && cm_filter_cut(ev->a, in, list, delimiter.p[0], fields, out);
}

static bool fold_ends(cm_eval *ev, const cm_run *run, cm_str in, cm_str *out) {
  const filter *f = filter_of(run->program);
  bool tail = cm_str_is(run->program, "tail"), lines = true;
  cm_str count = CM_STR("10");
  long n;
  (void)ev;
  if (option(run, f, "c|bytes", &count)) lines = false;
  else if (!option(run, f, "n|lines", &count) && run->n > 1 && run->words[1].text.n > 1 &&
           run->words[1].text.p[0] == '-')
    count = (cm_str){run->words[1].text.p + 1, run->words[1].text.n - 1};
  if (!reads_stdin(run, 0) || !cm_str_number(count, &n) || n < 0 || count.p[0] == '+')
    return false;
  *out = cm_filter_ends(in, (size_t)n, lines, tail);
  return true;
}

/* Programs that pass on what they read; order and repetition matter only for several lines. */
static bool fold_pass(cm_eval *ev, const cm_run *run, cm_str in, cm_str *out) {
  cm_str rest = in, line;
  (void)ev;
  *out = in;
  if (cm_str_is(run->program, "tee")) return true;
  if (!reads_stdin(run, 0)) return false;
  if (cm_str_is(run->program, "cat")) return run->n == 1 || cm_str_is(run->words[1].text, "-");
  return cm_str_line(&rest, &line) && !rest.n && run->n == 1;
}

static const filter filters[] = {
    {"base32", "w:", "wrap= decode ignore-garbage", fold_base64},
    {"base64", "w:b:", "wrap= decode ignore-garbage break=", fold_base64},
    {"cat", "", "", fold_pass},
    {"cut", "b:c:d:f:", "bytes= characters= delimiter= fields= output-delimiter= complement",
     fold_cut},
    {"head", "c:n:", "bytes= lines=", fold_ends},
    {"openssl", "", "", fold_openssl},
    {"rev", "", "", fold_rev},
    {"sed", "e:f:l:", "expression= file=", fold_sed},
    {"sort", "", "", fold_pass},
    {"tac", "s:", "separator=", fold_rev},
    {"tail", "c:n:", "bytes= lines=", fold_ends},
    {"tee", "", "", fold_pass},
    {"tr", "", "delete squeeze-repeats complement truncate-set1", fold_tr},
    {"uniq", "", "", fold_pass},
    {"xxd", "", "", fold_xxd},
};

static const filter *filter_of(cm_str name) { return CM_TABLE_FIND(filters, name); }

/* Some of the files are files of the same kind. */
static bool chooses(const cm_run *run) {
  cm_str w = run->n > 1 ? run->words[1].text : CM_STR("");
  bool counts =
      w.n > 1 && w.p[0] == '-' && w.p[1] != '-' && (cm_str_has(w, 'c') || cm_str_has(w, 'o'));
  return cm_listed("grep egrep fgrep head tail sort uniq shuf tac", ' ', run->program) && !counts;
}

bool cm_fold_filter(cm_eval *ev, const cm_run *run, cm_val *out) {
  const cm_rword *in = run->in_text;
  if (run->kind != CM_RUN_COMMAND || !in) return false;
  *out = cm_val_of_word(in);
  if (in->from == CM_FROM_FILES && chooses(run)) return true;
  const filter *f = filter_of(run->program);
  if (!f || !cm_ev_copy(ev, in->text.n)) return false;
  if (in->from) return f->fold == fold_pass && fold_pass(ev, run, in->text, &out->text);
  return f->fold(ev, run, in->text, &out->text);
}
