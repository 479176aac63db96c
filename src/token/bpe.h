/* token/bpe: byte-pair encoding (Sennrich et al., 2016). A word starts as its bytes' tokens; of
 * all neighbours that a merge names, those of the lowest rank, leftmost first, become one token,
 * until no merge applies. */
#ifndef CM_TOKEN_BPE_H
#define CM_TOKEN_BPE_H
#include "token/token.h"
#include "token/vocab.h"

enum { CM_BPE_MAX_MERGES = 1 << 22 };

/* Merges are found by the token that they make: it is looked up by its spelling, and its merges
 * (one in most vocabularies) differ in where they cut that. A table of pairs of ids would encode
 * half again as fast, but two look-ups for each merge made opening a file three times slower. A
 * merge whose parts are no tokens never applies, and does no harm. */
typedef struct cm_bpe {
  const cm_vocab *vocab;
  uint32_t n;            /* merges */
  uint32_t *first;       /* by token: 1 + rank of a merge that makes it, or 0 */
  uint32_t *next;        /* by rank: likewise another merge that makes the same token */
  uint16_t *cut;         /* by rank: bytes of the left part's spelling */
  uint32_t of_byte[256]; /* the token of each byte */
} cm_bpe;

/* From an array of strings "LEFT RIGHT", by rank. `v` is borrowed. CM_E_FORMAT: a byte without
 * token, a merge that makes no token or comes twice. CM_E_LIMIT, CM_E_NOMEM. To be closed in any
 * case. */
cm_code cm_bpe_open(cm_bpe *b, const cm_vocab *v, const cm_gguf_kv *merges, cm_err *e);
void cm_bpe_close(cm_bpe *b);

/* Working memory, for word after word; starts as zeros. */
typedef struct cm_bpe_work {
  struct cm_bpe_symbol *symbols;
  uint64_t *queue;
  char *spelling; /* of the word */
  size_t cap;     /* bytes of the longest word so far */
} cm_bpe_work;

/* Appends the tokens of one word of n bytes: O(n log n) time, 42 n bytes of memory. */
cm_code cm_bpe_encode(const cm_bpe *b, cm_str word, cm_bpe_work *w, cm_ids *out, cm_err *e);
void cm_bpe_work_close(cm_bpe_work *w);

#endif
