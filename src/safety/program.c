#include "safety/program.h"

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

static cm_entry *entry_at(const cm_index *x, uint32_t slot) {
  return &x->entries[(slot & 0xffff) - 1];
}

/* The slot of the name: where it is, or where it would be. */
static size_t slot_of(const cm_index *x, cm_str name, uint64_t hash) {
  size_t i = hash & x->mask;
  for (uint32_t slot; (slot = x->slots[i]) != 0; i = (i + 1) & x->mask)
    if ((slot & 0xffff0000u) == tag_of(hash) && cm_str_eq(entry_at(x, slot)->name, name)) break;
  return i;
}

static cm_entry *find(const cm_index *x, cm_str name) {
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

static cm_code wrong(cm_err *e, const cm_pack *pack, const char *row, const char *what) {
  return cm_fail(e, CM_E_INTERNAL, 0, "safety pack %s, \"%s\": %s", pack->name, row, what);
}

static cm_code no_memory(cm_err *e) {
  return cm_fail(e, CM_E_NOMEM, 0, "no memory for the safety rules");
}

/* What is under construction: objects are taken from larger blocks, as most are small. */
typedef struct builder {
  cm_index *x;
  cm_arena *a;
  size_t max; /* entries */
  cm_chunk *chunks;
  cm_need *needs;
  size_t n_chunks, n_needs; /* left */
} builder;

enum { BLOCK = 512 };

/* Room for more names: as many entries as half the slots. */
static bool grow_index(builder *b, size_t max) {
  cm_index *x = b->x;
  if (max >= UINT16_MAX) return false;
  cm_entry *entries = cm_arena_alloc(b->a, max, sizeof *entries);
  uint32_t *slots = cm_arena_alloc(b->a, 2 * max, sizeof *slots);
  if (!entries || !slots) return false;
  if (x->n) memcpy(entries, x->entries, x->n * sizeof *entries);
  x->entries = entries;
  x->slots = slots;
  x->mask = 2 * max - 1;
  b->max = max;
  for (size_t i = 0; i < x->n; i++) {
    uint64_t hash = hash_of(entries[i].name);
    slots[slot_of(x, entries[i].name, hash)] = tag_of(hash) | (uint32_t)(i + 1);
  }
  return true;
}

static bool add_entry(builder *b, size_t pack, const cm_program *program, cm_str name) {
  cm_index *x = b->x;
  if (x->n == b->max && !grow_index(b, 2 * b->max)) return false;
  uint64_t hash = hash_of(name);
  size_t slot = slot_of(x, name, hash);
  if (!x->slots[slot]) {
    x->entries[x->n++] = (cm_entry){.name = name, .depth = 1, .program = program};
    x->slots[slot] = tag_of(hash) | (uint32_t)x->n;
  }
  entry_at(x, x->slots[slot])->packs |= UINT64_C(1) << pack;
  return true;
}

/* Takes the next alternative off a list without special characters, as names of programs are. */
static bool next_name(cm_str *rest, cm_str *name) {
  if (!rest->p) return false;
  const char *bar = memchr(rest->p, '|', rest->n);
  *name = (cm_str){rest->p, bar ? (size_t)(bar - rest->p) : rest->n};
  *rest = bar ? (cm_str){bar + 1, rest->n - name->n - 1} : (cm_str){0};
  return true;
}

static cm_code add_programs(builder *b, size_t k, cm_err *e) {
  const cm_pack *pack = b->x->packs[k];
  for (size_t i = 0; i < pack->n_programs; i++) {
    const cm_program *p = &pack->programs[i];
    cm_str rest = {p->name, strlen(p->name)}, name;
    if (memchr(rest.p, ' ', rest.n)) continue;
    while (next_name(&rest, &name))
      if (!add_entry(b, k, p, name)) return no_memory(e);
  }
  return CM_OK;
}

/* "git push|fetch": the words behind the first. */
static bool split(const char *s, cm_str *first, cm_sub *sub) {
  *first = (cm_str){s, strcspn(s, " ")};
  for (s += first->n; *s == ' '; s += sub->words[sub->n++].n) {
    if (sub->n == CM_SUB_WORDS_MAX) return false;
    sub->words[sub->n] = (cm_str){s + 1, strcspn(s + 1, " ")};
    s++;
  }
  return true;
}

static cm_code add_sub(builder *b, const cm_pack *pack, const cm_program *p, cm_err *e) {
  cm_sub parts = {.program = p};
  cm_str rest, name;
  if (!split(p->name, &rest, &parts)) return wrong(e, pack, p->name, "too many words");
  while (next_name(&rest, &name)) {
    cm_entry *base = find(b->x, name);
    cm_sub *sub = cm_arena_alloc(b->a, 1, sizeof *sub);
    if (!base) return wrong(e, pack, p->name, "its program isn't listed");
    if (!sub) return no_memory(e);
    *sub = parts;
    sub->next = base->subs;
    base->subs = sub;
    if (base->depth < parts.n + 1) base->depth = (uint32_t)parts.n + 1;
  }
  return CM_OK;
}

static cm_code add_subs(builder *b, size_t k, cm_err *e) {
  const cm_pack *pack = b->x->packs[k];
  cm_code code = CM_OK;
  for (size_t i = 0; i < pack->n_programs && !code; i++)
    if (strchr(pack->programs[i].name, ' ')) code = add_sub(b, pack, &pack->programs[i], e);
  return code;
}

/* One more chunk for every program of the rules' first word. */
static cm_code bind(builder *b, const cm_pack *pack, cm_chunk chunk, cm_err *e) {
  cm_str rest = cm_shape_program(chunk.shapes), name;
  while (next_name(&rest, &name)) {
    cm_entry *entry = find(b->x, name);
    if (!entry) return wrong(e, pack, chunk.rules->shape, "its program isn't listed");
    if (!b->n_chunks) {
      b->chunks = cm_arena_alloc(b->a, BLOCK, sizeof *b->chunks);
      if (!b->chunks) return no_memory(e);
      b->n_chunks = BLOCK;
    }
    b->n_chunks--;
    chunk.next = entry->rules;
    *b->chunks = chunk;
    entry->rules = b->chunks++;
  }
  return CM_OK;
}

static bool needs_path(cm_effect effect) { return effect > CM_FX_HARMLESS; }

static cm_code compile(builder *b, const cm_pack *pack, const cm_rule *rule, cm_shape *shape,
                       cm_err *e) {
  if (b->n_needs < CM_SHAPE_NEEDS_MAX) {
    b->needs = cm_arena_alloc(b->a, BLOCK, sizeof *b->needs);
    if (!b->needs) return no_memory(e);
    b->n_needs = BLOCK;
  }
  if (!cm_shape_compile(rule->shape, b->needs, shape))
    return wrong(e, pack, rule->shape, "not a shape");
  if (needs_path(rule->effect) && !shape->target_kind)
    return wrong(e, pack, rule->shape, "its effect needs a target");
  b->needs += shape->n_needs;
  b->n_needs -= shape->n_needs;
  return CM_OK;
}

static cm_code add_rules(builder *b, const cm_pack *pack, cm_err *e) {
  cm_shape *shapes = cm_arena_alloc(b->a, pack->n_rules, sizeof *shapes);
  cm_code code = shapes ? CM_OK : no_memory(e);
  for (size_t i = 0; i < pack->n_rules && !code; i++)
    code = compile(b, pack, &pack->rules[i], &shapes[i], e);
  for (size_t i = 0, n; i < pack->n_rules && !code; i += n) {
    n = 1;
    while (i + n < pack->n_rules &&
           cm_str_eq(cm_shape_program(&shapes[i]), cm_shape_program(&shapes[i + n])))
      n++;
    code = bind(b, pack, (cm_chunk){&pack->rules[i], &shapes[i], n, NULL}, e);
  }
  return code;
}

cm_code cm_index_build(cm_index *x, const cm_pack *const *packs, cm_arena *a, cm_err *e) {
  builder b = {.x = x, .a = a};
  size_t n = 0, max = 64;
  cm_code code = CM_OK;
  *x = (cm_index){.packs = packs};
  for (size_t rows = 0; packs[n]; n++) {
    rows += packs[n]->n_programs;
    while (max < 4 * rows) max *= 2;
  }
  if (n > CM_PACKS_MAX) return cm_fail(e, CM_E_INTERNAL, 0, "too many safety packs");
  if (!grow_index(&b, max)) return no_memory(e);
  for (size_t k = 0; k < n && !code; k++) code = add_programs(&b, k, e);
  for (size_t k = 0; k < n && !code; k++) code = add_subs(&b, k, e);
  for (size_t k = 0; k < n && !code; k++) code = add_rules(&b, packs[k], e);
  return code;
}

/* --- reading a run --------------------------------------------------------------------------- */

static bool grow(cm_arena *a, cm_arg **list, size_t n, size_t *max) {
  if (n < *max) return true;
  size_t more = *max ? *max * 2 : 8;
  cm_arg *bigger = cm_arena_alloc(a, more, sizeof **list);
  if (!bigger) return false;
  if (n) memcpy(bigger, *list, n * sizeof **list);
  *list = bigger;
  *max = more;
  return true;
}

static bool add_arg(cm_arena *a, cm_call *call, cm_arg arg) {
  if (!arg.option) {
    if (!grow(a, &call->operands, call->n_operands, &call->operands_max)) return false;
    call->operands[call->n_operands++] = arg;
    return true;
  }
  if (!grow(a, &call->options, call->n_options, &call->options_max)) return false;
  call->options[call->n_options++] = arg;
  call->letters |= cm_letter_bit(arg.name);
  return true;
}

/* Adds what the words behind words[from] are; *next is the first that it left. */
static bool read_args(cm_arena *a, cm_call *call, const cm_program *p, unsigned stop, size_t from,
                      size_t *next) {
  const cm_run *run = call->run;
  cm_argv_spec spec = {NULL, NULL, stop};
  if (p) spec = (cm_argv_spec){p->shorts, p->longs, p->how | stop};
  cm_argv v = cm_argv_of(run->words + from, run->n - from, spec);
  for (cm_arg arg; cm_argv_next(&v, &arg);) {
    arg.index += from;
    if (!add_arg(a, call, arg)) return false;
  }
  *next = from + v.next;
  return true;
}

static bool read_operand(cm_arena *a, cm_call *call, size_t at) {
  const cm_rword *word = &call->run->words[at];
  cm_arg arg = {.word = word, .at = word, .value = word->text, .has_value = true, .index = at};
  return add_arg(a, call, arg);
}

/* Whether the first `n` operands are what the subcommand's words say. */
static bool sub_fits(const cm_sub *sub, const cm_call *call, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (!cm_glob_any(sub->words[i], call->operands[i].value)) return false;
  return true;
}

/* Looks for a subcommand of as many words as there are operands; true: longer ones may fit. */
static bool match_sub(const cm_call *call, cm_known *known) {
  bool longer = false;
  size_t n = call->n_operands;
  for (const cm_sub *sub = known->base->subs; sub; sub = sub->next) {
    if (sub->n < n || !sub_fits(sub, call, n)) continue;
    longer |= sub->n > n;
    if (sub->n == n) known->program = sub->program, known->n_sub = n;
  }
  return longer;
}

/* The words that lead to a subcommand, with the options between; *from is the last word read. */
static bool read_subcommand(cm_arena *a, cm_call *call, cm_known *known, size_t *from) {
  for (size_t level = 1; level < known->base->depth; level++) {
    size_t next;
    if (!read_args(a, call, known->program, CM_ARGV_STOP, *from, &next)) return false;
    *from = next - 1;
    if (next >= call->run->n) return true;
    if (!read_operand(a, call, next)) return false;
    *from = next;
    if (!match_sub(call, known)) return true;
  }
  return true;
}

/* The last part of a path, which is how a program outside the system's folders may be known. */
static cm_str base_name(cm_str path) {
  size_t at = path.n;
  while (at && path.p[at - 1] != '/') at--;
  return (cm_str){path.p + at, path.n - at};
}

bool cm_call_read(const cm_index *x, const cm_run *run, cm_arena *a, cm_call *call,
                  cm_known *known) {
  size_t from = 0;
  call->run = run;
  call->n_options = call->n_operands = 0;
  call->letters = 0;
  *known = (cm_known){0};
  if (!run->n) return true;
  cm_str base = base_name(run->program);
  known->by_path = base.n < run->program.n;
  known->base = base.n ? cm_index_find(x, base) : NULL;
  if (!known->base) return read_args(a, call, NULL, 0, 0, &from);
  known->program = known->base->program;
  if (!read_subcommand(a, call, known, &from)) return false;
  return read_args(a, call, known->program, 0, from, &from);
}
