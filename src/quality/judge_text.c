#include <string.h>

#include "quality/judge.h"
#include "quality/pattern.h"
#include "quality/spelling.h"

enum { SHOWN_MAX = 1000, LINE_BYTES_MAX = 1 << 20 };

/* The words of a run, or the text of a simple command (`run` is NULL). */
typedef struct line {
  cm_str text;
  const cm_run *run;
} line;

/* What the patterns of a case are matched against. */
typedef struct subject {
  cm_str command;
  const cm_runs *runs;
  cm_sh_tree tree;
  const char *unparsed; /* why the command can't be read, else NULL */
  line *lines;
  size_t n;
  cm_str whole[2]; /* spaced, tight */
  cm_arena *arena;
} subject;

static int shown(cm_str s) { return (int)(s.n < SHOWN_MAX ? s.n : SHOWN_MAX); }

/* --- subjects --- */

static cm_code no_memory(cm_err *e) {
  return cm_fail(e, CM_E_NOMEM, 0, "out of memory for a judgement");
}

static void put_env(const cm_run *run, cm_buf *b) {
  for (size_t i = 0; i < run->n_env; i++) {
    cm_buf_printf(b, "%s%.*s=", b->n ? " " : "", (int)run->env[i].name.n, run->env[i].name.p);
    cm_buf_add(b, run->env[i].value.text.p, run->env[i].value.text.n);
  }
}

/* The program under its name, and its words. */
static void put_words(const cm_run *run, cm_buf *b) {
  for (size_t i = 0; i < run->n; i++) {
    cm_str word = i || !run->program.n ? run->words[i].text : run->program;
    if (b->n) cm_buf_putc(b, ' ');
    cm_buf_add(b, word.p, word.n);
  }
}

static bool keep(subject *s, cm_buf *b, cm_str *out) {
  char *p = b->overflow ? NULL : cm_arena_strdup(s->arena, b->p ? b->p : "", b->n);
  *out = (cm_str){p, b->n};
  cm_buf_reset(b);
  return p != NULL;
}

static bool add_run(subject *s, const cm_run *run, cm_buf *b) {
  put_words(run, b);
  s->lines[s->n] = (line){.run = run};
  if (!keep(s, b, &s->lines[s->n++].text)) return false;
  if (!run->n_env) return true;
  put_env(run, b);
  put_words(run, b);
  s->lines[s->n] = (line){.run = run};
  return keep(s, b, &s->lines[s->n++].text);
}

static cm_code add_lines(subject *s, cm_err *e) {
  cm_str *parts = NULL;
  size_t n = 0;
  cm_code code = cm_spelling_parts(s->command, &s->tree, s->arena, &parts, &n, e);
  if (code) return code;
  s->lines = cm_arena_alloc(s->arena, 2 * s->runs->n + n + 1, sizeof *s->lines);
  if (!s->lines) return no_memory(e);
  cm_buf b;
  bool good = true;
  cm_buf_init(&b, LINE_BYTES_MAX);
  for (size_t i = 0; i < s->runs->n && good; i++) good = add_run(s, s->runs->items[i], &b);
  for (size_t i = 0; i < n && good; i++) s->lines[s->n++].text = parts[i];
  for (size_t i = 0; i < 2 && good; i++) {
    code = cm_spelling_whole(s->command, &s->tree, (cm_spelling)i, s->arena, &b, e);
    good = !code && keep(s, &b, &s->whole[i]);
  }
  cm_buf_close(&b);
  return good ? CM_OK : code ? code : no_memory(e);
}

static cm_code open_subject(subject *s, const cm_attempt *t, const cm_bench_room *with,
                            cm_arena *a, cm_err *e) {
  cm_err why = {0};
  *s = (subject){.command = t->command, .arena = a};
  if (!t->verdict) return cm_fail(e, CM_E_INTERNAL, 0, "an answer without a verdict");
  s->runs = &t->verdict->runs;
  cm_dialect dialect = with && with->where ? with->where->dialect : CM_SH_BASH;
  cm_code code = cm_sh_parse(t->command, dialect, a, &s->tree, &why);
  if (code == CM_E_NOMEM) return no_memory(e);
  if (code || s->runs->syntax || s->runs->limited) {
    if (!code && s->runs->syntax) why = s->runs->error;
    if (!code && !s->runs->syntax) cm_err_set(&why, CM_E_LIMIT, 0, "it is nested too deeply");
    s->unparsed = cm_arena_strdup(a, why.msg, strlen(why.msg));
    return s->unparsed ? CM_OK : no_memory(e);
  }
  return add_lines(s, e);
}

/* --- matching --- */

typedef struct matcher {
  const subject *s;
  const cm_pattern *p;
  bool forbidden; /* then also what is only defined, or the equivalent of another language */
  bool found;
  cm_err *e;
} matcher;

static cm_code try_text(matcher *m, cm_str text) {
  size_t start, end;
  return m->found ? CM_OK : cm_re_find(m->p->re, text, 0, &m->found, &start, &end, m->e);
}

static bool counts(const matcher *m, const cm_run *run) {
  return m->forbidden || (!run->defined && !run->translated);
}

static void try_options(matcher *m) {
  cm_str rest = m->p->text, one;
  while (!m->found && cm_pattern_alternative(&rest, &one)) {
    if (!cm_pattern_is_option(one)) continue;
    for (size_t i = 0; i < m->s->runs->n && !m->found; i++)
      m->found =
          counts(m, m->s->runs->items[i]) && cm_pattern_option_in(one, m->s->runs->items[i]);
  }
}

static cm_code try_command(matcher *m) {
  cm_code code = CM_OK;
  try_options(m);
  if (!m->p->re) return CM_OK;
  for (size_t i = 0; i < m->s->n && !code; i++)
    if (!m->s->lines[i].run || counts(m, m->s->lines[i].run))
      code = try_text(m, m->s->lines[i].text);
  bool whole = cm_pattern_has_operator(m->p->text);
  for (size_t i = 0; i < 2 && whole && !code; i++) code = try_text(m, m->s->whole[i]);
  return code;
}

static cm_code try_argv(matcher *m, const cm_run *run) {
  cm_code code = CM_OK;
  for (size_t i = 0; i < run->n && !code; i++) code = try_text(m, run->words[i].text);
  return code;
}

/* Under its name, and its name without the folders. */
static cm_code try_utility(matcher *m, const cm_run *run) {
  cm_str name = run->program;
  cm_code code = name.n ? try_text(m, name) : CM_OK;
  for (size_t i = name.n; i > 0; i--)
    if (name.p[i - 1] == '/') {
      name = (cm_str){name.p + i, name.n - i};
      break;
    }
  return code || !name.n ? code : try_text(m, name);
}

static cm_code try_flags(matcher *m, const cm_run *run) {
  bool sure;
  cm_argv_spec spec = cm_pattern_spec(run->program, &sure);
  cm_argv v = cm_argv_of(run->words, run->n, spec);
  cm_code code = CM_OK;
  for (cm_arg arg; !code && cm_argv_next(&v, &arg);) {
    char flag[256];
    if (!arg.option || arg.name.n > sizeof flag - 2) continue;
    size_t dashes = arg.name.n == 1 || (spec.how & CM_ARGV_DASH) ? 1 : 2;
    memcpy(flag, "--", dashes);
    memcpy(flag + dashes, arg.name.p, arg.name.n);
    code = try_text(m, (cm_str){flag, dashes + arg.name.n});
  }
  return code;
}

static cm_code try_runs(matcher *m, cm_code (*try)(matcher *, const cm_run *)) {
  cm_code code = CM_OK;
  for (size_t i = 0; i < m->s->runs->n && !code && !m->found; i++)
    if (counts(m, m->s->runs->items[i])) code = try(m, m->s->runs->items[i]);
  return code;
}

static cm_code match(matcher *m) {
  switch (m->p->on) {
    case CM_ON_RAW: return try_text(m, m->s->command);
    case CM_ON_ARGV: return try_runs(m, try_argv);
    case CM_ON_UTILITY: return try_runs(m, try_utility);
    case CM_ON_FLAGS: return try_runs(m, try_flags);
    case CM_ON_COMMAND: break;
  }
  return try_command(m);
}

/* --- patterns --- */

static const char *const places[] = {"the command", "the text", "a word", "a program's name",
                                     "an option"};

static void add(const subject *s, cm_reasons *out, const cm_pattern *p, const char *key,
                const char *what) {
  cm_reasons_add(out, s->arena, key, "/%.*s/%s %s %s\n  %.*s", shown(p->text), p->text.p,
                 p->ignore_case ? "i" : "", what, places[p->on], shown(s->command), s->command.p);
}

static void add_unparsed(const subject *s, cm_reasons *out, const char *key) {
  cm_reasons_add(out, s->arena, key, "the command can't be parsed: %s\n  %.*s", s->unparsed,
                 shown(s->command), s->command.p);
}

static cm_code patterns(const subject *s, const cm_pattern *p, size_t n, bool forbidden,
                        cm_reasons *out, cm_err *e) {
  const char *key = forbidden ? "forbidden_patterns" : "expected_patterns";
  bool said = false;
  for (size_t i = 0; i < n; i++) {
    if (s->unparsed && p[i].on != CM_ON_RAW) {
      if (!said) add_unparsed(s, out, key);
      said = true;
      continue;
    }
    matcher m = {.s = s, .p = &p[i], .forbidden = forbidden, .e = e};
    cm_code code = match(&m);
    if (code) return code;
    if (m.found == forbidden) add(s, out, &p[i], key, forbidden ? "matches" : "doesn't match");
  }
  return CM_OK;
}

/* --- whole commands --- */

/* Where the answer is executed, expected commands only say what is right: another one that does
 * the same is right too. */
static bool has_commands(const cm_case *c) { return c->n_commands && !c->exec; }

static cm_code same_as_one(const cm_case *c, const subject *s, cm_dialect dialect, bool *same,
                           cm_err *e) {
  cm_buf got, want;
  cm_buf_init(&got, LINE_BYTES_MAX);
  cm_buf_init(&want, LINE_BYTES_MAX);
  cm_code code = cm_spelling_canon(s->command, dialect, s->arena, &got, e);
  *same = false;
  for (size_t i = 0; i < c->n_commands && !code && !*same; i++) {
    code = cm_spelling_canon(c->commands[i], dialect, s->arena, &want, e);
    if (code) (void)cm_err_prefix(e, "expected_commands");
    else *same = got.n == want.n && (!got.n || memcmp(got.p, want.p, got.n) == 0);
  }
  cm_buf_close(&got);
  cm_buf_close(&want);
  return code;
}

static cm_code commands(const cm_case *c, const subject *s, const cm_bench_room *with,
                        cm_reasons *out, cm_err *e) {
  cm_dialect dialect = with && with->where ? with->where->dialect : CM_SH_BASH;
  bool same = false;
  if (!has_commands(c)) return CM_OK;
  if (s->unparsed) {
    add_unparsed(s, out, "expected_commands");
    return CM_OK;
  }
  cm_code code = same_as_one(c, s, dialect, &same, e);
  if (!code && !same)
    cm_reasons_add(out, s->arena, "expected_commands", "expected%s\n  %.*s\ngot\n  %.*s",
                   c->n_commands > 1 ? " (or another of them)" : "", shown(c->commands[0]),
                   c->commands[0].p, shown(s->command), s->command.p);
  return code;
}

/* --- the judge --- */

static void unanswered(const cm_case *c, const cm_attempt *t, cm_arena *a, cm_reasons *out) {
  const char *why = t->refused ? "the model declined" : "there is no command";
  if (c->n_expected)
    cm_reasons_add(out, a, "expected_patterns", "nothing to match %zu pattern%s: %s",
                   c->n_expected, c->n_expected > 1 ? "s" : "", why);
  if (has_commands(c))
    cm_reasons_add(out, a, "expected_commands", "expected\n  %.*s\ngot nothing: %s",
                   shown(c->commands[0]), c->commands[0].p, why);
}

static cm_code judge(const cm_case *c, const cm_attempt *t, const cm_bench_room *with, cm_arena *a,
                     cm_reasons *out, cm_err *e) {
  subject s;
  if (!c->n_expected && !c->n_forbidden && !has_commands(c)) return CM_OK;
  if (!t->answered) {
    unanswered(c, t, a, out);
    return CM_OK;
  }
  cm_code code = open_subject(&s, t, with, a, e);
  if (!code) code = patterns(&s, c->expected, c->n_expected, false, out, e);
  if (!code) code = patterns(&s, c->forbidden, c->n_forbidden, true, out, e);
  return code ? code : commands(c, &s, with, out, e);
}

const cm_judge cm_judge_patterns = {"expected_patterns", judge};
