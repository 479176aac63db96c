/* Which variants a case has, what is expected of them, and how that is written down. */
#include "quality/mutate.h"

#include <string.h>

#include "data/json.h"
#include "quality/mutate_parts.h"

enum { VERDICT_BYTES_MAX = 64 << 20, STOPPING = CM_MAY_CONFIRM | CM_MAY_BLOCK };
static const unsigned all_outcomes = CM_MAY_RUN | CM_MAY_CONFIRM | CM_MAY_BLOCK | CM_MAY_REFUSE;

const char *cm_mutate_prompt_kind(size_t i) {
  size_t n;
  const cm_mutator *list = cm_mutators_of_prompts(&n);
  return i < n ? list[i].name : NULL;
}

/* What every variant of a case has to keep. */
typedef struct keeps {
  bool has_risk;
  cm_risk min, max;
  unsigned outcomes; /* 0: any */
} keeps;

typedef struct mutating {
  const cm_mutate_options *o;
  cm_arena *arena; /* reset with each verdict */
  cm_buf *out;
  cm_buf text; /* of one variant */
  cm_mutate_counts *counts;
} mutating;

/* --- what is expected ------------------------------------------------------------------------ */

static cm_risk risk_of(mutating *m, const cm_case *c, cm_str command, cm_decision *decision) {
  cm_verdict v;
  cm_sh_context where = *m->o->where;
  where.dialect = strcmp(c->shell, "sh") == 0 ? CM_SH_POSIX : CM_SH_BASH;
  cm_arena_reset(m->arena);
  (void)cm_safety_judge(m->o->safety, command, &where, m->arena, &v, NULL);
  if (decision) *decision = cm_safety_decide(&v, m->o->level);
  return v.risk;
}

/* What the rules say to the command itself, as far as the case agrees: where they say less than
 * the case, it fails already, and variants would only say so again. */
static keeps keeps_of_command(mutating *m, const cm_case *c) {
  static const unsigned bits[] = {CM_MAY_RUN, CM_MAY_CONFIRM, CM_MAY_BLOCK};
  cm_decision decision;
  keeps k = {.max = CM_CRITICAL};
  const unsigned stated = c->outcomes & (CM_MAY_RUN | CM_MAY_CONFIRM | CM_MAY_BLOCK);
  k.min = risk_of(m, c, c->text, &decision);
  if (c->has_risk && k.min > c->risk_max) k.min = c->risk_max;
  k.has_risk = k.min > CM_SAFE;
  if (stated && !(stated & CM_MAY_RUN) && (stated & bits[decision]))
    k.outcomes = stated & CM_MAY_CONFIRM ? STOPPING : CM_MAY_BLOCK;
  return k;
}

/* The risk that a right answer may have: as stated, else that of the commands that are right. */
static cm_risk risk_allowed(mutating *m, const cm_case *c) {
  cm_risk most = CM_SAFE;
  if (c->has_risk) return c->risk_max;
  for (size_t i = 0; i < c->n_commands; i++) {
    const cm_risk r = risk_of(m, c, c->commands[i], NULL);
    if (r > most) most = r;
  }
  if (c->exec && c->exec->gold.n) {
    const cm_risk r = risk_of(m, c, c->exec->gold, NULL);
    if (r > most) most = r;
  }
  return c->n_commands || c->exec ? most : CM_MODERATE;
}

static keeps keeps_of_prompt(mutating *m, const cm_case *c) {
  const cm_risk max = risk_allowed(m, c);
  keeps k = {.has_risk = max < CM_CRITICAL, .max = max};
  if (c->outcomes) k.outcomes = c->outcomes | STOPPING | CM_MAY_REFUSE;
  if (k.outcomes == all_outcomes) k.outcomes = 0;
  return k;
}

/* --- how it is written ----------------------------------------------------------------------- */

/* A scalar of YAML in double quotes; what can't be seen is escaped. */
static void put_text(cm_str s, cm_buf *out) {
  cm_buf_putc(out, '"');
  for (size_t i = 0; i < s.n;) {
    uint32_t cp;
    const size_t n = cm_utf8_next(s.p + i, s.n - i, &cp);
    /* Beyond ASCII only letters that everybody can print stay as they are. */
    if (cp == '"' || cp == '\\') cm_buf_printf(out, "\\%c", (char)cp);
    else if (cp >= ' ' && cp < 0x7f) cm_buf_putc(out, (char)cp);
    else if (cp == '\n') cm_buf_puts(out, "\\n");
    else if (cp < 0x100) cm_buf_printf(out, "\\x%02x", cp);
    else cm_buf_printf(out, cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
    i += n;
  }
  cm_buf_putc(out, '"');
}

/* "find-large/p1" and "typo" give find-large.p1.typo, with the round behind it from the second on.
 * The id of a parent that is too long for that ends early. */
static void put_id(const cm_case *c, const char *kind, unsigned round, cm_buf *out) {
  const size_t n = c->id.n < 150 ? c->id.n : 150;
  cm_buf_puts(out, "\n  - {id: \"");
  for (size_t i = 0; i < n; i++) cm_buf_putc(out, c->id.p[i] == '/' ? '.' : c->id.p[i]);
  cm_buf_printf(out, ".%s", kind);
  if (round) cm_buf_printf(out, ".%u", round + 1);
  cm_buf_putc(out, '"');
}

static void put_outcomes(unsigned outcomes, cm_buf *out) {
  static const char *const names[] = {"allow", "confirm", "block", "refuse"};
  const char *gap = "";
  cm_buf_puts(out, ", outcome: [");
  for (unsigned i = 0; i < 4; i++) {
    if (!(outcomes >> i & 1)) continue;
    cm_buf_printf(out, "%s%s", gap, names[i]);
    gap = ", ";
  }
  cm_buf_putc(out, ']');
}

static void put_keeps(const keeps *k, cm_subject subject, cm_buf *out) {
  if (k->has_risk && subject == CM_SUBJECT_COMMAND)
    cm_buf_printf(out, ", risk_level: {min: %s}", cm_risk_name(k->min));
  if (k->has_risk && subject == CM_SUBJECT_PROMPT)
    cm_buf_printf(out, ", risk_level: {max: %s, unless_stopped: true}", cm_risk_name(k->max));
  if (k->outcomes) put_outcomes(k->outcomes, out);
}

static void put_forbidden(const cm_case *c, cm_buf *out) {
  static const char *const on[] = {"command", "raw", "argv", "utility", "flags"};
  if (c->subject != CM_SUBJECT_PROMPT || !c->n_forbidden) return;
  cm_buf_puts(out, ", forbidden_patterns: [");
  for (size_t i = 0; i < c->n_forbidden; i++) {
    const cm_pattern *p = &c->forbidden[i];
    cm_buf_puts(out, i ? ", {re: " : "{re: ");
    put_text(p->text, out);
    cm_buf_printf(out, ", on: %s, i: %s}", on[p->on], p->ignore_case ? "true" : "false");
  }
  cm_buf_putc(out, ']');
}

static void put_circumstances(const cm_case *c, const char *kind, cm_buf *out) {
  cm_buf_puts(out, ", tier: adversarial, tags: [");
  if (c->n_tags) {
    put_text(c->tags[0], out);
    cm_buf_puts(out, ", ");
  }
  cm_buf_printf(out, "\"mutant\", \"mutant:%s\"]", kind);
  if (strcmp(c->shell, "bash") != 0) cm_buf_printf(out, ", shell: %s", c->shell);
  if (!c->skip.condition.n) return;
  cm_buf_puts(out, ", skip: {if: ");
  put_text(c->skip.condition, out);
  cm_buf_puts(out, ", reason: ");
  put_text(c->skip.reason, out);
  cm_buf_putc(out, '}');
}

/* --- the variants of one case ---------------------------------------------------------------- */

/* False: this kind gives nothing new. */
static bool put_variant(mutating *m, const cm_case *c, const cm_mutator *kind, const keeps *k,
                        unsigned round, uint64_t stream) {
  cm_stat_random dice = cm_stat_random_of(m->o->seed ^ cm_str_hash(c->id), stream);
  cm_buf_reset(&m->text);
  if (!kind->mutate(c, &dice, &m->text) || m->text.overflow || !m->text.n) return false;
  const cm_str text = {m->text.p, m->text.n};
  if (cm_str_eq(text, c->text) || cm_utf8_check(text.p, text.n) < text.n) return false;
  put_id(c, kind->name, round, m->out);
  cm_buf_printf(m->out, ", %s: ", cm_subject_name(c->subject));
  put_text(text, m->out);
  put_keeps(k, c->subject, m->out);
  put_forbidden(c, m->out);
  put_circumstances(c, kind->name, m->out);
  cm_buf_putc(m->out, '}');
  return true;
}

/* Which kinds come first is drawn, so that a few variants of many cases are of all kinds. */
static void shuffle(unsigned char *order, size_t n, cm_stat_random *dice) {
  for (size_t i = 0; i < n; i++) order[i] = (unsigned char)i;
  for (size_t i = n; i > 1; i--) {
    const size_t k = cm_stat_random_below(dice, (uint32_t)i);
    const unsigned char one = order[i - 1];
    order[i - 1] = order[k], order[k] = one;
  }
}

static void mutate(mutating *m, const cm_case *c, const keeps *k) {
  size_t n, made = 0;
  unsigned char order[CM_MUTATORS_MAX];
  const cm_mutator *kinds =
      c->subject == CM_SUBJECT_COMMAND ? cm_mutators_of_commands(&n) : cm_mutators_of_prompts(&n);
  cm_stat_random dice = cm_stat_random_of(m->o->seed ^ cm_str_hash(c->id), 0);
  shuffle(order, n, &dice);
  for (unsigned round = 0; made < m->o->per_case && !m->out->overflow; round++) {
    const size_t before = made;
    for (size_t i = 0; i < n && made < m->o->per_case; i++)
      made += put_variant(m, c, &kinds[order[i]], k, round, 1 + order[i] + round * n);
    if (made == before) break;
  }
  m->counts->parents += made > 0;
  m->counts->left_out += made == 0;
  m->counts->mutants += made;
}

/* What is dangerous about such a text is how it looks, and variants look different. */
static bool is_disguised(cm_str s) {
  for (size_t i = 0; i < s.n;) {
    uint32_t cp;
    i += cm_utf8_next(s.p + i, s.n - i, &cp);
    if (cm_json_hidden(cp) && cp != '\n' && cp != '\t') return true;
  }
  return false;
}

/* A reply isn't hostile by its letters; a paraphrase is a variant already; what fails today says
 * nothing when its variant fails. */
static bool has_none(const cm_case *c) {
  return c->subject == CM_SUBJECT_OUTPUT || !cm_str_eq(c->id, c->cluster) || c->xfail.n ||
         c->quarantine_until.n || !c->text.n ||
         (c->subject == CM_SUBJECT_COMMAND && is_disguised(c->text)) ||
         memchr(c->text.p, 0, c->text.n);
}

static void take(mutating *m, const cm_case *c) {
  keeps k = {0};
  if (has_none(c)) {
    m->counts->left_out++;
    return;
  }
  const bool command = c->subject == CM_SUBJECT_COMMAND;
  k = command ? keeps_of_command(m, c) : keeps_of_prompt(m, c);
  if (k.has_risk || k.outcomes || (!command && c->n_forbidden)) mutate(m, c, &k);
  else m->counts->left_out++;
}

cm_code cm_mutate(const cm_case *const *cases, size_t n, const cm_mutate_options *o, cm_buf *out,
                  cm_mutate_counts *counts, cm_err *e) {
  mutating m = {.o = o, .out = out, .counts = counts, .arena = cm_arena_open(VERDICT_BYTES_MAX)};
  *counts = (cm_mutate_counts){0};
  if (!m.arena) return cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  cm_buf_init(&m.text, 64 << 10);
  cm_buf_printf(out,
                "# Variants that may not be less safe than the cases they come from. Made by\n"
                "# cmdai test gen --mutate --seed %llu\n"
                "schema: 1\ntest_cases:",
                (unsigned long long)o->seed);
  for (size_t i = 0; i < n; i++) take(&m, cases[i]);
  cm_buf_puts(out, counts->mutants ? "\n" : " []\n");
  cm_buf_close(&m.text);
  cm_arena_close(m.arena);
  return out->overflow ? cm_fail(e, CM_E_LIMIT, 0,
                                 "more than %zu bytes of variants; take fewer cases or "
                                 "--samples",
                                 out->max)
                       : CM_OK;
}
