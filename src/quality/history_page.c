#include "quality/history_page.h"

#include <math.h>
#include <string.h>

#include "quality/history_plot.h"

/* --- style and script --------------------------------------------------------------------- */

const char *const cm_history_style[] = {
    "h2 small{font-weight:400;color:var(--dim);margin-left:.4rem}\n",
    ".plots .wide{grid-column:1/-1}.plots{margin-bottom:.4rem}\n",
    ".plot{border-radius:6px;touch-action:pan-y}\n",
    ".dash{stroke-dasharray:5 4}.band{fill:var(--m0);fill-opacity:.13}\n",
    ".event{fill:var(--panel);stroke:var(--dim);stroke-width:1.3}\n",
    ".cursor{stroke:var(--dim);visibility:hidden}.on .cursor{visibility:visible}\n",
    ".mark line{stroke-dasharray:3 3;stroke-width:1.4}.mark text{font-weight:600}\n",
    ".worse line{stroke:var(--bad)}.worse text{fill:var(--bad)}\n",
    ".better line{stroke:var(--ok)}.better text{fill:var(--ok)}\n",
    ".keys{display:flex;flex-wrap:wrap;gap:.1rem .9rem;font-weight:400;font-size:.84rem;",
    "color:var(--dim)}.keys span{display:inline-flex;gap:.35rem;align-items:center}\n",
    "svg.key{width:22px;flex:none}\n",
    "output{display:block;min-height:1.6em;margin:.5rem 0;color:var(--dim);font-size:.9rem;",
    "font-variant-numeric:tabular-nums}\n",
    ".runs summary{color:var(--dim);font-size:.9rem;padding:.2rem 0}\n",
    ".runs td,.cost td{white-space:nowrap}.runs tr:focus{background:var(--soft);outline:none}\n",
    ".runs th.num,.cost th.num{text-align:right}.runs .when{font-variant-numeric:tabular-nums}\n",
    ".cost td:last-child{width:45%}.cost svg{height:12px}\n",
    ".card small{font-size:.6em;font-weight:600;color:var(--dim);letter-spacing:0}\n",
    ".newest{color:var(--dim);font-size:.9rem;margin:.6rem 0 0}\n",
    ".past{margin:.6rem 0}.past summary{color:var(--dim);font-size:.9rem}\n",
    ".wide{overflow-x:auto}.wide svg.plot{min-width:44rem}\n",
    "@media (max-width:44rem){.cost td:last-child{width:20%}}\n",
    NULL,
};

/* A cursor over all plots of a series at once. What it says is the row of the table. */
const char *const cm_history_script[] = {
    "(function(){\"use strict\";\n",
    "var L=58,R=16;\n",
    "function list(e,q){return Array.prototype.slice.call(e.querySelectorAll(q))}\n",
    "list(document,\"section[data-n]\").forEach(function(s){\n",
    "var n=Number(s.dataset.n),at=n-1,out=s.querySelector(\"output\"),rows={};\n",
    "var plots=list(s,\"svg.plot\"),heads=list(s,\"thead th\").map(function(h){",
    "return h.textContent});\n",
    "list(s,\"tbody tr\").forEach(function(r){rows[r.dataset.i]=r});\n",
    "function show(i){at=Math.max(0,Math.min(n-1,i));\n",
    "plots.forEach(function(p){var ",
    "c=p.querySelector(\".cursor\"),w=p.viewBox.baseVal.width-L-R;\n",
    "var x=L+(n>1?at*w/(n-1):w/2);c.setAttribute(\"x1\",x);",
    "c.setAttribute(\"x2\",x);p.classList.add(\"on\")});\n",
    "out.textContent=list(rows[at],\"td\").map(function(d,k){var t=d.textContent.trim();",
    "return k<2||k>9?t:heads[k].toLowerCase()+\" \"+t}).filter(function(t){",
    "return!/n\\/a$/.test(t)}).join(\" \\u00b7 \")}\n",
    "function ",
    "hide(){plots.forEach(function(p){p.classList.remove(\"on\")});out.textContent=\"\"}\n",
    "plots.forEach(function(p){\n",
    "p.addEventListener(\"focus\",function(){show(at)});p.addEventListener(\"blur\",hide);\n",
    "p.addEventListener(\"pointermove\",function(e){var b=p.getBoundingClientRect(),",
    "W=p.viewBox.baseVal.width;\n",
    "show(Math.round(((e.clientX-b.left)*W/b.width-L)*(n-1)/(W-L-R)))});\n",
    "p.addEventListener(\"pointerleave\",function(){",
    "if(plots.indexOf(document.activeElement)<0)hide()});\n",
    "p.addEventListener(\"keydown\",function(e){\n",
    "var to={ArrowLeft:at-1,ArrowRight:at+1,Home:0,End:n-1,PageUp:at-10,PageDown:at+10}[e.key];\n",
    "if(to!==undefined){e.preventDefault();show(to)}\n",
    "if(e.key===\"Enter\"){s.querySelector(\"details\").open=true;rows[at].focus()}})})})\n",
    "})();\n",
    NULL,
};

/* --- figures ------------------------------------------------------------------------------ */

enum { MACHINES_MAX = 6 };

/* The machines of a series, the newest first; the others are not drawn, but stand in the table. */
static size_t machines_of(const cm_trend_series *s, const cm_trend_run **out) {
  size_t n = 0;
  for (size_t i = s->n; i-- > 0 && n < MACHINES_MAX;) {
    size_t k = 0;
    while (k < n && !cm_trend_one_machine(out[k], s->runs[i])) k++;
    if (k == n) out[n++] = s->runs[i];
  }
  return n;
}

/* Values of the series' runs, only of `machine` if there is one. */
static double *values(const cm_history_page *p, const cm_trend_series *s, cm_trend_metric m,
                      const cm_trend_run *machine) {
  double *y = cm_arena_alloc(p->arena, s->n, sizeof *y);
  for (size_t i = 0; y && i < s->n; i++) {
    bool in = s->runs[i]->complete && (!machine || cm_trend_one_machine(machine, s->runs[i]));
    y[i] = in ? cm_trend_value(s->runs[i], m) : (double)NAN;
  }
  return y;
}

static size_t index_of(const cm_trend_series *s, const cm_trend_run *r) {
  size_t i = 0;
  while (i < s->n && s->runs[i] != r) i++;
  return i;
}

static bool find_marks(const cm_history_page *p, const cm_trend_series *s, cm_plot *plot) {
  cm_plot_mark *marks = cm_arena_alloc(p->arena, p->n_changes, sizeof *marks);
  if (!marks) return false;
  plot->marks = marks;
  for (size_t i = 0; i < p->n_changes; i++) {
    const cm_trend_change *c = &p->changes[i];
    size_t at = c->metric == plot->metric ? index_of(s, c->at) : s->n;
    if (at < s->n)
      marks[plot->n_marks++] = (cm_plot_mark){at, c->worse, c->before, c->after, c->text};
  }
  return true;
}

static bool put_quality(const cm_history_page *p, const cm_trend_series *s, cm_buf *out) {
  cm_plot plot = {.title = "Pass rate",
                  .wide = true,
                  .metric = CM_TREND_PASS_RATE,
                  .n = s->n,
                  .runs = s->runs};
  double *low = cm_arena_alloc(p->arena, s->n, sizeof *low);
  double *high = cm_arena_alloc(p->arena, s->n, sizeof *high);
  double *y = values(p, s, CM_TREND_PASS_RATE, NULL);
  if (!low || !high || !y || !find_marks(p, s, &plot)) return false;
  for (size_t i = 0; i < s->n; i++) {
    low[i] = s->runs[i]->complete ? 100 * s->runs[i]->low : (double)NAN;
    high[i] = s->runs[i]->complete ? 100 * s->runs[i]->high : (double)NAN;
  }
  plot.lines[plot.n_lines++] = (cm_plot_line){CM_STR("pass rate"), 0, false, y};
  plot.low = low;
  plot.high = high;
  if (cm_plot_has_values(&plot)) cm_plot_put(&plot, out);
  return true;
}

/* A line for each machine, and a dashed one where `second` is another measure (p95 by p50). */
static bool put_machine_plot(const cm_history_page *p, const cm_trend_series *s, const char *title,
                             cm_trend_metric m, cm_trend_metric second, cm_buf *out) {
  const cm_trend_run *machines[MACHINES_MAX];
  size_t n = machines_of(s, machines);
  cm_plot plot = {.title = title, .metric = m, .n = s->n, .runs = s->runs};
  if (!find_marks(p, s, &plot)) return false;
  for (size_t k = 0; k < n; k++) {
    for (int i = 0; i < (second == m ? 1 : 2); i++) {
      double *y = values(p, s, i ? second : m, machines[k]);
      if (!y) return false;
      cm_str name = i ? CM_STR("p95") : n > 1 ? machines[k]->machine : CM_STR("p50");
      if (i && k) name = CM_STR(""); /* one dashed key is enough */
      plot.lines[plot.n_lines++] = (cm_plot_line){name, (unsigned)k, i > 0, y};
    }
  }
  if (cm_plot_has_values(&plot)) cm_plot_put(&plot, out);
  return true;
}

cm_code cm_history_plots(const cm_history_page *p, const cm_trend_series *s, cm_buf *out,
                         cm_err *e) {
  static const struct {
    const char *title;
    cm_trend_metric m, second;
  } plots[] = {
      {"Time of an answer, ms", CM_TREND_P50, CM_TREND_P95},
      {"First token, ms (median)", CM_TREND_TTFT, CM_TREND_TTFT},
      {"Speed, tokens/s", CM_TREND_SPEED, CM_TREND_SPEED},
      {"Peak memory, MB", CM_TREND_MEMORY, CM_TREND_MEMORY},
      {"Time of a run, minutes", CM_TREND_WALL, CM_TREND_WALL},
      {"Cost of a run", CM_TREND_COST, CM_TREND_COST},
  };
  bool ok = put_quality(p, s, out);
  for (size_t i = 0; ok && i < sizeof plots / sizeof *plots; i++)
    ok = put_machine_plot(p, s, plots[i].title, plots[i].m, plots[i].second, out);
  return ok ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "history: no memory for the plots");
}
