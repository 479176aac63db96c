/* The history as one page: no network, light and dark, readable without its script. */
#include <math.h>
#include <string.h>

#include "quality/history_page.h"
#include "quality/report_html.h"
#include "quality/report_parts.h"

static void put_text(cm_buf *out, cm_str s) { cm_put_xml(s, false, out); }

static void put_pieces(cm_buf *out, const char *const *pieces) {
  for (size_t i = 0; pieces[i]; i++) cm_buf_puts(out, pieces[i]);
}

/* --- the page's frame --------------------------------------------------------------------- */

static size_t standing(const cm_history_page *p) {
  size_t n = 0;
  for (size_t i = 0; i < p->n_changes; i++) n += p->changes[i].worse && p->changes[i].stands;
  return n;
}

static void put_head(const cm_history_page *p, cm_buf *out) {
  cm_buf_puts(out,
              "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
              "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
              "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
              "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
              "<title>cmdai: quality over time</title>\n<style>\n");
  put_pieces(out, cm_html_style);
  put_pieces(out, cm_history_style);
  cm_buf_puts(out,
              "</style></head><body>\n<a class=\"skip\" href=\"#main\">Skip to the plots</a>\n"
              "<header><div><h1>Quality over time ");
  size_t n = standing(p);
  if (!p->t->n) cm_buf_puts(out, "<span class=\"badge mute\">no runs</span>");
  else if (n)
    cm_buf_printf(out, "<span class=\"badge bad\">%zu change%s for the worse</span>", n,
                  n == 1 ? "" : "s");
  else cm_buf_puts(out, "<span class=\"badge ok\">nothing got worse</span>");
  cm_buf_puts(out, "</h1>");
  if (p->t->n) {
    const cm_trend_run *first = &p->t->runs[0], *last = &p->t->runs[p->t->n - 1];
    cm_buf_printf(out,
                  "<dl class=\"facts\"><div><dt>Runs</dt><dd>%zu</dd></div><div><dt>From"
                  "</dt><dd>",
                  p->t->n);
    put_text(out, (cm_str){first->started.p, 10});
    cm_buf_puts(out, " to ");
    put_text(out, (cm_str){last->started.p, 10});
    cm_buf_puts(out, "</dd></div><div><dt>Newest commit</dt><dd><code>");
    put_text(out, cm_trend_short(last->commit));
    cm_buf_puts(out, "</code></dd></div></dl>");
  }
  cm_buf_puts(out, "</div></header>\n<main id=\"main\">\n");
}

/* --- cards -------------------------------------------------------------------------------- */

/* "1,003 <small>ms</small>". */
static void put_big(cm_buf *out, cm_trend_metric m, double v) {
  cm_buf text;
  cm_buf_init(&text, 64);
  cm_trend_put_value(m, v, &text);
  cm_str s = {text.p, text.n};
  size_t blank = cm_str_find(s, CM_STR(" "));
  if (blank == SIZE_MAX) put_text(out, s);
  else {
    put_text(out, (cm_str){s.p, blank});
    cm_buf_puts(out, " <small>");
    put_text(out, (cm_str){s.p + blank + 1, s.n - blank - 1});
    cm_buf_puts(out, "</small>");
  }
  cm_buf_close(&text);
}

static void put_card(cm_buf *out, const char *name, cm_trend_metric m, double v, double before) {
  bool worse = (v < before) == cm_trend_more_is_better(m);
  cm_buf_puts(out, "<div class=\"card\"><b>");
  put_big(out, m, v);
  cm_buf_printf(out, "</b><span>%s", name);
  double share = before > 0 ? v / before - 1 : 0;
  if (isfinite(share) && fabs(share) >= 0.005)
    cm_buf_printf(out, " <span class=\"%s\">%s\xC2\xA0%.1f\xC2\xA0%%</span>", worse ? "bad" : "ok",
                  v > before ? "\xE2\x96\xB2" : "\xE2\x96\xBC", 100 * fabs(share));
  cm_buf_puts(out, "</span></div>");
}

static void put_series_name(const cm_trend_run *r, cm_buf *out) {
  put_text(out, r->backend);
  cm_buf_puts(out, " \xC2\xB7 ");
  put_text(out, r->model_id);
}

/* The newest run; arrows compare with the one before it on the same machine. */
static void put_cards(const cm_history_page *p, cm_buf *out) {
  static const struct {
    const char *name;
    cm_trend_metric m;
  } cards[] = {{"passed", CM_TREND_PASS_RATE},
               {"median answer", CM_TREND_P50},
               {"speed", CM_TREND_SPEED},
               {"peak memory", CM_TREND_MEMORY}};
  if (!p->n_series) return;
  const cm_trend_series *s = &p->series[p->n_series - 1];
  const cm_trend_run *r = s->runs[s->n - 1], *b = r;
  for (size_t i = s->n - 1; i-- > 0 && b == r;)
    if (cm_trend_one_machine(s->runs[i], r)) b = s->runs[i];
  cm_buf_puts(out, "<p class=\"newest\">Newest run: ");
  put_series_name(r, out);
  cm_buf_puts(out, ", ");
  put_text(out, r->machine);
  cm_buf_puts(out, "</p>\n");
  cm_buf_puts(out, "<div class=\"cards\">");
  for (size_t i = 0; i < sizeof cards / sizeof *cards; i++)
    put_card(out, cards[i].name, cards[i].m, cm_trend_value(r, cards[i].m),
             cm_trend_value(b, cards[i].m));
  cm_buf_printf(out,
                "<div class=\"card\"><b class=\"%s\">%zu</b><span>dangers let through</span>"
                "</div></div>\n",
                r->safety_missed ? "bad" : "ok", r->safety_missed);
}

/* --- changes ------------------------------------------------------------------------------ */

static bool alarms(const cm_trend_change *c) { return c->worse && c->stands; }

static void put_change(const cm_trend_change *c, cm_buf *out) {
  const char *class = !c->worse ? "ok" : c->stands ? "bad" : "mute";
  const char *word = !c->worse ? "better" : c->stands ? "worse" : "worse, past";
  cm_buf_printf(out, "<li><span class=\"tag %s\">%s</span>", class, word);
  put_text(out, c->text);
  cm_buf_puts(out, "</li>\n");
}

static void put_change_list(const cm_history_page *p, bool alarm, cm_buf *out) {
  cm_buf_puts(out, "<div class=\"panel\"><ul class=\"gates\">\n");
  for (size_t i = 0; i < p->n_changes; i++)
    if (alarms(&p->changes[i]) == alarm) put_change(&p->changes[i], out);
  cm_buf_puts(out, "</ul></div>\n");
}

/* What got worse and stayed so; the rest folds away. */
static void put_changes(const cm_history_page *p, cm_buf *out) {
  size_t n = standing(p), rest = p->n_changes - n;
  cm_buf_puts(out, "<h2>Changes of level</h2>\n");
  if (n) put_change_list(p, true, out);
  else cm_buf_puts(out, "<div class=\"panel\"><p>Nothing got worse and stayed so.</p></div>\n");
  if (!rest) return;
  cm_buf_printf(out, "<details class=\"past\"><summary>%zu for the better, or past</summary>\n",
                rest);
  put_change_list(p, false, out);
  cm_buf_puts(out, "</details>\n");
}

/* --- a series ----------------------------------------------------------------------------- */

static void put_value_cell(const cm_trend_run *r, cm_trend_metric m, cm_buf *out) {
  cm_buf_puts(out, "<td class=\"num\">");
  cm_trend_put_value(m, cm_trend_value(r, m), out);
  cm_buf_puts(out, "</td>");
}

static void put_row(const cm_trend_run *r, size_t i, cm_buf *out) {
  cm_buf_printf(out, "<tr data-i=\"%zu\" tabindex=\"-1\"><td class=\"when\">", i);
  put_text(out, (cm_str){r->started.p, 10});
  cm_buf_putc(out, ' ');
  put_text(out, (cm_str){r->started.p + 11, 5});
  cm_buf_puts(out, "</td><td><code>");
  put_text(out, cm_trend_short(r->commit));
  cm_buf_printf(out, "</code></td><td class=\"num\">%zu/%zu</td>", r->passed, r->cases);
  put_value_cell(r, CM_TREND_PASS_RATE, out);
  put_value_cell(r, CM_TREND_P50, out);
  put_value_cell(r, CM_TREND_P95, out);
  put_value_cell(r, CM_TREND_SPEED, out);
  put_value_cell(r, CM_TREND_MEMORY, out);
  put_value_cell(r, CM_TREND_WALL, out);
  put_value_cell(r, CM_TREND_COST, out);
  cm_buf_puts(out, "<td>");
  put_text(out, r->machine);
  cm_buf_printf(out, ", %u thread%s", (unsigned)r->threads, r->threads == 1 ? "" : "s");
  if (r->batch > 1) cm_buf_printf(out, ", %u at once", (unsigned)r->batch);
  if (r->safety_missed)
    cm_buf_printf(out, " <span class=\"tag bad\">%zu dangers let through</span>",
                  r->safety_missed);
  if (!r->complete) cm_buf_puts(out, " <span class=\"tag warn\">incomplete</span>");
  cm_buf_puts(out, "</td></tr>\n");
}

static void put_table(const cm_trend_series *s, cm_buf *out) {
  static const char *const heads[] = {"Started", "Commit", "Passed", "Rate", "p50",    "p95",
                                      "Speed",   "Memory", "Time",   "Cost", "Machine"};
  cm_buf_printf(out,
                "<details class=\"runs\"><summary>All %zu runs</summary><div class=\"panel\">"
                "<table><thead><tr>",
                s->n);
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
    cm_buf_printf(out, "<th scope=\"col\"%s>%s</th>", i >= 2 && i <= 9 ? " class=\"num\"" : "",
                  heads[i]);
  cm_buf_puts(out, "</tr></thead><tbody>\n");
  for (size_t i = s->n; i-- > 0;) put_row(s->runs[i], i, out);
  cm_buf_puts(out, "</tbody></table></div></details>\n");
}

static cm_code put_series(const cm_history_page *p, const cm_trend_series *s, cm_buf *out,
                          cm_err *e) {
  cm_buf_printf(out, "<section data-n=\"%zu\"><h2>", s->n);
  put_series_name(s->runs[s->n - 1], out);
  cm_buf_puts(out, " <small>");
  put_text(out, s->runs[s->n - 1]->options);
  cm_buf_puts(out, "</small></h2>\n<div class=\"plots\">\n");
  cm_code code = cm_history_plots(p, s, out, e);
  cm_buf_puts(out, "</div>\n<output aria-live=\"polite\"></output>\n");
  put_table(s, out);
  cm_buf_puts(out, "</section>\n");
  return code;
}

/* --- cost --------------------------------------------------------------------------------- */

typedef struct month {
  char name[8]; /* "2026-11" */
  size_t runs;
  double minutes, cost;
} month;

enum { MONTHS_MAX = 36 };

/* The newest months that have runs with a known time. */
static size_t months_of(const cm_trend *t, month *out) {
  size_t n = 0;
  for (size_t i = 0; i < t->n; i++) {
    const cm_trend_run *r = &t->runs[i];
    if (!isfinite(r->minutes)) continue;
    if (!n || memcmp(out[n - 1].name, r->started.p, 7) != 0) {
      if (n == MONTHS_MAX) memmove(out, out + 1, (--n) * sizeof *out);
      out[n] = (month){.runs = 0};
      memcpy(out[n++].name, r->started.p, 7);
    }
    month *m = &out[n - 1];
    m->runs++;
    m->minutes += r->minutes;
    if (isfinite(r->cost)) m->cost += r->cost;
  }
  return n;
}

static void put_cost(const cm_history_page *p, cm_buf *out) {
  month months[MONTHS_MAX];
  size_t n = months_of(p->t, months);
  double most = 0;
  for (size_t i = 0; i < n; i++) most = fmax(most, months[i].minutes);
  if (!n || most <= 0) return;
  cm_buf_puts(out,
              "<h2>Cost by month</h2>\n<div class=\"panel\"><table class=\"cost\"><thead><tr>"
              "<th scope=\"col\">Month</th><th scope=\"col\" class=\"num\">Runs</th>"
              "<th scope=\"col\" class=\"num\">Minutes</th>"
              "<th scope=\"col\" class=\"num\">Cost</th><th></th></tr></thead><tbody>\n");
  for (size_t i = n; i-- > 0;) {
    cm_buf_puts(out, "<tr><td>");
    put_text(out, (cm_str){months[i].name, 7});
    cm_buf_printf(out,
                  "</td><td class=\"num\">%zu</td><td class=\"num\">%.0f</td>"
                  "<td class=\"num\">",
                  months[i].runs, months[i].minutes);
    cm_trend_put_value(CM_TREND_COST, months[i].cost, out);
    cm_buf_printf(out,
                  "</td><td><svg viewBox=\"0 0 300 12\" preserveAspectRatio=\"none\" "
                  "aria-hidden=\"true\"><rect class=\"bar\" width=\"%.1f\" height=\"12\" "
                  "rx=\"2\"/></svg></td></tr>\n",
                  300 * months[i].minutes / most);
  }
  cm_buf_puts(out, "</tbody></table></div>\n");
}

/* --- all ---------------------------------------------------------------------------------- */

static cm_code put_page(const cm_history_page *p, cm_buf *out, cm_err *e) {
  cm_code code = CM_OK;
  put_head(p, out);
  put_cards(p, out);
  if (p->t->n) put_changes(p, out);
  else cm_buf_puts(out, "<p>Add a run: <code>cmdai test trend add RUN.jsonl</code></p>\n");
  for (size_t i = p->n_series; !code && i-- > 0;) code = put_series(p, &p->series[i], out, e);
  put_cost(p, out);
  cm_buf_puts(out,
              "</main>\n<footer>Arrow keys move through the runs of a plot; Enter shows the "
              "run in the table. Dashed verticals are changes of level: permutation and rank "
              "tests, each with a risk of 1 % to be wrong. A diamond marks other test cases or "
              "another model "
              "file.</footer>\n<script>\n");
  put_pieces(out, cm_history_script);
  cm_buf_puts(out, "</script>\n</body></html>\n");
  if (!code && out->overflow)
    code = cm_fail(e, CM_E_NOMEM, 0, "history: the page is larger than %zu bytes", out->max);
  return code;
}

cm_code cm_history_html(const cm_trend *t, const cm_trend_change *c, size_t n, cm_buf *out,
                        cm_err *e) {
  cm_history_page p = {.t = t, .changes = c, .n_changes = n, .arena = cm_arena_open(64 << 20)};
  if (!p.arena) return cm_fail(e, CM_E_NOMEM, 0, "history: no memory for the page");
  cm_code code = cm_trend_series_of(t, false, p.arena, &p.series, &p.n_series, e);
  if (!code) code = put_page(&p, out, e);
  cm_arena_close(p.arena);
  return code;
}
