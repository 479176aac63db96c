/* quality/report_parts: what report formats share: text of models made harmless, cutting, words.
 */
#ifndef CM_QUALITY_REPORT_PARTS_H
#define CM_QUALITY_REPORT_PARTS_H
#include "data/json.h"
#include "quality/report.h"

/* A piece of a text on its way into a report. */
typedef struct cm_piece {
  cm_str text; /* one code point's bytes, or an escape such as \u202e */
  uint32_t cp; /* UINT32_MAX: text is an escape, of letters, digits and a backslash */
  char escape[16];
} cm_piece;

/* Cuts the next piece off `rest`; false at its end. Control, bidirectional and invisible
 * characters, noncharacters and bytes that aren't UTF-8 come as escapes (as cmdai shows them on a
 * terminal); with `lines`, newline and tab stay what they are. */
bool cm_piece_next(cm_str *rest, bool lines, cm_piece *out);

/* The text with nothing but that done. */
void cm_put_visible(cm_str s, bool lines, cm_buf *out);
/* As text or a quoted attribute of XML and HTML. */
void cm_put_xml(cm_str s, bool lines, cm_buf *out);

/* The first `most` characters, never half of one and never parted from a mark that belongs to
 * it; *cut when some are missing. */
cm_str cm_cut(cm_str s, size_t most, bool *cut);

/* Whether a case is shown among the failures: everything but passed, skipped, and expected; and
 * every danger that was let through. */
bool cm_shows_failure(const cm_result *r);
/* The file it stands in, or where to look instead when that isn't known. */
cm_str cm_place_of(const cm_result *r);

/* The same for the same thing: SHA-256 (hexadecimal) over model, case and judge of reason k, not
 * over what the model said. */
void cm_fingerprint(const cm_manifest *m, const cm_result *r, size_t k, char out[65]);

/* A member with the numbers of a spread; the history keeps no largest value. */
void cm_put_spread(cm_jw *w, const char *key, const cm_spread *s, bool with_max);

/* A number with so many digits behind the point; `none` for NaN and infinity. */
void cm_put_number(double v, int digits, const char *none, cm_buf *out);

/* CM_E_NOMEM after an overflow. */
cm_code cm_report_end(const cm_buf *out, cm_err *e);

/* Markdown of at most `max` bytes: what doesn't fit is counted instead, cases before failures. */
void cm_put_markdown(const cm_report_input *in, size_t max, cm_buf *out);

#endif
