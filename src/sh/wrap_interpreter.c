/* Interpreters of other languages, whose code is an option's value, an operand or stdin. */
#include <string.h>

#include "sh/wrap.h"

static bool listed(const char *list, cm_str name) { return cm_listed(list, ' ', name); }

typedef struct interpreter {
  const char *name; /* digits and dots may follow */
  const char *shorts, *longs;
  const char *code;   /* options whose value is code */
  const char *others; /* options with which stdin isn't code */
  const char *language;
} interpreter;

static const interpreter interpreters[] = {
    {"python", "c:m:W:X:Q:", NULL, "c", "m V h version help", "python"},
    {"pypy", "c:m:W:X:", NULL, "c", "m V h version help", "python"},
    {"perl", "e:E:I:M:m:F:i::x::", NULL, "e E", "v V h n p", "perl"},
    {"ruby", "e:I:r:E:C:F:K:T:W:", NULL, "e", "v h n p version help", "ruby"},
    {"node", "e:p:r:C:", "eval= print= require= import= loader=", "e p pe eval print",
     "v h version help", "javascript"},
    {"nodejs", "e:p:r:", "eval= print= require=", "e p eval print", "v h version help",
     "javascript"},
    {"bun", "e:p:r:", "eval= print=", "e p eval print", "v version help", "javascript"},
    {"php", "r:B:R:E:F:d:f:S:t:c:z:", "run= file= define=", "r B R E run", "v i m f F version",
     "php"},
    {"lua", "e:l:", NULL, "e", "v", "lua"},
    {"luajit", "e:l:", NULL, "e", "v", "lua"},
    {"osascript", "e:l:s:", NULL, "e", "", "applescript"},
    {"Rscript", "e:", NULL, "e", "version help", "r"},
    {"julia", "e:E:", "eval= print=", "e E eval print", "v version help", "julia"},
    {"groovy", "e:", NULL, "e", "v", "groovy"},
    {"elixir", "e:", "eval=", "e eval", "v version", "elixir"},
    {"deno", "L:", "ext=", "", "version help", "javascript"},
    {"guile", "c:e:l:s:L:", NULL, "c", "v version help", "scheme"},
    {"scala", "e:", NULL, "e", "version", "scala"},
    {"ghc", "e:", NULL, "e", "version", "haskell"},
    {"clojure", "e:", "eval=", "e eval", "", "clojure"},
    {"clj", "e:", "eval=", "e eval", "", "clojure"},
    {"bb", "e:", "eval=", "e eval", "", "clojure"},
    {"swipl", "g:t:", NULL, "g t", "version", "prolog"},
    {"octave", NULL, "eval=", "eval", "version", "octave"},
    {"sbcl", NULL, "eval= load=", "eval load", "version help", "lisp"},
    {"clisp", "x:", NULL, "x", "version", "lisp"},
    {"emacs", "l:f:Q:", "eval= load= execute=", "eval execute", "version help", "lisp"},
    {"kotlin", "e:", NULL, "e", "version", "kotlin"},
    {"raku", "e:", NULL, "e", "v", "raku"},
    {"swift", "e:", NULL, "e", "version", "swift"},
    {"racket", "e:", "eval=", "e eval", "version", "scheme"},
    {"awk", "F:v:f:e:", "field-separator= assign= file= source=", "e source", "f file", "awk"},
    {"gawk", "F:v:f:e:", "field-separator= assign= file= source=", "e source", "f file", "awk"},
    {"mawk", "F:v:f:", NULL, "", "f", "awk"},
    {"nawk", "F:v:f:", NULL, "", "f", "awk"},
    {"tclsh", NULL, NULL, "", "", "tcl"},
    {"expect", "c:f:", NULL, "c", "f", "tcl"},
};

static const interpreter *interpreter_of(cm_str program) {
  for (size_t i = 0; i < sizeof interpreters / sizeof *interpreters; i++) {
    if (!program.n || program.p[0] != interpreters[i].name[0]) continue;
    cm_str name = cm_str_of(interpreters[i].name);
    if (!cm_str_starts(program, name)) continue;
    size_t k = name.n;
    while (k < program.n && strchr("0123456789.", program.p[k])) k++;
    if (k == program.n) return &interpreters[i];
  }
  return NULL;
}

/* exec CMD…, spawn CMD…: Tcl's words, whose braces quote, are near enough to the shell's. */
static void read_tcl(cm_eval *ev, cm_evrun *r, const cm_rword *value) {
  cm_str rest = value->text, line;
  while (cm_str_line(&rest, &line)) {
    size_t at = cm_str_find(line, CM_STR("exec ")), skip = 5;
    if (at == SIZE_MAX) at = cm_str_find(line, CM_STR("spawn ")), skip = 6;
    size_t file = cm_str_find(line, CM_STR("file delete -force "));
    cm_txt t = {0};
    if (file != SIZE_MAX) at = file, skip = 19, cm_txt_add(ev, &t, CM_STR("rm -rf "));
    if (at == SIZE_MAX) continue;
    for (size_t i = at + skip; i < line.n && line.p[i] != ']'; i++)
      cm_txt_putc(ev, &t, (char)(strchr("{}", line.p[i]) ? '\'' : line.p[i]));
    cm_rword code = cm_wrap_piece(value, cm_str_trim(cm_txt_str(&t)));
    if (code.text.n) cm_wrap_code(ev, r, &code, NULL, 0);
  }
}

static void run_code(cm_eval *ev, cm_evrun *r, const interpreter *in, const cm_rword *code) {
  if (cm_str_all_holes(code->text)) cm_run_is_code(ev, r);
  else if (strcmp(in->language, "tcl") == 0) read_tcl(ev, r, code);
  else cm_script(ev, r, in->language, code);
}

/* Code on stdin or in a process substitution. */
static void read_program(cm_eval *ev, cm_evrun *r, const interpreter *in, const cm_rword *file) {
  bool substituted = file && cm_str_all_holes(file->text) && file->from & CM_FROM_OUTPUT;
  const cm_val *text = substituted && file->source ? ((const cm_evrun *)file->source)->text : NULL;
  bool input = !file || cm_str_is(file->text, "-") || cm_str_is(file->text, "/dev/stdin");
  if (text) {
    cm_rword code = cm_word_of_val(text, file->span);
    run_code(ev, r, in, &code);
  } else if (substituted && file->source) {
    cm_run_is_code(ev, r);
  } else if (input && r->run.in_text) {
    run_code(ev, r, in, r->run.in_text);
  } else if (input && r->run.in) {
    cm_run_is_code(ev, r);
  }
}

typedef struct worded_row {
  const char *program, *options, *language;
  bool rest; /* all that follows is the code */
} worded_row;

static const worded_row worded_rows[] = {
    {"R", "-e", "r", false},
    {"cmd", "/c /k /r", "powershell", true},
    {"cmd.exe", "/c /k /r", "powershell", true},
    {"deno", "eval", "javascript", false},
    {"emacs", "--eval -eval --execute", "lisp", false},
    {"erl", "-eval -s -run", "erlang", false},
    {"powershell", "-c -command /c", "powershell", true},
    {"powershell.exe", "-c -command /c", "powershell", true},
    {"pwsh", "-c -command /c", "powershell", true},
    {"pwsh.exe", "-c -command /c", "powershell", true},
    {"sbcl", "--eval", "lisp", false},
};

/* Whether the word, in small letters, is one of the options. */
static bool is_option_of(const worded_row *row, cm_str w) {
  char low[16] = {0};
  for (size_t c = 0; w.n < sizeof low && c < w.n; c++)
    low[c] = (char)(w.p[c] >= 'A' && w.p[c] <= 'Z' ? w.p[c] | 32 : w.p[c]);
  return listed(row->options, cm_str_of(low));
}

/* pwsh -Command CODE …, erl -eval CODE, deno eval CODE, dotnet fsi … : options of whole words. */
static bool worded(cm_eval *ev, cm_evrun *r) {
  const worded_row *row = CM_TABLE_FIND(worded_rows, r->run.program);
  bool any = false;
  for (size_t i = 1; row && i + 1 < r->run.n; i++) {
    if (!is_option_of(row, r->run.words[i].text)) continue;
    cm_rword code = r->run.words[i + 1];
    if (row->rest) code = cm_words_joined(ev, r->run.words + i + 1, r->run.n - i - 1);
    if (cm_str_all_holes(code.text)) cm_run_is_code(ev, r);
    else cm_script(ev, r, row->language, &code);
    any = true;
    if (row->rest) break;
  }
  return any;
}

static void interpret(cm_eval *ev, cm_evrun *r, const interpreter *in) {
  cm_argv v =
      cm_argv_of(r->run.words, r->run.n, (cm_argv_spec){in->shorts, in->longs, CM_ARGV_STOP});
  cm_arg arg;
  bool any = false, other = false, awk = strcmp(in->language, "awk") == 0;
  while (cm_argv_next(&v, &arg)) {
    other |= listed(in->others, arg.name);
    if (!listed(in->code, arg.name) || !arg.has_value) continue;
    cm_rword code = cm_wrap_piece(arg.at, arg.value);
    run_code(ev, r, in, &code);
    any = true;
  }
  const cm_rword *operand = v.next < r->run.n ? &r->run.words[v.next] : NULL;
  if (any || other) return;
  if (operand && awk) run_code(ev, r, in, operand);
  else if (!awk) read_program(ev, r, in, operand);
}

void cm_wrap_interpreter(cm_eval *ev, cm_evrun *r) {
  const interpreter *in = interpreter_of(r->run.program);
  if (!worded(ev, r) && in) interpret(ev, r, in);
}
