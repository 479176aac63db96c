/* The tokens that a text is made of, for requests that want them. A token is told with the text
 * that it begins in: of one that holds the beginning of a stop, nothing else may come. Where
 * several make a character, those before the last add nothing to the text yet, and are told with
 * that one. */
#include <string.h>

#include "backend/cpu.h"

enum { FIRST_ROOM = 64, TOKEN_BYTES_MAX = 4096 };

static cm_code no_memory(cm_err *e) { return cm_fail(e, CM_E_NOMEM, 0, "no memory for tokens"); }

/* The text before token i. */
static size_t start_of(const cm_strand *s, size_t i) { return i ? s->said[i - 1].end : 0; }

static cm_code make_room(cm_arena *a, cm_strand *s, cm_err *e) {
  if (s->n_said < s->room) return CM_OK;
  const size_t room = s->room ? 2 * s->room : FIRST_ROOM;
  cm_said *said = cm_arena_alloc(a, room, sizeof *said);
  if (!said) return no_memory(e);
  if (s->n_said) memcpy(said, s->said, s->n_said * sizeof *said);
  s->said = said, s->room = room;
  return CM_OK;
}

/* `special`: the spelling of control tokens; without it they stand for nothing. */
static cm_code spell(const cm_tok *t, cm_arena *a, cm_likely l, bool special, cm_spelled *out,
                     cm_err *e) {
  cm_buf bytes;
  cm_buf_init(&bytes, TOKEN_BYTES_MAX);
  cm_tok_decode(t, l.token, special, &bytes);
  const char *p = bytes.overflow ? NULL : cm_arena_strdup(a, bytes.p ? bytes.p : "", bytes.n);
  *out = (cm_spelled){{p, bytes.n}, l.logprob};
  cm_buf_close(&bytes);
  return p ? CM_OK : no_memory(e);
}

static cm_code spell_likely(const cm_tok *t, cm_arena *a, const cm_pick *p, cm_said *out,
                            cm_err *e) {
  cm_spelled *list = cm_arena_alloc(a, p->n_likely, sizeof *list);
  cm_code code = list ? CM_OK : no_memory(e);
  for (size_t i = 0; i < p->n_likely && !code; i++)
    code = spell(t, a, p->likely[i], true, &list[i], e);
  out->likely = list, out->n_likely = code ? 0 : p->n_likely;
  return code;
}

static size_t characters(const char *p, size_t n) {
  size_t begun = 0;
  for (size_t i = 0; i < n; i++) begun += ((unsigned char)p[i] & 0xC0) != 0x80;
  return begun;
}

/* What the text got by now for the tokens that are noted. */
static void belongs_to_last(cm_strand *s, size_t bytes) {
  if (!bytes || !s->n_said) return;
  cm_said *last = &s->said[s->n_said - 1];
  s->chars += characters(s->text.p + last->end, bytes);
  last->end += bytes;
}

cm_code cm_cpu_say(const cm_cpu *c, const cm_job *job, cm_strand *s, const cm_pick *p,
                   size_t earlier, cm_err *e) {
  const cm_tok *t = cm_engine_tok(c->engine);
  const cm_likely picked = {p->token, p->logprob};
  if (s->text.overflow) return CM_OK; /* there won't be a reply */
  belongs_to_last(s, earlier);
  cm_said said = {.end = start_of(s, s->n_said), .before = s->chars};
  cm_code code = spell(t, job->arena, picked, false, &said.token, e);
  if (code || !said.token.bytes.n) return code;
  if (p->n_likely) code = spell_likely(t, job->arena, p, &said, e);
  if (!code) code = make_room(job->arena, s, e);
  if (code) return code;
  s->said[s->n_said++] = said;
  belongs_to_last(s, s->text.n - said.end);
  return CM_OK;
}

void cm_cpu_said_end(cm_strand *s) {
  const size_t end = s->text.n;
  while (s->n_said > s->said_told && start_of(s, s->n_said - 1) >= end) s->n_said--;
  if (s->n_said) s->said[s->n_said - 1].end = end;
}

size_t cm_cpu_said_until(const cm_strand *s, size_t end) {
  size_t n = s->n_said;
  while (n > s->said_told && start_of(s, n - 1) >= end) n--;
  return n - s->said_told;
}
