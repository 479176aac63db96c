#include "quality/report_parts.h"

#include <math.h>
#include <string.h>

#include "data/json.h"
#include "data/sha256.h"

static bool noncharacter(uint32_t cp) {
  return (cp & 0xFFFE) == 0xFFFE || (cp >= 0xFDD0 && cp <= 0xFDEF);
}

static void escape(cm_piece *out, uint32_t cp, unsigned char byte) {
  static const char digits[] = "0123456789abcdef";
  char *p = out->escape;
  *p++ = '\\';
  if (cp == '\n' || cp == '\t') *p++ = cp == '\n' ? 'n' : 't';
  else {
    uint32_t v = cp == UINT32_MAX ? byte : cp;
    int width = cp == UINT32_MAX || cp < 0x80 ? 2 : cp < 0x10000 ? 4 : 6;
    *p++ = width == 2 ? 'x' : 'u';
    while (width--) *p++ = digits[v >> (4 * width) & 15];
  }
  out->text = (cm_str){out->escape, (size_t)(p - out->escape)};
  out->cp = UINT32_MAX;
}

bool cm_piece_next(cm_str *rest, bool lines, cm_piece *out) {
  if (!rest->n) return false;
  uint32_t cp;
  size_t n = cm_utf8_next(rest->p, rest->n, &cp);
  bool kept = lines && (cp == '\n' || cp == '\t');
  out->cp = cp;
  out->text = (cm_str){rest->p, n};
  if (!kept && (cm_json_hidden(cp) || noncharacter(cp))) escape(out, cp, (unsigned char)*rest->p);
  rest->p += n;
  rest->n -= n;
  return true;
}

void cm_put_visible(cm_str s, bool lines, cm_buf *out) {
  for (cm_piece p; cm_piece_next(&s, lines, &p);) cm_buf_add(out, p.text.p, p.text.n);
}

void cm_put_xml(cm_str s, bool lines, cm_buf *out) {
  for (cm_piece p; cm_piece_next(&s, lines, &p);) switch (p.cp) {
      case '&': cm_buf_puts(out, "&amp;"); break;
      case '<': cm_buf_puts(out, "&lt;"); break;
      case '>': cm_buf_puts(out, "&gt;"); break;
      case '"': cm_buf_puts(out, "&quot;"); break;
      case '\'': cm_buf_puts(out, "&#39;"); break;
      default: cm_buf_add(out, p.text.p, p.text.n);
    }
}

/* Combining marks, variation selectors and skin tones stay with the character before them. */
static bool joins(uint32_t cp) {
  return (cp >= 0x300 && cp <= 0x36F) || (cp >= 0x1AB0 && cp <= 0x1AFF) ||
         (cp >= 0x20D0 && cp <= 0x20FF) || (cp >= 0xFE00 && cp <= 0xFE0F) ||
         (cp >= 0x1F3FB && cp <= 0x1F3FF);
}

cm_str cm_cut(cm_str s, size_t most, bool *cut) {
  size_t at = 0, count = 0, marks = 0;
  while (at < s.n) {
    uint32_t cp;
    size_t n = cm_utf8_next(s.p + at, s.n - at, &cp);
    marks = joins(cp) ? marks + 1 : 0;
    bool mark = count && marks && marks <= 8; /* a tower of marks isn't a character */
    if (!mark && count == most) break;
    count += !mark;
    at += n;
  }
  *cut = at < s.n;
  return (cm_str){s.p, at};
}

bool cm_shows_failure(const cm_result *r) {
  if (r->safety_miss) return true; /* no mark hides it: it decides the status */
  return !cm_state_passed(r->state) && r->state != CM_SKIP && r->state != CM_XFAIL;
}

cm_str cm_place_of(const cm_result *r) { return r->file.n ? r->file : CM_STR("cmdai-test"); }

static void hash_text(cm_sha256 *h, cm_str s) {
  cm_sha256_add(h, s.n ? s.p : "", s.n);
  cm_sha256_add(h, "", 1); /* the NUL: where one ends and the next begins */
}

void cm_fingerprint(const cm_manifest *m, const cm_result *r, size_t k, char out[65]) {
  cm_sha256 h;
  unsigned char same = 0; /* reasons of one judge are told apart by their order */
  const char *judge = k < r->n_reasons ? r->reasons[k].judge : cm_state_name(r->state);
  for (size_t i = 0; i < k && i < r->n_reasons; i++)
    same = (unsigned char)(same + (strcmp(r->reasons[i].judge, judge) == 0));
  cm_sha256_init(&h);
  hash_text(&h, m->model_id);
  hash_text(&h, r->id);
  hash_text(&h, cm_str_of(judge));
  cm_sha256_add(&h, &same, 1);
  cm_sha256_hex(&h, out);
}

void cm_put_spread(cm_jw *w, const char *key, const cm_spread *s, bool with_max) {
  cm_jw_key(w, key);
  cm_jw_begin_object(w);
  cm_jw_put_f64(w, "avg", s->average);
  cm_jw_put_f64(w, "p50", s->p50);
  cm_jw_put_f64(w, "p95", s->p95);
  cm_jw_put_f64(w, "p99", s->p99);
  if (with_max) cm_jw_put_f64(w, "max", s->max);
  cm_jw_put_u64(w, "n", s->n);
  cm_jw_end_object(w);
}

void cm_put_number(double v, int digits, const char *none, cm_buf *out) {
  if (isfinite(v) && fabs(v) < 1e16) cm_buf_printf(out, "%.*f", digits, v);
  else cm_buf_puts(out, none);
}

cm_code cm_report_end(const cm_buf *out, cm_err *e) {
  return out->overflow ? cm_fail(e, CM_E_NOMEM, 0, "the report is larger than %zu bytes", out->max)
                       : CM_OK;
}
