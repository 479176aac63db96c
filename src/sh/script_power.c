/* PowerShell: its statements as the commands of a Unix shell that do the same. Not a parser: words
 * between ; | { } ( ) and line ends, with quotes removed. */
#include <string.h>

#include "sh/script.h"

enum { WORDS_MAX = 24 };

typedef struct power {
  cm_code_call *call;
  cm_fields words; /* of the statement at hand */
  bool fetches, decodes, socket, runs;
} power;

/* As cm_listed, without regard to case: `names` is in lower case. */
static bool named(const char *names, cm_str name) {
  char low[40];
  if (!name.n || name.n >= sizeof low) return false;
  for (size_t i = 0; i < name.n; i++) {
    char c = name.p[i];
    low[i] = (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
  }
  return cm_listed(names, ' ', (cm_str){low, name.n});
}

/* "C:\x\y" as "/mnt/c/x/y", "~\x" as "~/x"; what a variable holds isn't known. */
static cm_rword path_of(cm_eval *ev, cm_str text) {
  cm_rword out = {.text = text, .span = ev->f.whole};
  cm_txt t = {0};
  bool drive = text.n > 1 && text.p[1] == ':';
  if (drive) {
    cm_txt_add(ev, &t, CM_STR("/mnt/"));
    cm_txt_putc(ev, &t, (char)(text.p[0] | 32));
  }
  for (size_t i = drive ? 2 : 0; i < text.n; i++) {
    bool variable = text.p[i] == '$';
    cm_txt_putc(ev, &t, (char)(variable ? CM_HOLE : text.p[i] == '\\' ? '/' : text.p[i]));
    if (variable) out.from |= CM_FROM_UNSET;
    while (variable && i + 1 < text.n && !strchr("/\\.", text.p[i + 1])) i++;
  }
  out.text = cm_txt_str(&t);
  out.glob = cm_str_has(out.text, '*');
  return out;
}

/* rm -r PATHS and the like; `recurse`: the tree only with -Recurse. */
static void on_paths(power *p, const char *program, const char *option, bool recurse) {
  cm_eval *ev = p->call->s->ev;
  cm_fields out = {0};
  cm_rword word = cm_script_word(ev, program);
  cm_fields_add(ev, &out, &word);
  bool tree = !recurse;
  for (size_t i = 1; i < p->words.n; i++) {
    cm_str w = p->words.v[i].text;
    tree |= named("-recurse -r -rec -recur", w) || named("-rf -fr /s", w);
  }
  word = cm_script_word(ev, option);
  if (tree && *option) cm_fields_add(ev, &out, &word);
  for (size_t i = 1; i < p->words.n; i++) {
    cm_str w = p->words.v[i].text;
    bool switched = named("-erroraction -ea -value -filter -include -exclude", w);
    i += switched;
    bool slash = w.n == 2 && w.p[0] == '/'; /* /s /q of cmd */
    if (switched || slash || (w.n && w.p[0] == '-')) continue;
    word = path_of(ev, w);
    cm_fields_add(ev, &out, &word);
  }
  if (out.n > 1) (void)cm_script_make(p->call, out.v, out.n);
}

static void as_words(power *p, const char *program, const char *argument) {
  cm_eval *ev = p->call->s->ev;
  cm_rword *words = cm_ev_new(ev, 2, sizeof *words);
  if (!words) return;
  words[0] = cm_script_word(ev, program);
  words[1] = cm_script_word(ev, argument);
  (void)cm_script_make(p->call, words, 2);
}

/* Get-Process, Write-Host: the ones that matter are asked for before. */
static bool is_cmdlet(cm_str name) {
  return name.n && name.p[0] >= 'A' && name.p[0] <= 'Z' && cm_str_has(name, '-');
}

static void statement(power *p) {
  cm_eval *ev = p->call->s->ev;
  if (!p->words.n) return;
  size_t first = named("& . start-process", p->words.v[0].text) && p->words.n > 1;
  cm_str name = p->words.v[first].text;
  if (named("remove-item ri rm rd del erase rmdir", name)) on_paths(p, "rm", "-r", true);
  else if (named("clear-content clc", name)) on_paths(p, "truncate", "--size=0", false);
  else if (named("set-content out-file", name)) on_paths(p, "tee", "", false);
  else if (named("stop-computer restart-computer", name)) as_words(p, "shutdown", "now");
  else if (named("format-volume clear-disk initialize-disk remove-partition format", name))
    as_words(p, "mkfs", "/dev/sda");
  else if (named("invoke-expression iex invoke-command icm", name)) p->runs = true;
  else if (is_cmdlet(name)) return;
  else if (name.n && name.p[0] != '$' && name.p[0] != '-' && !cm_str_has(name, CM_HOLE))
    cm_run_words(ev, p->call->via, p->words.v + first, p->words.n - first, CM_START_PROGRAM);
}

/* Words that say what the code as a whole does. */
static void note(power *p, cm_str w) {
  static const char fetches[] =
      "iwr irm invoke-webrequest invoke-restmethod wget curl net.webclient system.net.webclient";
  p->fetches |= named(fetches, w) || cm_str_find(w, CM_STR("ownload")) != SIZE_MAX ||
                cm_str_find(w, CM_STR("ebClient")) != SIZE_MAX;
  p->decodes |= cm_str_find(w, CM_STR("FromBase64String")) != SIZE_MAX;
  p->socket |= cm_str_find(w, CM_STR("TCPClient")) != SIZE_MAX ||
               cm_str_find(w, CM_STR("TcpClient")) != SIZE_MAX;
  p->runs |= named("iex invoke-expression", w);
}

static void report(power *p) {
  cm_eval *ev = p->call->s->ev;
  static const char *const shell[] = {"nc", "-e", "/bin/sh", "\x01"};
  cm_rword *words = cm_ev_new(ev, 4, sizeof *words);
  if (!words || !p->runs) return;
  if (p->socket) {
    for (size_t i = 0; i < 4; i++) words[i] = cm_script_word(ev, shell[i]);
    words[3].from = CM_FROM_INPUT;
    (void)cm_script_make(p->call, words, 4);
    return;
  }
  if (!p->fetches && !p->decodes) return;
  words[0] = cm_script_word(ev, "pwsh");
  words[1] = cm_script_word(ev, "\x01");
  words[1].from = CM_FROM_INPUT;
  cm_evrun *r = cm_script_make(p->call, words, 2);
  if (r) r->run.kind = CM_RUN_CODE;
}

/* The next word; false: a statement ends here. */
static bool next_word(power *p, cm_str code, size_t *at) {
  cm_eval *ev = p->call->s->ev;
  cm_txt t = {0};
  bool any = false;
  size_t i = *at;
  for (; i < code.n && !strchr(" \t\r\n;|{}()", code.p[i]); i++) {
    char c = code.p[i];
    any = true;
    if (c == '`' && i + 1 < code.n) {
      cm_txt_putc(ev, &t, code.p[++i]);
    } else if (c == '"' || c == '\'') {
      while (++i < code.n && code.p[i] != c) cm_txt_putc(ev, &t, code.p[i]);
    } else {
      cm_txt_putc(ev, &t, c);
    }
  }
  *at = i;
  if (!any) return false;
  cm_rword word = {.text = cm_txt_str(&t), .span = ev->f.whole};
  note(p, word.text);
  if (cm_str_has(word.text, '$')) word = path_of(ev, word.text);
  if (p->words.n < WORDS_MAX) cm_fields_add(ev, &p->words, &word);
  return true;
}

void cm_script_power(cm_code_call *call, cm_str code) {
  power p = {.call = call};
  cm_eval *ev = call->s->ev;
  for (size_t i = 0; i < code.n && cm_ev_step(ev);) {
    if (next_word(&p, code, &i)) continue;
    bool blank = strchr(" \t\r", code.p[i++]) != NULL;
    if (blank) continue;
    statement(&p);
    p.words = (cm_fields){0};
  }
  statement(&p);
  report(&p);
}
