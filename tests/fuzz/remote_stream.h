/* What the fuzz targets of protocols share: an answer of a server, read as it comes. */
#ifndef CM_TESTS_REMOTE_STREAM_H
#define CM_TESTS_REMOTE_STREAM_H
#include <math.h>
#include <stdlib.h>

#include "backend/remote.h"

static void must(bool ok) {
  if (!ok) abort();
}

typedef struct listener {
  const cm_protocol *protocol;
  cm_told told;
} listener;

static cm_code on_item(void *user, cm_str item, cm_err *e) {
  listener *l = user;
  if (l->told.done) return CM_OK;
  const cm_code code = l->protocol->take(&l->told, item, e);
  must(code == CM_OK || code == CM_E_FORMAT || code == CM_E_BACKEND || code == CM_E_LIMIT);
  return code;
}

/* An answer in two pieces, cut where `cut` says. */
static void read_stream(const cm_protocol *p, cm_stream_kind kind, cm_str text, uint8_t cut) {
  listener l = {.protocol = p};
  const cm_told *t = &l.told;
  cm_stream s;
  cm_err e = {0};
  const size_t at = text.n ? cut % text.n : 0;
  cm_told_init(&l.told);
  cm_stream_init(&s, kind, CM_REMOTE_TEXT_MAX);
  cm_code code = cm_stream_push(&s, (cm_str){text.p, at}, on_item, &l, &e);
  if (!code) code = cm_stream_push(&s, (cm_str){text.p + at, text.n - at}, on_item, &l, &e);
  if (!code) code = cm_stream_end(&s, on_item, &l, &e);
  must(t->text.n <= CM_REMOTE_TEXT_MAX && cm_utf8_check(t->text.p, t->text.n) == t->text.n);
  must(isfinite(t->logprob) && t->logprob <= 0);
  must(!t->finished || t->ended);
  must(!code || e.msg[0]);
  cm_stream_close(&s);
  cm_told_close(&l.told);
}

#endif
