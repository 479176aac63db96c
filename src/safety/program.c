#include "safety/program.h"

#include <string.h>

/* --- names ----------------------------------------------------------------------------------- */

static const uint32_t fnv_basis = 0x811c9dc5, fnv_prime = 0x01000193;

static uint32_t hash_more(uint32_t h, cm_str s) {
  for (size_t i = 0; i < s.n; i++) h = (h ^ (unsigned char)s.p[i]) * fnv_prime;
  return h;
}

/* Whether `name` is `head`, a blank and `tail`, or `tail` alone if head is empty. */
static bool is_name(cm_str name, cm_str head, cm_str tail) {
  if (!head.n) return cm_str_eq(name, tail);
  return name.n == head.n + 1 + tail.n && memcmp(name.p, head.p, head.n) == 0 &&
         name.p[head.n] == ' ' && memcmp(name.p + head.n + 1, tail.p, tail.n) == 0;
}

static uint32_t name_hash(uint32_t head_hash, cm_str head, cm_str tail) {
  return head.n ? hash_more(hash_more(head_hash, CM_STR(" ")), tail) : hash_more(fnv_basis, tail);
}

static cm_entry *find(const cm_index *x, uint32_t hash, cm_str head, cm_str tail) {
  for (uint32_t i = hash & x->mask; x->slots[i]; i = (i + 1) & x->mask) {
    cm_entry *entry = &x->entries[x->slots[i] - 1];
    if (entry->hash == hash && is_name(entry->name, head, tail)) return entry;
  }
  return NULL;
}

static cm_entry *find_one(const cm_index *x, cm_str name) {
  return find(x, hash_more(fnv_basis, name), (cm_str){0}, name);
}

static bool is_version_char(char c) { return (c >= '0' && c <= '9') || c == '.' || c == '-'; }

const cm_entry *cm_index_find(const cm_index *x, cm_str name) {
  const cm_entry *entry = find_one(x, name);
  if (entry || name.n < 2) return entry;
  if (cm_str_ends(name, CM_STR(".exe"))) name.n -= 4;
  size_t n = name.n;
  while (n > 1 && is_version_char(name.p[n - 1])) n--;
  entry = find_one(x, name);
  if (entry || n == name.n) return entry;
  return find_one(x, (cm_str){name.p, n});
}

/* --- building -------------------------------------------------------------------------------- */

static size_t count_bars(const char *s) {
  size_t n = 1;
  for (; *s; s++) n += *s == '|';
  return n;
}

/* How many names a spelling with alternatives stands for. */
static size_t count_names(const char *s) {
  size_t names = 1, bars = 1;
  for (; *s; s++) {
    if (*s == '|') bars++;
    if (*s == ' ') names *= bars, bars = 1;
  }
  return names * bars;
}

static cm_code wrong(cm_err *e, const char *pack, const char *row, const char *what) {
  return cm_fail(e, CM_E_INTERNAL, 0, "safety pack %s, \"%s\": %s", pack, row, what);
}

static bool add_entry(cm_index *x, size_t pack, const cm_program *program, cm_str name) {
  uint32_t hash = hash_more(fnv_basis, name);
  cm_entry *entry = find(x, hash, (cm_str){0}, name);
  if (entry) {
    entry->packs |= UINT32_C(1) << pack;
    return true;
  }
  if (x->n == x->max) return false;
  entry = &x->entries[x->n++];
  *entry = (cm_entry){name, hash, UINT32_C(1) << pack, program, 1, NULL, NULL};
  uint32_t at = hash & x->mask;
  while (x->slots[at]) at = (at + 1) & x->mask;
  x->slots[at] = (uint16_t)x->n;
  return true;
}

/* The words of a spelling, at most CM_ENTRY_WORDS_MAX; 0: too many. */
static size_t split(const char *s, cm_str words[CM_ENTRY_WORDS_MAX]) {
  size_t n = 0;
  while (*s) {
    if (n == CM_ENTRY_WORDS_MAX) return 0;
    words[n] = (cm_str){s, strcspn(s, " ")};
    s += words[n++].n;
    s += strspn(s, " ");
  }
  return n;
}

/* Adds every combination of the alternatives: an odometer over the words. */
static bool add_combinations(cm_index *x, size_t pack, const cm_program *p, const cm_str *words,
                             size_t n, cm_arena *a) {
  size_t total = count_names(p->name);
  for (size_t k = 0; k < total; k++) {
    char name[128];
    size_t at = 0, left = k;
    for (size_t w = 0; w < n; w++) {
      cm_str rest = words[w], one = {0};
      size_t bars = 1;
      for (size_t i = 0; i < rest.n; i++) bars += rest.p[i] == '|';
      for (size_t i = 0; i <= left % bars; i++) cm_shape_alternative(&rest, &one);
      left /= bars;
      if (at + one.n + 2 > sizeof name) return false;
      if (w) name[at++] = ' ';
      memcpy(name + at, one.p, one.n);
      at += one.n;
    }
    char *kept = cm_arena_strdup(a, name, at);
    if (!kept || !add_entry(x, pack, p, (cm_str){kept, at})) return false;
  }
  return true;
}

static bool add_alternatives(cm_index *x, size_t pack, const cm_program *p, cm_str rest) {
  for (cm_str one; cm_shape_alternative(&rest, &one);)
    if (!add_entry(x, pack, p, one)) return false;
  return true;
}

static cm_code add_programs(cm_index *x, size_t pack, cm_arena *a, cm_err *e) {
  const cm_pack *from = x->packs[pack];
  for (size_t i = 0; i < from->n_programs; i++) {
    const cm_program *p = &from->programs[i];
    cm_str words[CM_ENTRY_WORDS_MAX];
    size_t n = split(p->name, words);
    if (!n) return wrong(e, from->name, p->name, "too many words");
    bool ok = n == 1 ? add_alternatives(x, pack, p, words[0])
                     : add_combinations(x, pack, p, words, n, a);
    if (!ok) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the table of programs");
  }
  return CM_OK;
}

/* Tells the one-word names how deep their subcommands go. */
static cm_code set_depths(cm_index *x, cm_err *e) {
  for (size_t i = 0; i < x->n; i++) {
    cm_str name = x->entries[i].name;
    const char *blank = memchr(name.p, ' ', name.n);
    if (!blank) continue;
    unsigned words = 1;
    for (size_t k = 0; k < name.n; k++) words += name.p[k] == ' ';
    cm_entry *base = find_one(x, (cm_str){name.p, (size_t)(blank - name.p)});
    if (!base) return wrong(e, "", x->entries[i].program->name, "its program isn't listed");
    if (base->depth < words) base->depth = (uint8_t)words;
  }
  return CM_OK;
}

static cm_code bind_rule(cm_index *x, const char *pack, const cm_rule *rule, cm_shape *shape,
                         cm_bound **free_bounds, cm_err *e) {
  cm_str rest = cm_shape_program(shape);
  for (cm_str one; cm_shape_alternative(&rest, &one);) {
    cm_entry *entry = find_one(x, one);
    if (!entry) return wrong(e, pack, rule->shape, "its program isn't listed");
    cm_bound *bound = (*free_bounds)++;
    *bound = (cm_bound){rule, shape, NULL};
    *(entry->last ? &entry->last->next : &entry->first) = bound;
    entry->last = bound;
  }
  return CM_OK;
}

/* Room for the compiled rules; `needs` is filled from the front. */
typedef struct room {
  cm_shape *shapes;
  cm_need *needs;
  cm_bound *bounds;
} room;

static bool needs_path(cm_effect effect) { return effect > CM_FX_HARMLESS; }

static cm_code add_rules(cm_index *x, const cm_pack *pack, room *r, cm_err *e) {
  for (size_t i = 0; i < pack->n_rules; i++) {
    const cm_rule *rule = &pack->rules[i];
    cm_shape *shape = r->shapes++;
    if (!cm_shape_compile(rule->shape, r->needs, shape))
      return wrong(e, pack->name, rule->shape, "not a shape");
    if (needs_path(rule->effect) && !shape->target_kind)
      return wrong(e, pack->name, rule->shape, "its effect needs a target");
    r->needs += shape->n_needs;
    cm_code code = bind_rule(x, pack->name, rule, shape, &r->bounds, e);
    if (code) return code;
  }
  return CM_OK;
}

static size_t count_words(const char *s) {
  size_t n = 1;
  for (; *s; s++) n += *s == ' ';
  return n;
}

static bool take_room(cm_index *x, cm_arena *a, room *r) {
  size_t rules = 0, needs = CM_SHAPE_NEEDS_MAX, bounds = 0, slots = 64;
  for (size_t k = 0; x->packs[k]; k++) {
    const cm_pack *pack = x->packs[k];
    for (size_t i = 0; i < pack->n_programs; i++) x->max += count_names(pack->programs[i].name);
    for (size_t i = 0; i < pack->n_rules; i++) {
      needs += count_words(pack->rules[i].shape);
      bounds += count_bars(pack->rules[i].shape);
    }
    rules += pack->n_rules;
  }
  while (slots < 2 * x->max) slots *= 2;
  if (x->max >= UINT16_MAX) return false;
  x->mask = (uint32_t)slots - 1;
  x->entries = cm_arena_alloc(a, x->max, sizeof *x->entries);
  x->slots = cm_arena_alloc(a, slots, sizeof *x->slots);
  r->shapes = cm_arena_alloc(a, rules, sizeof *r->shapes);
  r->needs = cm_arena_alloc(a, needs, sizeof *r->needs);
  r->bounds = cm_arena_alloc(a, bounds, sizeof *r->bounds);
  return x->entries && x->slots && r->shapes && r->needs && r->bounds;
}

cm_code cm_index_build(cm_index *x, const cm_pack *const *packs, cm_arena *a, cm_err *e) {
  room r;
  *x = (cm_index){.packs = packs};
  if (!take_room(x, a, &r)) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the safety rules");
  cm_code code = CM_OK;
  for (size_t k = 0; packs[k] && !code; k++) code = add_programs(x, k, a, e);
  if (!code) code = set_depths(x, e);
  for (size_t k = 0; packs[k] && !code; k++) code = add_rules(x, packs[k], &r, e);
  return code;
}

/* --- reading a run --------------------------------------------------------------------------- */

static bool grow(cm_arena *a, cm_arg **list, size_t n, size_t *max) {
  if (n < *max) return true;
  size_t more = *max ? *max * 2 : 64;
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

/* The words that lead to a subcommand, with the options between; *from is the last word read. */
static bool read_subcommand(const cm_index *x, cm_arena *a, cm_call *call, cm_known *known,
                            size_t *from) {
  char name[128];
  cm_str head = known->base->name;
  uint32_t hash = known->base->hash;
  memcpy(name, head.p, head.n < sizeof name ? head.n : 0);
  for (size_t level = 1; level < known->base->depth; level++) {
    size_t next;
    if (!read_args(a, call, known->entry->program, CM_ARGV_STOP, *from, &next)) return false;
    *from = next - 1;
    if (next >= call->run->n) return true;
    cm_str sub = call->run->words[next].text;
    if (head.n + 1 + sub.n > sizeof name) return true;
    hash = name_hash(hash, head, sub);
    const cm_entry *longer = find(x, hash, head, sub);
    if (longer) known->entry = longer, known->n_sub = level;
    if (!read_operand(a, call, next)) return false;
    *from = next;
    name[head.n] = ' ';
    memcpy(name + head.n + 1, sub.p, sub.n);
    head = (cm_str){name, head.n + 1 + sub.n};
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
  known->base = known->entry = base.n ? cm_index_find(x, base) : NULL;
  if (!known->base) return read_args(a, call, NULL, 0, 0, &from);
  if (!read_subcommand(x, a, call, known, &from)) return false;
  return read_args(a, call, known->entry->program, 0, from, &from);
}
