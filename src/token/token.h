/* token: byte-level BPE (Sennrich et al., 2016; Radford et al., 2019) from the metadata of a GGUF
 * file, with Qwen2's pre-tokenizer. Immutable after opening: any number of threads may use one. */
#ifndef CM_TOKEN_TOKEN_H
#define CM_TOKEN_TOKEN_H
#include "gguf/gguf.h"

typedef struct cm_tok cm_tok;

#define CM_TOK_NONE UINT32_MAX /* no token */

/* A growing list of token ids with a hard maximum. */
typedef struct cm_ids {
  uint32_t *p;
  size_t n, cap, max;
} cm_ids;

void cm_ids_init(cm_ids *a, size_t max);
void cm_ids_close(cm_ids *a);
cm_code cm_ids_push(cm_ids *a, uint32_t id, cm_err *e); /* CM_E_LIMIT past max, CM_E_NOMEM */

/* Reads tokenizer.ggml.{model,pre,tokens,token_type,merges,eos_token_id,…} and, for cm_tok_thinks,
 * tokenizer.chat_template. Accepts model "gpt2"
 * with pre-tokenizer "qwen2" (CM_E_UNSUPPORTED names others). CM_E_FORMAT for what can't be a
 * vocabulary, such as one without all 256 bytes, with a token twice or a merge that makes no
 * token; CM_E_LIMIT past 4 million tokens or 1,024 bytes in one; CM_E_NOMEM. *out is NULL then.
 * `f` is borrowed and must outlive it: spellings stay in the file. */
cm_code cm_tok_open(cm_tok **out, const cm_gguf *f, cm_err *e);
void cm_tok_close(cm_tok *t); /* NULL is fine */

uint32_t cm_tok_count(const cm_tok *t); /* vocabulary size */
/* No token stands for more bytes of text: a text has at least text.n / longest tokens. */
size_t cm_tok_longest(const cm_tok *t);

/* Appends the tokens of `text` (any bytes; invalid UTF-8 is encoded byte by byte). With `special`,
 * the spelling of a control or user-defined token is that token, as with llama.cpp's
 * parse_special; without, control tokens are text, but user-defined ones still match: the
 * leftmost, of those the longest. (llama.cpp looks for the longest in the whole text first; that
 * differs only where spellings overlap.) No BOS is added. About linear time in text.n. Nothing is
 * appended when it fails: CM_E_LIMIT past out->max, CM_E_NOMEM. */
cm_code cm_tok_encode(const cm_tok *t, cm_str text, bool special, cm_ids *out, cm_err *e);

/* Id of the token that is exactly the text `s`, such as "<|im_end|>" or " the"; or CM_TOK_NONE. */
uint32_t cm_tok_find(const cm_tok *t, cm_str s);

/* Appends the bytes that token `id` stands for, which may be part of a character. Control tokens
 * give nothing unless `special`; unused ones and ids that don't exist never do. */
void cm_tok_decode(const cm_tok *t, uint32_t id, bool special, cm_buf *out);

/* The token's spelling in the vocabulary (GPT-2's byte alphabet), for inspection; borrowed, empty
 * for an id that doesn't exist. */
cm_str cm_tok_raw(const cm_tok *t, uint32_t id);

/* By the file's types; those that end a generation by their spelling always are. */
bool cm_tok_is_control(const cm_tok *t, uint32_t id);

/* Ends a generation: llama.cpp's set, that is the eos, eot, eom and fim_{pad,rep,sep} ids of the
 * metadata, and the tokens spelled <|im_end|>, <|endoftext|>, <|eot_id|>, <end_of_turn>, <|end|>,
 * </s> and the like (see open.c). */
bool cm_tok_is_end(const cm_tok *t, uint32_t id);

/* The model thinks aloud first unless its turn begins with an empty block of thoughts: its chat
 * template asks for enable_thinking, and <think> and </think> are tokens (Qwen3). */
bool cm_tok_thinks(const cm_tok *t);

/* Turns tokens into text as they come, without control tokens: bytes are held back until their
 * character is complete. */
typedef struct cm_tok_stream {
  const cm_tok *t;
  char held[4];
  unsigned n_held;
} cm_tok_stream;

void cm_tok_stream_init(cm_tok_stream *s, const cm_tok *t);
/* Appends what is complete now. Invalid bytes become U+FFFD: `out` is always valid UTF-8. Returns
 * how many bytes of that belong to tokens before this one, which doesn't go on with theirs. */
size_t cm_tok_stream_push(cm_tok_stream *s, uint32_t id, cm_buf *out);
/* What is still held back, an incomplete character, becomes U+FFFD. */
void cm_tok_stream_end(cm_tok_stream *s, cm_buf *out);

#endif
