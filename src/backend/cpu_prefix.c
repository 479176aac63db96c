/* The beginning of a prompt that is the same for every request (system message and template) is
 * computed by the first process and read from the disk by the others.
 *
 * What the numbers depend on is in the key of the file: the model's file, the sources that compute
 * and the tokens; not the context, the threads or the processor, which don't change them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backend/cpu.h"
#include "backend/kept.h"
#include "base/os.h"
#include "data/sha256.h"
#include "engine/prefix.h"

enum {
  MIN_TOKENS = 16,  /* fewer are computed as fast as they are read */
  MESSAGES_MAX = 16 /* that a beginning may consist of */
};

static const uint64_t least_ns = 20 * 1000000;
static const uint64_t max_state_bytes = 64 << 20; /* is in memory twice for a moment */

static void note(const cm_cpu *c, const char *what, const cm_err *e) {
  char text[sizeof e->msg + 64];
  if (!c->keep.note) return;
  snprintf(text, sizeof text, "%s: %s", what, e->msg);
  c->keep.note(c->keep.user, text);
}

/* --- which tokens ---------------------------------------------------------------------------- */

/* How many tokens at the beginning of the prompt don't depend on what the user says: those that
 * the same conversation has in which the user says nothing. This asks the template, and doesn't
 * know it. */
static size_t common_with_silence(const cm_cpu *c, const cm_request *q, size_t user,
                                  const cm_ids *prompt) {
  cm_message silent[MESSAGES_MAX];
  cm_ids ids;
  size_t n = 0;
  memcpy(silent, q->messages, (user + 1) * sizeof *silent);
  silent[user].text = CM_STR("");
  cm_ids_init(&ids, prompt->n + MIN_TOKENS);
  if (cm_chat_tokens(cm_engine_tok(c->engine), silent, user + 1, CM_STR(""), &ids, NULL))
    ids.n = 0;
  while (n < ids.n && n < prompt->n && ids.p[n] == prompt->p[n]) n++;
  cm_ids_close(&ids);
  return n;
}

/* The beginning ends before the first words of a user: what stands behind them is seldom asked
 * again, and is nothing to write on disks. The last token of a prompt is computed in any case. */
static size_t beginning_of(const cm_cpu *c, const cm_flight *f) {
  const cm_request *q = &f->job->request;
  size_t user = 0, n = 0;
  if (q->raw) return 0;
  while (user < q->n_messages && q->messages[user].role != CM_ROLE_USER) user++;
  if (user > 0 && user < q->n_messages && user < MESSAGES_MAX)
    n = common_with_silence(c, q, user, &f->prompt);
  if (n == f->prompt.n) n--;
  const bool fits = cm_prefix_bytes(cm_engine_shape(c->engine), (uint32_t)n) <= max_state_bytes;
  return n >= MIN_TOKENS && n <= CM_PREFIX_TOKENS_MAX && fits ? n : 0;
}

/* --- whose numbers --------------------------------------------------------------------------- */

static bool is_same_file(const cm_cpu *c) {
  cm_os_identity now;
  const cm_os_identity *was = &c->identity;
  return !cm_os_identify(c->path, &now, NULL) && now.device == was->device &&
         now.inode == was->inode && now.bytes == was->bytes && now.mtime_ns == was->mtime_ns;
}

static void key_of(const cm_cpu *c, const uint32_t *tokens, size_t n, char out[65]) {
  const cm_os_identity *m = &c->identity;
  cm_sha256 s;
  char text[512];
  int bytes = snprintf(
      text, sizeof text,
      "prefix 1\nbuild %.64s\nmodel %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 "\ntokens %zu\n",
      c->keep.build ? c->keep.build : "", m->device, m->inode, m->bytes, m->mtime_ns, n);
  cm_sha256_init(&s);
  cm_sha256_add(&s, text, (size_t)bytes);
  cm_sha256_add(&s, tokens, n * sizeof *tokens);
  cm_sha256_hex(&s, out);
}

/* --- from the disk --------------------------------------------------------------------------- */

static cm_code take(cm_cpu *c, cm_flight *f, size_t n, cm_err *e) {
  char key[65];
  uint8_t *file;
  const void *state;
  const cm_shape *shape = cm_engine_shape(c->engine);
  const cm_prefix p = {key, f->prompt.p, (uint32_t)n};
  const size_t size = (size_t)cm_prefix_bytes(shape, p.n);
  key_of(c, f->prompt.p, n, key);
  cm_code code = cm_kept_read(&c->keep, key, size, &file, e);
  if (code) return code;
  code = cm_prefix_check(&p, shape, file, size, &state, e);
  if (!code) code = cm_session_restore(f->strands[0].slot->session, p.tokens, p.n, state, e);
  cm_free(file);
  return code;
}

/* One beginning is remembered: the first that isn't on disk. */
static void remember(cm_cpu *c, cm_flight *f, size_t n) {
  cm_ids *kept = &c->kept.tokens;
  if (kept->n) return;
  cm_ids_init(kept, n);
  for (size_t i = 0; i < n; i++)
    if (cm_ids_push(kept, f->prompt.p[i], NULL)) break;
  if (kept->n == n) f->looked = true;
  else kept->n = 0;
}

static bool is_remembered(const cm_cpu *c, const cm_flight *f, size_t n) {
  const cm_ids *kept = &c->kept.tokens;
  return kept->n == n && memcmp(kept->p, f->prompt.p, n * sizeof *kept->p) == 0;
}

void cm_cpu_take_beginning(cm_cpu *c, cm_flight *f) {
  cm_err e = {0};
  if (!c->keep.dir) return;
  const size_t n = beginning_of(c, f);
  if (!n || f->at >= n || is_remembered(c, f, n)) return;
  /* A file that came in the place of the one that was opened makes other numbers. */
  if (!is_same_file(c)) {
    c->keep.dir = NULL;
    return;
  }
  const cm_code code = take(c, f, n, &e);
  if (code) {
    if (code != CM_E_NOTFOUND) note(c, "the state of the prompt's beginning isn't used", &e);
    remember(c, f, n);
    return;
  }
  f->at = n;
  f->job->replies.cached_tokens = (uint32_t)n;
}

/* --- to the disk ----------------------------------------------------------------------------- */

void cm_cpu_note_beginning(cm_cpu *c, const cm_flight *f, uint64_t now_ns) {
  const size_t had = f->job->replies.cached_tokens, n = c->kept.tokens.n;
  if (!f->looked || had >= n) return;
  c->kept.cost_ns = (now_ns - f->start_ns) * (n - had) / (f->prompt.n - had);
}

static const cm_session *holder(const cm_cpu *c, const cm_ids *tokens) {
  for (uint32_t i = 0; i < c->n_slots; i++) {
    const cm_session *s = c->slots[i].session;
    if (s && cm_session_common(s, tokens->p, tokens->n) == tokens->n) return s;
  }
  return NULL;
}

static cm_code keep(const cm_cpu *c, const cm_session *from, const cm_ids *tokens, cm_err *e) {
  char key[65];
  const cm_shape *shape = cm_engine_shape(c->engine);
  const cm_prefix p = {key, tokens->p, (uint32_t)tokens->n};
  const size_t size = (size_t)cm_prefix_bytes(shape, p.n);
  uint8_t *file = cm_realloc(NULL, size, 1);
  if (!file) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a state of %zu bytes", size);
  key_of(c, tokens->p, tokens->n, key);
  cm_prefix_write(&p, shape, from, file);
  const cm_code code = cm_kept_write(&c->keep, key, file, size, e);
  cm_free(file);
  return code;
}

void cm_cpu_keep_beginning(cm_cpu *c) {
  cm_err e = {0};
  cm_ids *tokens = &c->kept.tokens;
  const uint64_t least = c->keep.least_ns ? c->keep.least_ns : least_ns;
  const cm_session *from = tokens->n && c->kept.cost_ns >= least ? holder(c, tokens) : NULL;
  if (c->keep.dir && from && is_same_file(c) && keep(c, from, tokens, &e))
    note(c, "the state of the prompt's beginning isn't kept", &e);
  cm_ids_close(tokens);
}
