/* engine/prefix: what was computed of a prompt's beginning, as the bytes of a file.
 *
 *   0    64  SHA-256 of all that follows, in hexadecimal digits (of the caller: engine hashes
 *            nothing)
 *   64    8  "cmdaikv" and a NUL
 *   72    4  version, 1
 *   76    4  n, the number of tokens
 *   80    8  bytes of the whole file
 *   88   16  layers, KV heads, head dimension, type of the numbers (1: f16)
 *   104  24  zeros
 *   128  64  key, in hexadecimal digits: what the numbers depend on; the caller's
 *   192      n tokens of 4 bytes, zeros up to a multiple of 64, the state of cm_session_save
 *
 * Numbers are in the byte order of the machine, which the file doesn't leave (another one sees
 * another version). A reader knows the key, the shape and the tokens, so that all but the state
 * itself is compared and nothing is believed. */
#ifndef CM_ENGINE_PREFIX_H
#define CM_ENGINE_PREFIX_H
#include "engine/engine.h"

enum { CM_PREFIX_SUM = 64, CM_PREFIX_TOKENS_MAX = 1 << 20 };

/* What a file is of. */
typedef struct cm_prefix {
  const char *key; /* 64 hexadecimal digits */
  const uint32_t *tokens;
  uint32_t n; /* 1 .. CM_PREFIX_TOKENS_MAX */
} cm_prefix;

/* Of the whole file. */
uint64_t cm_prefix_bytes(const cm_shape *s, uint32_t n);

/* Fills out[cm_prefix_bytes] but for the first CM_PREFIX_SUM bytes, which are the caller's; the
 * session holds the tokens. */
void cm_prefix_write(const cm_prefix *p, const cm_shape *s, const cm_session *from, uint8_t *out);

/* Whether the bytes, of any origin, are a file of exactly that, and where in them the state is
 * then, which is valid if the sum is. CM_E_FORMAT says what is different. */
cm_code cm_prefix_check(const cm_prefix *p, const cm_shape *s, const uint8_t *file, size_t size,
                        const void **state, cm_err *e);

#endif
