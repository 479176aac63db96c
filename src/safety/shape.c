#include "safety/shape.h"

#include <string.h>

typedef enum need_kind {
  NEED_OPERAND, /* in order */
  NEED_SOME,    /* some operand behind those in order */
  NEED_OPTION,
  NEED_STDIN,
  NEED_ROOT
} need_kind;

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

bool cm_shape_alternative(cm_str *rest, cm_str *out) {
  if (!rest->p) return false;
  size_t n = 0;
  for (bool set = false; n < rest->n && (set || rest->p[n] != '|'); n++) {
    if (rest->p[n] == '\\' && n + 1 < rest->n) n++;
    else if (rest->p[n] == '[' && memchr(rest->p + n, ']', rest->n - n)) set = true;
    else if (rest->p[n] == ']') set = false;
  }
  *out = (cm_str){rest->p, n};
  *rest = n < rest->n ? (cm_str){rest->p + n + 1, rest->n - n - 1} : (cm_str){0};
  return true;
}

bool cm_glob_any(cm_str alternatives, cm_str text) {
  for (cm_str one; cm_shape_alternative(&alternatives, &one);)
    if (cm_glob(one, text)) return true;
  return false;
}

/* The same for alternatives without special characters, which most are. */
static bool plain_any(cm_str alternatives, cm_str text) {
  const char *p = alternatives.p, *end = p + alternatives.n;
  for (;;) {
    const char *bar = memchr(p, '|', (size_t)(end - p));
    size_t n = (size_t)((bar ? bar : end) - p);
    if (n == text.n && memcmp(p, text.p, n) == 0) return true;
    if (!bar) return false;
    p = bar + 1;
  }
}

/* --- compiling ------------------------------------------------------------------------------- */

static bool is_plain(cm_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (strchr("*?[\\", s.p[i])) return false;
  return true;
}

static cm_str without_dashes(cm_str name) {
  for (int i = 0; i < 2 && name.n > 1 && name.p[0] == '-'; i++) name.p++, name.n--;
  return name;
}

static bool set_pattern(cm_need *need, const char *text, cm_str pattern) {
  need->at = (uint16_t)(pattern.p - text);
  need->n = (uint16_t)pattern.n;
  need->plain = is_plain(pattern);
  return pattern.n > 0;
}

/* -f|--force=PATTERN. The value's pattern belongs to every alternative. */
static bool compile_option(cm_need *need, const char *text, cm_str word) {
  const char *equals = memchr(word.p, '=', word.n);
  cm_str names = {word.p, equals ? (size_t)(equals - word.p) : word.n}, rest = names;
  need->kind = NEED_OPTION;
  if (equals) {
    need->value = (uint16_t)(equals + 1 - text);
    need->n_value = (uint16_t)(word.n - names.n - 1);
  }
  for (cm_str one; cm_shape_alternative(&rest, &one);) {
    cm_str name = without_dashes(one);
    if (name.n == 0) return false;
    need->letters |= is_plain(name) ? cm_letter_bit(name) : UINT32_MAX;
  }
  return set_pattern(need, text, names);
}

static bool compile_word(cm_need *need, const char *text, cm_str word) {
  if (word.p[0] == '!' && word.n > 1) {
    need->negated = true;
    word.p++, word.n--;
  }
  if ((word.p[0] == '-' || word.p[0] == '+') && word.n > 1)
    return compile_option(need, text, word);
  need->kind = NEED_OPERAND;
  if (word.n == 1 && word.p[0] == '<') need->kind = NEED_STDIN;
  else if (word.n == 1 && word.p[0] == '^') need->kind = NEED_ROOT;
  else if (need->negated) need->kind = NEED_SOME;
  if (word.p[0] == '~' && word.n > 1 && !need->negated) {
    need->kind = NEED_SOME;
    word.p++, word.n--;
  }
  return set_pattern(need, text, word);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* What stands behind "@". */
static bool compile_target(cm_shape *s, cm_str name) {
  s->target = (uint16_t)(name.p - s->text);
  s->n_target = (uint16_t)name.n;
  s->target_kind = CM_TARGET_RANGE;
  if (name.n == 0) return true;
  if (cm_str_is(name, "?")) return s->or_cwd = true;
  if (cm_str_is(name, "last")) return (s->target_kind = CM_TARGET_LAST) != 0;
  if (cm_str_is(name, "..last")) return s->until = true;
  if (is_digit(name.p[0])) {
    s->from = (uint8_t)(name.p[0] - '1');
    s->one = name.n == 1;
    return name.p[0] != '0' && (s->one || cm_str_is((cm_str){name.p + 1, name.n - 1}, ".."));
  }
  if (name.p[name.n - 1] == '=' && name.p[0] != '-') s->target_kind = CM_TARGET_PREFIX;
  else if (name.p[0] == '-' || name.p[0] == '+') s->target_kind = CM_TARGET_OPTION;
  else return false;
  return true;
}

static bool next_word(const char **p, cm_str *word) {
  *p += strspn(*p, " ");
  *word = (cm_str){*p, strcspn(*p, " ")};
  *p += word->n;
  return word->n > 0;
}

bool cm_shape_compile(const char *text, cm_need *needs, cm_shape *out) {
  *out = (cm_shape){.text = text, .needs = needs};
  const char *p = text;
  cm_str word;
  if (strlen(text) > UINT16_MAX || !next_word(&p, &word) || word.p != text) return false;
  out->n_program = (uint16_t)word.n;
  while (next_word(&p, &word)) {
    if (word.p[0] == '@') {
      if (out->target_kind || !compile_target(out, (cm_str){word.p + 1, word.n - 1})) return false;
      continue;
    }
    if (out->n_needs == CM_SHAPE_NEEDS_MAX) return false;
    cm_need *need = &needs[out->n_needs++];
    *need = (cm_need){0};
    if (!compile_word(need, text, word)) return false;
    if (need->kind == NEED_OPERAND) out->n_ordered++;
  }
  return true;
}

/* --- matching -------------------------------------------------------------------------------- */

static cm_str in_text(const cm_shape *s, uint16_t at, uint16_t n) {
  return (cm_str){s->text + at, n};
}

static bool pattern_is(const cm_shape *s, const cm_need *need, cm_str text) {
  cm_str pattern = in_text(s, need->at, need->n);
  return need->plain ? plain_any(pattern, text) : cm_glob_any(pattern, text);
}

static bool name_among(cm_str names, cm_str name) {
  for (cm_str one; cm_shape_alternative(&names, &one);)
    if (cm_glob(without_dashes(one), name)) return true;
  return false;
}

static bool has_option(const cm_shape *s, const cm_need *need, const cm_call *call) {
  if (!(need->letters & call->letters)) return false;
  cm_str names = in_text(s, need->at, need->n), value = in_text(s, need->value, need->n_value);
  for (size_t i = 0; i < call->n_options; i++) {
    const cm_arg *arg = &call->options[i];
    if (!(need->letters & cm_letter_bit(arg->name)) || !name_among(names, arg->name)) continue;
    if (!need->value || (arg->has_value && cm_glob_any(value, arg->value))) return true;
  }
  return false;
}

static bool has_operand(const cm_shape *s, const cm_need *need, const cm_call *call) {
  for (size_t i = s->n_ordered; i < call->n_operands; i++)
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
  for (size_t i = 0; i < s->n_needs; i++) {
    const cm_need *need = &s->needs[i];
    if (need_fits(s, need, call, order) == need->negated) return false;
    order += need->kind == NEED_OPERAND;
  }
  cm_rword first;
  return !s->target_kind || cm_shape_target(s, call, &at, &first);
}

/* --- targets --------------------------------------------------------------------------------- */

static bool give(const cm_arg *arg, size_t skip, cm_rword *out) {
  *out = *(arg->at ? arg->at : arg->word);
  out->text = (cm_str){arg->value.p + skip, arg->value.n - skip};
  return true;
}

static bool operand_target(const cm_shape *s, const cm_call *call, size_t *at, cm_rword *out) {
  size_t begin = s->n_ordered, end = call->n_operands;
  size_t left = end > begin ? end - begin : 0;
  if (s->target_kind == CM_TARGET_LAST) {
    begin = left ? end - 1 : end;
  } else {
    begin += s->from;
    if (s->one && begin + 1 < end) end = begin + 1;
    if (s->until && end) end--;
  }
  if (begin + *at < end) return give(&call->operands[begin + (*at)++], 0, out);
  if (!s->or_cwd || left || *at) return false;
  ++*at;
  *out = (cm_rword){.text = CM_STR(".")};
  return true;
}

static bool option_target(cm_str names, const cm_call *call, size_t *at, cm_rword *out) {
  while (*at < call->n_options) {
    const cm_arg *arg = &call->options[(*at)++];
    if (arg->has_value && name_among(names, arg->name)) return give(arg, 0, out);
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
  cm_str name = in_text(s, s->target, s->n_target);
  switch ((cm_target_kind)s->target_kind) {
    case CM_TARGET_NONE: return false;
    case CM_TARGET_OPTION: return option_target(name, call, at, out);
    case CM_TARGET_PREFIX: return prefix_target(name, call, at, out);
    default: return operand_target(s, call, at, out);
  }
}
