/* token/state: what a tokenizer consists of; for this room only. */
#ifndef CM_TOKEN_STATE_H
#define CM_TOKEN_STATE_H
#include "token/bpe.h"
#include "token/special.h"
#include "token/token.h"
#include "token/vocab.h"

/* What a token is, beside its spelling. */
enum {
  CM_TOK_LITERAL = 1, /* spelled as it is, not in GPT-2's alphabet, and found in text as a whole */
  CM_TOK_HIDDEN = 2,  /* gives no text, and is found in text, only when special tokens count */
  CM_TOK_CONTROL = 4,
  CM_TOK_UNUSED = 8,
  CM_TOK_END = 16
};

struct cm_tok {
  cm_vocab vocab;
  cm_bpe bpe;
  cm_specials specials;
  uint8_t *flags; /* by id */
  bool thinks;    /* cm_tok_thinks */
};

/* Fills out[CM_VOCAB_MAX_SPELLING] with the bytes that token `id` stands for; returns how many. */
size_t cm_tok_bytes(const cm_tok *t, uint32_t id, bool special, char *out);

#endif
