/* What code shows as a whole: the environment that goes to the network, and shell commands in the
 * strings of languages whose calls aren't known one by one. */
#include <string.h>

#include "sh/script.h"

static bool has_name(const char *names, cm_str name) { return cm_listed(names, ' ', name); }

static const cm_tok *tok(const cm_code_call *c, size_t i) { return cm_script_tok(c->s, i); }

/* --- the environment --- */

/* Calls that send; as in the languages, dots included. */
static bool sends(cm_str name) {
  static const char names[] =
      "requests.post requests.put requests.get requests.request urlopen urllib.request.urlopen "
      "urllib.request.Request httpx.post httpx.get fetch axios.post axios.get axios https.request "
      "http.request https.get http.get Net.HTTP Net.HTTP.post Net.HTTP.post_form Net.HTTP.get "
      "HTTParty.post socket.socket TCPSocket.new LWP.UserAgent HTTP.Tiny curl_setopt curl_init "
      "u.urlopen file_get_contents fsockopen HTTP.Post XMLHttpRequest navigator.sendBeacon";
  return has_name(names, name);
}

/* The environment as a whole: os.environ, process.env, ENV without a name behind. */
static bool whole_environment(const cm_code_call *c, cm_str name, size_t end) {
  static const char names[] = "os.environ process.env ENV %ENV $_ENV getenv";
  static const char *const fronts[] = {"os.environ.items", "os.environ.copy", "ENV.to_",
                                       "ENV.inspect",      "ENV.map",         "Deno.env.toObject"};
  bool env = has_name(names, name);
  for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++)
    env |= cm_str_starts(name, cm_str_of(fronts[i]));
  if (!env) return false;
  if (has_name("getenv", name))
    return c->s->language == 'h' && cm_tok_is(tok(c, end), "(") && cm_tok_is(tok(c, end + 1), ")");
  return !cm_tok_is(tok(c, end), "[") && !cm_tok_is(tok(c, end), "{") &&
         !cm_tok_is(tok(c, end), "=") &&
         !(cm_tok_is(tok(c, end), "?") && cm_tok_is(tok(c, end + 1), "."));
}

/* A key of an account by its name: os.environ['AWS_SECRET_ACCESS_KEY'], process.env.NPM_TOKEN. */
static bool names_key(cm_str s) {
  static const char *const ends[] = {
      "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GITHUB_TOKEN",     "GH_TOKEN", "NPM_TOKEN",
      "VAULT_TOKEN",           "OPENAI_API_KEY",    "ANTHROPIC_API_KEY"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (cm_str_ends(s, cm_str_of(ends[i]))) return true;
  return false;
}

static void send_environment(cm_code_call *c) {
  static const char *const words[] = {"curl", "-d", "@/proc/self/environ", "\x01"};
  cm_rword *run = cm_ev_new(c->s->ev, 4, sizeof *run);
  if (!run) return;
  for (size_t i = 0; i < 4; i++) run[i] = cm_script_word(c->s->ev, words[i]);
  run[3].from = CM_FROM_INPUT;
  (void)cm_script_make(c, run, 4);
}

static void look_at_environment(cm_code_call *c) {
  bool whole = false, key = false, send = false, login = false;
  for (size_t i = 0; i < c->s->toks.n;) {
    size_t end = i + 1;
    const cm_tok *t = tok(c, i);
    cm_str name = t->kind == CM_TOK_NAME ? cm_script_name(c->s, i, &end) : t->text;
    if (end <= i) end = i + 1;
    if (t->kind == CM_TOK_NAME) {
      whole |= whole_environment(c, name, end);
      send |= sends(name);
    }
    key |= names_key(name);
    login |= has_name("headers header auth Authorization authorization setRequestHeader", name) ||
             cm_str_find(name, CM_STR("uthorization")) != SIZE_MAX;
    i = end;
  }
  if (send && (whole || (key && !login))) send_environment(c);
}

/* --- strings that are commands --- */

/* Words that start programs, in any language: os:cmd, System.cmd, run-program, callCommand. */
static bool starts_programs(cm_str name) {
  static const char names[] =
      "system cmd shell sh exec spawn execute callCommand callProcess readProcess createProcess "
      "process_create uiop run Runtime ProcessBuilder Process process command shell_command popen "
      "program Shell";
  return has_name(names, name);
}

static bool joins(const cm_tok *t) {
  return cm_tok_is(t, ",") || cm_tok_is(t, "[") || cm_tok_is(t, "]") || cm_tok_is(t, "(") ||
         cm_tok_is(t, "'") || cm_tok_is(t, "\n");
}

/* Strings side by side are the words of one command: ("rm", ["-rf", "/"]). */
static void run_strings(cm_code_call *c) {
  cm_eval *ev = c->s->ev;
  for (size_t i = 0; i < c->s->toks.n && cm_ev_step(ev);) {
    cm_rword code = cm_script_word(ev, "");
    size_t n = 0;
    for (; i < c->s->toks.n && (tok(c, i)->kind == CM_TOK_TEXT || joins(tok(c, i))); i++) {
      if (tok(c, i)->kind != CM_TOK_TEXT) continue;
      if (n++) code.text = cm_ev_join(ev, code.text, CM_STR(" "));
      code.text = cm_ev_join(ev, code.text, tok(c, i)->text);
    }
    if (n && cm_str_has(code.text, CM_HOLE)) code.from = CM_FROM_INPUT;
    if (n) cm_script_shell(c, code);
    else i++;
  }
}

void cm_script_signs(cm_code_call *base, bool called) {
  look_at_environment(base);
  if (base->s->language != 'o' || called) return;
  for (size_t i = 0; i < base->s->toks.n; i++)
    if (tok(base, i)->kind == CM_TOK_NAME && starts_programs(tok(base, i)->text)) {
      run_strings(base);
      return;
    }
}
