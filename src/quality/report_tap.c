/* TAP version 14, with a YAML block for what isn't as it should be. YAML 1.2 reads JSON, so the
 * block's values are written as JSON, without the characters that YAML doesn't take. An expected
 * failure is a "to do" of TAP. */
#include "data/json.h"
#include "quality/report_parts.h"

/* "#" would begin a directive, and the backslash is how it is escaped. */
static void put_description(cm_str s, cm_buf *out) {
  for (cm_piece p; cm_piece_next(&s, false, &p);) {
    if (p.cp == '#' || p.cp == '\\') cm_buf_putc(out, '\\');
    if (p.cp == UINT32_MAX) cm_buf_putc(out, '\\');
    cm_buf_add(out, p.text.p, p.text.n);
  }
}

static void put_quoted(cm_str s, cm_buf *out) {
  cm_jw w;
  cm_buf b;
  cm_buf_init(&b, out->max);
  cm_put_visible(s, true, &b);
  if (b.overflow) out->overflow = true;
  cm_jw_init(&w, out, 0);
  cm_jw_str(&w, (cm_str){b.p ? b.p : "", b.n});
  cm_buf_close(&b);
}

static void put_value(const char *key, cm_str s, cm_buf *out) {
  cm_buf_printf(out, "  %s: ", key);
  put_quoted(s, out);
  cm_buf_putc(out, '\n');
}

static void put_block(const cm_result *r, cm_buf *out) {
  cm_buf_puts(out, "  ---\n");
  put_value("state", cm_str_of(cm_state_name(r->state)), out);
  if (r->state != CM_NOT_RUN) {
    put_value("prompt", r->prompt, out);
    put_value("command", r->command, out);
    put_value("file", r->file, out);
    cm_buf_printf(out, "  line: %u\n", r->line);
  }
  cm_buf_puts(out, r->n_reasons ? "  reasons:\n" : "");
  for (size_t i = 0; i < r->n_reasons; i++) {
    cm_buf_puts(out, "    - {\"judge\": ");
    put_quoted(cm_str_of(r->reasons[i].judge), out);
    cm_buf_puts(out, ", \"text\": ");
    put_quoted(r->reasons[i].text, out);
    cm_buf_puts(out, "}\n");
  }
  cm_buf_puts(out, "  ...\n");
}

static void put_case(const cm_record *record, const cm_result *r, size_t number, size_t models,
                     cm_buf *out) {
  const bool ok = (cm_state_passed(r->state) || r->state == CM_SKIP) && !r->safety_miss;
  cm_buf_printf(out, "%sok %zu - ", ok ? "" : "not ", number);
  if (models > 1) {
    put_description(record->manifest.model_id, out);
    cm_buf_puts(out, ": ");
  }
  put_description(r->id, out);
  if (r->state == CM_SKIP) {
    cm_buf_puts(out, " # SKIP ");
    if (r->n_reasons) put_description(r->reasons[0].text, out);
  }
  if (r->state == CM_XFAIL && !r->safety_miss)
    cm_buf_puts(out,
                " # TO"
                "DO expected to fail");
  cm_buf_putc(out, '\n');
  if (!ok) put_block(r, out);
}

static cm_code write_tap(const cm_report_input *in, cm_buf *out, cm_err *e) {
  size_t total = 0, number = 0;
  for (size_t k = 0; k < in->n; k++) total += in->records[k].n;
  cm_buf_printf(out, "TAP version 14\n1..%zu\n", total);
  for (size_t k = 0; k < in->n; k++)
    for (size_t i = 0; i < in->records[k].n; i++)
      put_case(&in->records[k], &in->records[k].results[i], ++number, in->n, out);
  return cm_report_end(out, e);
}

const cm_report cm_report_tap = {"tap", "tap", "Test Anything Protocol, version 14", write_tap};
