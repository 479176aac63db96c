/* rooms: engine */
/* logits MODEL.gguf FIRST ID,ID,…: the raw logits after position FIRST (from 0) and each later
 * one, as float32 on stdout: for comparisons with other programs. */
#include <stdio.h>

#include "engine/engine.h"

typedef struct run {
  cm_engine *g;
  cm_batch *batch;
  cm_session *s;
  cm_ids ids;
  float *logits;
} run;

static cm_code parse_ids(cm_ids *ids, cm_str text, cm_err *e) {
  while (text.n) {
    size_t comma = cm_str_find(text, CM_STR(",")), n = comma < text.n ? comma : text.n;
    uint64_t id;
    if (!cm_str_u64((cm_str){text.p, n}, 0, UINT32_MAX, &id))
      return cm_fail(e, CM_E_USAGE, 0, "ids must be like 1,2,3");
    cm_code code = cm_ids_push(ids, (uint32_t)id, e);
    if (code) return code;
    n += n < text.n;
    text = (cm_str){text.p + n, text.n - n};
  }
  return CM_OK;
}

static cm_code open_run(run *r, const char *model, const char *ids, cm_err *e) {
  cm_batch_options o = {.threads = 1, .any_isa = true};
  cm_code code = cm_engine_open(&r->g, model, e);
  if (!code) code = parse_ids(&r->ids, cm_str_of(ids), e);
  if (!code) code = cm_batch_open(&r->batch, r->g, &o, e);
  if (!code) code = cm_session_open(&r->s, r->g, (uint32_t)r->ids.n, e);
  if (code) return code;
  r->logits = cm_alloc(cm_engine_shape(r->g)->vocab, sizeof *r->logits);
  return r->logits ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "no memory for logits");
}

/* What comes before FIRST + 1 is computed as a prompt, the rest token by token. */
static cm_code print_logits(run *r, size_t first, cm_err *e) {
  uint32_t vocab = cm_engine_shape(r->g)->vocab;
  if (first >= r->ids.n) return cm_fail(e, CM_E_USAGE, 0, "FIRST is beyond the ids");
  cm_code code = cm_session_sync(r->batch, r->s, r->ids.p, first + 1, r->logits, NULL, e);
  for (size_t i = first + 1; !code; i++) {
    if (fwrite(r->logits, sizeof *r->logits, vocab, stdout) != vocab)
      return cm_fail(e, CM_E_IO, 0, "can't write");
    if (i == r->ids.n) break;
    code = cm_batch_next(r->batch, &r->s, &r->ids.p[i], 1, &r->logits, e);
  }
  return code;
}

int main(int argc, char **argv) {
  cm_err e = {0};
  run r = {0};
  uint64_t first;
  if (argc != 4 || !cm_str_u64(cm_str_of(argv[2]), 0, UINT32_MAX, &first))
    return fprintf(stderr, "usage: logits MODEL.gguf FIRST ID,ID,...\n"), 2;
  cm_ids_init(&r.ids, 1 << 20);
  cm_code code = open_run(&r, argv[1], argv[3], &e);
  if (!code) code = print_logits(&r, (size_t)first, &e);
  if (!code && fflush(stdout)) code = cm_fail(&e, CM_E_IO, 0, "can't write");
  if (code) fprintf(stderr, "logits: %s\n", e.msg);
  cm_free(r.logits);
  cm_session_close(r.s);
  cm_batch_close(r.batch);
  cm_ids_close(&r.ids);
  cm_engine_close(r.g);
  return code ? 1 : 0;
}
