/* Plots as inline SVG: how latency is spread, what share of the cases is done by when, and the
 * pass rate of each category with its 95 % interval. */
#include <math.h>

#include "quality/report_html.h"

enum { WIDTH = 420, LEFT = 40, RIGHT = 12, PLOT_TOP = 10, PLOT_BOTTOM = 170, HEIGHT = 200 };
enum { BINS = 24, MODELS_SHOWN = 6, CATEGORIES_SHOWN = 24, STEPS = 100 };

/* A round number of at least v: 1, 2 or 5 times a power of ten, four of which reach it. */
static double round_step(double v) {
  double unit = pow(10, floor(log10(v / 4)));
  double n = v / 4 / unit;
  return unit * (n <= 1 ? 1 : n <= 2 ? 2 : n <= 5 ? 5 : 10);
}

typedef struct scale {
  double max, step; /* milliseconds at the right end, and between two marks */
} scale;

/* For the first so many models together. */
static scale scale_of(const cm_report_input *in, size_t models) {
  double max = 0;
  for (size_t k = 0; k < models; k++)
    if (in->summaries[k].total.n && in->summaries[k].total.max > max)
      max = in->summaries[k].total.max;
  if (max < 0.01) max = 0.01;
  double step = round_step(max);
  return (scale){step * ceil(max / step), step};
}

static double x_of(const scale *s, double ms) {
  return LEFT + (WIDTH - LEFT - RIGHT) * (ms / s->max);
}

static void begin_figure(const char *title, const char *note, int height, const char *words,
                         cm_buf *out) {
  cm_buf_printf(out,
                "<figure><figcaption>%s<small>%s</small></figcaption>\n<svg viewBox=\"0 0 %d %d\" "
                "role=\"img\" aria-label=\"%s%s\">\n",
                title, note, WIDTH, height, title, words);
}

static void put_x_axis(const scale *s, cm_buf *out) {
  cm_buf_printf(out, "<path class=\"axis\" d=\"M%d %dH%d\"/>\n", LEFT, PLOT_BOTTOM, WIDTH - RIGHT);
  for (double ms = 0; ms <= s->max * 1.0001; ms += s->step) {
    const char *anchor = ms == 0 ? "start" : ms > s->max * 0.99 ? "end" : "middle";
    cm_buf_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", x_of(s, ms),
                  PLOT_BOTTOM + 18, anchor);
    cm_html_time(ms, "", out);
    cm_buf_puts(out, "</text>\n");
  }
}

/* --- the spread --------------------------------------------------------------------------- */

static size_t count_bins(const cm_record *r, const scale *s, size_t bins[BINS]) {
  size_t most = 0;
  for (size_t i = 0; i < r->n; i++) {
    double ms = cm_answer_ms(&r->results[i]);
    if (!(ms >= 0)) continue;
    size_t b = (size_t)(ms / s->max * BINS);
    if (b >= BINS) b = BINS - 1;
    if (++bins[b] > most) most = bins[b];
  }
  return most;
}

static void put_cut(const scale *s, double ms, cm_buf *out) {
  if (isfinite(ms))
    cm_buf_printf(out, "<path class=\"cut\" d=\"M%.1f %dV%d\"/>\n", x_of(s, ms), PLOT_TOP,
                  PLOT_BOTTOM);
}

static void put_cut_name(const scale *s, const char *name, double ms, int row, cm_buf *out) {
  if (!isfinite(ms)) return;
  double x = x_of(s, ms);
  const bool left = x > WIDTH - 90;
  cm_buf_printf(out, "<text class=\"over\" x=\"%.1f\" y=\"%d\"%s>%s ", left ? x - 4 : x + 4,
                PLOT_TOP + 10 + 15 * row, left ? " text-anchor=\"end\"" : "", name);
  cm_html_time(ms, "", out);
  cm_buf_puts(out, "</text>\n");
}

static void put_cuts(const scale *s, const cm_spread *spread, cm_buf *out) {
  put_cut(s, spread->p50, out);
  put_cut(s, spread->p95, out);
  put_cut(s, spread->p99, out);
  put_cut_name(s, "p50", spread->p50, 0, out);
  put_cut_name(s, "p95", spread->p95, 1, out);
  put_cut_name(s, "p99", spread->p99, 2, out);
}

static void put_histogram(const cm_report_input *in, cm_buf *out) {
  size_t bins[BINS] = {0};
  const scale own = scale_of(in, 1), *s = &own;
  const size_t most = count_bins(&in->records[0], s, bins);
  const cm_spread *spread = &in->summaries[0].total;
  if (!most) return;
  begin_figure("Latency",
               in->n > 1 ? "cases by time to the whole answer, first model"
                         : "cases by time to the whole answer",
               HEIGHT, ": a histogram", out);
  const double w = (double)(WIDTH - LEFT - RIGHT) / BINS;
  for (size_t b = 0; b < BINS; b++) {
    double h = (PLOT_BOTTOM - PLOT_TOP - 20) * (double)bins[b] / (double)most;
    if (!bins[b]) continue;
    cm_buf_printf(out,
                  "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                  "rx=\"1.5\"><title>%zu</title></rect>\n",
                  LEFT + w * (double)b + 0.5, PLOT_BOTTOM - h, w - 1, h, bins[b]);
  }
  cm_buf_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%zu</text>\n", LEFT - 6,
                PLOT_TOP + 24, most);
  put_x_axis(s, out);
  put_cuts(s, spread, out);
  cm_buf_puts(out, "</svg></figure>\n");
}

/* --- done by when ------------------------------------------------------------------------- */

static double share_until(const cm_record *r, double ms) {
  size_t n = 0, done = 0;
  for (size_t i = 0; i < r->n; i++) {
    double t = cm_answer_ms(&r->results[i]);
    n += t >= 0;
    done += t >= 0 && t <= ms;
  }
  return n ? (double)done / (double)n : 0;
}

static void put_share(const cm_record *r, const scale *s, size_t k, cm_buf *out) {
  cm_buf_printf(out, "<path class=\"line l%zu\" d=\"", k);
  for (int i = 0; i <= STEPS; i++) {
    double ms = s->max * i / STEPS;
    cm_buf_printf(out, "%s%.1f %.1f", i ? "L" : "M", x_of(s, ms),
                  PLOT_BOTTOM - (PLOT_BOTTOM - PLOT_TOP) * share_until(r, ms));
  }
  cm_buf_puts(out, "\"/>\n");
}

static void put_key(const cm_report_input *in, cm_buf *out) {
  bool cut;
  for (size_t k = 0; in->n > 1 && k < in->n && k < MODELS_SHOWN; k++) {
    int y = PLOT_BOTTOM - 14 - 16 * (int)(in->n < MODELS_SHOWN ? in->n - 1 - k : 5 - k);
    cm_buf_printf(out,
                  "<rect class=\"k%zu\" x=\"%d\" y=\"%d\" width=\"10\" height=\"10\" rx=\"2\"/>"
                  "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">",
                  k, WIDTH - RIGHT - 12, y, WIDTH - RIGHT - 18, y + 9);
    cm_put_xml(cm_cut(in->records[k].manifest.model_id, 36, &cut), false, out);
    cm_buf_puts(out, "</text>\n");
  }
}

static void put_shares(const cm_report_input *in, cm_buf *out) {
  const scale all = scale_of(in, in->n), *s = &all;
  begin_figure("Answered within", "share of the cases that were done by then", HEIGHT,
               ": share of the cases over time", out);
  for (int i = 0; i <= 4; i++) {
    int y = PLOT_BOTTOM - (PLOT_BOTTOM - PLOT_TOP) * i / 4;
    cm_buf_printf(out,
                  "<path class=\"axis\" d=\"M%d %dH%d\"/><text x=\"%d\" y=\"%d\" "
                  "text-anchor=\"end\">%d%%</text>\n",
                  LEFT, y, WIDTH - RIGHT, LEFT - 6, y + 4, 25 * i);
  }
  put_x_axis(s, out);
  for (size_t k = 0; k < in->n && k < MODELS_SHOWN; k++) put_share(&in->records[k], s, k, out);
  put_key(in, out);
  cm_buf_puts(out, "</svg></figure>\n");
}

/* --- categories --------------------------------------------------------------------------- */

enum { NAME_WIDTH = 118, COUNT_WIDTH = 56, ROW = 22 };

static const cm_group *category(const cm_summary *s, cm_str name) {
  for (size_t i = 0; i < s->n_categories; i++)
    if (cm_str_eq(s->categories[i].name, name)) return &s->categories[i];
  return NULL;
}

/* One model's bar at y: rate, interval, counts. */
static void put_rate(const cm_group *g, size_t k, double y, double h, cm_buf *out) {
  const double width = WIDTH - NAME_WIDTH - COUNT_WIDTH, middle = y + h / 2;
  cm_buf_printf(out,
                "<rect class=\"back\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                "rx=\"2\"/>",
                NAME_WIDTH, y, width, h);
  if (isfinite(g->pass_rate))
    cm_buf_printf(out,
                  "<rect class=\"bar k%zu\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                  "rx=\"2\"/><path class=\"whisker\" d=\"M%.1f %.1fH%.1fM%.1f %.1fv5M%.1f "
                  "%.1fv5\"/>",
                  k, NAME_WIDTH, y, width * g->pass_rate, h, NAME_WIDTH + width * g->low, middle,
                  NAME_WIDTH + width * g->high, NAME_WIDTH + width * g->low, middle - 2.5,
                  NAME_WIDTH + width * g->high, middle - 2.5);
  cm_buf_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%zu/%zu</text>\n", WIDTH - 2,
                middle + 4, g->passed, g->total);
}

static void put_category(const cm_report_input *in, const cm_group *g, double y, cm_buf *out) {
  bool cut;
  size_t shown = in->n < MODELS_SHOWN ? in->n : MODELS_SHOWN;
  cm_buf_printf(out, "<text class=\"name\" x=\"0\" y=\"%.1f\">", y + ROW * (double)shown / 2 + 1);
  cm_put_xml(cm_cut(g->name, 16, &cut), false, out);
  cm_buf_puts(out, cut ? "\u2026</text>" : "</text>");
  for (size_t k = 0; k < shown; k++) {
    const cm_group *of = k ? category(&in->summaries[k], g->name) : g;
    if (of) put_rate(of, k, y + ROW * (double)k + 3, ROW - 9, out);
  }
}

static void put_categories(const cm_report_input *in, cm_buf *out) {
  const cm_summary *s = &in->summaries[0];
  size_t n = s->n_categories < CATEGORIES_SHOWN ? s->n_categories : CATEGORIES_SHOWN;
  size_t models = in->n < MODELS_SHOWN ? in->n : MODELS_SHOWN;
  const double row = ROW * (double)models + (models > 1 ? 8 : 0);
  if (!n) return;
  begin_figure("Pass rate by category",
               n < s->n_categories ? "with 95 % intervals; the first 24" : "with 95 % intervals",
               (int)(row * (double)n) + 4, ": bars", out);
  for (size_t i = 0; i < n; i++) put_category(in, &s->categories[i], row * (double)i, out);
  cm_buf_puts(out, "</svg></figure>\n");
}

void cm_html_plots(const cm_report_input *in, cm_buf *out) {
  size_t measured = 0;
  for (size_t k = 0; k < in->n; k++) measured += in->summaries[k].total.n;
  cm_buf_puts(out, "<h2>Plots</h2>\n<div class=\"plots\">\n");
  if (measured) {
    put_histogram(in, out);
    put_shares(in, out);
  }
  put_categories(in, out);
  cm_buf_puts(out, "</div>\n");
}
