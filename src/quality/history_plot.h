/* quality/history_plot: one measure over the runs of a series, as inline SVG that takes its
 * colours from the page. */
#ifndef CM_QUALITY_HISTORY_PLOT_H
#define CM_QUALITY_HISTORY_PLOT_H
#include "quality/history.h"

enum { CM_PLOT_LINES_MAX = 12 };

/* Space beside the drawing; the page's script knows them too, as it moves a cursor over it. */
enum { CM_PLOT_LEFT = 58, CM_PLOT_RIGHT = 16 };

typedef struct cm_plot_line {
  cm_str name;    /* in the legend; empty: not there */
  unsigned color; /* 0 .. 5 */
  bool dashed;
  const double *y; /* [n]; NaN: no value there */
} cm_plot_line;

/* A change of level. */
typedef struct cm_plot_mark {
  size_t at;
  bool worse;
  double before, after;
  cm_str text;
} cm_plot_mark;

typedef struct cm_plot {
  const char *title;
  bool wide;              /* as wide as the page, else a third of it */
  cm_trend_metric metric; /* says how values are written */
  size_t n;               /* runs on the x axis, at least 1 */
  const cm_trend_run *const *runs;
  cm_plot_line lines[CM_PLOT_LINES_MAX];
  size_t n_lines;
  const double *low, *high; /* [n] a band around the first line, or NULL */
  const cm_plot_mark *marks;
  size_t n_marks;
} cm_plot;

/* Whether any line has a value. */
bool cm_plot_has_values(const cm_plot *p);
/* A <figure> with the drawing, and what it shows in words for those who don't see it. */
void cm_plot_put(const cm_plot *p, cm_buf *out);

#endif
