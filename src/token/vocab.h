/* token/vocab: the spellings of a vocabulary, by id and back. */
#ifndef CM_TOKEN_VOCAB_H
#define CM_TOKEN_VOCAB_H
#include "gguf/gguf.h"

enum {
  CM_VOCAB_MAX_TOKENS = 1 << 22,
  CM_VOCAB_MAX_SPELLING = 1024 /* bytes: longer than any real one, short enough for the stack */
};

/* The spellings stay in the file; ours is where they lie, and a hash table. */
typedef struct cm_vocab {
  uint32_t n;
  const uint8_t *base; /* the file's array of strings */
  uint32_t *at;        /* by id: where in it the spelling starts, its length lying before it */
  uint64_t *slots;     /* upper half of the hash, id + 1 in the lower; 0 when free */
  uint32_t mask;       /* number of slots - 1 */
  size_t longest;      /* bytes of the longest spelling */
} cm_vocab;

/* From an array of strings. CM_E_FORMAT when there is none, an empty one or two alike; CM_E_LIMIT,
 * CM_E_NOMEM. To be closed in any case. */
cm_code cm_vocab_open(cm_vocab *v, const cm_gguf_kv *tokens, cm_err *e);
void cm_vocab_close(cm_vocab *v);

static inline cm_str cm_vocab_spelling(const cm_vocab *v, uint32_t id) {
  const uint8_t *p = v->base + v->at[id];
  uint64_t n;
  memcpy(&n, p - sizeof n, sizeof n);
  return (cm_str){(const char *)p, (size_t)n};
}

/* The token spelled so, or UINT32_MAX. */
uint32_t cm_vocab_find(const cm_vocab *v, cm_str spelling);

#endif
