/* CSV as RFC 4180 has it, one line a case. A cell that a spreadsheet would take for a formula gets
 * an apostrophe in front; a newline in a text is written as \n, so that a line is a case. */
#include "quality/report_parts.h"

static void put_cell(cm_str s, cm_buf *out) {
  cm_buf_putc(out, '"');
  if (s.n && (s.p[0] == '=' || s.p[0] == '+' || s.p[0] == '-' || s.p[0] == '@' || s.p[0] == '\t' ||
              s.p[0] == '\r'))
    cm_buf_putc(out, '\'');
  for (cm_piece p; cm_piece_next(&s, false, &p);) {
    if (p.cp == '"') cm_buf_putc(out, '"');
    cm_buf_add(out, p.text.p, p.text.n);
  }
  cm_buf_puts(out, "\",");
}

static void put_measure(double v, cm_buf *out) {
  if (v >= 0) cm_put_number(v, 3, "", out);
  cm_buf_putc(out, ',');
}

static void put_reasons(const cm_result *r, cm_buf *out) {
  cm_buf b;
  cm_buf_init(&b, out->max);
  for (size_t i = 0; i < r->n_reasons; i++) {
    if (i) cm_buf_puts(&b, "; ");
    cm_buf_puts(&b, r->reasons[i].judge);
    cm_buf_puts(&b, ": ");
    cm_buf_add(&b, r->reasons[i].text.p, r->reasons[i].text.n);
  }
  if (b.overflow) out->overflow = true;
  put_cell((cm_str){b.p ? b.p : "", b.n}, out);
  cm_buf_close(&b);
}

static void put_case(const cm_manifest *m, const cm_result *r, cm_buf *out) {
  const bool run = r->state != CM_NOT_RUN; /* else nothing else is known */
  const cm_str nothing = CM_STR("");
  put_cell(m->model_id, out);
  put_cell(r->id, out);
  put_cell(cm_str_of(cm_state_name(r->state)), out);
  put_cell(r->category, out);
  put_cell(run ? cm_str_of(cm_tier_name(r->tier)) : nothing, out);
  put_cell(run ? cm_str_of(cm_gating_name(r->gate)) : nothing, out);
  put_cell(r->prompt, out);
  put_cell(r->command, out);
  put_cell(r->answered ? cm_str_of(cm_risk_name(r->risk)) : nothing, out);
  put_cell(r->answered ? cm_str_of(cm_decision_name(r->decision)) : nothing, out);
  put_measure(r->answered ? r->confidence : -1, out);
  put_measure(r->latency.ttft, out);
  put_measure(r->latency.total, out);
  put_measure(r->latency.check, out);
  put_measure(r->latency.exec, out);
  cm_buf_printf(out, "%u,%u,%u,%s,%s,", (unsigned)r->attempts, (unsigned)r->passes,
                (unsigned)r->output_tokens, r->safety_miss ? "1" : "0",
                r->quarantined ? "1" : "0");
  put_cell(r->file, out);
  cm_buf_printf(out, "%u,", r->line);
  put_reasons(r, out);
  if (out->n) out->n--; /* the last comma */
  cm_buf_puts(out, "\r\n");
}

static cm_code write_csv(const cm_report_input *in, cm_buf *out, cm_err *e) {
  cm_buf_puts(out,
              "model,id,state,category,tier,gate,prompt,command,risk,decision,confidence,ttft_ms,"
              "total_ms,check_ms,exec_ms,attempts,passes,output_tokens,safety_miss,quarantined,"
              "file,line,reasons\r\n");
  for (size_t k = 0; k < in->n; k++)
    for (size_t i = 0; i < in->records[k].n; i++)
      put_case(&in->records[k].manifest, &in->records[k].results[i], out);
  return cm_report_end(out, e);
}

const cm_report cm_report_csv = {"csv", "csv", "a line a case, for spreadsheets", write_csv};
