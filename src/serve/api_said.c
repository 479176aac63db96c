#include "serve/api_said.h"

void cm_body_said(cm_body *b, cm_request *q) {
  cm_body_bool(b, "logprobs", &q->says);
  cm_body_u32(b, "top_logprobs", 0, CM_LIKELY_MAX, &q->n_likely);
  if (q->n_likely && !q->says) cm_body_fail(b, "top_logprobs", "needs logprobs to be true");
}

/* Each takes some 70 bytes of an answer, which may have 64 MiB. */
void cm_body_said_fits(cm_body *b, const char *key) {
  enum { SPELLED_MAX = 400000 };
  const cm_request *q = &b->call->request;
  const uint64_t all = (uint64_t)q->candidates * q->max_tokens * (q->n_likely + 1);
  if (q->says && all > SPELLED_MAX)
    cm_body_fail(b, key, "would tell up to %llu tokens with their likeliest, at most %d are told",
                 (unsigned long long)all, SPELLED_MAX);
}

static void put_spelled(cm_jw *w, const cm_spelled *s) {
  cm_jw_put_str(w, "token", s->bytes);
  cm_jw_put_f64(w, "logprob", (double)s->logprob);
  cm_jw_key(w, "bytes");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < s->bytes.n; i++) cm_jw_u64(w, (unsigned char)s->bytes.p[i]);
  cm_jw_end_array(w);
}

void cm_put_said(cm_jw *w, const cm_said *said, size_t n) {
  cm_jw_begin_array(w);
  for (size_t i = 0; i < n; i++) {
    cm_jw_begin_object(w);
    put_spelled(w, &said[i].token);
    cm_jw_key(w, "top_logprobs");
    cm_jw_begin_array(w);
    for (size_t k = 0; k < said[i].n_likely; k++) {
      cm_jw_begin_object(w);
      put_spelled(w, &said[i].likely[k]);
      cm_jw_end_object(w);
    }
    cm_jw_end_array(w);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
}
