#include "answer/answer_json.h"

void cm_span_json(cm_jw *w, cm_span s) {
  cm_jw_key(w, "start");
  cm_jw_u64(w, s.start);
  cm_jw_key(w, "end");
  cm_jw_u64(w, s.end);
}

void cm_verdict_json(cm_jw *w, const cm_verdict *v, cm_decision d) {
  cm_jw_key(w, "risk");
  cm_jw_text(w, cm_risk_name(v->risk));
  cm_jw_key(w, "decision");
  cm_jw_text(w, cm_decision_name(d));
  cm_jw_put_bool(w, "unresolved", v->unresolved);
  cm_jw_key(w, "findings");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < v->n; i++) {
    const cm_finding *f = &v->findings[i];
    cm_jw_begin_object(w);
    cm_jw_key(w, "rule");
    cm_jw_text(w, f->rule);
    cm_jw_key(w, "risk");
    cm_jw_text(w, cm_risk_name(f->risk));
    cm_jw_key(w, "why");
    cm_jw_text(w, f->why);
    cm_span_json(w, f->span);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
}

/* --- the document --- */

static void put_str(cm_jw *w, const char *key, cm_str s) {
  cm_jw_key(w, key);
  if (s.n) cm_jw_str(w, s);
  else cm_jw_null(w);
}

static void put_ms(cm_jw *w, const char *key, uint64_t ns) {
  uint64_t us = ns / 1000;
  cm_jw_key(w, key);
  cm_jw_f64(w, (double)us / 1000.0);
}

static void put_candidates(cm_jw *w, const cm_answer *a) {
  cm_jw_key(w, "candidates");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < a->n; i++) {
    cm_jw_begin_object(w);
    put_str(w, "command", a->choices[i].command);
    cm_jw_key(w, "logprob");
    cm_jw_f64(w, a->choices[i].logprob);
    cm_verdict_json(w, &a->choices[i].verdict, a->choices[i].decision);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
}

static void put_model(cm_jw *w, const cm_answer *a) {
  cm_jw_key(w, "backend");
  cm_jw_text(w, a->backend);
  cm_jw_key(w, "model");
  if (!a->backend) {
    cm_jw_null(w);
    return;
  }
  cm_jw_begin_object(w);
  put_str(w, "id", cm_str_of(a->model.id));
  put_str(w, "sha256", cm_str_of(a->model.sha256));
  put_str(w, "quant", cm_str_of(a->model.quant));
  cm_jw_end_object(w);
}

static void put_fallback(cm_jw *w, const cm_answer *a) {
  cm_jw_key(w, "fallback");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < a->n_fallback; i++) {
    cm_jw_begin_object(w);
    cm_jw_put_text(w, "backend", a->fallback[i].backend);
    cm_jw_put_text(w, "error", a->fallback[i].error);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
}

static void put_costs(cm_jw *w, const cm_answer *a, const cm_times *t) {
  cm_jw_key(w, "timing_ms");
  cm_jw_begin_object(w);
  put_ms(w, "load", t->loaded_ns ? t->loaded_ns - t->start_ns : 0);
  put_ms(w, "prompt", a->prompt_ns);
  put_ms(w, "generate", a->generate_ns);
  put_ms(w, "check", a->check_ns);
  put_ms(w, "total", t->done_ns ? t->done_ns - t->start_ns : 0);
  cm_jw_end_object(w);
  cm_jw_key(w, "tokens");
  cm_jw_begin_object(w);
  cm_jw_put_u64(w, "prompt", a->prompt_tokens);
  cm_jw_put_u64(w, "cached", a->cached_tokens);
  cm_jw_put_u64(w, "output", a->output_tokens);
  cm_jw_end_object(w);
}

/* Without a command there is no verdict, and what was not judged is never "run". */
static void put_verdict(cm_jw *w, const cm_answer_text *t) {
  const cm_answer *a = t->answer;
  if (a->n) {
    cm_verdict_json(w, &a->choices[0].verdict, a->choices[0].decision);
  } else {
    cm_jw_key(w, "risk");
    cm_jw_null(w);
    cm_jw_key(w, "decision");
    cm_jw_text(w, "confirm");
  }
  cm_jw_put_bool(w, "executed", t->executed);
  cm_jw_key(w, "exit_status");
  if (t->executed) cm_jw_i64(w, t->exit_status);
  else cm_jw_null(w);
}

void cm_answer_json(const cm_answer_text *t, cm_buf *out) {
  const cm_answer *a = t->answer;
  cm_jw w;
  cm_jw_init(&w, out, 2);
  cm_jw_begin_object(&w);
  cm_jw_key(&w, "schema");
  cm_jw_text(&w, "cmdai.answer/1");
  cm_jw_key(&w, "request");
  cm_jw_str(&w, t->request);
  put_str(&w, "command", a->n ? a->choices[0].command : (cm_str){0});
  cm_jw_key(&w, "confidence");
  if (a->n) cm_jw_f64(&w, a->confidence);
  else cm_jw_null(&w);
  cm_jw_put_bool(&w, "uncertain", a->n && a->uncertain);
  cm_jw_put_bool(&w, "refused", a->refused);
  if (a->refused) put_str(&w, "reason", a->reason);
  put_candidates(&w, a);
  put_str(&w, "explanation", a->explanation);
  put_verdict(&w, t);
  put_model(&w, a);
  put_fallback(&w, a);
  put_costs(&w, a, t->times);
  cm_jw_key(&w, "error");
  cm_jw_text(&w, t->error ? t->error->msg : NULL);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
}
