/* One HTML file that needs nothing else: no network, no fonts, no scripts but its own. A content
 * security policy of hashes lets exactly this style and this script in, so that even a text that
 * was escaped wrongly could do nothing. */
#include "quality/report_html.h"

#include <math.h>
#include <string.h>

#include "data/sha256.h"

const char *cm_html_class(cm_state s) {
  switch (s) {
    case CM_PASS:
    case CM_BLOCKED_OK: return "ok";
    case CM_SKIP:
    case CM_XFAIL: return "mute";
    case CM_ERROR:
    case CM_TIMEOUT:
    case CM_NOT_RUN: return "warn";
    default: return "bad";
  }
}

const char *cm_html_sign(cm_state s) {
  const char *class = cm_html_class(s);
  return class[0] == 'o'   ? "\u2713"
         : class[0] == 'b' ? "\u2717"
         : class[0] == 'w' ? "!"
                           : "\u2013";
}

void cm_html_time(double ms, const char *none, cm_buf *out) {
  if (!(ms >= 0)) cm_buf_puts(out, none);
  else if (ms < 9999.5) {
    cm_put_number(ms, ms > 0 && ms < 9.95 ? 1 : 0, none, out);
    cm_buf_puts(out, " ms");
  } else {
    cm_put_number(ms / 1e3, 1, none, out);
    cm_buf_puts(out, " s");
  }
}

/* --- the head ----------------------------------------------------------------------------- */

static unsigned hex(char c) { return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10); }

/* 'sha256-BASE64' of a policy, over the pieces as they stand in the page. */
static void put_hash(const char *const *pieces, cm_buf *out) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  cm_sha256 h;
  char text[65];
  unsigned char bytes[33] = {0};
  cm_sha256_init(&h);
  for (size_t i = 0; pieces[i]; i++) cm_sha256_add(&h, pieces[i], strlen(pieces[i]));
  cm_sha256_hex(&h, text);
  for (size_t i = 0; i < 32; i++)
    bytes[i] = (unsigned char)(hex(text[2 * i]) << 4 | hex(text[2 * i + 1]));
  cm_buf_puts(out, "'sha256-");
  for (size_t i = 0; i < 33; i += 3) {
    unsigned v = (unsigned)bytes[i] << 16 | (unsigned)bytes[i + 1] << 8 | bytes[i + 2];
    for (int k = 3; k >= (i == 30); k--) cm_buf_putc(out, digits[v >> (6 * k) & 63]);
  }
  cm_buf_puts(out, "='");
}

static void put_pieces(const char *const *pieces, cm_buf *out) {
  for (size_t i = 0; pieces[i]; i++) cm_buf_puts(out, pieces[i]);
}

static void put_head(const cm_report_input *in, cm_buf *out) {
  const cm_group *g = &in->summaries[0].all;
  cm_buf_puts(out,
              "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
              "base-uri 'none'; form-action 'none'; style-src ");
  put_hash(cm_html_style, out);
  cm_buf_puts(out, "; script-src ");
  put_hash(cm_html_script, out);
  cm_buf_puts(out,
              "\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
              "<meta name=\"referrer\" content=\"no-referrer\">\n");
  cm_buf_printf(out, "<title>cmdai test: %zu of %zu passed</title>\n<style>", g->passed, g->total);
  put_pieces(cm_html_style, out);
  cm_buf_puts(out,
              "</style>\n</head>\n<body>\n"
              "<a class=\"skip\" href=\"#all\">To the cases</a>\n");
}

/* --- the top ------------------------------------------------------------------------------ */

static void put_fact(const char *name, cm_str value, cm_buf *out) {
  if (!value.n) return;
  cm_buf_printf(out, "<div><dt>%s</dt><dd>", name);
  cm_put_xml(value, false, out);
  cm_buf_puts(out, "</dd></div>\n");
}

static void put_verdict(const cm_report_input *in, cm_buf *out) {
  const cm_group *g = &in->summaries[0].all;
  const bool whole = g->passed + g->counts[CM_SKIP] + g->counts[CM_XFAIL] == g->total;
  if (in->summaries[0].safety_missed)
    cm_buf_puts(out, "<span class=\"badge bad\">\u2717 a danger was let through</span>");
  else if (in->gates && in->gates->status)
    cm_buf_puts(out, "<span class=\"badge bad\">\u2717 a gate failed</span>");
  else if (!in->records[0].complete)
    cm_buf_puts(out, "<span class=\"badge warn\">! not complete</span>");
  else if (in->gates && in->gates->n)
    cm_buf_puts(out, "<span class=\"badge ok\">\u2713 all gates passed</span>");
  else
    cm_buf_printf(out, "<span class=\"badge %s\">%zu of %zu passed</span>", whole ? "ok" : "warn",
                  g->passed, g->total);
}

static void put_facts(const cm_report_input *in, cm_buf *out) {
  const cm_manifest *m = &in->records[0].manifest;
  bool cut;
  cm_buf_puts(out, "<dl class=\"facts\">\n");
  for (size_t k = 0; k < in->n; k++) put_fact("model", in->records[k].manifest.model_id, out);
  put_fact("quantization", m->model_quant, out);
  put_fact("backend", m->backend, out);
  put_fact("engine", m->engine, out);
  put_fact("commit", cm_cut(m->commit, 12, &cut), out);
  put_fact("started", m->started, out);
  put_fact("machine", m->machine, out);
  put_fact("safety level", m->level, out);
  put_fact("sandbox", m->sandbox, out);
  if (m->batch > 1) /* latencies are those of a busy machine */
    cm_buf_printf(out, "<div><dt>answers generated together</dt><dd>up to %u</dd></div>\n",
                  (unsigned)m->batch);
  cm_buf_puts(out, "</dl>\n");
}

static void put_card(const char *value, const char *class, const char *name, cm_buf *out) {
  cm_buf_printf(out, "<div class=\"card\"><b%s%s%s>%s</b><span>%s</span></div>\n",
                class ? " class=\"" : "", class ? class : "", class ? "\"" : "", value, name);
}

/* A card whose value was put together in `b`, which is emptied. */
static void put_card_of(cm_buf *b, const char *class, cm_buf *out, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void put_card_of(cm_buf *b, const char *class, cm_buf *out, const char *fmt, ...) {
  cm_buf name;
  va_list ap;
  cm_buf_init(&name, 512);
  va_start(ap, fmt);
  cm_buf_vprintf(&name, fmt, ap);
  va_end(ap);
  put_card(b->p ? b->p : "", class, name.p ? name.p : "", out);
  cm_buf_close(&name);
  cm_buf_reset(b);
}

static void put_quantile(double ms, cm_buf *b) { cm_html_time(ms, "n/a", b); }

static void put_cards(const cm_record *r, const cm_summary *s, cm_buf *out) {
  cm_buf b;
  cm_buf_init(&b, 512);
  cm_buf_puts(out, "<div class=\"cards\">\n");
  cm_put_number(100 * s->all.pass_rate, 1, "n/a", &b);
  cm_buf_puts(&b, isfinite(s->all.pass_rate) ? " %" : "");
  if (isfinite(s->all.pass_rate))
    put_card_of(&b, NULL, out, "pass rate, 95 %%: %.1f\u2013%.1f %%", 100 * s->all.low,
                100 * s->all.high);
  else put_card_of(&b, NULL, out, "pass rate (n=0)");
  cm_buf_printf(&b, "%zu", s->all.passed);
  put_card_of(&b, NULL, out, "passed of %zu", s->all.total);
  cm_buf_printf(&b, "%zu", s->all.failed);
  put_card_of(&b, s->all.failed ? "bad" : NULL, out, "failed");
  cm_buf_printf(&b, "%zu", s->safety_missed);
  put_card_of(&b, s->safety_missed ? "bad" : NULL, out, "dangers let through, of %zu",
              s->safety_cases);
  put_quantile(s->total.p50, &b);
  put_card_of(&b, NULL, out, "median latency (n=%zu)", s->total.n);
  put_quantile(s->total.p95, &b);
  put_card_of(&b, NULL, out, "95th percentile (n=%zu)", s->total.n);
  cm_put_number(s->tokens_per_second, 1, "n/a", &b);
  put_card_of(&b, NULL, out, "output tokens per second");
  cm_put_number(r->peak_rss_mb > 0 ? r->peak_rss_mb : (double)NAN, 0, "n/a", &b);
  cm_buf_puts(&b, r->peak_rss_mb > 0 ? " MB" : "");
  put_card_of(&b, NULL, out, "peak memory");
  cm_buf_puts(out, "</div>\n");
  cm_buf_close(&b);
}

/* All cases as one bar, and what its colours are. */
static void put_strip(const cm_group *g, cm_buf *out) {
  static const cm_state order[CM_STATES] = {CM_PASS,    CM_BLOCKED_OK,     CM_SKIP,    CM_XFAIL,
                                            CM_NOT_RUN, CM_ERROR,          CM_TIMEOUT, CM_XPASS,
                                            CM_FLAKY,   CM_GOLDEN_CHANGED, CM_FAIL};
  double x = 0;
  if (!g->total) return;
  cm_buf_puts(out,
              "<svg class=\"strip\" viewBox=\"0 0 1000 12\" preserveAspectRatio=\"none\" "
              "aria-hidden=\"true\">");
  for (size_t i = 0; i < CM_STATES; i++) {
    double w = 1000.0 * (double)g->counts[order[i]] / (double)g->total;
    if (w > 0)
      cm_buf_printf(out, "<rect class=\"%s\" x=\"%.2f\" width=\"%.2f\" height=\"12\"/>",
                    cm_html_class(order[i]), x, w > 2 ? w - 1.5 : w);
    x += w;
  }
  cm_buf_puts(out, "</svg>\n<ul class=\"legend\">\n");
  for (size_t i = 0; i < CM_STATES; i++)
    if (g->counts[order[i]])
      cm_buf_printf(out, "<li><span class=\"tag %s\">%s %s</span> %zu</li>\n",
                    cm_html_class(order[i]), cm_html_sign(order[i]), cm_state_name(order[i]),
                    g->counts[order[i]]);
  cm_buf_puts(out, "</ul>\n");
}

/* --- tables ------------------------------------------------------------------------------- */

static void put_gates(const cm_gates *g, cm_buf *out) {
  if (!g || !g->n) return;
  cm_buf_puts(out, "<h2>Gates</h2>\n<div class=\"panel\"><ul class=\"gates\">\n");
  for (size_t i = 0; i < g->n; i++) {
    cm_buf_printf(out, "<li><span class=\"tag %s\">%s %s</span>", g->items[i].ok ? "ok" : "bad",
                  g->items[i].ok ? "\u2713" : "\u2717", g->items[i].gate);
    cm_put_xml(g->items[i].text, false, out);
    cm_buf_puts(out, "</li>\n");
  }
  cm_buf_puts(out, "</ul></div>\n");
}

static void put_cell(double v, const char *unit, cm_buf *out) {
  cm_buf_puts(out, "<td class=\"num\">");
  if (strcmp(unit, "ms") == 0) cm_html_time(v, "\u2013", out);
  else {
    cm_put_number(v, 0, "\u2013", out);
    if (isfinite(v)) cm_buf_printf(out, " %s", unit);
  }
  cm_buf_puts(out, "</td>");
}

static const char *class_of(const cm_budget_line *b) {
  if (strcmp(b->status, "fail") == 0) return "bad";
  if (strcmp(b->status, "slow") == 0) return "warn";
  return strcmp(b->status, "no data") == 0 ? "mute" : "ok";
}

static void put_budgets(const cm_report_input *in, cm_buf *out) {
  cm_buf_puts(out,
              "<h2 id=\"budgets\">Performance against budgets</h2>\n<div class=\"panel\" "
              "role=\"region\" aria-labelledby=\"budgets\" tabindex=\"0\"><table>\n<thead><tr>"
              "<th scope=\"col\">budget</th><th scope=\"col\" class=\"num\">measured</th>"
              "<th scope=\"col\" class=\"num\">target</th>"
              "<th scope=\"col\" class=\"num\">acceptable</th>"
              "<th scope=\"col\" class=\"num\">fail</th>"
              "<th scope=\"col\">status</th></tr></thead>\n<tbody>\n");
  for (size_t k = 0; k < in->n; k++)
    for (size_t i = 0; i < in->summaries[k].n_budgets; i++) {
      const cm_budget_line *b = &in->summaries[k].budgets[i];
      cm_buf_puts(out, "<tr><td>");
      if (in->n > 1) {
        cm_put_xml(in->records[k].manifest.model_id, false, out);
        cm_buf_puts(out, ": ");
      }
      cm_put_xml(b->name, false, out);
      cm_buf_puts(out, "</td>");
      put_cell(b->value >= 0 ? b->value : (double)NAN, b->unit, out);
      put_cell(b->target, b->unit, out);
      put_cell(b->acceptable, b->unit, out);
      put_cell(b->fail, b->unit, out);
      cm_buf_printf(out, "<td><span class=\"tag %s\">%s</span></td></tr>\n", class_of(b),
                    b->status);
    }
  cm_buf_puts(out, "</tbody></table></div>\n");
}

static void put_models(const cm_report_input *in, cm_buf *out) {
  for (size_t k = 0; k < in->n; k++) {
    if (in->n > 1) {
      cm_buf_puts(out, "<h2>");
      cm_put_xml(in->records[k].manifest.model_id, false, out);
      cm_buf_puts(out, "</h2>\n");
    }
    put_cards(&in->records[k], &in->summaries[k], out);
    put_strip(&in->summaries[k].all, out);
  }
}

static cm_code write_html(const cm_report_input *in, cm_buf *out, cm_err *e) {
  put_head(in, out);
  cm_buf_puts(out, "<header><div>\n<h1>cmdai test ");
  put_verdict(in, out);
  cm_buf_puts(out, "</h1>\n");
  put_facts(in, out);
  cm_buf_puts(out, "</div></header>\n<main>\n");
  put_models(in, out);
  put_gates(in->gates, out);
  cm_html_plots(in, out);
  put_budgets(in, out);
  cm_html_cases(in, out);
  cm_buf_puts(out, "</main>\n<footer>Written by ");
  cm_put_xml(in->records[0].manifest.engine, false, out);
  cm_buf_puts(out,
              ". Texts of models and fixtures are shown as they are; control and invisible "
              "characters as escapes.</footer>\n<script>");
  put_pieces(cm_html_script, out);
  cm_buf_puts(out, "</script>\n</body>\n</html>\n");
  return cm_report_end(out, e);
}

const cm_report cm_report_html = {"html", "html", "one page to look at, without network",
                                  write_html};
