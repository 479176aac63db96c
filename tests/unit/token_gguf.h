/* A GGUF file in memory that holds a small tokenizer of our own: for tests and fuzz targets. Its
 * first 256 tokens are the bytes, in order; the others are listed in small_tokens. */
#ifndef CM_TESTS_TOKEN_GGUF_H
#define CM_TESTS_TOKEN_GGUF_H
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gguf/gguf.h"
#include "token/alphabet.h"
#include "token/token.h"

typedef struct image {
  cm_buf b;
  uint64_t n_kv;
} image;

static inline void image_u32(image *m, uint32_t v) { cm_buf_add(&m->b, &v, sizeof v); }
static inline void image_u64(image *m, uint64_t v) { cm_buf_add(&m->b, &v, sizeof v); }

static inline void image_str(image *m, cm_str s) {
  image_u64(m, s.n);
  cm_buf_add(&m->b, s.p, s.n);
}

static inline void image_open(image *m) {
  *m = (image){0};
  cm_buf_init(&m->b, 64 << 20);
  cm_buf_puts(&m->b, "GGUF");
  image_u32(m, 3);
  image_u64(m, 0); /* tensors */
  image_u64(m, 0); /* entries: image_finish knows */
}

static inline void image_key(image *m, const char *key, cm_gguf_type type) {
  image_str(m, cm_str_of(key));
  image_u32(m, (uint32_t)type);
  m->n_kv++;
}

static inline void image_kv_str(image *m, const char *key, const char *v) {
  image_key(m, key, CM_GGUF_STR);
  image_str(m, cm_str_of(v));
}

static inline void image_kv_u32(image *m, const char *key, uint32_t v) {
  image_key(m, key, CM_GGUF_U32);
  image_u32(m, v);
}

static inline void image_kv_array(image *m, const char *key, cm_gguf_type item, uint64_t count) {
  image_key(m, key, CM_GGUF_ARRAY);
  image_u32(m, (uint32_t)item);
  image_u64(m, count); /* the elements follow */
}

static inline void image_finish(image *m) { memcpy(m->b.p + 16, &m->n_kv, sizeof m->n_kv); }

/* --- the small tokenizer --------------------------------------------------------------------- */

typedef struct small_token {
  const char *spelling;
  int32_t type; /* 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused */
} small_token;

/* Ids from 256 on. */
enum {
  T_LO = 256,
  T_LOW,
  T_ER,
  T_SP_LOW,
  T_AA,
  T_AAAA,
  T_AB,
  T_BC,
  T_ABC,
  T_A_UML,
  T_NEWLINES,
  T_END_OF_TEXT,
  T_IM_START,
  T_IM_END,
  T_TOOL,
  T_TOOL_CALL,
  T_ODD,
  T_PAD,
  T_COUNT
};

static const small_token small_tokens[T_COUNT - 256] = {
    {"lo", 1},           {"low", 1},          {"er", 1},           {"\u0120low", 1},
    {"aa", 1},           {"aaaa", 1},         {"ab", 1},           {"bc", 1},
    {"abc", 1},          {"\u00c3\u00a4", 1}, {"\u010a\u010a", 1}, {"<|endoftext|>", 3},
    {"<|im_start|>", 3}, {"<|im_end|>", 3},   {"<tool", 4},        {"<tool_call>", 4},
    {"<odd>", 2},        {"[PAD273]", 5}};

/* In the order of their rank. "abc" can be made of a and bc only, but ab comes before bc. */
static const char *const small_merges[] = {"l o",  "lo w",          "e r",          "\u0120 low",
                                           "a a",  "aa aa",         "a b",          "b c",
                                           "a bc", "\u00c3 \u00a4", "\u010a \u010a"};
enum { SMALL_MERGES = sizeof small_merges / sizeof *small_merges };

static inline const char *small_byte(unsigned byte, char spelling[5]) {
  spelling[cm_utf8_put(cm_alphabet_char((uint8_t)byte), spelling)] = 0;
  return spelling;
}

/* The small tokenizer with something changed; zeros change nothing. */
typedef struct change {
  const char *model, *pre; /* "" leaves the entry out */
  uint32_t at;             /* which token or merge is another one: */
  const char *token, *merge;
  int32_t type;
  cm_gguf_type types_are; /* in place of I32; as many bytes */
  const char *id_key;     /* in place of the end-of-sequence token's, with this id */
  uint32_t id;
  uint32_t tokens_left_out, types_left_out, merges_left_out; /* at the end, or all by LACKS */
} change;

enum { LACKS = 1 << 30 }; /* the entry itself is left out */

static inline void small_put_model(image *m, const change *c) {
  const char *model = c->model ? c->model : "gpt2", *pre = c->pre ? c->pre : "qwen2";
  if (*model) image_kv_str(m, "tokenizer.ggml.model", model);
  if (*pre) image_kv_str(m, "tokenizer.ggml.pre", pre);
}

static inline void small_put_tokens(image *m, const change *c) {
  if (c->tokens_left_out == LACKS) return;
  uint32_t n = T_COUNT - c->tokens_left_out;
  image_kv_array(m, "tokenizer.ggml.tokens", CM_GGUF_STR, n);
  for (uint32_t i = 0; i < n; i++) {
    char byte[5];
    const char *s = i < 256 ? small_byte(i, byte) : small_tokens[i - 256].spelling;
    image_str(m, cm_str_of(c->token && c->at == i ? c->token : s));
  }
}

static inline void small_put_types(image *m, const change *c) {
  if (c->types_left_out == LACKS) return;
  uint32_t n = T_COUNT - c->types_left_out;
  image_kv_array(m, "tokenizer.ggml.token_type", c->types_are ? c->types_are : CM_GGUF_I32, n);
  for (uint32_t i = 0; i < n; i++) {
    int32_t type = i < 256 ? 1 : small_tokens[i - 256].type;
    image_u32(m, (uint32_t)(c->type && c->at == i ? c->type : type));
  }
}

static inline void small_put_merges(image *m, const change *c) {
  if (c->merges_left_out == LACKS) return;
  image_kv_array(m, "tokenizer.ggml.merges", CM_GGUF_STR, SMALL_MERGES);
  for (uint32_t i = 0; i < SMALL_MERGES; i++)
    image_str(m, cm_str_of(c->merge && c->at == i ? c->merge : small_merges[i]));
}

static inline void small_image(image *m, const change *c) {
  image_open(m);
  small_put_model(m, c);
  small_put_tokens(m, c);
  small_put_types(m, c);
  small_put_merges(m, c);
  image_kv_u32(m, c->id_key ? c->id_key : "tokenizer.ggml.eos_token_id", c->id ? c->id : T_IM_END);
}

/* Opens what an image holds; closes the image. *f must be closed after the tokenizer, then
 * *memory freed. */
static inline cm_code image_tokenizer(image *m, cm_tok **t, cm_gguf **f, void **memory,
                                      cm_err *e) {
  image_finish(m);
  *t = NULL;
  *f = NULL;
  *memory = malloc(m->b.n); /* exact size: a sanitizer sees reads past the end */
  memcpy(*memory, m->b.p, m->b.n);
  cm_code code = cm_gguf_parse(*memory, m->b.n, f, e);
  cm_buf_close(&m->b);
  return code ? code : cm_tok_open(t, *f, e);
}

#endif
