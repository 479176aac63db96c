/* quality/report_html: the parts of the HTML report. */
#ifndef CM_QUALITY_REPORT_HTML_H
#define CM_QUALITY_REPORT_HTML_H
#include "quality/report_parts.h"

/* Pieces of the style and the script, NULL at the end. */
extern const char *const cm_html_style[];
extern const char *const cm_html_script[];

/* "ok" "bad" "warn" "mute": the class of a state's colour, and its sign for those who see none. */
const char *cm_html_class(cm_state s);
const char *cm_html_sign(cm_state s);

/* Milliseconds or seconds, as a person would say it; `none` where there is no value. */
void cm_html_time(double ms, const char *none, cm_buf *out);

/* Figures with inline SVG, and words for those who don't see them. Nothing without values. */
void cm_html_plots(const cm_report_input *in, cm_buf *out);

/* The form of the filter and the table of cases. */
void cm_html_cases(const cm_report_input *in, cm_buf *out);

#endif
