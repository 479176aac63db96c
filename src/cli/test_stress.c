/* cmdai test stress: the backend under load. */
#include <math.h>
#include <string.h>

#include "base/os.h"
#include "cli/backends.h"
#include "cli/test.h"
#include "data/json.h"
#include "quality/stress.h"

enum { DEFAULT_BATCH = 8 };

static void put(cm_jw *w, const char *key, uint64_t value) {
  cm_jw_key(w, key);
  cm_jw_u64(w, value);
}

static void report_json(const cm_stress_result *r, const cm_stress_options *s, cm_buf *out) {
  cm_jw w;
  cm_jw_init(&w, out, 2);
  cm_jw_begin_object(&w);
  cm_jw_key(&w, "schema");
  cm_jw_text(&w, "cmdai.stress/1");
  cm_jw_key(&w, "passed");
  cm_jw_bool(&w, cm_stress_passed(r));
  cm_jw_key(&w, "seconds");
  cm_jw_f64(&w, r->seconds);
  put(&w, "jobs", s->jobs), put(&w, "batch", s->parallel), put(&w, "seed", s->seed);
  put(&w, "requests", r->submitted), put(&w, "same", r->same), put(&w, "different", r->different);
  put(&w, "cancelled", r->cancelled), put(&w, "late", r->late), put(&w, "refused", r->refused);
  put(&w, "errors", r->errors), put(&w, "tokens", r->tokens);
  put(&w, "rss_first", r->rss_first), put(&w, "rss_last", r->rss_last);
  cm_jw_key(&w, "growth");
  cm_jw_f64(&w, r->growth);
  cm_jw_key(&w, "first_wrong");
  cm_jw_text(&w, r->first_wrong[0] ? r->first_wrong : NULL);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
}

#define LL(x) ((unsigned long long)(x))

static void report_plain(const cm_stress_result *r, const cm_stress_options *s, cm_buf *out) {
  cm_buf_printf(out, "%.1f s, up to %u requests at once, %u texts decoded together, seed %llu\n",
                r->seconds, s->jobs, s->parallel, LL(s->seed));
  cm_buf_printf(out, "%llu requests, %llu tokens\n", LL(r->submitted), LL(r->tokens));
  cm_buf_printf(out, "  %llu answered as when alone, %llu otherwise\n", LL(r->same),
                LL(r->different));
  cm_buf_printf(out, "  %llu cancelled, %llu out of time, %llu refused, as asked; %llu errors\n",
                LL(r->cancelled), LL(r->late), LL(r->refused), LL(r->errors));
  if (isnan(r->growth)) cm_buf_puts(out, "memory: too short a time to say\n");
  else
    cm_buf_printf(out, "memory when quiet: %.1f MB, at the end %.1f MB (%+.2f %%, limit %g %%)\n",
                  (double)r->rss_first / 1e6, (double)r->rss_last / 1e6, 100 * r->growth,
                  100 * CM_STRESS_GROWTH_MAX);
  if (r->first_wrong[0]) cm_buf_printf(out, "first wrong: %s\n", r->first_wrong);
  cm_buf_puts(out, cm_stress_passed(r) ? "passed\n" : "failed\n");
}

static cm_code stress(const cm_opts *o, cm_stress_options *s, cm_stress_result *r, cm_err *e) {
  cm_opened opened;
  cm_code code = cm_opened_open(&opened, o, cm_test_model(o), false, s->parallel, e);
  if (code) return code;
  s->backend = opened.backend;
  code = cm_stress_run(s, r, e);
  cm_opened_close(&opened);
  return code;
}

int cm_test_stress(const cm_opts *o, char **operands, size_t n) {
  (void)operands;
  if (n) return cm_ui_fail(CM_TEST_USAGE, "cmdai test stress takes options only");
  cm_stress_options s = {.parallel = o->batch ? o->batch : DEFAULT_BATCH,
                         .wall_ns = o->seconds * UINT64_C(1000000000),
                         .seed = o->seed,
                         .max_tokens = o->max_tokens,
                         .cancel = &cm_ui_cancel};
  s.jobs = o->jobs ? o->jobs : 2 * s.parallel;
  cm_stress_result r;
  cm_err e = {0};
  cm_buf b;
  cm_code code = stress(o, &s, &r, &e);
  if (code == CM_E_CANCELLED) return cm_ui_fail(CM_EXIT_INTERRUPTED, "%s", e.msg);
  if (code) return cm_ui_fail(code == CM_E_USAGE ? CM_TEST_USAGE : CM_TEST_BROKEN, "%s", e.msg);
  cm_buf_init(&b, 1 << 16);
  if (cm_opts_document(o)) report_json(&r, &s, &b);
  else report_plain(&r, &s, &b);
  const int status = cm_test_out(o, &b);
  return status ? status : cm_stress_passed(&r) ? CM_TEST_OK : CM_TEST_FAILED;
}
