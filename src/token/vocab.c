#include "token/vocab.h"

/* Slots for n entries: a power of two, at most 3/5 full. */
static uint32_t slots_for(uint32_t n) {
  uint32_t slots = 16;
  while (slots / 5 * 3 < n) slots *= 2;
  return slots;
}

/* All 64 bits depend on all of h. */
static uint64_t mix(uint64_t h) {
  h *= 0x9E3779B97F4A7C15;
  return h ^ h >> 32;
}

static uint64_t word(const char *p, size_t n) {
  uint64_t w = 0;
  memcpy(&w, p, n);
  return w;
}

/* Eight bytes at a time; the last eight may overlap those before. Reads of fixed sizes only: most
 * spellings have less than eight bytes, and opening a vocabulary hashes 150,000. */
static uint64_t hash_of(cm_str s) {
  uint64_t h = s.n;
  if (s.n >= 8) {
    for (size_t i = 0; i + 8 < s.n; i += 8) h = mix(h ^ word(s.p + i, 8));
    h ^= word(s.p + s.n - 8, 8);
  } else if (s.n >= 4) {
    h = mix(h ^ word(s.p, 4)) ^ word(s.p + s.n - 4, 4);
  } else if (s.n) {
    h ^= word(s.p, 1) << 8 | word(s.p + s.n / 2, 1) << 16 | word(s.p + s.n - 1, 1) << 24;
  }
  return mix(mix(h));
}

/* The slot that holds the spelling, or the free one where it belongs. */
static uint32_t slot_of(const cm_vocab *v, cm_str s, uint64_t hash) {
  uint32_t i = (uint32_t)hash & v->mask;
  for (uint64_t slot; (slot = v->slots[i]) != 0; i = (i + 1) & v->mask) {
    bool same_hash = (slot ^ hash) >> 32 == 0;
    if (same_hash && cm_str_eq(cm_vocab_spelling(v, (uint32_t)slot - 1), s)) break;
  }
  return i;
}

uint32_t cm_vocab_find(const cm_vocab *v, cm_str spelling) {
  uint64_t slot = v->slots[slot_of(v, spelling, hash_of(spelling))];
  return (uint32_t)slot - 1; /* a free slot gives UINT32_MAX */
}

static cm_code add(cm_vocab *v, uint32_t id, cm_str s, cm_err *e) {
  if (s.n == 0) return cm_fail(e, CM_E_FORMAT, 0, "token %u has an empty spelling", id);
  if (s.n > CM_VOCAB_MAX_SPELLING)
    return cm_fail(e, CM_E_LIMIT, 0, "token %u is spelled with %zu bytes; at most %d are accepted",
                   id, s.n, CM_VOCAB_MAX_SPELLING);
  v->at[id] = (uint32_t)((const uint8_t *)s.p - v->base);
  if (s.n > v->longest) v->longest = s.n;
  uint64_t hash = hash_of(s);
  uint32_t i = slot_of(v, s, hash);
  if (v->slots[i])
    return cm_fail(e, CM_E_FORMAT, 0, "tokens %u and %u have the same spelling",
                   (uint32_t)v->slots[i] - 1, id);
  v->slots[i] = (hash >> 32 << 32) | (id + 1);
  return CM_OK;
}

cm_code cm_vocab_open(cm_vocab *v, const cm_gguf_kv *tokens, cm_err *e) {
  *v = (cm_vocab){.base = tokens->p};
  if (tokens->count == 0) return cm_fail(e, CM_E_FORMAT, 0, "the vocabulary is empty");
  if (tokens->count > CM_VOCAB_MAX_TOKENS || tokens->n > UINT32_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "a vocabulary of %llu tokens (%zu bytes) is too large",
                   (unsigned long long)tokens->count, tokens->n);
  v->n = (uint32_t)tokens->count;
  v->mask = slots_for(v->n) - 1;
  v->at = cm_alloc(v->n, sizeof *v->at);
  v->slots = cm_alloc(v->mask + 1, sizeof *v->slots);
  if (!v->at || !v->slots) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the vocabulary");
  cm_gguf_strs it = cm_gguf_strs_of(tokens);
  cm_code code = CM_OK;
  uint32_t id = 0;
  for (cm_str s; code == CM_OK && cm_gguf_next_str(&it, &s);) code = add(v, id++, s, e);
  return code;
}

void cm_vocab_close(cm_vocab *v) {
  cm_free(v->at);
  cm_free(v->slots);
  *v = (cm_vocab){0};
}
