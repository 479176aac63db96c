/* tools/vocab: puts a tokenizer of the Qwen2 kind, from the files that its models come with, into
 * a GGUF file. For tools and tests: included by the one source file that needs it, with jansson.
 *
 *   vocab.json         {"spelling": id, …}
 *   merges.txt         "left right" a line, by rank, after a first line "#version: …"
 *   added_tokens.json  [{"id": …, "text": "…", "gguf_type": …}, …]
 */
#ifndef CM_TOOLS_VOCAB_H
#define CM_TOOLS_VOCAB_H
#include <jansson.h>
#include <stdio.h>

#include "gguf/writer.h"

typedef struct vocab_build {
  cm_arena *mem; /* holds the arrays and the padding's spellings */
  json_t *vocab, *added;
  cm_buf text; /* merges.txt */
  cm_str *tokens, *merges;
  int32_t *types;
  size_t n_tokens, n_merges;
} vocab_build;

static cm_code vocab_json(const char *dir, const char *name, json_t **out, cm_err *e) {
  char path[4096];
  json_error_t why;
  snprintf(path, sizeof path, "%s/%s", dir, name);
  *out = json_load_file(path, 0, &why);
  return *out ? CM_OK : cm_fail(e, CM_E_FORMAT, 0, "%s: line %d: %s", path, why.line, why.text);
}

static cm_code vocab_set(vocab_build *v, cm_str s, json_t *id, int32_t type, cm_err *e) {
  json_int_t i = json_is_integer(id) ? json_integer_value(id) : -1;
  if (i < 0 || (size_t)i >= v->n_tokens || v->tokens[i].p)
    return cm_fail(e, CM_E_FORMAT, 0, "token id %lld is out of range or comes twice", i);
  v->tokens[i] = s;
  v->types[i] = type;
  return CM_OK;
}

static cm_code vocab_fill_tokens(vocab_build *v, cm_err *e) {
  const char *key;
  json_t *item;
  size_t i;
  json_object_foreach(v->vocab, key, item) {
    if (vocab_set(v, cm_str_of(key), item, 1, e)) return e->code;
  }
  json_array_foreach(v->added, i, item) {
    cm_str s = cm_str_of(json_string_value(json_object_get(item, "text")));
    int32_t type = (int32_t)json_integer_value(json_object_get(item, "gguf_type"));
    if (vocab_set(v, s, json_object_get(item, "id"), type, e)) return e->code;
  }
  for (i = 0; i < v->n_tokens; i++) { /* models have more rows than tokens; the rest is unused */
    if (v->tokens[i].p) continue;
    char pad[32];
    int n = snprintf(pad, sizeof pad, "[PAD%zu]", i);
    v->tokens[i] = (cm_str){cm_arena_strdup(v->mem, pad, (size_t)n), (size_t)n};
    v->types[i] = 5;
    if (!v->tokens[i].p) return cm_fail(e, CM_E_NOMEM, 0, "no memory");
  }
  return CM_OK;
}

static cm_code vocab_fill_merges(vocab_build *v, const char *dir, cm_err *e) {
  char path[4096];
  snprintf(path, sizeof path, "%s/merges.txt", dir);
  cm_code code = cm_os_read_file(path, &v->text, e);
  if (code) return code;
  cm_str rest = {v->text.p, v->text.n}, all = rest;
  size_t lines = 0;
  for (cm_str line; cm_str_line(&all, &line);) lines++;
  v->merges = cm_arena_alloc(v->mem, lines, sizeof *v->merges);
  if (!v->merges) return cm_fail(e, CM_E_NOMEM, 0, "no memory");
  for (cm_str line; cm_str_line(&rest, &line);) {
    bool version = v->n_merges == 0 && cm_str_starts(line, CM_STR("#version"));
    if (line.n && !version) v->merges[v->n_merges++] = line;
  }
  return CM_OK;
}

static cm_code vocab_read(vocab_build *v, const char *dir, uint32_t n_tokens, cm_err *e) {
  v->n_tokens = n_tokens;
  v->mem = cm_arena_open(256 << 20);
  if (v->mem) v->tokens = cm_arena_alloc(v->mem, n_tokens, sizeof *v->tokens);
  if (v->mem) v->types = cm_arena_alloc(v->mem, n_tokens, sizeof *v->types);
  if (!v->tokens || !v->types) return cm_fail(e, CM_E_NOMEM, 0, "no memory");
  cm_code code = vocab_json(dir, "vocab.json", &v->vocab, e);
  if (!code) code = vocab_json(dir, "added_tokens.json", &v->added, e);
  if (!code) code = vocab_fill_tokens(v, e);
  if (!code) code = vocab_fill_merges(v, dir, e);
  return code;
}

static void vocab_declare_id(const vocab_build *v, cm_gguf_writer *w, const char *key, cm_str s) {
  for (size_t i = 0; i < v->n_tokens; i++)
    if (cm_str_eq(v->tokens[i], s)) cm_gguf_writer_u32(w, key, (uint32_t)i);
}

/* Declares tokenizer.ggml.* from the files in `dir`, with n_tokens ids in all. */
static cm_code vocab_write(cm_gguf_writer *w, const char *dir, uint32_t n_tokens, cm_err *e) {
  vocab_build v = {0};
  cm_buf_init(&v.text, 64 << 20);
  cm_code code = vocab_read(&v, dir, n_tokens, e);
  if (!code) {
    cm_gguf_writer_str(w, "tokenizer.ggml.model", CM_STR("gpt2"));
    cm_gguf_writer_str(w, "tokenizer.ggml.pre", CM_STR("qwen2"));
    cm_gguf_writer_strs(w, "tokenizer.ggml.tokens", v.tokens, v.n_tokens);
    cm_gguf_writer_array(w, "tokenizer.ggml.token_type", CM_GGUF_I32, v.types, v.n_tokens);
    cm_gguf_writer_strs(w, "tokenizer.ggml.merges", v.merges, v.n_merges);
    vocab_declare_id(&v, w, "tokenizer.ggml.eos_token_id", CM_STR("<|im_end|>"));
    vocab_declare_id(&v, w, "tokenizer.ggml.padding_token_id", CM_STR("<|endoftext|>"));
    vocab_declare_id(&v, w, "tokenizer.ggml.bos_token_id", CM_STR("<|endoftext|>"));
    cm_gguf_writer_bool(w, "tokenizer.ggml.add_bos_token", false);
  }
  json_decref(v.vocab);
  json_decref(v.added);
  cm_buf_close(&v.text);
  cm_arena_close(v.mem);
  return code;
}

#endif
