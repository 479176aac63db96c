/* Opening: from a file's metadata to a tokenizer. */
#include "token/state.h"

/* Numbers in tokenizer.ggml.token_type. */
enum { TYPE_NORMAL = 1, TYPE_UNKNOWN, TYPE_CONTROL, TYPE_USER_DEFINED, TYPE_UNUSED };

static cm_code check_model(const cm_gguf *f, cm_err *e) {
  cm_str model, pre = CM_STR("");
  cm_code code = cm_gguf_str(f, "tokenizer.ggml.model", true, &model, e);
  if (!code) code = cm_gguf_str(f, "tokenizer.ggml.pre", false, &pre, e);
  if (code) return code;
  if (!cm_str_is(model, "gpt2"))
    return cm_fail(e, CM_E_UNSUPPORTED, 0,
                   "tokenizer model '%.*s' is not supported (only gpt2, byte-level BPE)",
                   (int)(model.n < 40 ? model.n : 40), model.p);
  if (!cm_str_is(pre, "qwen2"))
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "pre-tokenizer '%.*s' is not supported (only qwen2)",
                   (int)(pre.n < 40 ? pre.n : 40), pre.p);
  return CM_OK;
}

static cm_code read_types(cm_tok *t, const cm_gguf *f, cm_err *e) {
  static const uint8_t flags_of[] = {
      [TYPE_UNKNOWN] = CM_TOK_LITERAL | CM_TOK_HIDDEN,
      [TYPE_CONTROL] = CM_TOK_LITERAL | CM_TOK_HIDDEN | CM_TOK_CONTROL,
      [TYPE_USER_DEFINED] = CM_TOK_LITERAL,
      [TYPE_UNUSED] = CM_TOK_UNUSED};
  const char *key = "tokenizer.ggml.token_type";
  const cm_gguf_kv *types = NULL;
  t->flags = cm_alloc(t->vocab.n, 1);
  if (!t->flags) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the vocabulary");
  cm_code code = cm_gguf_array(f, key, CM_GGUF_I32, false, &types, e);
  if (code || !types) return code;
  if (types->count != t->vocab.n)
    return cm_fail(e, CM_E_FORMAT, 0, "%s has %llu values for %u tokens", key,
                   (unsigned long long)types->count, t->vocab.n);
  for (uint32_t id = 0; id < t->vocab.n; id++) {
    int32_t type = cm_gguf_i32_at(types, id);
    if (type < TYPE_NORMAL || type > TYPE_UNUSED)
      return cm_fail(e, CM_E_FORMAT, 0, "%s: token %u has the type %d", key, id, type);
    t->flags[id] = flags_of[type];
  }
  return CM_OK;
}

/* llama.cpp's set: the tokens that the metadata name and those of known spellings, which it takes
 * for control tokens whatever the file says. Its exceptions for two other families of vocabularies
 * (harmony, gemma) are left out. */
static cm_code mark_ends(cm_tok *t, const cm_gguf *f, cm_err *e) {
  static const char *const keys[] = {
      "tokenizer.ggml.eos_token_id",     "tokenizer.ggml.eot_token_id",
      "tokenizer.ggml.eom_token_id",     "tokenizer.ggml.fim_pad_token_id",
      "tokenizer.ggml.fim_rep_token_id", "tokenizer.ggml.fim_sep_token_id"};
  static const char *const names[] = {
      "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<|flush|>", "<|calls|>",
      "<end_of_turn>", "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]",
      "<|end_of_text|>", "<end_of_utterance>", "<eos>", "<turn|>", "<|tool_response>", "[e~[",
      "<｜end▁of▁sentence｜>",
      /* fill in the middle: padding, next repository, next file */
      "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]", "<|fim_repo|>", "<|repo_name|>",
      "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    uint32_t id = CM_TOK_NONE;
    cm_code code = cm_gguf_u32(f, keys[i], false, &id, e);
    if (code) return code;
    if (id == CM_TOK_NONE) continue;
    if (id >= t->vocab.n)
      return cm_fail(e, CM_E_FORMAT, 0, "%s is %u, but there are %u tokens", keys[i], id,
                     t->vocab.n);
    t->flags[id] |= CM_TOK_END;
  }
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    uint32_t id = cm_vocab_find(&t->vocab, cm_str_of(names[i]));
    if (id == CM_TOK_NONE) continue;
    t->flags[id] = CM_TOK_LITERAL | CM_TOK_HIDDEN | CM_TOK_CONTROL | CM_TOK_END;
  }
  return CM_OK;
}

static cm_code collect_specials(cm_tok *t, cm_err *e) {
  cm_code code = CM_OK;
  for (uint32_t id = 0; code == CM_OK && id < t->vocab.n; id++) {
    if (!(t->flags[id] & CM_TOK_LITERAL)) continue;
    bool in_plain = !(t->flags[id] & CM_TOK_HIDDEN);
    cm_str s = cm_vocab_spelling(&t->vocab, id);
    code = cm_specials_add(&t->specials, (cm_special){s, id, in_plain}, e);
  }
  cm_specials_seal(&t->specials);
  return code;
}

static cm_code read_template(cm_tok *t, const cm_gguf *f, cm_err *e) {
  cm_str text = CM_STR("");
  cm_code code = cm_gguf_str(f, "tokenizer.chat_template", false, &text, e);
  t->thinks = cm_str_find(text, CM_STR("enable_thinking")) != SIZE_MAX &&
              cm_tok_find(t, CM_STR("<think>")) != CM_TOK_NONE &&
              cm_tok_find(t, CM_STR("</think>")) != CM_TOK_NONE;
  return code;
}

static cm_code fill(cm_tok *t, const cm_gguf *f, cm_err *e) {
  const cm_gguf_kv *tokens = NULL, *merges = NULL;
  cm_code code = check_model(f, e);
  if (!code) code = cm_gguf_array(f, "tokenizer.ggml.tokens", CM_GGUF_STR, true, &tokens, e);
  if (!code) code = cm_gguf_array(f, "tokenizer.ggml.merges", CM_GGUF_STR, true, &merges, e);
  if (!code) code = cm_vocab_open(&t->vocab, tokens, e);
  if (!code) code = cm_bpe_open(&t->bpe, &t->vocab, merges, e);
  if (!code) code = read_types(t, f, e);
  if (!code) code = mark_ends(t, f, e);
  if (!code) code = collect_specials(t, e);
  if (!code) code = read_template(t, f, e);
  return code;
}

cm_code cm_tok_open(cm_tok **out, const cm_gguf *f, cm_err *e) {
  *out = NULL;
  cm_tok *t = cm_alloc(1, sizeof *t);
  if (!t) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a tokenizer");
  cm_code code = fill(t, f, e);
  if (code) cm_tok_close(t);
  else *out = t;
  return code;
}

void cm_tok_close(cm_tok *t) {
  if (!t) return;
  cm_vocab_close(&t->vocab);
  cm_bpe_close(&t->bpe);
  cm_specials_close(&t->specials);
  cm_free(t->flags);
  cm_free(t);
}
