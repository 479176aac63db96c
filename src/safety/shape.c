#include "safety/shape.h"

#include <string.h>

typedef enum need_kind {
  NEED_OPERAND, /* in order */
  NEED_SOME,    /* some operand behind those in order */
  NEED_OPTION,
  NEED_STDIN,
  NEED_ROOT
} need_kind;

enum { SHAPE_MAX = 32 << 10 }; /* positions fit 16 bits */

/* What a byte of a shape is: bits, so that a pattern's bytes can be or'ed. */
enum { BYTE_END = 1, BYTE_SPECIAL = 2, BYTE_BAR = 4, BYTE_EQUALS = 8 };

static const uint8_t classes[256] = {
    [0] = BYTE_END,       [' '] = BYTE_END,      ['*'] = BYTE_SPECIAL, ['?'] = BYTE_SPECIAL,
    ['['] = BYTE_SPECIAL, ['\\'] = BYTE_SPECIAL, ['|'] = BYTE_BAR,     ['='] = BYTE_EQUALS,
};

static unsigned class_of(char c) { return classes[(unsigned char)c]; }

/* --- matching text --------------------------------------------------------------------------- */

/* [abc] [a-z] [!abc] at `p`; *used is its length, 0 when it isn't closed. */
static bool class_has(cm_str p, char c, size_t *used) {
  size_t i = 1;
  bool negated = i < p.n && (p.p[i] == '!' || p.p[i] == '^'), in = false;
  if (negated) i++;
  for (size_t first = i; i < p.n && (p.p[i] != ']' || i == first); i++) {
    if (i + 2 < p.n && p.p[i + 1] == '-' && p.p[i + 2] != ']') {
      in |= (unsigned char)c >= (unsigned char)p.p[i] &&
            (unsigned char)c <= (unsigned char)p.p[i + 2];
      i += 2;
    } else {
      in |= c == p.p[i];
    }
  }
  *used = i < p.n ? i + 1 : 0;
  return in != negated;
}

/* Whether one element of the pattern (not '*') matches `c`; *used is its length. */
static bool element_is(cm_str p, char c, size_t *used) {
  *used = 1;
  if (p.p[0] == '?') return c != CM_HOLE;
  if (p.p[0] == '[') {
    bool in = class_has(p, c, used);
    if (*used) return in && c != CM_HOLE;
    *used = 1;
  }
  if (p.p[0] == '\\' && p.n > 1) {
    *used = 2;
    return c == p.p[1];
  }
  return c == p.p[0];
}

bool cm_glob(cm_str pattern, cm_str text) {
  size_t i = 0, t = 0, star = SIZE_MAX, star_t = 0, used;
  /* Most differ in the first byte already. */
  if (pattern.n && text.n && !class_of(pattern.p[0]) && pattern.p[0] != text.p[0]) return false;
  while (t < text.n) {
    cm_str rest = {pattern.p + i, pattern.n - i};
    if (rest.n && rest.p[0] == '*') {
      star = ++i;
      star_t = t;
    } else if (rest.n && element_is(rest, text.p[t], &used)) {
      i += used;
      t++;
    } else if (star != SIZE_MAX) {
      i = star;
      t = ++star_t;
    } else {
      return false;
    }
  }
  while (i < pattern.n && pattern.p[i] == '*') i++;
  return i == pattern.n;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte is the lowest one");

/* The first '|' from `p` on, or `end`. Alternatives are so short that memchr would take longer to
 * start than to look; so eight bytes at a time, of which a zero byte is found by its borrow. */
static inline const char *next_bar(const char *p, const char *end) {
  const uint64_t ones = UINT64_C(0x0101010101010101);
  for (uint64_t eight; end - p >= 8; p += 8) {
    memcpy(&eight, p, 8);
    eight ^= ones * '|';
    eight = (eight - ones) & ~eight & ones << 7;
    if (eight) return p + __builtin_ctzll(eight) / 8;
  }
  while (p < end && *p != '|') p++;
  return p;
}

/* The '|' behind `p` that ends an alternative, or `end`. One in [ ] counts too; "\\|" doesn't. */
static const char *bar_behind(const char *p, const char *end) {
  const char *bar = next_bar(p, end);
  while (bar < end && bar > p && bar[-1] == '\\') bar = next_bar(bar + 1, end);
  return bar;
}

bool cm_shape_alternative(cm_str *rest, cm_str *out) {
  if (!rest->p) return false;
  const char *end = rest->p + rest->n, *bar = bar_behind(rest->p, end);
  *out = (cm_str){rest->p, (size_t)(bar - rest->p)};
  *rest = bar < end ? (cm_str){bar + 1, (size_t)(end - bar - 1)} : (cm_str){0};
  return true;
}

uint32_t cm_shape_letters(cm_str alternatives) {
  uint32_t letters = 0;
  for (cm_str one; cm_shape_alternative(&alternatives, &one);)
    letters |= one.n && class_of(one.p[0]) ? UINT32_MAX : cm_letter_bit(one);
  return letters;
}

bool cm_glob_any(cm_str alternatives, cm_str text) {
  const char *p = alternatives.p, *end = p + alternatives.n;
  for (;; p++) {
    /* Most differ in the first byte already. */
    bool may = p == end || class_of(*p) || (text.n && *p == text.p[0]);
    const char *bar = bar_behind(p, end);
    if (may && cm_glob((cm_str){p, (size_t)(bar - p)}, text)) return true;
    if (bar == end) return false;
    p = bar;
  }
}

/* The same for alternatives without special characters, which most are. */
static bool plain_any(cm_str alternatives, cm_str text) {
  const char *p = alternatives.p, *end = p + alternatives.n;
  for (;;) {
    const char *bar = next_bar(p, end);
    size_t n = (size_t)(bar - p);
    if (n == text.n && (!n || memcmp(p, text.p, n) == 0)) return true;
    if (bar == end) return false;
    p = bar + 1;
  }
}

/* --- compiling ------------------------------------------------------------------------------- */

/* Passes over bytes up to one of `stop`; what they were comes back. */
static unsigned pass(const char **p, unsigned stop) {
  const char *at = *p;
  unsigned seen = 0, c;
  while (!((c = class_of(*at)) & stop)) seen |= c, at++;
  *p = at;
  return seen;
}

/* Takes the pattern at `p`; false: it is empty. */
static bool scan(const char *text, const char **p, cm_need *need) {
  need->at = (uint16_t)(*p - text);
  need->plain = !(pass(p, BYTE_END) & BYTE_SPECIAL);
  need->n = (uint16_t)(*p - text - need->at);
  need->letters = cm_shape_letters((cm_str){text + need->at, need->n});
  return need->n > 0;
}

static cm_str without_dashes(cm_str name) {
  for (int i = 0; i < 2 && name.n > 1 && name.p[0] == '-'; i++) name.p++, name.n--;
  return name;
}

/* -f|--force=PATTERN. The value's pattern belongs to every alternative. */
static bool scan_option(const char *text, const char **p, cm_need *need) {
  need->kind = NEED_OPTION;
  need->plain = true;
  need->at = (uint16_t)(*p - text);
  for (;; ++*p) {
    const char *name = *p;
    unsigned seen = pass(p, BYTE_END | BYTE_BAR | BYTE_EQUALS);
    cm_str bare = without_dashes((cm_str){name, (size_t)(*p - name)});
    if (!bare.n) return false;
    need->plain &= !seen;
    need->letters |= class_of(bare.p[0]) ? UINT32_MAX : cm_letter_bit(bare);
    if (**p != '|') break;
  }
  need->n = (uint16_t)(*p - text - need->at);
  if (**p != '=') return true;
  need->value = (uint16_t)(++*p - text);
  (void)pass(p, BYTE_END);
  need->n_value = (uint16_t)(*p - text - need->value);
  return need->n_value > 0;
}

static bool compile_word(const char *text, const char **p, cm_need *need) {
  if (class_of(**p) == BYTE_END) return false;
  if (**p == '!' && class_of((*p)[1]) != BYTE_END) {
    need->negated = true;
    ++*p;
  }
  bool lone = class_of((*p)[1]) == BYTE_END;
  if ((**p == '-' || **p == '+') && !lone) return scan_option(text, p, need);
  need->kind = NEED_OPERAND;
  if (lone && **p == '<') need->kind = NEED_STDIN;
  else if (lone && **p == '^') need->kind = NEED_ROOT;
  else if (need->negated) need->kind = NEED_SOME;
  if (**p == '~' && !lone && !need->negated) {
    need->kind = NEED_SOME;
    ++*p;
  }
  return scan(text, p, need);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* What stands behind "@". */
static bool compile_target(cm_shape *s, cm_str name) {
  s->form.target = (uint16_t)(name.p - s->text);
  s->form.n_target = (uint16_t)name.n;
  s->form.target_kind = CM_TARGET_RANGE;
  if (name.n == 0) return true;
  if (cm_str_is(name, "?")) return s->form.or_cwd = true;
  if (cm_str_is(name, "last")) return (s->form.target_kind = CM_TARGET_LAST) != 0;
  if (cm_str_is(name, "..last")) return s->form.until = true;
  if (is_digit(name.p[0])) {
    s->form.from = (uint8_t)(name.p[0] - '1');
    s->form.one = name.n == 1;
    return name.p[0] != '0' && (s->form.one || cm_str_is((cm_str){name.p + 1, name.n - 1}, ".."));
  }
  if (name.p[name.n - 1] == '=' && name.p[0] != '-') s->form.target_kind = CM_TARGET_PREFIX;
  else if (name.p[0] == '-' || name.p[0] == '+') s->form.target_kind = CM_TARGET_OPTION;
  else return false;
  return true;
}

bool cm_shape_compile(const char *text, cm_need *needs, cm_shape *out) {
  const char *p = text;
  *out = (cm_shape){.text = text, .needs = needs};
  (void)pass(&p, BYTE_END);
  out->form.n_program = (uint16_t)(p - text);
  if (p == text || p - text > SHAPE_MAX) return false;
  while (*p == ' ') {
    if (*++p == '@') {
      const char *name = ++p;
      (void)pass(&p, BYTE_END);
      if (out->form.target_kind || !compile_target(out, (cm_str){name, (size_t)(p - name)}))
        return false;
      continue;
    }
    if (out->form.n_needs == CM_SHAPE_NEEDS_MAX || p - text > SHAPE_MAX) return false;
    cm_need *need = &needs[out->form.n_needs++];
    *need = (cm_need){0};
    if (!compile_word(text, &p, need)) return false;
    if (need->kind == NEED_OPERAND) out->form.n_ordered++;
  }
  return p - text <= SHAPE_MAX;
}

/* --- matching -------------------------------------------------------------------------------- */

static cm_str in_text(const cm_shape *s, uint16_t at, uint16_t n) {
  return (cm_str){s->text + at, n};
}

/* Most texts differ in the first letter already. */
static bool pattern_is(const cm_shape *s, const cm_need *need, cm_str text) {
  cm_str pattern = in_text(s, need->at, need->n);
  if (!(need->letters & cm_letter_bit(text))) return false;
  return need->plain ? plain_any(pattern, text) : cm_glob_any(pattern, text);
}

static bool name_among(cm_str names, cm_str name, bool plain) {
  if (plain) {
    for (const char *p = names.p, *end = p + names.n; p < end;) {
      const char *bar = next_bar(p, end);
      if (cm_str_eq(without_dashes((cm_str){p, (size_t)(bar - p)}), name)) return true;
      p = bar < end ? bar + 1 : end;
    }
    return false;
  }
  for (cm_str one; cm_shape_alternative(&names, &one);)
    if (cm_glob(without_dashes(one), name)) return true;
  return false;
}

static bool has_option(const cm_shape *s, const cm_need *need, const cm_call *call) {
  if (!(need->letters & call->letters)) return false;
  cm_str names = in_text(s, need->at, need->n), value = in_text(s, need->value, need->n_value);
  for (size_t i = 0; i < call->n_options; i++) {
    const cm_arg *arg = &call->options[i];
    if (!(need->letters & cm_letter_bit(arg->name)) || !name_among(names, arg->name, need->plain))
      continue;
    if (!need->value || (arg->has_value && cm_glob_any(value, arg->value))) return true;
  }
  return false;
}

static bool has_operand(const cm_shape *s, const cm_need *need, const cm_call *call) {
  for (size_t i = s->form.n_ordered; i < call->n_operands; i++)
    if (pattern_is(s, need, call->operands[i].value)) return true;
  return false;
}

static bool has_stdin(const cm_run *run) {
  if (run->in || run->in_text) return true;
  for (size_t i = 0; i < run->n_redirs; i++)
    if (run->redirs[i].fd == 0 || run->redirs[i].op == CM_REDIR_HERE_DOC ||
        run->redirs[i].op == CM_REDIR_HERE_STRING)
      return true;
  return false;
}

static bool need_fits(const cm_shape *s, const cm_need *need, const cm_call *call, size_t order) {
  switch ((need_kind)need->kind) {
    case NEED_OPERAND:
      return order < call->n_operands && pattern_is(s, need, call->operands[order].value);
    case NEED_SOME: return has_operand(s, need, call);
    case NEED_OPTION: return has_option(s, need, call);
    case NEED_STDIN: return has_stdin(call->run);
    case NEED_ROOT: return call->run->root;
  }
  return false;
}

bool cm_shape_fits(const cm_shape *s, const cm_call *call) {
  size_t order = 0, at = 0;
  for (size_t i = 0; i < s->form.n_needs; i++) {
    const cm_need *need = &s->needs[i];
    if (need_fits(s, need, call, order) == need->negated) return false;
    order += need->kind == NEED_OPERAND;
  }
  cm_rword first;
  return !s->form.target_kind || cm_shape_target(s, call, &at, &first);
}

/* --- targets --------------------------------------------------------------------------------- */

static bool give(const cm_arg *arg, size_t skip, cm_rword *out) {
  *out = *(arg->at ? arg->at : arg->word);
  out->text = (cm_str){arg->value.p + skip, arg->value.n - skip};
  return true;
}

static bool operand_target(const cm_shape *s, const cm_call *call, size_t *at, cm_rword *out) {
  size_t begin = s->form.n_ordered, end = call->n_operands;
  size_t left = end > begin ? end - begin : 0;
  if (s->form.target_kind == CM_TARGET_LAST) {
    begin = left ? end - 1 : end;
  } else {
    begin += s->form.from;
    if (s->form.one && begin + 1 < end) end = begin + 1;
    if (s->form.until && end) end--;
  }
  if (begin + *at < end) return give(&call->operands[begin + (*at)++], 0, out);
  if (!s->form.or_cwd || left || *at) return false;
  ++*at;
  *out = (cm_rword){.text = CM_STR(".")};
  return true;
}

static bool option_target(cm_str names, const cm_call *call, size_t *at, cm_rword *out) {
  while (*at < call->n_options) {
    const cm_arg *arg = &call->options[(*at)++];
    if (arg->has_value && name_among(names, arg->name, false)) return give(arg, 0, out);
  }
  return false;
}

static bool prefix_target(cm_str prefix, const cm_call *call, size_t *at, cm_rword *out) {
  while (*at < call->n_operands) {
    const cm_arg *arg = &call->operands[(*at)++];
    if (cm_str_starts(arg->value, prefix)) return give(arg, prefix.n, out);
  }
  return false;
}

bool cm_shape_target(const cm_shape *s, const cm_call *call, size_t *at, cm_rword *out) {
  cm_str name = in_text(s, s->form.target, s->form.n_target);
  switch ((cm_target_kind)s->form.target_kind) {
    case CM_TARGET_NONE: return false;
    case CM_TARGET_OPTION: return option_target(name, call, at, out);
    case CM_TARGET_PREFIX: return prefix_target(name, call, at, out);
    default: return operand_target(s, call, at, out);
  }
}
