#include "token/bpe.h"

#include "token/alphabet.h"

#define NONE UINT32_MAX

/* --- the merges ------------------------------------------------------------------------------ */

static bool is_joined(cm_str s, cm_str left, cm_str right) {
  return s.n == left.n + right.n && memcmp(s.p, left.p, left.n) == 0 &&
         memcmp(s.p + left.n, right.p, right.n) == 0;
}

/* The token spelled left + right, or NONE. Most vocabularies list what merges make in the order of
 * the merges, so that `guess`, the token after the last one, saves the search. */
static uint32_t find_joined(const cm_vocab *v, cm_str left, cm_str right, uint32_t guess) {
  char s[CM_VOCAB_MAX_SPELLING];
  if (guess < v->n && is_joined(cm_vocab_spelling(v, guess), left, right)) return guess;
  if (left.n > sizeof s || right.n > sizeof s - left.n) return NONE;
  memcpy(s, left.p, left.n);
  memcpy(s + left.n, right.p, right.n);
  return cm_vocab_find(v, (cm_str){s, left.n + right.n});
}

/* Rank of the merge that makes a token of a left part of `cut` bytes and the rest, or NONE. */
static uint32_t rank_of(const cm_bpe *b, uint32_t token, size_t cut) {
  for (uint32_t next = b->first[token]; next; next = b->next[next - 1])
    if (b->cut[next - 1] == cut) return next - 1;
  return NONE;
}

/* *token is the one that the last merge made, and becomes this one's. */
static cm_code add_merge(cm_bpe *b, uint32_t rank, cm_str s, uint32_t *token, cm_err *e) {
  const char *space = s.n ? memchr(s.p, ' ', s.n) : NULL;
  if (!space || space == s.p || space == s.p + s.n - 1)
    return cm_fail(e, CM_E_FORMAT, 0, "merge %u is not two tokens with a space between", rank);
  cm_str left = {s.p, (size_t)(space - s.p)};
  cm_str right = {space + 1, s.n - left.n - 1};
  *token = find_joined(b->vocab, left, right, *token + 1);
  if (*token == NONE)
    return cm_fail(e, CM_E_FORMAT, 0, "what merge %u makes is not in the vocabulary", rank);
  if (rank_of(b, *token, left.n) != NONE)
    return cm_fail(e, CM_E_FORMAT, 0, "merges %u and %u are the same", rank_of(b, *token, left.n),
                   rank);
  b->cut[rank] = (uint16_t)left.n;
  b->next[rank] = b->first[*token];
  b->first[*token] = rank + 1;
  return CM_OK;
}

static cm_code find_bytes(cm_bpe *b, cm_err *e) {
  for (unsigned i = 0; i < 256; i++) {
    char s[4];
    size_t n = cm_utf8_put(cm_alphabet_char((uint8_t)i), s);
    b->of_byte[i] = cm_vocab_find(b->vocab, (cm_str){s, n});
    if (b->of_byte[i] == NONE)
      return cm_fail(e, CM_E_FORMAT, 0, "the vocabulary has no token for the byte 0x%02x", i);
  }
  return CM_OK;
}

cm_code cm_bpe_open(cm_bpe *b, const cm_vocab *v, const cm_gguf_kv *merges, cm_err *e) {
  *b = (cm_bpe){.vocab = v};
  if (merges->count > CM_BPE_MAX_MERGES)
    return cm_fail(e, CM_E_LIMIT, 0, "%llu merges are too many",
                   (unsigned long long)merges->count);
  b->n = (uint32_t)merges->count;
  b->first = cm_alloc(v->n, sizeof *b->first);
  b->next = cm_alloc(b->n, sizeof *b->next);
  b->cut = cm_alloc(b->n, sizeof *b->cut);
  if (!b->first || !b->next || !b->cut) return cm_fail(e, CM_E_NOMEM, 0, "no memory for merges");
  cm_code code = find_bytes(b, e);
  cm_gguf_strs it = cm_gguf_strs_of(merges);
  uint32_t rank = 0, token = NONE;
  for (cm_str s; code == CM_OK && cm_gguf_next_str(&it, &s);)
    code = add_merge(b, rank++, s, &token, e);
  return code;
}

void cm_bpe_close(cm_bpe *b) {
  cm_free(b->first);
  cm_free(b->next);
  cm_free(b->cut);
  *b = (cm_bpe){0};
}

/* --- encoding -------------------------------------------------------------------------------- */

/* The symbols of a word are a list in an array; one that was merged into its left neighbour is no
 * longer in it. */
typedef struct cm_bpe_symbol {
  uint32_t at, n;        /* its spelling */
  uint32_t id;           /* its token */
  uint32_t prev, next;   /* or NONE */
  uint32_t rank, joined; /* of the merge with the next one, and what that makes; or NONE */
} symbol;

/* Possible merges, rank << 32 | position of the left symbol, as a binary heap, least first.
 * Entries whose symbol has changed since are told by its rank and passed over. */
typedef struct heap {
  uint64_t *p;
  size_t n;
} heap;

static void heap_push(heap *h, uint64_t v) {
  size_t i = h->n++;
  for (; i && h->p[(i - 1) / 2] > v; i = (i - 1) / 2) h->p[i] = h->p[(i - 1) / 2];
  h->p[i] = v;
}

static uint64_t heap_pop(heap *h) {
  uint64_t least = h->p[0], last = h->p[--h->n];
  size_t i = 0;
  for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
    if (child + 1 < h->n && h->p[child + 1] < h->p[child]) child++;
    if (h->p[child] >= last) break;
    h->p[i] = h->p[child];
  }
  h->p[i] = last;
  return least;
}

typedef struct job {
  const cm_bpe *bpe;
  const char *spelling;
  symbol *s;
  heap queue;
} job;

/* Looks for a merge of the symbol at i with the next one. */
static void offer(job *j, uint32_t i) {
  symbol *s = &j->s[i];
  s->rank = NONE;
  if (s->next == NONE) return;
  size_t n = s->n + j->s[s->next].n;
  if (n > j->bpe->vocab->longest) return;
  s->joined = cm_vocab_find(j->bpe->vocab, (cm_str){j->spelling + s->at, n});
  if (s->joined != NONE) s->rank = rank_of(j->bpe, s->joined, s->n);
  if (s->rank != NONE) heap_push(&j->queue, (uint64_t)s->rank << 32 | i);
}

static void merge(job *j, uint32_t i) {
  symbol *left = &j->s[i], *right = &j->s[left->next];
  left->id = left->joined;
  left->n += right->n;
  left->next = right->next;
  right->rank = NONE;
  if (left->next != NONE) j->s[left->next].prev = i;
  offer(j, i);
  if (left->prev != NONE) offer(j, left->prev);
}

static bool reserve(cm_bpe_work *w, size_t n) {
  if (n <= w->cap) return true;
  size_t cap = n < 256 ? 256 : n;
  cm_bpe_work_close(w);
  w->symbols = cm_realloc(NULL, cap, sizeof *w->symbols);
  /* A merge takes one entry off the queue and adds two at most; a word of n bytes starts with
   * n - 1 entries and has n - 1 merges. */
  w->queue = cm_realloc(NULL, cap, 2 * sizeof *w->queue);
  w->spelling = cm_realloc(NULL, cap, 2); /* all of the alphabet is below U+0800 */
  if (!w->symbols || !w->queue || !w->spelling) return false;
  w->cap = cap;
  return true;
}

void cm_bpe_work_close(cm_bpe_work *w) {
  cm_free(w->symbols);
  cm_free(w->queue);
  cm_free(w->spelling);
  *w = (cm_bpe_work){0};
}

/* One symbol for each byte. */
static void spell(const cm_bpe *b, cm_str word, cm_bpe_work *w) {
  uint32_t n = (uint32_t)word.n, at = 0;
  for (uint32_t i = 0; i < n; i++) {
    uint8_t byte = (uint8_t)word.p[i];
    char c[4];
    uint32_t len = (uint32_t)cm_utf8_put(cm_alphabet_char(byte), c);
    memcpy(w->spelling + at, c, 2); /* of one byte too: the next character covers the other */
    w->symbols[i] = (symbol){at, len, b->of_byte[byte], i - 1, i + 1, NONE, NONE};
    at += len;
  }
  w->symbols[n - 1].next = NONE;
}

cm_code cm_bpe_encode(const cm_bpe *b, cm_str word, cm_bpe_work *w, cm_ids *out, cm_err *e) {
  if (word.n == 0) return CM_OK;
  if (word.n > INT32_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "a word of %zu bytes is too long", word.n);
  if (!reserve(w, word.n))
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for a word of %zu bytes", word.n);
  spell(b, word, w);
  job j = {b, w->spelling, w->symbols, {w->queue, 0}};
  for (uint32_t i = 0; i < word.n; i++) offer(&j, i);
  while (j.queue.n) {
    uint64_t best = heap_pop(&j.queue);
    uint32_t i = (uint32_t)best;
    if (j.s[i].rank == best >> 32) merge(&j, i);
  }
  cm_code code = CM_OK;
  for (uint32_t i = 0; code == CM_OK && i != NONE; i = j.s[i].next)
    code = cm_ids_push(out, j.s[i].id, e);
  return code;
}
