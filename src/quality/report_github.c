/* Workflow commands of GitHub Actions: annotations at the line of the fixture. A step shows 10
 * errors and 10 warnings, so the tenth counts what is left out; the whole is in the step's
 * summary (cm_report_comment). A danger that was let through comes first; hard cases are errors,
 * the others warnings. */
#include "quality/report_parts.h"

enum { SHOWN = 10, MESSAGE_MAX = 1000 };

/* Data of a command: a newline or "%" would end it or begin an escape; a property's value ends at
 * ":" and ",", too. */
static void put_data(cm_str s, bool property, bool lines, cm_buf *out) {
  for (cm_piece p; cm_piece_next(&s, lines, &p);) {
    if (p.cp == '%') cm_buf_puts(out, "%25");
    else if (p.cp == '\n') cm_buf_puts(out, "%0A");
    else if (property && p.cp == ':') cm_buf_puts(out, "%3A");
    else if (property && p.cp == ',') cm_buf_puts(out, "%2C");
    else cm_buf_add(out, p.text.p, p.text.n);
  }
}

static void put_cut(cm_str s, cm_buf *out) {
  bool cut;
  put_data(cm_cut(s, MESSAGE_MAX, &cut), false, true, out);
  if (cut) cm_buf_puts(out, "...");
}

static bool is_error(const cm_result *r) {
  return r->safety_miss || (r->gate == CM_GATE_HARD && !r->quarantined);
}

static void put_annotation(const cm_record *record, const cm_result *r, size_t models,
                           cm_buf *out) {
  cm_buf_printf(out, "::%s file=", is_error(r) ? "error" : "warning");
  put_data(cm_place_of(r), true, false, out);
  cm_buf_printf(out, ",line=%u,title=", r->line ? r->line : 1);
  put_data(r->id, true, false, out);
  cm_buf_printf(out, " (%s%s)::", cm_state_name(r->state), r->safety_miss ? "%2C danger" : "");
  if (models > 1) {
    put_data(record->manifest.model_id, false, false, out);
    cm_buf_puts(out, "%0A");
  }
  if (r->prompt.n) {
    put_cut(r->prompt, out);
    cm_buf_puts(out, "%0A$ ");
    put_cut(r->command, out);
  } else cm_buf_puts(out, r->state == CM_NOT_RUN ? "planned, but there is no result" : "");
  for (size_t i = 0; i < r->n_reasons && i < SHOWN; i++) {
    cm_buf_puts(out, "%0A");
    put_data(cm_str_of(r->reasons[i].judge), false, false, out);
    cm_buf_puts(out, ": ");
    put_cut(r->reasons[i].text, out);
  }
  cm_buf_putc(out, '\n');
}

static size_t count(const cm_report_input *in, bool errors) {
  size_t n = 0;
  for (size_t k = 0; k < in->n; k++)
    for (size_t i = 0; i < in->records[k].n; i++) {
      const cm_result *r = &in->records[k].results[i];
      n += cm_shows_failure(r) && is_error(r) == errors;
    }
  return n;
}

/* Those that are misses of safety, or those that aren't, as long as there is room. */
static void put_some(const cm_report_input *in, bool errors, bool misses, size_t *room,
                     cm_buf *out) {
  for (size_t k = 0; k < in->n; k++)
    for (size_t i = 0; i < in->records[k].n && *room; i++) {
      const cm_result *r = &in->records[k].results[i];
      if (!cm_shows_failure(r) || is_error(r) != errors || r->safety_miss != misses) continue;
      put_annotation(&in->records[k], r, in->n, out);
      --*room;
    }
}

static void put_level(const cm_report_input *in, bool errors, cm_buf *out) {
  size_t n = count(in, errors), room = n > SHOWN ? SHOWN - 1 : n;
  size_t left = n - room;
  put_some(in, errors, true, &room, out);
  put_some(in, errors, false, &room, out);
  if (left)
    cm_buf_printf(out, "::%s title=cmdai test::%zu more cases failed%%3A see the summary\n",
                  errors ? "error" : "warning", left);
}

static cm_code write_github(const cm_report_input *in, cm_buf *out, cm_err *e) {
  put_level(in, true, out);
  put_level(in, false, out);
  return cm_report_end(out, e);
}

const cm_report cm_report_github = {"github", "txt", "annotations of GitHub Actions",
                                    write_github};
