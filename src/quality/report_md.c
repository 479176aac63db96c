/* Markdown for people: GitHub's and GitLab's dialect. Texts of models stand in code, so that
 * nothing in them is a link, a mention, an image or a cell's end. */
#include <math.h>
#include <string.h>

#include "quality/report_parts.h"

enum { PROMPT_CUT = 30, COMMAND_CUT = 40, NAME_CUT = 60, TEXT_CUT = 2000, LINE_CUT = 500 };

typedef struct md {
  const cm_report_input *in;
  cm_buf *out;
  size_t start, max;
} md;

/* Whether what was written since `mark` still leaves `reserve` bytes; else it is taken back. */
static bool fits(md *m, size_t mark, size_t reserve) {
  size_t used = m->out->n - m->start;
  if (used <= m->max && m->max - used >= reserve) return true;
  m->out->n = mark;
  if (m->out->p) m->out->p[mark] = 0;
  return false;
}

static bool limited(const md *m) { return m->max != SIZE_MAX; }

/* --- texts -------------------------------------------------------------------------------- */

/* Prose, or the inside of <code>: everything that Markdown or its extensions act on is written as
 * a character reference. */
static void put_prose(md *m, cm_str s) {
  uint32_t before = 0;
  for (cm_piece p; cm_piece_next(&s, false, &p); before = p.cp) {
    const bool address = p.cp == '.' && (before == 'w' || before == 'W'); /* "www." is a link */
    if (address || (p.cp < 0x80 && p.cp && strchr("&<>|`*_~[](){}!#@:$^\\", (int)p.cp))) {
      cm_buf_printf(m->out, "&#%u;", (unsigned)p.cp);
    } else if (p.cp == UINT32_MAX) { /* an escape: its backslash must not escape anything */
      cm_buf_puts(m->out, "&#92;");
      cm_buf_add(m->out, p.text.p + 1, p.text.n - 1);
    } else cm_buf_add(m->out, p.text.p, p.text.n);
  }
}

/* Whether it can stand between two backticks in a cell. */
static bool simple(cm_str s) {
  if (!s.n || s.p[0] == ' ' || s.p[s.n - 1] == ' ') return false;
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] == '`' || s.p[i] == '|') return false;
  return true;
}

/* A code span; where its own quotes or a cell's end are in it, the element. */
static void put_code(md *m, cm_str s, size_t most) {
  bool cut;
  cm_str head = cm_cut(s, most, &cut);
  if (!s.n) {
    cm_buf_puts(m->out, "\u2013");
    return;
  }
  if (simple(head)) {
    cm_buf_putc(m->out, '`');
    cm_put_visible(head, false, m->out);
    cm_buf_puts(m->out, cut ? "\u2026`" : "`");
    return;
  }
  cm_buf_puts(m->out, "<code>");
  put_prose(m, head);
  cm_buf_puts(m->out, cut ? "\u2026</code>" : "</code>");
}

static size_t longest_run(cm_str s, char c) {
  size_t most = 0, run = 0;
  for (size_t i = 0; i < s.n; i++) {
    run = s.p[i] == c ? run + 1 : 0;
    if (run > most) most = run;
  }
  return most;
}

/* Lines as they are, between fences longer than any in them. */
static void put_block(md *m, const char *language, cm_str s) {
  bool cut = false;
  if (!s.n) {
    cm_buf_puts(m->out, "(empty)\n\n");
    return;
  }
  cm_str head = limited(m) ? cm_cut(s, TEXT_CUT, &cut) : s;
  size_t fence = longest_run(head, '`') + 1;
  if (fence < 3) fence = 3;
  for (size_t i = 0; i < fence; i++) cm_buf_putc(m->out, '`');
  cm_buf_printf(m->out, "%s\n", language);
  cm_put_visible(head, true, m->out);
  cm_buf_puts(m->out, cut ? "\u2026\n" : "\n");
  for (size_t i = 0; i < fence; i++) cm_buf_putc(m->out, '`');
  cm_buf_puts(m->out, "\n\n");
}

static const char *mark_of(cm_state s) {
  static const char *const marks[CM_STATES] = {
      [CM_PASS] = "\u2705",           [CM_FAIL] = "\u274c",         [CM_BLOCKED_OK] = "\u2705",
      [CM_GOLDEN_CHANGED] = "\u274c", [CM_FLAKY] = "\u274c",        [CM_SKIP] = "\u2796",
      [CM_XFAIL] = "\u2796",          [CM_XPASS] = "\u274c",        [CM_ERROR] = "\u26a0\ufe0f",
      [CM_TIMEOUT] = "\u26a0\ufe0f",  [CM_NOT_RUN] = "\u26a0\ufe0f"};
  return marks[s];
}

static void put_state(md *m, cm_state s) {
  cm_buf_printf(m->out, "%s %s", mark_of(s), cm_state_name(s));
}

static void put_ms(md *m, double ms) {
  if (ms >= 0) {
    cm_put_number(ms, ms < 10 ? 1 : 0, "n/a", m->out);
    cm_buf_puts(m->out, " ms");
  } else cm_buf_puts(m->out, "\u2013");
}

/* A statistic that so few values don't give is "n/a", with their number. */
static void put_statistic(md *m, double v, const char *unit, size_t n) {
  if (!isfinite(v)) {
    cm_buf_printf(m->out, "n/a (n=%zu)", n);
    return;
  }
  cm_put_number(v, v < 10 ? 1 : 0, "n/a", m->out);
  cm_buf_printf(m->out, " %s", unit);
}

/* --- summary ------------------------------------------------------------------------------ */

static void put_percent(md *m, double v) { cm_put_number(100 * v, 1, "n/a", m->out); }

static void put_rate(md *m, const cm_group *g) {
  if (!isfinite(g->pass_rate)) {
    cm_buf_puts(m->out, "n/a (n=0)");
    return;
  }
  put_percent(m, g->pass_rate);
  cm_buf_puts(m->out, " % (95 %: ");
  put_percent(m, g->low);
  cm_buf_puts(m->out, "\u2013");
  put_percent(m, g->high);
  cm_buf_puts(m->out, " %)");
}

typedef void cell_of(md *m, size_t k);
static void cell_total(md *m, size_t k) {
  cm_buf_printf(m->out, "%zu", m->in->summaries[k].all.total);
}
static void cell_passed(md *m, size_t k) {
  cm_buf_printf(m->out, "%zu", m->in->summaries[k].all.passed);
}
static void cell_failed(md *m, size_t k) {
  cm_buf_printf(m->out, "%zu", m->in->summaries[k].all.failed);
}
static void cell_rate(md *m, size_t k) { put_rate(m, &m->in->summaries[k].all); }
static void cell_average(md *m, size_t k) {
  const cm_spread *s = &m->in->summaries[k].total;
  put_statistic(m, s->average, "ms", s->n);
}
static void cell_quantiles(md *m, size_t k) {
  const cm_spread *s = &m->in->summaries[k].total;
  put_statistic(m, s->p50, "ms", s->n);
  cm_buf_puts(m->out, " / ");
  put_statistic(m, s->p95, "ms", s->n);
  cm_buf_puts(m->out, " / ");
  put_statistic(m, s->p99, "ms", s->n);
  cm_buf_printf(m->out, ", n=%zu", s->n);
}
static void cell_first(md *m, size_t k) {
  const cm_spread *s = &m->in->summaries[k].ttft;
  put_statistic(m, s->p50, "ms", s->n);
}
static void cell_speed(md *m, size_t k) {
  cm_put_number(m->in->summaries[k].tokens_per_second, 1, "n/a", m->out);
}
static void cell_memory(md *m, size_t k) {
  double mb = m->in->records[k].peak_rss_mb;
  cm_put_number(mb > 0 ? mb : (double)NAN, 0, "n/a", m->out);
  if (mb > 0) cm_buf_puts(m->out, " MB");
}
static void cell_safety(md *m, size_t k) {
  const cm_summary *s = &m->in->summaries[k];
  cm_buf_printf(m->out, "%zu of %zu", s->safety_missed, s->safety_cases);
}

static void put_others(md *m) {
  static const cm_state others[] = {CM_ERROR, CM_TIMEOUT, CM_SKIP, CM_XFAIL, CM_NOT_RUN};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    bool any = false;
    for (size_t k = 0; k < m->in->n; k++) any |= m->in->summaries[k].all.counts[others[i]] > 0;
    if (!any) continue;
    cm_buf_printf(m->out, "| %s |", cm_state_name(others[i]));
    for (size_t k = 0; k < m->in->n; k++)
      cm_buf_printf(m->out, " %zu |", m->in->summaries[k].all.counts[others[i]]);
    cm_buf_putc(m->out, '\n');
  }
}

static void put_columns(md *m, const char *first) {
  cm_buf_printf(m->out, "| %s |", first);
  for (size_t k = 0; k < m->in->n; k++) {
    cm_buf_putc(m->out, ' ');
    put_code(m, m->in->records[k].manifest.model_id, NAME_CUT);
    cm_buf_puts(m->out, " |");
  }
  cm_buf_puts(m->out, "\n|---|");
  for (size_t k = 0; k < m->in->n; k++) cm_buf_puts(m->out, "---|");
  cm_buf_putc(m->out, '\n');
}

static void put_row(md *m, const char *name, cell_of *cell) {
  cm_buf_printf(m->out, "| %s |", name);
  for (size_t k = 0; k < m->in->n; k++) {
    cm_buf_putc(m->out, ' ');
    cell(m, k);
    cm_buf_puts(m->out, " |");
  }
  cm_buf_putc(m->out, '\n');
}

static void put_summary(md *m) {
  cm_buf_puts(m->out, "## Summary\n\n");
  put_columns(m, "");
  put_row(m, "total", cell_total);
  put_row(m, "passed", cell_passed);
  put_row(m, "failed", cell_failed);
  put_others(m);
  put_row(m, "**pass rate**", cell_rate);
  put_row(m, "dangers let through", cell_safety);
  put_row(m, "average", cell_average);
  put_row(m, "p50 / p95 / p99", cell_quantiles);
  put_row(m, "first token, p50", cell_first);
  put_row(m, "tokens/s", cell_speed);
  put_row(m, "peak memory", cell_memory);
  cm_buf_putc(m->out, '\n');
}

static void put_gates(md *m) {
  const cm_gates *g = m->in->gates;
  if (!g || !g->n) return;
  cm_buf_puts(m->out, "## Gates\n\n");
  for (size_t i = 0; i < g->n; i++) {
    bool cut;
    cm_buf_printf(m->out, "- %s **%s**: ", g->items[i].ok ? "\u2705" : "\u274c", g->items[i].gate);
    put_prose(m, cm_cut(g->items[i].text, LINE_CUT, &cut));
    cm_buf_puts(m->out, cut ? "\u2026\n" : "\n");
  }
  cm_buf_putc(m->out, '\n');
}

/* Categories of the first model; the others' by name. */
static void put_categories(md *m) {
  const cm_summary *first = &m->in->summaries[0];
  if (first->n_categories < 2) return;
  cm_buf_puts(m->out, "## Categories\n\n");
  put_columns(m, "category");
  for (size_t i = 0; i < first->n_categories; i++) {
    size_t mark = m->out->n;
    cm_buf_puts(m->out, "| ");
    put_code(m, first->categories[i].name, NAME_CUT);
    cm_buf_puts(m->out, " |");
    for (size_t k = 0; k < m->in->n; k++) {
      const cm_summary *s = &m->in->summaries[k];
      const cm_group *g = NULL;
      for (size_t j = 0; j < s->n_categories && !g; j++)
        if (cm_str_eq(s->categories[j].name, first->categories[i].name)) g = &s->categories[j];
      cm_buf_putc(m->out, ' ');
      if (g) {
        cm_buf_printf(m->out, "%zu of %zu, ", g->passed, g->total);
        put_rate(m, g);
      } else cm_buf_puts(m->out, "\u2013");
      cm_buf_puts(m->out, " |");
    }
    cm_buf_putc(m->out, '\n');
    if (limited(m) && !fits(m, mark, m->max / 2)) break;
  }
  cm_buf_putc(m->out, '\n');
}

/* --- budgets ------------------------------------------------------------------------------ */

static void put_limit(md *m, double v, const char *unit) {
  cm_put_number(v, 0, "\u2013", m->out);
  if (isfinite(v)) cm_buf_printf(m->out, " %s", unit);
  cm_buf_puts(m->out, " | ");
}

static void put_budget(md *m, size_t k, const cm_budget_line *b) {
  const char *mark = strcmp(b->status, "fail") == 0      ? "\u274c "
                     : strcmp(b->status, "slow") == 0    ? "\u26a0\ufe0f "
                     : strcmp(b->status, "no data") == 0 ? ""
                                                         : "\u2705 ";
  cm_buf_puts(m->out, "| ");
  if (m->in->n > 1) {
    put_code(m, m->in->records[k].manifest.model_id, NAME_CUT);
    cm_buf_puts(m->out, " ");
  }
  put_prose(m, b->name);
  cm_buf_puts(m->out, " | ");
  put_limit(m, b->value >= 0 ? b->value : (double)NAN, b->unit);
  put_limit(m, b->target, b->unit);
  put_limit(m, b->acceptable, b->unit);
  put_limit(m, b->fail, b->unit);
  cm_buf_printf(m->out, "%s%s |\n", mark, b->status);
}

static void put_budgets(md *m) {
  size_t n = 0;
  for (size_t k = 0; k < m->in->n; k++) n += m->in->summaries[k].n_budgets;
  if (!n) return;
  cm_buf_puts(m->out,
              "## Performance against budgets\n\n"
              "| budget | measured | target | acceptable | fail | |\n"
              "|---|---:|---:|---:|---:|---|\n");
  for (size_t k = 0; k < m->in->n; k++)
    for (size_t i = 0; i < m->in->summaries[k].n_budgets; i++) {
      size_t mark = m->out->n;
      put_budget(m, k, &m->in->summaries[k].budgets[i]);
      if (!limited(m) || fits(m, mark, m->max / 2)) continue;
      cm_buf_puts(m->out, "\n(and more)\n");
      k = m->in->n - 1;
      break;
    }
  cm_buf_putc(m->out, '\n');
}

/* --- failures ----------------------------------------------------------------------------- */

static void put_failure(md *m, size_t k, const cm_result *r) {
  cm_buf_printf(m->out, "### %s ", mark_of(r->state));
  put_code(m, r->id, 200);
  cm_buf_printf(m->out, " \u2013 %s%s%s\n\n", cm_state_name(r->state),
                r->safety_miss ? ", **danger let through**" : "",
                r->quarantined ? ", in quarantine" : "");
  if (m->in->n > 1) {
    cm_buf_puts(m->out, "Model: ");
    put_code(m, m->in->records[k].manifest.model_id, NAME_CUT);
    cm_buf_puts(m->out, "\n\n");
  }
  if (r->state == CM_NOT_RUN) {
    cm_buf_puts(m->out, "Planned, but there is no result.\n\n");
    return;
  }
  put_code(m, r->file, 200);
  cm_buf_printf(m->out, ", line %u, gate %s\n\n", r->line, cm_gating_name(r->gate));
  put_block(m, "text", r->prompt);
  if (r->answered) put_block(m, "sh", r->command);
  else cm_buf_puts(m->out, r->refused ? "The model declined.\n\n" : "No command.\n\n");
  for (size_t i = 0; i < r->n_reasons; i++) {
    put_code(m, cm_str_of(r->reasons[i].judge), NAME_CUT);
    cm_buf_puts(m->out, "\n\n");
    put_block(m, "text", r->reasons[i].text);
  }
}

/* Dangers first. What doesn't fit in is counted. */
static void put_failures(md *m, size_t reserve) {
  size_t n = 0, left = 0;
  for (size_t k = 0; k < m->in->n; k++)
    for (size_t i = 0; i < m->in->records[k].n; i++)
      n += cm_shows_failure(&m->in->records[k].results[i]);
  if (!n) return;
  cm_buf_puts(m->out, "## Failures\n\n");
  for (int miss = 1; miss >= 0; miss--)
    for (size_t k = 0; k < m->in->n; k++)
      for (size_t i = 0; i < m->in->records[k].n; i++) {
        const cm_result *r = &m->in->records[k].results[i];
        if (!cm_shows_failure(r) || r->safety_miss != (miss == 1)) continue;
        size_t mark = m->out->n;
        if (!left) put_failure(m, k, r);
        if (left || (limited(m) && !fits(m, mark, reserve))) left++;
      }
  if (left) cm_buf_printf(m->out, "%zu of %zu failures are left out here.\n\n", left, n);
}

/* --- cases -------------------------------------------------------------------------------- */

/* The same case in another record; they mostly stand in the same place. */
static const cm_result *same_case(const cm_record *r, size_t near, cm_str id) {
  for (size_t i = 0; i < r->n; i++) {
    const cm_result *c = &r->results[(near + i) % r->n];
    if (cm_str_eq(c->id, id)) return c;
  }
  return NULL;
}

static void put_case(md *m, size_t i) {
  const cm_result *r = &m->in->records[0].results[i];
  cm_buf_puts(m->out, "| ");
  put_code(m, r->id, NAME_CUT);
  cm_buf_puts(m->out, " | ");
  put_code(m, r->prompt, PROMPT_CUT);
  for (size_t k = 0; k < m->in->n; k++) {
    const cm_result *c = k ? same_case(&m->in->records[k], i, r->id) : r;
    cm_buf_puts(m->out, " | ");
    if (c) {
      put_code(m, c->command, COMMAND_CUT);
      cm_buf_puts(m->out, m->in->n > 1 ? "<br>" : " | ");
      put_state(m, c->state);
      cm_buf_puts(m->out, m->in->n > 1 ? ", " : " | ");
      put_ms(m, c->latency.total);
    } else cm_buf_puts(m->out, "\u2013");
  }
  cm_buf_puts(m->out, " |\n");
}

static void put_cases(md *m) {
  size_t left = 0;
  const size_t n = m->in->records[0].n;
  cm_buf_puts(m->out, "## Cases\n\n");
  cm_buf_puts(m->out, "| id | prompt |");
  if (m->in->n == 1)
    cm_buf_puts(m->out, " command | status | latency |\n|---|---|---|---|---:|\n");
  else {
    for (size_t k = 0; k < m->in->n; k++) {
      cm_buf_putc(m->out, ' ');
      put_code(m, m->in->records[k].manifest.model_id, NAME_CUT);
      cm_buf_puts(m->out, " |");
    }
    cm_buf_puts(m->out, "\n|---|---|");
    for (size_t k = 0; k < m->in->n; k++) cm_buf_puts(m->out, "---|");
    cm_buf_putc(m->out, '\n');
  }
  for (size_t i = 0; i < n && !left; i++) {
    size_t mark = m->out->n;
    put_case(m, i);
    if (limited(m) && !fits(m, mark, 200)) left = n - i;
  }
  if (left) cm_buf_printf(m->out, "\n%zu of %zu cases are left out here.\n", left, n);
}

/* --- the whole ---------------------------------------------------------------------------- */

static void put_title(md *m) {
  const cm_record *r = &m->in->records[0];
  const cm_group *g = &m->in->summaries[0].all;
  const bool bad = m->in->gates && m->in->gates->status;
  const bool whole = g->passed + g->counts[CM_SKIP] + g->counts[CM_XFAIL] == g->total;
  cm_buf_printf(m->out, "# %s cmdai test: %zu of %zu passed\n\n",
                bad     ? "\u274c"
                : whole ? "\u2705"
                        : "\u26a0\ufe0f",
                g->passed, g->total);
  if (!r->complete) cm_buf_puts(m->out, "**The run is not complete.**\n\n");
  put_code(m, r->manifest.engine, NAME_CUT);
  cm_buf_puts(m->out, ", backend ");
  put_code(m, r->manifest.backend, NAME_CUT);
  if (r->manifest.commit.n) {
    cm_buf_puts(m->out, ", commit ");
    put_code(m, r->manifest.commit, 12);
  }
  cm_buf_puts(m->out, ", ");
  put_code(m, r->manifest.started, NAME_CUT);
  if (r->manifest.batch > 1)
    cm_buf_printf(
        m->out,
        ". Up to %u answers were generated together: latencies are those of a busy machine",
        (unsigned)r->manifest.batch);
  cm_buf_puts(m->out, "\n\n");
}

void cm_put_markdown(const cm_report_input *in, size_t max, cm_buf *out) {
  md m = {in, out, out->n, max};
  put_title(&m);
  put_summary(&m);
  put_gates(&m);
  put_categories(&m);
  put_budgets(&m);
  put_failures(&m, limited(&m) ? max / 4 : 0);
  size_t mark = out->n;
  put_cases(&m);
  if (limited(&m)) (void)fits(&m, mark, 0);
  if (limited(&m)) (void)fits(&m, m.start, 0); /* not even the summary */
}

static cm_code write_md(const cm_report_input *in, cm_buf *out, cm_err *e) {
  cm_put_markdown(in, SIZE_MAX, out);
  return cm_report_end(out, e);
}

const cm_report cm_report_md = {"md", "md", "Markdown, for people", write_md};
