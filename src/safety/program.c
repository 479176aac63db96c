#include "safety/program.h"

#include <string.h>

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
static bool sub_fits(const cm_index *x, const cm_sub *sub, const cm_call *call, size_t n) {
  if (!(sub->letters & cm_letter_bit(call->operands[0].value))) return false;
  for (size_t i = 0; i < n; i++)
    if (!cm_glob_any(cm_index_sub_word(x, sub, i), call->operands[i].value)) return false;
  return true;
}

/* Looks for a subcommand of as many words as there are operands; true: longer ones may fit. */
static bool match_sub(const cm_index *x, const cm_call *call, cm_known *known) {
  bool longer = false;
  size_t n = call->n_operands;
  for (size_t at = known->base->sub; at; at = x->subs[at - 1].next) {
    const cm_sub *sub = &x->subs[at - 1];
    if (sub->words < n || !sub_fits(x, sub, call, n)) continue;
    longer |= sub->words > n;
    if (sub->words == n)
      known->program = cm_index_program(x, sub->pack, sub->row), known->n_sub = n;
  }
  return longer;
}

/* The words that lead to a subcommand, with the options between; *from is the last word read. */
static bool read_subcommand(const cm_index *x, cm_arena *a, cm_call *call, cm_known *known,
                            size_t *from) {
  for (size_t level = 1; level < known->base->depth; level++) {
    size_t next;
    if (!read_args(a, call, known->program, CM_ARGV_STOP, *from, &next)) return false;
    *from = next - 1;
    if (next >= call->run->n) return true;
    if (!read_operand(a, call, next)) return false;
    *from = next;
    if (!match_sub(x, call, known)) return true;
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
  known->name = cm_index_name(x, known->base);
  known->program = cm_index_program(x, known->base->pack, known->base->row);
  if (!read_subcommand(x, a, call, known, &from)) return false;
  return read_args(a, call, known->program, 0, from, &from);
}
