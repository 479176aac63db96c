/* The table of cases. Everything is in the page, so it can be read without the script, which only
 * filters and sorts. */
#include "quality/report_html.h"

enum { PROMPT_CUT = 90, COMMAND_CUT = 120 };

static void put_attribute(const char *name, cm_str s, cm_buf *out) {
  cm_buf_printf(out, " data-%s=\"", name);
  cm_put_xml(s, false, out);
  cm_buf_putc(out, '"');
}

static void put_cut(cm_str s, size_t most, cm_buf *out) {
  bool cut;
  cm_put_xml(cm_cut(s, most, &cut), false, out);
  if (cut) cm_buf_puts(out, "\u2026");
}

static void put_block(const char *name, cm_str s, cm_buf *out) {
  if (!s.n) return;
  cm_buf_puts(out, "<h3>");
  cm_put_xml(cm_str_of(name), false, out);
  cm_buf_puts(out, "</h3><pre tabindex=\"0\">");
  if (s.p[0] == '\n') cm_buf_putc(out, '\n'); /* the first one of a <pre> is not shown */
  cm_put_xml(s, true, out);
  cm_buf_puts(out, "</pre>\n");
}

static void put_phase(const char *name, double ms, cm_buf *out) {
  if (ms < 0) return;
  cm_buf_printf(out, " \u00b7 %s ", name);
  cm_html_time(ms, "", out);
}

static void put_details(const cm_result *r, cm_buf *out) {
  cm_buf_puts(out, "<p class=\"small\">");
  cm_put_xml(cm_place_of(r), false, out);
  cm_buf_printf(out, ":%u \u00b7 %s \u00b7 gate %s", r->line, cm_tier_name(r->tier),
                cm_gating_name(r->gate));
  if (r->answered) {
    cm_buf_printf(out, " \u00b7 risk %s \u00b7 %s \u00b7 confidence ", cm_risk_name(r->risk),
                  cm_decision_name(r->decision));
    cm_put_number(r->confidence, 2, "n/a", out);
  }
  put_phase("first token", r->latency.ttft, out);
  put_phase("check", r->latency.check, out);
  put_phase("run", r->latency.exec, out);
  cm_buf_printf(out, " \u00b7 %u of %u attempts passed", (unsigned)r->passes,
                (unsigned)r->attempts);
  if (r->quarantined) cm_buf_puts(out, " \u00b7 in quarantine");
  cm_buf_puts(out, "</p>\n");
  put_block(cm_subject_name(r->subject), r->prompt, out);
  if (!cm_str_eq(r->prompt, r->command)) put_block("command", r->command, out);
  if (!r->answered) cm_buf_puts(out, r->refused ? "<p>The model declined.</p>\n" : "");
  for (size_t i = 0; i < r->n_reasons; i++)
    put_block(r->reasons[i].judge, r->reasons[i].text, out);
  for (size_t i = 0; i < r->n_fallback; i++) put_block("fallback", r->fallback[i], out);
}

static void put_case(const cm_report_input *in, size_t k, const cm_result *r, cm_buf *out) {
  cm_buf_printf(out, "<tr data-state=\"%s\" data-model=\"%zu\"", cm_state_name(r->state), k);
  put_attribute("category", r->category.n ? r->category : CM_STR("(none)"), out);
  put_attribute("id", r->id, out);
  put_attribute("command", r->command, out);
  cm_buf_puts(out, " data-ms=\"");
  if (r->latency.total >= 0) cm_put_number(r->latency.total, 3, "", out);
  cm_buf_printf(out, "\"><td><span class=\"tag %s\">%s %s</span>", cm_html_class(r->state),
                cm_html_sign(r->state), cm_state_name(r->state));
  if (r->safety_miss) cm_buf_puts(out, " <span class=\"tag bad\">danger</span>");
  cm_buf_puts(out, "</td><td><details><summary><span class=\"id\">");
  cm_put_xml(r->id, false, out);
  cm_buf_puts(out, "</span><span class=\"prompt\">");
  if (in->n > 1) {
    cm_put_xml(in->records[k].manifest.model_id, false, out);
    cm_buf_puts(out, ": ");
  }
  put_cut(r->prompt, PROMPT_CUT, out);
  cm_buf_puts(out, "</span></summary><div class=\"more\">");
  if (r->state == CM_NOT_RUN) cm_buf_puts(out, "<p>Planned, but there is no result.</p>");
  else put_details(r, out);
  cm_buf_puts(out, "</div></details></td><td><code>");
  put_cut(r->command, COMMAND_CUT, out);
  cm_buf_puts(out, "</code></td><td class=\"num\">");
  cm_html_time(r->latency.total, "\u2013", out);
  cm_buf_puts(out, "</td></tr>\n");
}

/* --- the filter --------------------------------------------------------------------------- */

static void put_chips(const cm_report_input *in, cm_buf *out) {
  cm_buf_puts(out, "<fieldset><legend class=\"vh\">States</legend>");
  for (unsigned s = 0; s < CM_STATES; s++) {
    size_t n = 0;
    for (size_t k = 0; k < in->n; k++) n += in->summaries[k].all.counts[s];
    if (!n) continue;
    const char *name = cm_state_name((cm_state)s);
    cm_buf_printf(out,
                  "<label class=\"chip\"><input type=\"checkbox\" value=\"%s\">"
                  "<span>%s %zu</span></label>",
                  name, name, n);
  }
  cm_buf_puts(out, "</fieldset>\n");
}

static void put_option(cm_str value, cm_str shown, cm_buf *out) {
  cm_buf_puts(out, "<option value=\"");
  cm_put_xml(value, false, out);
  cm_buf_puts(out, "\">");
  cm_put_xml(shown, false, out);
  cm_buf_puts(out, "</option>");
}

static void put_categories(const cm_report_input *in, cm_buf *out) {
  cm_buf_puts(out,
              "<label><span class=\"vh\">Category</span><select name=\"category\">"
              "<option value=\"\">all categories</option>");
  for (size_t i = 0; i < in->summaries[0].n_categories; i++)
    put_option(in->summaries[0].categories[i].name, in->summaries[0].categories[i].name, out);
  cm_buf_puts(out, "</select></label>\n");
}

static void put_models(const cm_report_input *in, cm_buf *out) {
  if (in->n < 2) return;
  cm_buf_puts(out,
              "<label><span class=\"vh\">Model</span><select name=\"model\">"
              "<option value=\"\">all models</option>");
  for (size_t k = 0; k < in->n; k++) {
    cm_buf_printf(out, "<option value=\"%zu\">", k);
    cm_put_xml(in->records[k].manifest.model_id, false, out);
    cm_buf_puts(out, "</option>");
  }
  cm_buf_puts(out, "</select></label>\n");
}

void cm_html_cases(const cm_report_input *in, cm_buf *out) {
  cm_buf_puts(out,
              "<h2 id=\"all\" tabindex=\"-1\">Cases</h2>\n"
              "<form id=\"filter\" role=\"search\" aria-label=\"Cases\" hidden>\n"
              "<label class=\"vh\" for=\"text\">Text in a case</label>"
              "<input type=\"search\" id=\"text\" placeholder=\"Search (press /)\">\n");
  put_chips(in, out);
  put_categories(in, out);
  put_models(in, out);
  cm_buf_puts(out,
              "<span id=\"shown\" role=\"status\"></span>\n</form>\n"
              "<div class=\"panel cases\"><table id=\"cases\">\n<thead><tr>"
              "<th scope=\"col\" data-key=\"state\">state</th>"
              "<th scope=\"col\" data-key=\"id\">case</th>"
              "<th scope=\"col\" data-key=\"command\">command</th>"
              "<th scope=\"col\" data-key=\"ms\" data-number class=\"num\">latency</th>"
              "</tr></thead>\n<tbody>\n");
  for (size_t k = 0; k < in->n; k++)
    for (size_t i = 0; i < in->records[k].n; i++) put_case(in, k, &in->records[k].results[i], out);
  cm_buf_puts(out, "</tbody></table></div>\n");
}
