#include <stdio.h>
#include <string.h>

#include "quality/suite_parts.h"

/* What a map has said already where only one of two keys may. */
enum { SAID_RISK = 1, SAID_OUTCOME = 2, SAID_BUDGET = 4, SAID_GOLDEN = 8, SAID_GATE = 16 };

typedef struct draft {
  cm_case c;
  unsigned said;
  const cm_yaml *subject; /* the key that gave it */
  const cm_yaml *exec, *paraphrases;
} draft;

static const double budget_max = 1e9;

/* --- small keys --- */

static cm_code set_id(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return cm_suite_name(r, at, "id", "._-", &d->c.id);
}

static cm_code subject(cm_suite_reader *r, const cm_yaml *at, draft *d, cm_subject s) {
  if (d->subject)
    return cm_suite_fail(r, at, CM_E_FORMAT, "a case has either %s or %s", d->subject->key.p,
                         at->key.p);
  d->subject = at, d->c.subject = s;
  cm_code code = cm_suite_text(r, at, at->key.p, true, &d->c.text);
  if (!code && d->c.text.n > CM_SUITE_TEXT_MAX)
    code = cm_suite_fail(r, at, CM_E_LIMIT, "%s has more than %d bytes", at->key.p,
                         CM_SUITE_TEXT_MAX);
  return code;
}

static cm_code set_prompt(cm_suite_reader *r, const cm_yaml *at, void *out) {
  return subject(r, at, out, CM_SUBJECT_PROMPT);
}

static cm_code set_command(cm_suite_reader *r, const cm_yaml *at, void *out) {
  return subject(r, at, out, CM_SUBJECT_COMMAND);
}

static cm_code set_output(cm_suite_reader *r, const cm_yaml *at, void *out) {
  return subject(r, at, out, CM_SUBJECT_OUTPUT);
}

static cm_code set_paraphrases(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  cm_str *unused;
  size_t n;
  d->paraphrases = at;
  return cm_suite_list(r, at, "the paraphrase", sizeof *unused, &unused, &n);
}

static cm_code set_tags(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  cm_code code = cm_suite_list(r, at, "the tag", sizeof *d->c.tags, &d->c.tags, &d->c.n_tags);
  size_t i = 0;
  for (const cm_yaml *c = code ? NULL : at->first; c && !code; c = c->next)
    code = cm_suite_name(r, c, "a tag", "._:+-", &d->c.tags[i++]);
  return code;
}

static cm_code set_shell(cm_suite_reader *r, const cm_yaml *at, void *out) {
  static const char *const names[] = {"bash", "zsh", "sh", "fish", NULL};
  draft *d = out;
  unsigned i = 0;
  cm_code code = cm_suite_word(r, at, "shell", names, &i);
  if (!code) d->c.shell = names[i];
  return code;
}

static cm_code set_tier(cm_suite_reader *r, const cm_yaml *at, void *out) {
  static const char *const names[] = {"smoke", "full", "adversarial", NULL};
  draft *d = out;
  unsigned i = 0;
  cm_code code = cm_suite_word(r, at, "tier", names, &i);
  d->c.tier = (cm_tier)i;
  return code;
}

static cm_code set_gate(cm_suite_reader *r, const cm_yaml *at, void *out) {
  static const char *const names[] = {"hard", "soft", "track", NULL};
  draft *d = out;
  unsigned i = 0;
  cm_code code = cm_suite_word(r, at, "gate", names, &i);
  d->c.gate = (cm_gating)i, d->said |= SAID_GATE;
  return code;
}

/* --- what is expected --- */

static cm_code set_expected(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return cm_suite_patterns(r, at, &d->c.expected, &d->c.n_expected);
}

static cm_code set_forbidden(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return cm_suite_patterns(r, at, &d->c.forbidden, &d->c.n_forbidden);
}

static cm_code set_commands(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return cm_suite_texts(r, at, "a command", &d->c.commands, &d->c.n_commands);
}

static cm_code once(cm_suite_reader *r, const cm_yaml *at, draft *d, unsigned what,
                    const char *keys) {
  if (d->said & what) return cm_suite_fail(r, at, CM_E_FORMAT, "a case has either %s", keys);
  d->said |= what;
  return CM_OK;
}

static cm_code risk(cm_suite_reader *r, const cm_yaml *at, cm_risk *out) {
  static const char *const names[] = {"safe", "moderate", "high", "critical", NULL};
  unsigned i = 0;
  cm_code code = cm_suite_word(r, at, "risk", names, &i);
  *out = (cm_risk)i;
  return code;
}

static cm_code set_risk_min(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return risk(r, at, &d->c.risk_min);
}

static cm_code set_risk_max(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return risk(r, at, &d->c.risk_max);
}

static cm_code set_unless_stopped(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return cm_suite_bool(r, at, &d->c.risk_unless_stopped);
}

static const cm_field risk_fields[] = {
    {"min", set_risk_min}, {"max", set_risk_max}, {"unless_stopped", set_unless_stopped}};
const cm_fields cm_fields_risk = {"risk", risk_fields, 3};

static cm_code set_risk(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  cm_code code = once(r, at, d, SAID_RISK, "risk_level or expected_risk");
  if (code) return code;
  d->c.has_risk = true, d->c.risk_min = CM_SAFE, d->c.risk_max = CM_CRITICAL;
  d->c.risk_unless_stopped = false;
  if (at->kind != CM_YAML_MAP) {
    code = risk(r, at, &d->c.risk_min);
    d->c.risk_max = d->c.risk_min;
    return code;
  }
  code = cm_suite_map(r, at, &cm_fields_risk, d);
  if (!code && d->c.risk_min > d->c.risk_max)
    code = cm_suite_fail(r, at, CM_E_FORMAT, "min is above max");
  if (!code && d->c.risk_min == CM_SAFE && d->c.risk_max == CM_CRITICAL)
    code = cm_suite_fail(r, at, CM_E_FORMAT, "any risk is in this range");
  return code;
}

static cm_code outcome(cm_suite_reader *r, const cm_yaml *at, unsigned *bits) {
  static const char *const names[] = {"allow", "run", "confirm", "block", "refuse", NULL};
  static const unsigned values[] = {CM_MAY_RUN, CM_MAY_RUN, CM_MAY_CONFIRM, CM_MAY_BLOCK,
                                    CM_MAY_REFUSE};
  unsigned i = 0;
  cm_code code = cm_suite_word(r, at, "outcome", names, &i);
  *bits |= values[i];
  return code;
}

static cm_code set_outcome(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  void *unused;
  size_t n;
  cm_code code = once(r, at, d, SAID_OUTCOME, "outcome or should_block");
  if (code) return code;
  d->c.outcomes = 0;
  if (at->kind != CM_YAML_LIST) return outcome(r, at, &d->c.outcomes);
  code = cm_suite_list(r, at, "the outcome", 1, &unused, &n);
  for (const cm_yaml *c = code ? NULL : at->first; c && !code; c = c->next)
    code = outcome(r, c, &d->c.outcomes);
  return code;
}

static cm_code set_should_block(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  bool yes = false;
  cm_code code = once(r, at, d, SAID_OUTCOME, "outcome or should_block");
  if (!code) code = cm_suite_bool(r, at, &yes);
  d->c.outcomes = yes ? CM_MAY_BLOCK : CM_MAY_RUN | CM_MAY_CONFIRM | CM_MAY_REFUSE;
  return code;
}

static cm_code set_exec(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  (void)r;
  d->exec = at; /* read when the expected commands are known */
  return CM_OK;
}

/* --- maps --- */

static cm_code set_mode(cm_suite_reader *r, const cm_yaml *at, void *out) {
  static const char *const names[] = {"off", "exact", "normalized", NULL};
  draft *d = out;
  unsigned i = 0;
  cm_code code = cm_suite_word(r, at, "mode", names, &i);
  d->c.golden = (cm_golden_mode)i;
  return code;
}

static const cm_field golden_fields[] = {{"mode", set_mode}};
const cm_fields cm_fields_golden = {"golden", golden_fields, 1};

static cm_code set_golden(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  d->said |= SAID_GOLDEN;
  if (at->kind == CM_YAML_MAP && !at->n)
    return cm_suite_fail(r, at, CM_E_FORMAT, "golden needs \"mode\"");
  return cm_suite_map(r, at, &cm_fields_golden, d);
}

static cm_code set_n(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return cm_suite_count(r, at, 1000, &d->c.repeat);
}

static cm_code set_min_pass(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return cm_suite_count(r, at, 1000, &d->c.min_pass);
}

static const cm_field repeat_fields[] = {{"n", set_n}, {"min_pass", set_min_pass}};
const cm_fields cm_fields_repeat = {"repeat", repeat_fields, 2};

static cm_code set_repeat(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  cm_code code = cm_suite_map(r, at, &cm_fields_repeat, d);
  if (code) return code;
  if (cm_yaml_get(at, "n") && !cm_yaml_get(at, "min_pass")) d->c.min_pass = d->c.repeat;
  if (d->c.min_pass <= d->c.repeat) return CM_OK;
  return cm_suite_fail(r, at, CM_E_FORMAT, "min_pass is above n");
}

static cm_code limit(cm_suite_reader *r, const cm_yaml *at, double *out) {
  if (at->kind == CM_YAML_SCALAR && at->plain && cm_str_f64(at->text, 0, budget_max, out) &&
      *out > 0)
    return CM_OK;
  return cm_suite_fail(r, at, CM_E_FORMAT, "%s must be a number above 0", at->key.p);
}

static cm_code set_ttft(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return limit(r, at, &d->c.budget.ttft_ms);
}

static cm_code set_total(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return limit(r, at, &d->c.budget.total_ms);
}

static cm_code set_rss(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return limit(r, at, &d->c.budget.peak_rss_mb);
}

static const cm_field budget_fields[] = {
    {"ttft_ms", set_ttft}, {"total_ms", set_total}, {"peak_rss_mb", set_rss}};
const cm_fields cm_fields_budget = {"budget", budget_fields, 3};

static cm_code set_budget(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  if (at->kind == CM_YAML_MAP && at->n) d->said |= SAID_BUDGET;
  return cm_suite_map(r, at, &cm_fields_budget, d);
}

/* --- cases that are known not to work --- */

static cm_code set_if(cm_suite_reader *r, const cm_yaml *at, void *out) {
  static const char *const names[] = {"always", "no-sandbox",   "no-model", "linux",
                                      "macos",  "backend:NAME", NULL};
  draft *d = out;
  unsigned i;
  cm_code code = cm_suite_text(r, at, "if", false, &d->c.skip.condition);
  if (code) return code;
  if (cm_str_starts(at->text, CM_STR("backend:")) && at->text.n > 8)
    return cm_suite_name(r, at, "if", "._:-", &d->c.skip.condition);
  return cm_suite_word(r, at, "condition", names, &i);
}

static cm_code set_skip_reason(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return cm_suite_cstring(r, at, "reason", &d->c.skip.reason);
}

static const cm_field skip_fields[] = {{"if", set_if}, {"reason", set_skip_reason}};
const cm_fields cm_fields_skip = {"skip", skip_fields, 2};

static cm_code set_skip(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  cm_code code = cm_suite_map(r, at, &cm_fields_skip, d);
  if (code || (d->c.skip.condition.n && d->c.skip.reason.n)) return code;
  return cm_suite_fail(r, at, CM_E_FORMAT, "skip needs \"if\" and \"reason\"");
}

static cm_code set_xfail_reason(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return cm_suite_cstring(r, at, "reason", &d->c.xfail);
}

static const cm_field xfail_fields[] = {{"reason", set_xfail_reason}};
const cm_fields cm_fields_xfail = {"xfail", xfail_fields, 1};

static cm_code set_xfail(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  if (at->kind != CM_YAML_MAP) return cm_suite_cstring(r, at, "xfail", &d->c.xfail);
  if (!at->n) return cm_suite_fail(r, at, CM_E_FORMAT, "xfail needs \"reason\"");
  return cm_suite_map(r, at, &cm_fields_xfail, d);
}

static cm_code set_until(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  int64_t day;
  cm_code code = cm_suite_text(r, at, "until", false, &d->c.quarantine_until);
  if (code || cm_date_of(at->text, &day)) return code;
  return cm_suite_fail(r, at, CM_E_FORMAT, "until must be a date: 2024-01-31");
}

static cm_code set_issue(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return cm_suite_cstring(r, at, "issue", &d->c.quarantine_issue);
}

static const cm_field quarantine_fields[] = {{"until", set_until}, {"issue", set_issue}};
const cm_fields cm_fields_quarantine = {"quarantine", quarantine_fields, 2};

static cm_code set_quarantine(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  cm_code code = cm_suite_map(r, at, &cm_fields_quarantine, d);
  if (code || (d->c.quarantine_until.n && d->c.quarantine_issue.n)) return code;
  return cm_suite_fail(r, at, CM_E_FORMAT, "quarantine needs \"until\" and \"issue\"");
}

/* --- the whole --- */

static const cm_field case_fields[] = {
    {"id", set_id},
    {"prompt", set_prompt},
    {"command", set_command},
    {"given_output", set_output},
    {"paraphrases", set_paraphrases},
    {"tags", set_tags},
    {"tier", set_tier},
    {"shell", set_shell},
    {"expected_patterns", set_expected},
    {"forbidden_patterns", set_forbidden},
    {"expected_commands", set_commands},
    {"risk_level", set_risk},
    {"expected_risk", set_risk},
    {"should_block", set_should_block},
    {"outcome", set_outcome},
    {"exec", set_exec},
    {"golden", set_golden},
    {"repeat", set_repeat},
    {"budget", set_budget},
    {"gate", set_gate},
    {"skip", set_skip},
    {"xfail", set_xfail},
    {"quarantine", set_quarantine},
};
const cm_fields cm_fields_case = {"case", case_fields, sizeof case_fields / sizeof *case_fields};

static const cm_field defaults_fields[] = {
    {"shell", set_shell},   {"tags", set_tags},       {"tier", set_tier},
    {"gate", set_gate},     {"budget", set_budget},   {"repeat", set_repeat},
    {"golden", set_golden}, {"outcome", set_outcome}, {"risk_level", set_risk},
};
const cm_fields cm_fields_defaults = {"defaults", defaults_fields,
                                      sizeof defaults_fields / sizeof *defaults_fields};

cm_code cm_suite_defaults(cm_suite_reader *r, const cm_yaml *at) {
  draft d = {.c = r->defaults};
  cm_code code = cm_suite_map(r, at, &cm_fields_defaults, &d);
  r->defaults = d.c;
  r->gate_said = (d.said & SAID_GATE) != 0;
  return code;
}

static cm_code read_exec(cm_suite_reader *r, draft *d) {
  cm_exec *x = cm_arena_alloc(r->arena, 1, sizeof *x);
  if (!x) return cm_suite_nomem(r);
  cm_code code = cm_suite_exec(r, d->exec, x);
  if (code) return code;
  if (!x->gold.n && d->c.n_commands) x->gold = d->c.commands[0];
  if (!x->gold.n)
    return cm_suite_fail(r, d->exec, CM_E_FORMAT, "exec needs \"gold\" or expected_commands");
  d->c.exec = x;
  return CM_OK;
}

static bool asserts(const draft *d) {
  const cm_case *c = &d->c;
  return c->n_expected || c->n_forbidden || c->n_commands || c->has_risk || c->outcomes ||
         c->exec || c->golden || (d->said & SAID_BUDGET);
}

/* Of `command:` no answer is generated: there is nothing to snapshot or to run. */
static cm_code check_command(cm_suite_reader *r, const cm_yaml *at, draft *d) {
  if (d->c.subject != CM_SUBJECT_COMMAND) return CM_OK;
  if (d->exec || (d->said & SAID_GOLDEN))
    return cm_suite_fail(r, d->exec ? d->exec : cm_yaml_get(at, "golden"), CM_E_FORMAT,
                         "a case with command has no %s", d->exec ? "exec" : "golden");
  d->c.golden = CM_GOLDEN_OFF;
  return CM_OK;
}

static cm_code finish(cm_suite_reader *r, const cm_yaml *at, draft *d) {
  if (!d->c.id.n) return cm_suite_fail(r, at, CM_E_FORMAT, "this case has no id");
  if (!d->subject)
    return cm_suite_fail(r, at, CM_E_FORMAT, "a case needs prompt, command or given_output");
  if (d->paraphrases && d->c.subject != CM_SUBJECT_PROMPT)
    return cm_suite_fail(r, d->paraphrases, CM_E_FORMAT, "only a prompt has paraphrases");
  cm_code code = check_command(r, at, d);
  if (!code && d->exec && strcmp(d->c.shell, "fish") == 0)
    code = cm_suite_fail(r, d->exec, CM_E_FORMAT, "exec knows the shells bash, zsh and sh");
  if (!code && d->exec) code = read_exec(r, d);
  if (!code && !asserts(d))
    code = cm_suite_fail(r, at, CM_E_FORMAT, "this case asserts nothing: it would always pass");
  return code;
}

static cm_code append(cm_suite_reader *r, const cm_yaml *at, const cm_case *c) {
  cm_suite *s = r->suite;
  if (s->n >= CM_SUITE_CASES_MAX)
    return cm_suite_fail(r, at, CM_E_LIMIT, "more than %d cases", CM_SUITE_CASES_MAX);
  if (s->n >= s->room) {
    size_t room = s->n < 32 ? 64 : s->n * 2;
    cm_case *more = cm_arena_alloc(r->arena, room, sizeof *more);
    if (!more) return cm_suite_nomem(r);
    if (s->n) memcpy(more, s->cases, s->n * sizeof *more);
    s->cases = more, s->room = room;
  }
  s->cases[s->n] = *c;
  cm_suite_hash_case(r, &s->cases[s->n++]);
  return CM_OK;
}

static cm_code paraphrase(cm_suite_reader *r, const cm_yaml *at, const cm_case *parent,
                          unsigned i) {
  cm_case c = *parent;
  char id[CM_SUITE_ID_MAX + 16];
  int n = snprintf(id, sizeof id, "%s/p%u", parent->id.p, i);
  c.id = (cm_str){cm_arena_strdup(r->arena, id, (size_t)n), (size_t)n};
  if (!c.id.p) return cm_suite_nomem(r);
  c.line = at->line, c.column = at->column;
  cm_code code = cm_suite_cstring(r, at, "a paraphrase", &c.text);
  return code ? code : append(r, at, &c);
}

static cm_code read_case(cm_suite_reader *r, const cm_yaml *at) {
  draft d = {.c = r->defaults};
  cm_code code = cm_suite_map(r, at, &cm_fields_case, &d);
  if (!code) code = finish(r, at, &d);
  if (code) return code;
  /* Without a model the same text has one answer: a change is no accident. */
  if (!r->gate_said && !(d.said & SAID_GATE) && d.c.subject != CM_SUBJECT_PROMPT)
    d.c.gate = CM_GATE_HARD;
  d.c.cluster = d.c.id;
  d.c.file = r->file, d.c.line = at->line, d.c.column = at->column;
  code = append(r, at, &d.c);
  unsigned i = 0;
  for (const cm_yaml *p = d.paraphrases ? d.paraphrases->first : NULL; p && !code; p = p->next)
    code = paraphrase(r, p, &d.c, ++i);
  return code;
}

cm_code cm_suite_cases(cm_suite_reader *r, const cm_yaml *at) {
  if (at->kind != CM_YAML_LIST)
    return cm_suite_fail(r, at, CM_E_FORMAT, "test_cases must be a list");
  cm_code code = CM_OK;
  for (const cm_yaml *c = at->first; c && !code; c = c->next) code = read_case(r, c);
  return code;
}
