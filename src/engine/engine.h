/* engine: a model file made ready to generate, and timelines on it.
 *
 * An engine is immutable and may be shared by any number of sessions; all computing goes through
 * one cm_batch at a time (it owns the threads' scratch memory). */
#ifndef CM_ENGINE_ENGINE_H
#define CM_ENGINE_ENGINE_H
#include "engine/sample.h"
#include "model/model.h"
#include "token/token.h"

/* --- engine --- */

typedef struct cm_engine cm_engine;

/* From a file, or from memory that outlives the engine (the embedded model). */
cm_code cm_engine_open(cm_engine **out, const char *path, cm_err *e);
cm_code cm_engine_open_memory(cm_engine **out, const void *p, size_t n, cm_err *e);
void cm_engine_close(cm_engine *g);

const cm_gguf *cm_engine_gguf(const cm_engine *g);
const cm_tok *cm_engine_tok(const cm_engine *g);
const cm_model *cm_engine_model(const cm_engine *g);
const cm_shape *cm_engine_shape(const cm_engine *g);

/* --- session --- */

/* One timeline: the tokens whose keys and values are in its cache. */
typedef struct cm_session cm_session;

/* `ctx` positions at most (1 up to the model's own context, else CM_E_LIMIT with both numbers). */
cm_code cm_session_open(cm_session **out, const cm_engine *g, uint32_t ctx, cm_err *e);
void cm_session_close(cm_session *s);
uint32_t cm_session_ctx(const cm_session *s);
uint32_t cm_session_len(const cm_session *s);           /* tokens in the cache */
const uint32_t *cm_session_tokens(const cm_session *s); /* [len] */
/* How many of tokens[0..n) the session holds already, from the start on. */
size_t cm_session_common(const cm_session *s, const uint32_t *tokens, size_t n);
void cm_session_rewind(cm_session *s, uint32_t len); /* forgets everything from position len on */

/* Makes ready for a prompt: keeps the common prefix with tokens[0..n), forgets the rest, and
 * returns in *kept how many were kept; the caller has tokens[*kept..n) computed. CM_E_USAGE for an
 * empty prompt, CM_E_LIMIT when n exceeds the session's context. */
cm_code cm_session_begin(cm_session *s, const uint32_t *tokens, size_t n, size_t *kept, cm_err *e);

/* Makes `to` hold what `from` holds, without computing. Both are of one engine; CM_E_LIMIT when
 * `to` is too small. */
cm_code cm_session_copy(cm_session *to, const cm_session *from, cm_err *e);

/* What was computed of the first n tokens (n <= len), as cm_kv_bytes(shape, n) bytes: the same for
 * every context. */
void cm_session_save(const cm_session *s, uint32_t n, void *out);
/* Makes the session hold exactly tokens[0..n), of which `state` is what cm_session_save gave: not
 * checked, so its origin must be. CM_E_LIMIT when n exceeds the context. */
cm_code cm_session_restore(cm_session *s, const uint32_t *tokens, uint32_t n, const void *state,
                           cm_err *e);

/* --- batch --- */

/* What computes: threads, instruction set, scratch memory for `max_cols` tokens a pass. */
typedef struct cm_batch cm_batch;

typedef struct cm_batch_options {
  unsigned threads; /* 0: all processors */
  bool any_isa;     /* true: the best of this machine, false: `isa` */
  cm_isa isa;
  size_t max_cols; /* tokens computed in one pass; 0: 256 */
} cm_batch_options;

cm_code cm_batch_open(cm_batch **out, const cm_engine *g, const cm_batch_options *o, cm_err *e);
void cm_batch_close(cm_batch *b);
unsigned cm_batch_threads(const cm_batch *b);
cm_isa cm_batch_isa(const cm_batch *b);

size_t cm_batch_cols(const cm_batch *b); /* tokens that a pass has room for */

/* What it has computed since it was opened. Each pass reads all weights once. */
typedef struct cm_work {
  uint64_t passes, tokens;
} cm_work;
cm_work cm_batch_work(const cm_batch *b);

/* What a pass does for one session. */
typedef struct cm_part {
  cm_session *session;    /* of one part only */
  const uint32_t *tokens; /* [n] are appended to it, n >= 1 */
  size_t n;
  float *logits; /* [vocab] receives those after the last token; NULL: they aren't needed */
} cm_part;

/* Computes all parts in one pass over the weights: pieces of prompts and next tokens in any mix,
 * which doesn't change what any of them gets. At most cm_batch_cols tokens in all (CM_E_USAGE),
 * and every session must have room for its own (CM_E_LIMIT); nothing is computed when something is
 * refused. Does not allocate. */
cm_code cm_batch_run(cm_batch *b, const cm_part *parts, size_t n, cm_err *e);

/* Makes the session hold exactly tokens[0..n): keeps the common prefix of what it has (prefix
 * reuse), computes the rest in pieces of cm_batch_cols, and writes the logits after the last token
 * to `logits` [vocab] (may be NULL). n >= 1. The last token is always computed anew when logits
 * are wanted. `reused` (may be NULL) receives how many tokens were kept. CM_E_LIMIT when n exceeds
 * the session's context. */
cm_code cm_session_sync(cm_batch *b, cm_session *s, const uint32_t *tokens, size_t n,
                        float *logits, size_t *reused, cm_err *e);

/* Appends one token to each of n different sessions (n <= cm_batch_cols) in one pass; logits[i]
 * receives the vocab logits after it. Every session must have room (CM_E_LIMIT). Does not
 * allocate. */
cm_code cm_batch_next(cm_batch *b, cm_session *const *s, const uint32_t *tokens, size_t n,
                      float *const *logits, cm_err *e);

/* A token to be picked for one session: see cm_sampler_pick and cm_sampler_likeliest. */
typedef struct cm_pick {
  cm_sampler *sampler; /* of one pick only */
  const cm_session *session;
  float *logits; /* [vocab], of one pick only */
  uint32_t token;
  float logprob;
  cm_likely *likely; /* [n_likely] receives the likeliest in its place */
  size_t n_likely;   /* at most CM_LIKELY_MAX, 0: nobody asks; becomes how many there are */
} cm_pick;

/* Picks n tokens, on all threads: a walk over all logits takes as long as reading 2 MB of
 * weights. */
void cm_batch_pick(cm_batch *b, cm_pick *picks, size_t n);

#endif
