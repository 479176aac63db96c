/* $(…): the commands run, and where they only print known text, that text is the value. */
#include <string.h>

#include "sh/eval.h"

/* The text gathered, without the newlines at its end. */
static cm_val sink_value(const cm_sink *sink) {
  cm_str s = cm_txt_str(&sink->text);
  while (s.n && s.p[s.n - 1] == '\n') s.n--;
  return (cm_val){s, sink->from, sink->source};
}

/* $(< file): a run without a program that reads the file. */
static const cm_run *file_reader(const cm_eval *ev, size_t first) {
  const cm_run *r = ev->n == first + 1 ? ev->items[first] : NULL;
  return r && r->kind == CM_RUN_ASSIGN && r->n_redirs ? r : NULL;
}

cm_val cm_expand_subst(cm_eval *ev, const cm_sh_list *body) {
  cm_frame saved = ev->f;
  cm_log *before = ev->log;
  bool dead = ev->dead;
  cm_sink sink = {0};
  size_t first = ev->n;
  ev->f.sink = &sink;
  ev->f.captured++;
  ev->f.background = false;
  ev->f.maybe = 0;
  ev->forks++;
  cm_walk_list(ev, body);
  ev->forks--;
  ev->f = saved;
  ev->dead = dead;
  cm_env_back(ev, before);
  const cm_run *reader = file_reader(ev, first);
  if (reader && reader->in_text) return cm_val_of_word(reader->in_text);
  if (reader) return cm_val_hole(CM_FROM_OUTPUT, reader);
  if (sink.unknown || sink.text.over) return cm_val_hole(CM_FROM_OUTPUT, sink.last);
  return sink_value(&sink);
}

/* What isn't known is a hole, so that the rest can still be looked at. */
void cm_sink_unknown(cm_eval *ev, const cm_run *run) {
  cm_sink *sink = ev->f.sink;
  if (!sink) return;
  if (run) sink->last = run;
  if (!sink->unknown || sink->writes) cm_txt_add(ev, &sink->text, CM_STR("\x01\n"));
  sink->unknown = true;
  sink->writes = 0;
  sink->from |= CM_FROM_OUTPUT;
}

void cm_sink_add(cm_eval *ev, const cm_evrun *r) {
  cm_sink *sink = ev->f.sink;
  cm_val v;
  if (!sink) return;
  sink->last = &r->run;
  if (r->out_elsewhere) return;
  if (!cm_fold_run(ev, &r->run, &v)) {
    cm_sink_unknown(ev, &r->run);
    return;
  }
  if (!v.text.n) return;
  if (sink->maybe || (ev->f.maybe && sink->writes)) sink->unknown = true;
  sink->maybe = ev->f.maybe;
  sink->writes++;
  cm_txt_add(ev, &sink->text, v.text);
  sink->from |= v.from;
  if (!v.from && cm_str_has(v.text, CM_HOLE)) sink->from |= CM_FROM_INPUT;
  if (!sink->source) sink->source = v.source;
}

bool cm_expand_hidden(cm_eval *ev, cm_str text) {
  if (cm_str_find(text, CM_STR("$(")) == SIZE_MAX && !memchr(text.p, '`', text.n)) return false;
  cm_txt code = {0};
  cm_txt_add(ev, &code, CM_STR(": <<_\n"));
  cm_txt_add(ev, &code, text);
  cm_txt_add(ev, &code, CM_STR("\n_\n"));
  cm_rword word = {.text = cm_txt_str(&code), .span = ev->f.whole};
  cm_walk_code(ev, &word, NULL);
  return true;
}
