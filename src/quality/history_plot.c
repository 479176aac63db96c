#include "quality/history_plot.h"

#include <math.h>
#include <string.h>

#include "quality/history_parts.h"
#include "quality/report_parts.h"

enum { TOP = 26, BOTTOM = 28, TICKS = 4, POINTS_MAX = 150, COLORS = 6 };

static int width_of(const cm_plot *p) { return p->wide ? 1120 : 400; }
static int height_of(const cm_plot *p) { return p->wide ? 260 : 190; }

/* The y axis: from `low` to `high` in steps. */
typedef struct scale {
  double low, high, step;
  int height; /* of the drawing */
} scale;

static double x_of(const cm_plot *p, size_t i) {
  double width = width_of(p) - CM_PLOT_LEFT - CM_PLOT_RIGHT;
  return CM_PLOT_LEFT + (p->n > 1 ? (double)i * width / (double)(p->n - 1) : width / 2);
}

static double y_of(const scale *s, double v) {
  return TOP + (s->high - v) / (s->high - s->low) * (s->height - TOP - BOTTOM);
}

static void widen(const double *y, size_t n, double *low, double *high) {
  for (size_t i = 0; y && i < n; i++) {
    if (!isfinite(y[i])) continue;
    if (y[i] < *low) *low = y[i];
    if (y[i] > *high) *high = y[i];
  }
}

bool cm_plot_has_values(const cm_plot *p) {
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < p->n_lines; i++) widen(p->lines[i].y, p->n, &low, &high);
  return low <= high;
}

/* 1, 2 or 5 times a power of ten, so that at most TICKS + 1 steps cover the range. */
static double nice_step(double range) {
  double power = pow(10, floor(log10(range / TICKS))), x = range / TICKS / power;
  return power * (x <= 1 ? 1 : x <= 2 ? 2 : x <= 5 ? 5 : 10);
}

/* Noise stays small to the eye: the axis covers at least a tenth of the largest value. */
static scale scale_of(const cm_plot *p) {
  double low = INFINITY, high = -INFINITY;
  for (size_t i = 0; i < p->n_lines; i++) widen(p->lines[i].y, p->n, &low, &high);
  widen(p->low, p->n, &low, &high);
  widen(p->high, p->n, &low, &high);
  double least = fmax(fabs(high) * 0.1, 1e-6), middle = (low + high) / 2;
  if (high - low < least) low = middle - least / 2, high = middle + least / 2;
  double step = nice_step(high - low);
  scale s = {floor(low / step) * step, ceil(high / step) * step, step, height_of(p)};
  if (s.low < 0 && low >= 0) s.low = 0;
  if (p->metric == CM_TREND_PASS_RATE && s.high > 100) s.high = 100;
  if (!(s.high > s.low)) s.high = s.low + step;
  return s;
}

/* --- axes --------------------------------------------------------------------------------- */

static void put_tick_value(const cm_plot *p, const scale *s, double v, cm_buf *out) {
  int digits = s->step >= 1 ? 0 : (int)fmin(6, ceil(-log10(s->step) - 1e-9));
  if (p->metric == CM_TREND_COST) cm_buf_puts(out, "$");
  if (v >= 1e6) cm_buf_printf(out, "%.3g", v);
  else cm_buf_printf(out, "%.*f", digits, v);
  if (p->metric == CM_TREND_PASS_RATE) cm_buf_puts(out, " %");
}

static void put_y_axis(const cm_plot *p, const scale *s, cm_buf *out) {
  for (int k = 0; k <= 2 * TICKS; k++) {
    double v = s->low + k * s->step;
    if (v > s->high + s->step * 1e-6) break;
    double y = y_of(s, v);
    cm_buf_printf(out, "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
                  (int)CM_PLOT_LEFT, width_of(p) - CM_PLOT_RIGHT, y, y);
    cm_buf_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", (int)CM_PLOT_LEFT - 8,
                  y + 4);
    put_tick_value(p, s, v, out);
    cm_buf_puts(out, "</text>");
  }
}

static void put_date(const cm_plot *p, size_t i, const char *anchor, cm_buf *out) {
  cm_str day = {p->runs[i]->started.p, 10};
  cm_buf_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", x_of(p, i), height_of(p) - 8,
                anchor);
  cm_put_xml(day, false, out);
  cm_buf_puts(out, "</text>");
}

static void put_x_axis(const cm_plot *p, cm_buf *out) {
  if (p->n == 1) put_date(p, 0, "middle", out);
  else put_date(p, 0, "start", out);
  if (p->n >= 3) put_date(p, p->n / 2, "middle", out);
  if (p->n > 1) put_date(p, p->n - 1, "end", out);
}

/* Where the cases, the model file or the engine changed: a step there may be no fault. */
static void put_events(const cm_plot *p, cm_buf *out) {
  for (size_t i = 1; i < p->n; i++) {
    const cm_trend_run *a = p->runs[i - 1], *b = p->runs[i];
    bool cases = !cm_str_eq(a->suite_hash, b->suite_hash);
    bool model = !cm_str_eq(a->model_sha256, b->model_sha256);
    if (!cases && !model) continue;
    double x = x_of(p, i), y = height_of(p) - BOTTOM;
    cm_buf_printf(out, "<path class=\"event\" d=\"M%.1f %.1fl4 4l-4 4l-4 -4z\"><title>", x, y - 4);
    cm_buf_puts(out, cases && model ? "other test cases and another model file"
                     : cases        ? "other test cases"
                                    : "another model file");
    cm_buf_puts(out, "</title></path>");
  }
}

/* --- values ------------------------------------------------------------------------------- */

static void put_band(const cm_plot *p, const scale *s, cm_buf *out) {
  if (!p->low || !p->high) return;
  const char *sign = "M";
  cm_buf_puts(out, "<path class=\"band\" d=\"");
  for (size_t i = 0; i < p->n; i++) {
    if (!isfinite(p->low[i]) || !isfinite(p->high[i])) continue;
    cm_buf_printf(out, "%s%.1f %.1f", sign, x_of(p, i), y_of(s, p->high[i]));
    sign = "L";
  }
  for (size_t i = p->n; i-- > 0;)
    if (isfinite(p->low[i]) && isfinite(p->high[i]))
      cm_buf_printf(out, "L%.1f %.1f", x_of(p, i), y_of(s, p->low[i]));
  cm_buf_puts(out, "\"/>");
}

static void put_line(const cm_plot *p, const cm_plot_line *l, const scale *s, cm_buf *out) {
  bool drawing = false;
  cm_buf_printf(out, "<path class=\"line l%u%s\" d=\"", l->color % COLORS,
                l->dashed ? " dash" : "");
  for (size_t i = 0; i < p->n; i++) {
    if (!isfinite(l->y[i])) continue;
    cm_buf_printf(out, "%s%.1f %.1f", drawing ? "L" : "M", x_of(p, i), y_of(s, l->y[i]));
    drawing = true;
  }
  cm_buf_puts(out, "\"/>");
  for (size_t i = 0; p->n <= POINTS_MAX && i < p->n; i++) {
    if (!isfinite(l->y[i])) continue;
    cm_buf_printf(out, "<circle class=\"k%u\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"><title>",
                  l->color % COLORS, x_of(p, i), y_of(s, l->y[i]), p->n > 60 ? "1.8" : "2.6");
    cm_trend_put_value(p->metric, l->y[i], out);
    cm_buf_puts(out, ", commit ");
    cm_put_xml(cm_trend_short(p->runs[i]->commit), false, out);
    cm_buf_puts(out, ", ");
    cm_put_xml((cm_str){p->runs[i]->started.p, 10}, false, out);
    cm_buf_puts(out, "</title></circle>");
  }
}

/* Changes side by side have their words one above the other. */
static void put_marks(const cm_plot *p, cm_buf *out) {
  double last = -1e9;
  int row = 0;
  for (size_t i = 0; i < p->n_marks; i++) {
    const cm_plot_mark *m = &p->marks[i];
    double x = x_of(p, m->at);
    bool right = x < width_of(p) * 0.6;
    row = x - last < 150 ? 1 - row : 0;
    last = x;
    cm_buf_printf(out, "<g class=\"mark %s\"><line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>",
                  m->worse ? "worse" : "better", x, x, 6 + 13 * row, height_of(p) - BOTTOM);
    cm_buf_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", right ? x + 6 : x - 6,
                  15 + 13 * row, right ? "start" : "end");
    cm_buf_puts(out, m->after > m->before ? "\xE2\x96\xB2 " : "\xE2\x96\xBC ");
    cm_trend_put_value(p->metric, m->before, out);
    cm_buf_puts(out, " \xE2\x86\x92 ");
    cm_trend_put_value(p->metric, m->after, out);
    cm_buf_puts(out, "</text><title>");
    cm_put_xml(m->text, false, out);
    cm_buf_puts(out, "</title></g>");
  }
}

/* --- words -------------------------------------------------------------------------------- */

static void put_summary(const cm_plot *p, cm_buf *out) {
  const double *y = p->lines[0].y;
  double low = INFINITY, high = -INFINITY;
  size_t first = p->n, last = 0;
  widen(y, p->n, &low, &high);
  for (size_t i = 0; i < p->n; i++) {
    if (!isfinite(y[i])) continue;
    if (first == p->n) first = i;
    last = i;
  }
  cm_buf_printf(out, "%s over %zu runs", p->title, p->n);
  if (first == p->n) return;
  cm_buf_puts(out, ": first ");
  cm_trend_put_value(p->metric, y[first], out);
  cm_buf_puts(out, ", newest ");
  cm_trend_put_value(p->metric, y[last], out);
  cm_buf_puts(out, ", lowest ");
  cm_trend_put_value(p->metric, low, out);
  cm_buf_puts(out, ", highest ");
  cm_trend_put_value(p->metric, high, out);
  cm_buf_printf(out, ", %zu change%s of level", p->n_marks, p->n_marks == 1 ? "" : "s");
}

static void put_caption(const cm_plot *p, cm_buf *out) {
  cm_buf_printf(out, "<figcaption>%s", p->title);
  if (p->n_lines > 1) {
    cm_buf_puts(out, "<span class=\"keys\">");
    for (size_t i = 0; i < p->n_lines; i++) {
      const cm_plot_line *l = &p->lines[i];
      if (!l->name.n) continue;
      cm_buf_printf(out,
                    "<span><svg class=\"key\" viewBox=\"0 0 22 8\" aria-hidden=\"true\"><path "
                    "class=\"line l%u%s\" d=\"M1 4L21 4\"/></svg>",
                    l->color % COLORS, l->dashed ? " dash" : "");
      cm_put_xml(l->name, false, out);
      cm_buf_puts(out, "</span>");
    }
    cm_buf_puts(out, "</span>");
  }
  cm_buf_puts(out, "</figcaption>");
}

void cm_plot_put(const cm_plot *p, cm_buf *out) {
  scale s = scale_of(p);
  cm_buf_puts(out, p->wide ? "<figure class=\"wide\">" : "<figure>");
  put_caption(p, out);
  cm_buf_printf(out,
                "<svg class=\"plot\" viewBox=\"0 0 %d %d\" role=\"img\" tabindex=\"0\" "
                "aria-label=\"",
                width_of(p), height_of(p));
  put_summary(p, out);
  cm_buf_puts(out, "\">");
  put_y_axis(p, &s, out);
  put_x_axis(p, out);
  put_band(p, &s, out);
  cm_buf_printf(out, "<line class=\"cursor\" x1=\"0\" x2=\"0\" y1=\"%d\" y2=\"%d\"/>", (int)TOP,
                height_of(p) - BOTTOM);
  for (size_t i = p->n_lines; i-- > 0;) put_line(p, &p->lines[i], &s, out);
  put_events(p, out);
  put_marks(p, out);
  cm_buf_puts(out, "</svg></figure>\n");
}
