#include "token/token.h"

#include "token/alphabet.h"
#include "token/pretok.h"
#include "token/state.h"

void cm_ids_init(cm_ids *a, size_t max) { *a = (cm_ids){.max = max}; }

void cm_ids_close(cm_ids *a) {
  cm_free(a->p);
  *a = (cm_ids){.max = a->max};
}

cm_code cm_ids_push(cm_ids *a, uint32_t id, cm_err *e) {
  if (a->n >= a->max) return cm_fail(e, CM_E_LIMIT, 0, "more than %zu tokens", a->max);
  if (a->n == a->cap) {
    size_t cap = a->cap ? 2 * a->cap : 64;
    uint32_t *p = cm_realloc(a->p, cap, sizeof *p);
    if (!p) return cm_fail(e, CM_E_NOMEM, 0, "no memory for %zu tokens", cap);
    a->p = p;
    a->cap = cap;
  }
  a->p[a->n++] = id;
  return CM_OK;
}

uint32_t cm_tok_count(const cm_tok *t) { return t->vocab.n; }

bool cm_tok_thinks(const cm_tok *t) { return t->thinks; }

size_t cm_tok_longest(const cm_tok *t) { return t->vocab.longest; }

/* --- text to tokens -------------------------------------------------------------------------- */

static cm_code encode_plain(const cm_tok *t, cm_str text, cm_bpe_work *w, cm_ids *out, cm_err *e) {
  cm_pretok it = {text, 0};
  cm_code code = CM_OK;
  for (cm_str word; code == CM_OK && cm_pretok_next(&it, &word);)
    code = cm_bpe_encode(&t->bpe, word, w, out, e);
  return code;
}

cm_code cm_tok_encode(const cm_tok *t, cm_str text, bool special, cm_ids *out, cm_err *e) {
  cm_bpe_work work = {0};
  cm_code code = CM_OK;
  size_t had = out->n;
  for (size_t at = 0; code == CM_OK && at < text.n;) {
    size_t end = at;
    const cm_special *s = cm_specials_next(&t->specials, text, !special, &end);
    code = encode_plain(t, (cm_str){text.p + at, end - at}, &work, out, e);
    if (code == CM_OK && s) code = cm_ids_push(out, s->id, e);
    at = end + (s ? s->s.n : 0);
  }
  cm_bpe_work_close(&work);
  if (code) out->n = had;
  return code;
}

/* --- tokens to text -------------------------------------------------------------------------- */

size_t cm_tok_bytes(const cm_tok *t, uint32_t id, bool special, char *out) {
  if (id >= t->vocab.n) return 0;
  unsigned flags = t->flags[id];
  if (flags & CM_TOK_UNUSED || (flags & CM_TOK_HIDDEN && !special)) return 0;
  cm_str s = cm_vocab_spelling(&t->vocab, id);
  if (flags & CM_TOK_LITERAL) return memcpy(out, s.p, s.n), s.n;
  size_t n = 0;
  for (size_t i = 0; i < s.n;) {
    uint32_t cp;
    size_t len = cm_utf8_next(s.p + i, s.n - i, &cp);
    int byte = cm_alphabet_byte(cp);
    if (byte >= 0) out[n++] = (char)byte;
    else memcpy(out + n, s.p + i, len), n += len; /* outside the alphabet: stands for itself */
    i += len;
  }
  return n;
}

void cm_tok_decode(const cm_tok *t, uint32_t id, bool special, cm_buf *out) {
  char bytes[CM_VOCAB_MAX_SPELLING];
  cm_buf_add(out, bytes, cm_tok_bytes(t, id, special, bytes));
}

/* --- single tokens --------------------------------------------------------------------------- */

uint32_t cm_tok_find(const cm_tok *t, cm_str s) {
  char spelling[2 * CM_VOCAB_MAX_SPELLING];
  uint32_t id = cm_vocab_find(&t->vocab, s);
  if (id != CM_TOK_NONE && t->flags[id] & CM_TOK_LITERAL) return id;
  if (s.n > CM_VOCAB_MAX_SPELLING) return CM_TOK_NONE;
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++)
    n += cm_utf8_put(cm_alphabet_char((uint8_t)s.p[i]), spelling + n);
  id = cm_vocab_find(&t->vocab, (cm_str){spelling, n});
  return id != CM_TOK_NONE && t->flags[id] & CM_TOK_LITERAL ? CM_TOK_NONE : id;
}

cm_str cm_tok_raw(const cm_tok *t, uint32_t id) {
  return id < t->vocab.n ? cm_vocab_spelling(&t->vocab, id) : CM_STR("");
}

static bool has(const cm_tok *t, uint32_t id, unsigned flag) {
  return id < t->vocab.n && t->flags[id] & flag;
}

bool cm_tok_is_control(const cm_tok *t, uint32_t id) { return has(t, id, CM_TOK_CONTROL); }
bool cm_tok_is_end(const cm_tok *t, uint32_t id) { return has(t, id, CM_TOK_END); }
