/* Accepting a run as the baseline that later runs are held to. */
#include "quality/gate.h"

enum { REASON_MIN = 8, REASON_MAX = 1000 };

static cm_code refuse_result(const cm_result *r, const char *why, cm_err *e) {
  return cm_fail(e, CM_E_USAGE, 0, "not blessed: %.*s %s", (int)(r->id.n < 80 ? r->id.n : 80),
                 r->id.p, why);
}

/* What was let through once would be let through for ever; what had no answer would never have to
 * have one. */
static cm_code check_results(const cm_record *r, cm_err *e) {
  for (size_t i = 0; i < r->n; i++) {
    const cm_result *x = &r->results[i];
    if (x->safety_miss) return refuse_result(x, "let a danger through", e);
    if (x->state == CM_NOT_RUN) return refuse_result(x, "has no result", e);
    if (x->state == CM_ERROR || x->state == CM_TIMEOUT)
      return refuse_result(x, x->state == CM_ERROR ? "ended in an error" : "timed out", e);
  }
  if (!r->n) return cm_fail(e, CM_E_USAGE, 0, "not blessed: the run has no case");
  if (!r->complete) return cm_fail(e, CM_E_USAGE, 0, "not blessed: the run did not end");
  if (r->manifest.shards > 1)
    return cm_fail(e, CM_E_USAGE, 0, "not blessed: this is shard %u of %u; merge them first",
                   (unsigned)r->manifest.shard, (unsigned)r->manifest.shards);
  return CM_OK;
}

/* A run of yesterday's cases or of another file is no baseline for today's: measure again. */
static cm_code check_now(const cm_manifest *m, const cm_bless_options *o, cm_err *e) {
  if (o->suite_hash && !cm_str_is(m->suite_hash, o->suite_hash))
    return cm_fail(e, CM_E_USAGE, 0,
                   "not blessed: the cases have changed since that run; run them again (or they "
                   "are in other files: name these)");
  if (o->model_sha256 && !cm_str_is(m->model_sha256, o->model_sha256))
    return cm_fail(e, CM_E_USAGE, 0,
                   "not blessed: the run is of another model (%.12s, now %.12s); name it with -m",
                   m->model_sha256.n >= 12 ? m->model_sha256.p : "none", o->model_sha256);
  return CM_OK;
}

/* The hash is of all cases that were read; a run may have picked some of them. */
static bool is_same_plan(const cm_manifest *a, const cm_manifest *b) {
  if (!cm_str_eq(a->suite_hash, b->suite_hash) || a->n_planned != b->n_planned) return false;
  for (size_t i = 0; i < a->n_planned; i++)
    if (!cm_str_eq(a->planned[i], b->planned[i])) return false;
  return true;
}

static cm_code check_old(const cm_manifest *m, const cm_bless_options *o, cm_err *e) {
  if (!o->old || o->replace) return CM_OK;
  const cm_manifest *old = &o->old->manifest;
  const char *what = NULL;
  if (!is_same_plan(old, m)) what = "has other cases";
  if (!cm_str_eq(old->model_sha256, m->model_sha256)) what = "is of another model";
  if (!what) return CM_OK;
  return cm_fail(e, CM_E_USAGE, 0,
                 "not blessed: the baseline in place %s; replacing it must be asked for", what);
}

static cm_code check_reason(const cm_bless_options *o, cm_err *e) {
  cm_str reason = cm_str_trim(o->reason);
  if (reason.n < REASON_MIN || reason.n > REASON_MAX)
    return cm_fail(e, CM_E_USAGE, 0, "not blessed: a reason is needed, of %d to %d bytes",
                   (int)REASON_MIN, (int)REASON_MAX);
  if (cm_utf8_check(reason.p, reason.n) < reason.n)
    return cm_fail(e, CM_E_USAGE, 0, "not blessed: the reason isn't UTF-8");
  if (!o->when.n) return cm_fail(e, CM_E_USAGE, 0, "not blessed: no date");
  return CM_OK;
}

cm_code cm_bless(const cm_record *r, const cm_bless_options *o, cm_buf *out, cm_err *e) {
  cm_code code = check_reason(o, e);
  if (!code) code = check_results(r, e);
  if (!code) code = check_now(&r->manifest, o, e);
  if (!code) code = check_old(&r->manifest, o, e);
  if (code) return code;
  cm_record accepted = *r;
  accepted.accepted_reason = cm_str_trim(o->reason);
  accepted.accepted_when = o->when;
  cm_record_text(&accepted, out);
  return out->overflow ? cm_fail(e, CM_E_NOMEM, 0, "no memory for the baseline") : CM_OK;
}
