/* Variables of the surroundings that are called like secrets: what of them is sent, and where they
 * only log in. */
#include <string.h>

#include "safety/taint.h"

static bool word_char(char c) { return cm_glob_any(CM_STR("[A-Za-z0-9_.-]"), (cm_str){&c, 1}); }

/* The name in front of a value: key=X, "key": "X", key:X. */
static cm_str label_of(cm_str text, size_t at) {
  size_t end = at;
  while (end && strchr("\"' :=\\", text.p[end - 1])) end--;
  size_t begin = end;
  while (begin && word_char(text.p[begin - 1])) begin--;
  return end < at ? (cm_str){text.p + begin, end - begin} : (cm_str){0};
}

/* Whether what stands at `at` logs in at the host that gets it. */
static bool logs_in(cm_str text, size_t at) {
  static const char labels[] =
      "key|[aA][pP][iI]?[kK][eE][yY]|[aA][pP][iI][kK][eE][yY]|app?id|appid|[tT]oken|*_token|*-"
      "token|"
      "*Token|auth|[pP]ass|[pP]assword|*_password|passwd|pwd|*secret|[aA]uthorization|sig|"
      "signature|access_key|credential*|userKey|apiSecret";
  cm_str url = {text.p, at};
  if (at + 1 < text.n && text.p[at + 1] == '@') return true; /* https://user:X@host */
  cm_str label = label_of(text, at);
  if (label.n) return cm_glob_any(cm_str_of(labels), label);
  /* https://hooks.example.com/services/X: a path that is a secret itself */
  return cm_str_find(url, CM_STR("://")) != SIZE_MAX;
}

bool cm_taint_names_secret(const cm_rword *word) {
  if (!(word->from & CM_FROM_LOGIN)) return false;
  for (size_t i = 0; i < word->text.n; i++) {
    bool hole = word->text.p[i] == CM_HOLE;
    bool user = hole && i + 1 < word->text.n && word->text.p[i + 1] == '@';
    if (hole && !user && ((word->from & CM_FROM_KEYS) || !logs_in(word->text, i))) return true;
  }
  return false;
}

/* Options that log in, or that stay here. */
static bool stays(cm_str name) {
  return cm_glob_any(CM_STR("H|header|u|user|oauth2-bearer|b|cookie|a|auth|A|auth-type|password|"
                            "http-password|http-user|ftp-password|proxy-*|U|x|proxy|cert|E|key|"
                            "pass|aws-sigv4|o|output|O|output-document|tlspassword|login-options"),
                     name);
}

void cm_judge_variables(cm_judging *j, const cm_run *run) {
  static const char senders[] =
      "curl|curlie|wget|wget2|http|https|xh|xhs|GET|POST|lwp-request|nc|nc.*|ncat|netcat|dig|"
      "nslookup|host|drill|ping|mail|mailx|mutt|telnet|socat|mosquitto_pub|websocat";
  bool any = false;
  for (size_t i = 1; i < run->n; i++) any |= (run->words[i].from & CM_FROM_LOGIN) != 0;
  if (!any || !j->known.base || !cm_glob_any(cm_str_of(senders), run->program)) return;
  any = false;
  const cm_call *call = &j->call;
  bool httpie = cm_glob_any(CM_STR("http|https|xh|xhs"), run->program);
  for (size_t i = 0; i < call->n_operands; i++) {
    cm_rword word = *call->operands[i].at;
    word.text = call->operands[i].value;
    bool header = httpie && cm_glob_any(CM_STR("[A-Z]*[a-z]:*"), word.text);
    any |= !header && cm_taint_names_secret(&word);
  }
  for (size_t i = 0; i < call->n_options; i++) {
    const cm_arg *arg = &call->options[i];
    if (!arg->has_value || stays(arg->name)) continue;
    cm_rword word = *arg->at;
    word.text = arg->value;
    any |= cm_taint_names_secret(&word);
  }
  if (any)
    cm_report(j, "data.secret-sent", CM_CRITICAL, "sends keys, tokens or passwords away", run,
              run->span);
}
