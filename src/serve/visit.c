/* One request as both threads see it: its end, and who frees it. */
#include <string.h>

#include "base/os.h"
#include "serve/server.h"

void cm_visit_count(cm_visit *v, int status) {
  if (v->counted) return;
  v->counted = true;
  cm_metrics_request(&v->s->metrics, v->api, status);
}

void cm_visit_wake(cm_visit *v) {
  if (!v->asleep) return;
  v->asleep = false;
  v->s->mhd.resume(v->c);
}

void cm_visit_end(cm_visit *v, int status) {
  v->stage = CM_ENDED;
  if (!v->streaming) v->status = status;
  if (!v->http) return;
  v->conn->cut_ns = cm_os_now_ns() + v->s->o->idle_ms * UINT64_C(1000000);
  cm_visit_wake(v);
}

void cm_visit_lose(cm_visit *v, cm_cancelled why) {
  if (v->gone) return;
  v->gone = true;
  v->reason = why;
  v->s->metrics.cancelled[why]++;
  if (v->http) cm_visit_wake(v);
}

void cm_visit_fail(cm_visit *v, int status, const cm_err *e) {
  cm_buf_reset(&v->out);
  v->sent = 0;
  v->call.done_ns = cm_os_now_ns();
  if (v->like) v->like->fail(v->call.arena ? &v->call : NULL, status, e, &v->out);
  cm_visit_end(v, status);
}

void cm_visit_free(cm_visit *v) {
  atomic_fetch_sub(&v->s->body_bytes, v->body.n);
  cm_arena_close(v->call.arena);
  cm_buf_close(&v->body);
  cm_buf_close(&v->out);
  cm_free(v);
}
