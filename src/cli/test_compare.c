/* cmdai test compare, ab: two runs side by side, judged by nobody. */
#include <math.h>
#include <string.h>

#include "cli/test.h"
#include "data/json.h"
#include "quality/gate.h"

enum { COMPARISON_MAX = 256 << 20 };

/* --- text --- */

static void put_difference(const cm_difference *d, cm_buf *b) {
  cm_ui_escape(d->id, b);
  cm_buf_printf(b, ": %s -> %s\n", cm_state_name(d->before), cm_state_name(d->after));
  if (cm_str_eq(d->command_before, d->command_after)) return;
  cm_buf_puts(b, "  - ");
  cm_ui_escape(d->command_before, b);
  cm_buf_puts(b, "\n  + ");
  cm_ui_escape(d->command_after, b);
  cm_buf_putc(b, '\n');
}

static void put_rates(const cm_comparison *c, cm_buf *b) {
  if (!c->pairs) return;
  cm_buf_printf(b, "pass rate %+.1f points (95 %%: %+.1f to %+.1f), McNemar p = %.3g",
                100 * c->difference, 100 * c->low, 100 * c->high, c->mcnemar_p);
  if (!isnan(c->detectable))
    cm_buf_printf(b, "; so many cases show a difference of %.1f points", 100 * c->detectable);
  cm_buf_putc(b, '\n');
}

static void put_text(const cm_comparison *c, cm_buf *b) {
  for (size_t i = 0; i < c->n; i++) put_difference(&c->items[i], b);
  cm_buf_printf(b,
                "%zu cases in both: %zu passed in both, %zu only before, %zu only after, %zu in "
                "neither\n",
                c->pairs, c->both, c->only_before, c->only_after, c->neither);
  if (c->unmeasured + c->other)
    cm_buf_printf(b, "not counted: %zu without a measurement in one of them, %zu not in both\n",
                  c->unmeasured, c->other);
  put_rates(c, b);
  if (!isnan(c->latency_ratio))
    cm_buf_printf(b, "median latency x %.2f, Mann-Whitney p (slower) = %.3g%s\n", c->latency_ratio,
                  c->latency_p,
                  cm_comparison_slower(c) ? ": slower; measure again to confirm" : "");
}

/* --- JSON --- */

static void put_difference_json(const cm_difference *d, cm_jw *w) {
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "id", d->id);
  cm_jw_put_str(w, "prompt", d->prompt);
  cm_jw_put_text(w, "state_before", cm_state_name(d->before));
  cm_jw_put_text(w, "state_after", cm_state_name(d->after));
  cm_jw_put_str(w, "command_before", d->command_before);
  cm_jw_put_str(w, "command_after", d->command_after);
  cm_jw_end_object(w);
}

static void put_json(const cm_comparison *c, cm_buf *b) {
  cm_jw w;
  cm_jw_init(&w, b, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_text(&w, "schema", "cmdai.compare/1");
  cm_jw_put_u64(&w, "pairs", c->pairs);
  cm_jw_put_u64(&w, "both", c->both);
  cm_jw_put_u64(&w, "only_before", c->only_before);
  cm_jw_put_u64(&w, "only_after", c->only_after);
  cm_jw_put_u64(&w, "neither", c->neither);
  cm_jw_put_u64(&w, "unmeasured", c->unmeasured);
  cm_jw_put_u64(&w, "other", c->other);
  cm_jw_put_f64(&w, "mcnemar_p", c->mcnemar_p);
  cm_jw_put_f64(&w, "difference", c->difference);
  cm_jw_put_f64(&w, "low", c->low);
  cm_jw_put_f64(&w, "high", c->high);
  cm_jw_put_f64(&w, "detectable", c->detectable);
  cm_jw_put_f64(&w, "latency_ratio", c->latency_ratio);
  cm_jw_put_f64(&w, "latency_p", c->latency_p);
  cm_jw_put_bool(&w, "slower", cm_comparison_slower(c));
  cm_jw_key(&w, "differences");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < c->n; i++) put_difference_json(&c->items[i], &w);
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(b, '\n');
}

int cm_test_contrast(cm_testing *t, const cm_record *records, size_t n) {
  if (n != 2) return cm_ui_fail(CM_TEST_USAGE, "two models are compared: -m A -m B");
  cm_comparison c;
  cm_err e = {0};
  cm_buf b;
  if (cm_compare(&records[0], &records[1], t->arena, &c, &e)) return cm_test_fail(&e);
  cm_buf_init(&b, COMPARISON_MAX);
  if (cm_opts_document(t->o)) put_json(&c, &b);
  else put_text(&c, &b);
  return cm_test_out(t->o, &b);
}
