#include "safety/index.h"

#include <string.h>

/* --- names ----------------------------------------------------------------------------------- */

/* Eight bytes at a time: names are short, and there are thousands. */
static uint64_t hash_of(cm_str s) {
  uint64_t h = s.n, part;
  for (; s.n >= 8; s.p += 8, s.n -= 8) {
    memcpy(&part, s.p, 8);
    h = (h ^ part) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
  }
  part = 0;
  for (size_t i = 0; i < s.n; i++) part = part << 8 | (unsigned char)s.p[i];
  h = (h ^ part) * UINT64_C(0x9e3779b97f4a7c15);
  return h ^ h >> 32;
}

/* A slot holds 16 bits of the hash and the entry's index + 1. */
static uint32_t tag_of(uint64_t hash) { return (uint32_t)(hash >> 32) & 0xffff0000u; }

static const cm_entry *entry_at(const cm_index *x, uint32_t slot) {
  return &x->entries[(slot & 0xffff) - 1];
}

static cm_str part_of(const cm_index *x, size_t pack, size_t row, size_t at, size_t n) {
  return (cm_str){cm_index_program(x, pack, row)->name + at, n};
}

cm_str cm_index_name(const cm_index *x, const cm_entry *entry) {
  return part_of(x, entry->pack, entry->row, entry->at, entry->n);
}

cm_str cm_index_sub_word(const cm_index *x, const cm_sub *sub, size_t word) {
  return part_of(x, sub->pack, sub->row, sub->at[word], sub->n[word]);
}

/* The slot of the name: where it is, or where it would be. */
static size_t slot_of(const cm_index *x, cm_str name, uint64_t hash) {
  size_t i = hash & x->mask;
  for (uint32_t slot; (slot = x->slots[i]) != 0; i = (i + 1) & x->mask)
    if ((slot & 0xffff0000u) == tag_of(hash) &&
        cm_str_eq(cm_index_name(x, entry_at(x, slot)), name))
      break;
  return i;
}

static const cm_entry *find(const cm_index *x, cm_str name) {
  size_t slot = slot_of(x, name, hash_of(name));
  return x->slots[slot] ? entry_at(x, x->slots[slot]) : NULL;
}

static bool is_version_char(char c) { return (c >= '0' && c <= '9') || c == '.' || c == '-'; }

const cm_entry *cm_index_find(const cm_index *x, cm_str name) {
  const cm_entry *entry = find(x, name);
  if (entry || name.n < 2) return entry;
  if (cm_str_ends(name, CM_STR(".exe"))) name.n -= 4;
  size_t n = name.n;
  while (n > 1 && is_version_char(name.p[n - 1])) n--;
  entry = find(x, name);
  return entry || n == name.n ? entry : find(x, (cm_str){name.p, n});
}

/* --- building -------------------------------------------------------------------------------- */

/* The tables of an index under construction, of the sizes that count() found. */
typedef struct builder {
  cm_index *x;
  cm_entry *entries;
  cm_chunk *chunks;
  cm_sub *subs;
  cm_form *forms;
  cm_need *needs;
  uint32_t *slots;
} builder;

static cm_code wrong(cm_err *e, const cm_pack *pack, const char *row, const char *what) {
  return cm_fail(e, CM_E_INTERNAL, 0, "safety pack %s, \"%s\": %s", pack->name, row, what);
}

/* Takes the next alternative off a list without special characters, as names of programs are. */
static bool next_name(cm_str *rest, cm_str *name) {
  if (!rest->p) return false;
  const char *bar = memchr(rest->p, '|', rest->n);
  *name = (cm_str){rest->p, bar ? (size_t)(bar - rest->p) : rest->n};
  *rest = bar ? (cm_str){bar + 1, rest->n - name->n - 1} : (cm_str){0};
  return true;
}

static cm_str first_word(const char *s) { return (cm_str){s, strcspn(s, " ")}; }

static size_t count_of(cm_str s, char c) {
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++) n += s.p[i] == c;
  return n;
}

/* The most that the packs can give. A shape's word behind a blank is one need at most. */
static void count(const cm_pack *const *packs, cm_index *max) {
  for (size_t k = 0; packs[k]; k++) {
    for (size_t i = 0; i < packs[k]->n_programs; i++) {
      cm_str first = first_word(packs[k]->programs[i].name);
      *(first.p[first.n] ? &max->n_subs : &max->n_entries) += 1 + count_of(first, '|');
    }
    for (size_t i = 0; i < packs[k]->n_rules; i++) {
      const char *shape = packs[k]->rules[i].shape;
      max->n_chunks += 1 + count_of(first_word(shape), '|');
      max->n_needs += count_of(cm_str_of(shape), ' ');
    }
    max->n_forms += packs[k]->n_rules;
  }
  max->mask = 63;
  while (2 * max->mask < 3 * max->n_entries) max->mask = 2 * max->mask + 1;
}

static bool make_tables(builder *b, const cm_index *max, cm_arena *a) {
  b->entries = cm_arena_alloc(a, max->n_entries, sizeof *b->entries);
  b->chunks = cm_arena_alloc(a, max->n_chunks, sizeof *b->chunks);
  b->subs = cm_arena_alloc(a, max->n_subs, sizeof *b->subs);
  b->forms = cm_arena_alloc(a, max->n_forms, sizeof *b->forms);
  b->needs = cm_arena_alloc(a, max->n_needs, sizeof *b->needs);
  b->slots = cm_arena_alloc(a, max->mask + 1, sizeof *b->slots);
  cm_index *x = b->x;
  x->entries = b->entries;
  x->chunks = b->chunks;
  x->subs = b->subs;
  x->forms = b->forms;
  x->needs = b->needs;
  x->slots = b->slots;
  x->mask = max->mask;
  return b->entries && b->chunks && b->subs && b->forms && b->needs && b->slots;
}

static void add_entry(builder *b, size_t pack, size_t row, cm_str name, size_t at) {
  cm_index *x = b->x;
  uint64_t hash = hash_of(name);
  size_t slot = slot_of(x, name, hash);
  if (!x->slots[slot]) {
    b->entries[x->n_entries++] = (cm_entry){
        .pack = (uint16_t)pack,
        .row = (uint16_t)row,
        .at = (uint16_t)at,
        .n = (uint16_t)name.n,
        .depth = 1,
    };
    b->slots[slot] = tag_of(hash) | (uint32_t)x->n_entries;
  }
  b->entries[(x->slots[slot] & 0xffff) - 1].packs |= UINT64_C(1) << pack;
}

static void add_programs(builder *b, size_t k) {
  for (size_t i = 0; i < b->x->packs[k]->n_programs; i++) {
    const char *names = b->x->packs[k]->programs[i].name;
    cm_str rest = first_word(names), name;
    if (names[rest.n]) continue;
    while (next_name(&rest, &name)) add_entry(b, k, i, name, (size_t)(name.p - names));
  }
}

/* "git push|fetch": the words behind the first. */
static bool split(const char *name, cm_sub *sub) {
  for (const char *s = name + strcspn(name, " "); *s == ' ';) {
    if (sub->words == CM_SUB_WORDS_MAX) return false;
    size_t n = strcspn(++s, " ");
    sub->at[sub->words] = (uint16_t)(s - name);
    sub->n[sub->words++] = (uint16_t)n;
    s += n;
  }
  return true;
}

static cm_code add_sub(builder *b, size_t k, size_t row, cm_err *e) {
  const char *names = b->x->packs[k]->programs[row].name;
  cm_sub sub = {.pack = (uint16_t)k, .row = (uint16_t)row};
  cm_str rest = first_word(names), name;
  if (!split(names, &sub)) return wrong(e, b->x->packs[k], names, "too many words");
  sub.letters = cm_shape_letters(cm_index_sub_word(b->x, &sub, 0));
  while (next_name(&rest, &name)) {
    const cm_entry *found = find(b->x, name);
    if (!found) return wrong(e, b->x->packs[k], names, "its program isn't listed");
    cm_entry *base = &b->entries[found - b->x->entries];
    sub.next = base->sub;
    b->subs[b->x->n_subs++] = sub;
    base->sub = (uint16_t)b->x->n_subs;
    if (base->depth < sub.words + 1) base->depth = (uint16_t)(sub.words + 1);
  }
  return CM_OK;
}

static cm_code add_subs(builder *b, size_t k, cm_err *e) {
  const cm_pack *pack = b->x->packs[k];
  cm_code code = CM_OK;
  for (size_t i = 0; i < pack->n_programs && !code; i++)
    if (strchr(pack->programs[i].name, ' ')) code = add_sub(b, k, i, e);
  return code;
}

/* One more chunk for every program of the rules' first word. */
static cm_code bind(builder *b, cm_chunk chunk, cm_err *e) {
  const cm_pack *pack = b->x->packs[chunk.pack];
  const char *shape = pack->rules[chunk.rule].shape;
  cm_str rest = first_word(shape), name;
  while (next_name(&rest, &name)) {
    const cm_entry *found = find(b->x, name);
    if (!found) return wrong(e, pack, shape, "its program isn't listed");
    cm_entry *entry = &b->entries[found - b->x->entries];
    chunk.next = entry->chunk;
    b->chunks[b->x->n_chunks++] = chunk;
    entry->chunk = (uint16_t)b->x->n_chunks;
  }
  return CM_OK;
}

static bool needs_path(cm_effect effect) { return effect > CM_FX_HARMLESS; }

static cm_code compile(builder *b, const cm_pack *pack, const cm_rule *rule, cm_err *e) {
  cm_need needs[CM_SHAPE_NEEDS_MAX];
  cm_shape shape;
  if (!cm_shape_compile(rule->shape, needs, &shape))
    return wrong(e, pack, rule->shape, "not a shape");
  if (needs_path(rule->effect) && !shape.form.target_kind)
    return wrong(e, pack, rule->shape, "its effect needs a target");
  shape.form.first_need = (uint16_t)b->x->n_needs;
  memcpy(b->needs + b->x->n_needs, needs, shape.form.n_needs * sizeof *needs);
  b->x->n_needs += shape.form.n_needs;
  b->forms[b->x->n_forms++] = shape.form;
  return CM_OK;
}

static cm_code add_rules(builder *b, size_t k, cm_err *e) {
  const cm_pack *pack = b->x->packs[k];
  size_t first = b->x->n_forms;
  cm_code code = CM_OK;
  for (size_t i = 0; i < pack->n_rules && !code; i++) code = compile(b, pack, &pack->rules[i], e);
  for (size_t i = 0, n; i < pack->n_rules && !code; i += n) {
    cm_str word = first_word(pack->rules[i].shape);
    n = 1;
    while (i + n < pack->n_rules && cm_str_eq(word, first_word(pack->rules[i + n].shape))) n++;
    cm_chunk chunk = {
        .pack = (uint16_t)k, .rule = (uint16_t)i, .n = (uint16_t)n, .form = (uint16_t)(first + i)};
    code = bind(b, chunk, e);
  }
  return code;
}

cm_code cm_index_build(cm_index *x, const cm_pack *const *packs, cm_arena *a, cm_err *e) {
  builder b = {.x = x};
  cm_index max = {0};
  cm_code code = CM_OK;
  size_t n = 0;
  *x = (cm_index){.packs = packs};
  while (packs[n]) n++;
  count(packs, &max);
  if (n > CM_PACKS_MAX || max.n_entries >= UINT16_MAX || max.n_subs >= UINT16_MAX ||
      max.n_chunks >= UINT16_MAX || max.n_forms >= UINT16_MAX || max.n_needs >= UINT16_MAX)
    return cm_fail(e, CM_E_INTERNAL, 0, "too many safety packs or rules");
  if (!make_tables(&b, &max, a))
    return cm_fail(e, CM_E_NOMEM, 0, "no memory for the safety rules");
  for (size_t k = 0; k < n; k++) add_programs(&b, k);
  for (size_t k = 0; k < n && !code; k++) code = add_subs(&b, k, e);
  for (size_t k = 0; k < n && !code; k++) code = add_rules(&b, k, e);
  return code;
}
