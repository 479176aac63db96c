#include "engine/prefix.h"

#include <string.h>

enum { VERSION = 1, TYPE_F16 = 1, KEY = 64, ALIGNMENT = 64 };

static const char magic[8] = "cmdaikv";

typedef struct head {
  char magic[8];
  uint32_t version, n;
  uint64_t bytes;
  uint32_t layers, kv_heads, head_dim, type;
  uint32_t zero[6];
  char key[KEY];
} head;

_Static_assert(sizeof(head) == 128, "a head without gaps, as it lies in the file");

static uint64_t tokens_bytes(uint32_t n) {
  return (n * sizeof(uint32_t) + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

uint64_t cm_prefix_bytes(const cm_shape *s, uint32_t n) {
  return CM_PREFIX_SUM + sizeof(head) + tokens_bytes(n) + cm_kv_bytes(s, n);
}

static head head_of(const cm_prefix *p, const cm_shape *s) {
  head h = {.version = VERSION,
            .n = p->n,
            .bytes = cm_prefix_bytes(s, p->n),
            .layers = s->layers,
            .kv_heads = s->kv_heads,
            .head_dim = s->head_dim,
            .type = TYPE_F16};
  memcpy(h.magic, magic, sizeof h.magic);
  memcpy(h.key, p->key, KEY);
  return h;
}

void cm_prefix_write(const cm_prefix *p, const cm_shape *s, const cm_session *from, uint8_t *out) {
  const head h = head_of(p, s);
  const size_t used = p->n * sizeof *p->tokens, room = tokens_bytes(p->n);
  uint8_t *at = out + CM_PREFIX_SUM;
  memcpy(at, &h, sizeof h);
  at += sizeof h;
  memcpy(at, p->tokens, used);
  memset(at + used, 0, room - used);
  cm_session_save(from, p->n, at + room);
}

/* Says the first difference; the last one can only be in the zeros. */
static cm_code check_head(const head *is, const head *should, cm_err *e) {
  const char *what = NULL;
  if (memcmp(is->magic, should->magic, sizeof is->magic) != 0) what = "no state of a prompt";
  else if (is->version != should->version) what = "of another version";
  else if (memcmp(is->key, should->key, KEY) != 0) what = "of another prompt, model or program";
  else if (memcmp(is, should, sizeof *is) != 0) what = "of another shape";
  return what ? cm_fail(e, CM_E_FORMAT, CM_PREFIX_SUM, "%s", what) : CM_OK;
}

cm_code cm_prefix_check(const cm_prefix *p, const cm_shape *s, const uint8_t *file, size_t size,
                        const void **state, cm_err *e) {
  const head should = head_of(p, s);
  head is;
  *state = NULL;
  if (size != should.bytes)
    return cm_fail(e, CM_E_FORMAT, 0, "%zu bytes instead of %llu", size,
                   (unsigned long long)should.bytes);
  memcpy(&is, file + CM_PREFIX_SUM, sizeof is);
  const cm_code code = check_head(&is, &should, e);
  if (code) return code;
  const uint8_t *tokens = file + CM_PREFIX_SUM + sizeof is;
  const size_t used = p->n * sizeof *p->tokens, room = tokens_bytes(p->n);
  bool same = memcmp(tokens, p->tokens, used) == 0;
  for (size_t i = used; i < room; i++) same = same && !tokens[i];
  if (!same) return cm_fail(e, CM_E_FORMAT, CM_PREFIX_SUM + sizeof is, "of other tokens");
  *state = tokens + room;
  return CM_OK;
}
