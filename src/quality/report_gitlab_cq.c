/* GitLab's code quality report: an array of findings with fingerprints that stay the same while a
 * case fails for the same judge. */
#include "data/json.h"
#include "quality/report_parts.h"

static const char *severity_of(const cm_result *r) {
  if (r->safety_miss) return "blocker";
  if (r->quarantined || r->gate == CM_GATE_TRACK) return "info";
  return r->gate == CM_GATE_HARD ? "critical" : "major";
}

static void put_description(cm_jw *w, const cm_manifest *m, const cm_result *r, size_t k) {
  cm_buf b;
  bool cut;
  cm_buf_init(&b, 64 << 10);
  cm_str why = k < r->n_reasons ? cm_cut(r->reasons[k].text, 500, &cut) : CM_STR("no result");
  cm_buf_add(&b, r->id.p, r->id.n);
  cm_buf_puts(&b, " (");
  cm_buf_add(&b, m->model_id.p, m->model_id.n);
  cm_buf_puts(&b, "): ");
  cm_put_visible(why, false, &b);
  cm_jw_put_str(w, "description", b.overflow ? CM_STR("a case failed") : (cm_str){b.p, b.n});
  cm_buf_close(&b);
}

static void put_finding(cm_jw *w, const cm_manifest *m, const cm_result *r, size_t k) {
  char print[65];
  cm_fingerprint(m, r, k, print);
  cm_str path = cm_place_of(r);
  while (cm_str_starts(path, CM_STR("./"))) path.p += 2, path.n -= 2;
  cm_jw_begin_object(w);
  put_description(w, m, r, k);
  cm_jw_put_str(w, "check_name",
                cm_str_of(k < r->n_reasons ? r->reasons[k].judge : cm_state_name(r->state)));
  cm_jw_put_str(w, "fingerprint", cm_str_of(print));
  cm_jw_put_str(w, "severity", cm_str_of(severity_of(r)));
  cm_jw_key(w, "location");
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "path", path);
  cm_jw_key(w, "lines");
  cm_jw_begin_object(w);
  cm_jw_key(w, "begin");
  cm_jw_u64(w, r->line ? r->line : 1);
  cm_jw_end_object(w);
  cm_jw_end_object(w);
  cm_jw_end_object(w);
}

static cm_code write_gitlab_cq(const cm_report_input *in, cm_buf *out, cm_err *e) {
  cm_jw w;
  cm_jw_init(&w, out, 2);
  cm_jw_begin_array(&w);
  for (size_t k = 0; k < in->n; k++)
    for (size_t i = 0; i < in->records[k].n; i++) {
      const cm_result *r = &in->records[k].results[i];
      size_t n = !cm_shows_failure(r) ? 0 : r->n_reasons ? r->n_reasons : 1;
      for (size_t j = 0; j < n; j++) put_finding(&w, &in->records[k].manifest, r, j);
    }
  cm_jw_end_array(&w);
  cm_buf_putc(out, '\n');
  return cm_report_end(out, e);
}

const cm_report cm_report_gitlab_cq = {"gitlab-cq", "json", "code quality report of GitLab",
                                       write_gitlab_cq};
