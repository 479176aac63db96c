/* Code in another language: imports, assignments, and the calls that matter. */
#include "sh/script.h"

#include <string.h>

static bool has_name(const char *names, cm_str name) { return cm_listed(names, ' ', name); }

/* --- imports and assignments --- */

static void bind(cm_code_reader *s, cm_str name, cm_str target, cm_val value) {
  cm_binding *b = cm_ev_new(s->ev, 1, sizeof *b);
  if (!b) return;
  *b = (cm_binding){s->bindings, name, target, value};
  s->bindings = b;
}

/* import a.b as c; from a import b as c, d: returns what is behind it. */
static size_t bind_import(cm_code_reader *s, size_t i) {
  size_t end = i + 1;
  cm_str module = CM_STR("");
  if (cm_tok_is(cm_script_tok(s, i), "from")) {
    module = cm_script_name(s, i + 1, &end);
    if (!cm_tok_is(cm_script_tok(s, end), "import")) return i + 1;
    end++;
  }
  while (end < s->toks.n && cm_script_tok(s, end)->kind == CM_TOK_NAME) {
    cm_str name = cm_script_name(s, end, &end), full = name, local = name;
    if (module.n) full = cm_ev_join(s->ev, cm_ev_join(s->ev, module, CM_STR(".")), name);
    if (cm_tok_is(cm_script_tok(s, end), "as")) local = cm_script_tok(s, end + 1)->text, end += 2;
    if (full.n && !cm_str_eq(full, local)) bind(s, local, full, cm_val_text(CM_STR("")));
    if (!cm_tok_is(cm_script_tok(s, end), ",")) break;
    end++;
  }
  return end > i ? end : i + 1;
}

/* const {a, b: c} = require('m') and import {a} from 'm' */
static void bind_members(cm_code_reader *s, size_t i) {
  size_t close = i, at;
  while (close < s->toks.n && !cm_tok_is(cm_script_tok(s, close), "}")) close++;
  at = close + 2; /* behind "=" or "from" */
  size_t end;
  cm_str module = cm_script_tok(s, at)->kind == CM_TOK_TEXT ? cm_script_tok(s, at)->text
                                                            : cm_script_name(s, at, &end);
  if (!module.n || close - i > 40) return;
  for (size_t k = i + 1; k < close; k++) {
    if (cm_script_tok(s, k)->kind != CM_TOK_NAME) continue;
    cm_str name = cm_script_tok(s, k)->text, local = name;
    if (cm_tok_is(cm_script_tok(s, k + 1), ":")) local = cm_script_tok(s, k + 2)->text, k += 2;
    cm_str full = cm_ev_join(s->ev, cm_ev_join(s->ev, module, CM_STR(".")), name);
    bind(s, local, full, cm_val_text(CM_STR("")));
  }
}

/* x = 'text', x = require('m') */
static void bind_assignment(cm_code_reader *s, size_t i) {
  size_t at = i + 2, end;
  bool adds = cm_tok_is(cm_script_tok(s, i + 1), "+") || cm_tok_is(cm_script_tok(s, i + 1), ".");
  if (adds && cm_tok_is(cm_script_tok(s, i + 2), "=") &&
      cm_script_binding(s, cm_script_tok(s, i)->text)) { /* x += …: no constant any more */
    bind(s, cm_script_tok(s, i)->text, CM_STR(""), cm_val_hole(CM_FROM_INPUT, NULL));
    return;
  }
  if (!cm_tok_is(cm_script_tok(s, i + 1), "=") || cm_tok_is(cm_script_tok(s, i + 2), "=")) return;
  cm_str name = cm_script_name(s, at, &end);
  bool alias = name.n && !cm_tok_is(cm_script_tok(s, end), "(") && cm_script_find(s, name);
  if (name.n && (cm_tok_is(cm_script_tok(s, at), "require") ||
                 cm_tok_is(cm_script_tok(s, at), "__import__") || alias)) {
    bind(s, cm_script_tok(s, i)->text, name, cm_val_text(CM_STR("")));
    return;
  }
  cm_code_value v = cm_script_value(s, &at);
  if (!v.list && !v.v.from) bind(s, cm_script_tok(s, i)->text, CM_STR(""), v.v);
}

/* --- the scan --- */

/* What the whole code shows: loops, forks, sockets and shells. */
typedef struct signs {
  bool loop, fork, socket, shell, connect;
  cm_str host;
} signs;

static bool names_shell(cm_str s) {
  return cm_str_find(s, CM_STR("/bin/sh")) != SIZE_MAX ||
         cm_str_find(s, CM_STR("/bin/bash")) != SIZE_MAX ||
         cm_str_find(s, CM_STR("/bin/zsh")) != SIZE_MAX || cm_str_is(s, "sh") ||
         cm_str_is(s, "bash") || cm_str_is(s, "sh -i") || cm_str_is(s, "cmd.exe");
}

static void look_for_signs(const cm_tok *t, cm_str name, signs *g) {
  static const char loops[] = "while for loop until goto forever map times",
                    forks[] = "fork os.fork pcntl_fork Process.fork child_process.fork",
                    sockets[] =
                        "socket.socket socket.create_connection TCPSocket.new TCPSocket.open "
                        "TCPSocket fsockopen net.connect net.Socket net.createConnection "
                        "IO.Socket.INET socket socket.tcp pfsockopen stream_socket_client "
                        "net.socket socket.connect Socket TcpStream.connect gen_tcp";
  if (t->kind == CM_TOK_TEXT) {
    g->shell |= names_shell(t->text);
    bool host = t->text.n > 3 && t->text.n < 64 && cm_str_has(t->text, '.') &&
                !cm_str_has(t->text, '/') && !cm_str_has(t->text, ' ');
    if (host && !g->host.n) g->host = t->text;
  }
  if (t->kind != CM_TOK_NAME) return;
  g->loop |= has_name(loops, name);
  g->fork |= has_name(forks, name);
  g->socket |= has_name(sockets, name);
}

static void report_signs(cm_code_call *c, const signs *g) {
  cm_eval *ev = c->s->ev;
  if (g->loop && g->fork) {
    cm_rword words[1] = {cm_script_word(ev, "fork")};
    cm_evrun *r = cm_script_make(c, words, 1);
    if (r) r->run.kind = CM_RUN_FORKS;
  }
  if (!g->socket || !g->shell) return;
  cm_rword words[4] = {cm_script_word(ev, "nc"),
                       cm_script_word(ev, "-e"),
                       cm_script_word(ev, "/bin/sh"),
                       {.from = 0}};
  cm_val host = g->host.n ? cm_val_text(g->host) : cm_val_hole(CM_FROM_INPUT, NULL);
  words[3] = cm_word_of_val(&host, ev->f.whole);
  cm_script_make(c, words, 4);
}

/* do shell script "…" of AppleScript, and awk's pipes. */
static void phrase(cm_code_call *c, size_t i) {
  cm_code_reader *s = c->s;
  char l = s->language;
  bool starts = cm_tok_is(cm_script_tok(s, i), "shell") || cm_tok_is(cm_script_tok(s, i), "do");
  bool script = l == 's' && starts && cm_tok_is(cm_script_tok(s, i + 1), "script");
  bool to = l == 'a' && cm_tok_is(cm_script_tok(s, i), "|") &&
            !cm_tok_is(cm_script_tok(s, i + 1), "|") &&
            !cm_tok_is(cm_script_tok(s, i + 1), "getline") &&
            (i == 0 || !cm_tok_is(cm_script_tok(s, i - 1), "|"));
  bool from = l == 'a' && i && cm_tok_is(cm_script_tok(s, i), "|") &&
              cm_tok_is(cm_script_tok(s, i + 1), "getline");
  if (!script && !to && !from) return;
  size_t at = script ? i + 2 : to ? i + 1 : i - 1;
  if (from && cm_script_tok(s, at)->kind == CM_TOK_TEXT) {
    cm_val v = cm_val_text(cm_script_tok(s, at)->text);
    c->args[0] = (cm_code_value){.v = v};
  } else if (from) {
    c->args[0] = (cm_code_value){.v = cm_val_hole(CM_FROM_INPUT, NULL)};
  } else {
    c->args[0] = cm_script_value(s, &at);
  }
  c->n = 1;
  cm_script_shell(c, cm_script_arg(c, 0));
}

static void scan_name(cm_code_call *base, size_t i, cm_str name, size_t end) {
  cm_code_reader *s = base->s;
  const cm_primitive *p = cm_script_find(s, name);
  bool parens = cm_tok_is(cm_script_tok(s, end), "(");
  cm_tok_kind next = cm_script_tok(s, end)->kind;
  bool text = next == CM_TOK_TEXT || next == CM_TOK_NAME || next == CM_TOK_NUMBER;
  bool defined = i && (cm_tok_is(cm_script_tok(s, i - 1), "def") ||
                       cm_tok_is(cm_script_tok(s, i - 1), "function"));
  if (parens && s->language == 'p' && has_name("Path pathlib.Path", name))
    cm_script_path(base, end);
  if (!p || defined || !(parens || (p->bare && text))) return;
  cm_code_call c = *base;
  cm_script_args(&c, parens ? end + 1 : end, parens);
  p->run(&c);
}

static void scan(cm_code_call *base) {
  cm_code_reader *s = base->s;
  signs g = {0};
  size_t before = s->ev->n;
  for (size_t i = 0; i < s->toks.n && cm_ev_step(s->ev);) {
    const cm_tok *t = cm_script_tok(s, i);
    size_t end = i + 1;
    cm_code_call c = *base;
    cm_str name = cm_script_name(s, i, &end);
    look_for_signs(t, name, &g);
    if (t->kind == CM_TOK_SHELL) {
      c.args[0] = (cm_code_value){.v = cm_val_text(t->text)};
      c.n = 1;
      cm_script_shell(&c, cm_script_arg(&c, 0));
    }
    bool member = i && cm_tok_is(cm_script_tok(s, i - 1), ".");
    if (s->language == 'p' && (cm_tok_is(t, "import") || cm_tok_is(t, "from"))) {
      i = bind_import(s, i);
      continue;
    }
    if (t->kind == CM_TOK_NAME && !member) {
      bind_assignment(s, i);
      scan_name(base, i, name, end);
    }
    if (s->language == 'j' && cm_tok_is(t, "{") &&
        (i == 0 || cm_tok_is(cm_script_tok(s, i - 1), "const") ||
         cm_tok_is(cm_script_tok(s, i - 1), "let") || cm_tok_is(cm_script_tok(s, i - 1), "var") ||
         cm_tok_is(cm_script_tok(s, i - 1), "import")))
      bind_members(s, i);
    phrase(&c, i);
    i = end > i ? end : i + 1;
  }
  report_signs(base, &g);
  cm_script_signs(base, s->ev->n > before);
}

static char letter_of(const char *language) {
  static const struct {
    const char *name;
    char letter;
  } names[] = {{"python", 'p'}, {"perl", 'l'},       {"ruby", 'r'}, {"javascript", 'j'},
               {"php", 'h'},    {"lua", 'u'},        {"awk", 'a'},  {"applescript", 's'},
               {"vim", 'v'},    {"powershell", 'w'}, {"julia", 'i'}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(names[i].name, language) == 0) return names[i].letter;
  return 'o';
}

void cm_script(cm_eval *ev, cm_evrun *via, const char *language, const cm_rword *code) {
  cm_frame saved = ev->f;
  if (ev->f.depth >= CM_RESOLVE_DEPTH_MAX || !cm_ev_enter(ev)) {
    ev->limited = true;
    return;
  }
  cm_code_reader s = {.ev = ev, .language = letter_of(language)};
  ev->bytes += code->text.n;
  ev->f.depth++;
  ev->f.via = &via->run;
  ev->f.language = language;
  ev->f.whole = code->span;
  ev->f.literal = false;
  ev->f.sink = NULL;
  ev->f.in = NULL;
  ev->f.input = ev->f.partial = NULL;
  s.toks = cm_script_lex(ev, s.language, code->text);
  cm_code_call base = {.s = &s, .via = via};
  if (s.language == 'w' && ev->bytes <= CM_SH_TEXT_MAX) cm_script_power(&base, code->text);
  else if (s.toks.v && ev->bytes <= CM_SH_TEXT_MAX + CM_EV_BYTES) scan(&base);
  else ev->limited = true;
  ev->nest--;
  ev->f = saved;
}
