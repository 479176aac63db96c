#include <string.h>

#include "sh/parse.h"

/* ${…}. What bash only refuses when it expands it ("bad substitution") has an empty name; the
 * commands inside are there all the same. */

static bool special_name(int c) { return c > 0 && strchr("@*#?-$!", c); }

/* The character behind the next one, or -1. */
static int second(cm_parser *p) {
  const uint32_t at = p->pos++;
  const int c = cm_sh_peek(p);
  p->pos = at;
  return c;
}

/* Behind a "$", which then is no name. */
static bool opens_expansion(int c) { return c == '{' || c == '(' || c == '['; }

static void take_name(cm_parser *p, cm_param *x) {
  const int c = cm_sh_peek(p);
  if (cm_sh_name_char(c, true)) {
    x->name = cm_sh_name(p);
    return;
  }
  const uint32_t start = p->pos;
  if (c == '$' && opens_expansion(second(p))) return;
  if (special_name(c)) p->pos++;
  else
    while (p->pos < p->limit && p->s[p->pos] >= '0' && p->s[p->pos] <= '9') p->pos++;
  x->name = cm_sh_slice(p, start, p->pos);
}

/* "#" and "!" in front are operators, unless they are the parameter. */
static void take_prefix(cm_parser *p, cm_param *x) {
  const int c = cm_sh_peek(p), next = second(p);
  if (c != '#' && !(c == '!' && cm_sh_is_bash(p))) return;
  bool prefix = cm_sh_name_char(next, false);
  if (special_name(next)) {
    const uint32_t at = p->pos++;
    prefix = second(p) == '}';
    p->pos = at;
  }
  if (!prefix) return;
  p->pos++;
  x->length = c == '#';
  x->indirect = c == '!';
}

static cm_word *argument(cm_parser *p, cm_wordb *b, char stop, bool dq) {
  cm_wordb inner = {.from = p->pos, .quoted = b->quoted && dq, .dq = dq};
  const uint32_t start = p->pos;
  cm_sh_group(p, &inner, (cm_group){.close = '}', .stop = stop, .process = true});
  return cm_wordb_done(p, &inner, start);
}

static void take_subscript(cm_parser *p, cm_param *x) {
  const uint32_t start = ++p->pos;
  cm_wordb inner = {.from = start};
  cm_sh_group(p, &inner, (cm_group){.open = '[', .close = ']', .stop = '}', .process = true});
  x->subscript = cm_wordb_done(p, &inner, start);
  if (cm_sh_peek(p) == ']') p->pos++;
}

/* Longer ones first; dash knows those of POSIX. */
enum { POSIX_OPERATORS = 12 };
static const char operators[][3] = {":-", ":=", ":?", ":+", "##", "%%", "-",  "=",
                                    "?",  "+",  "#",  "%",  "//", "/#", "/%", "^^",
                                    ",,", "~~", "/",  "^",  ",",  "~",  ":",  "@"};

static cm_str take_operator(cm_parser *p) {
  const int c = cm_sh_peek(p), next = second(p);
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
    const char *op = operators[i];
    if (op[0] != c || (op[1] && op[1] != next) || (i >= POSIX_OPERATORS && !cm_sh_is_bash(p)))
      continue;
    for (size_t k = 0; op[k]; k++) {
      cm_sh_peek(p);
      p->pos++;
    }
    return cm_str_of(op);
  }
  return (cm_str){NULL, 0};
}

static void take_arguments(cm_parser *p, cm_wordb *b, cm_param *x) {
  const char kind = x->op.p[x->op.n - 1];
  const bool value = strchr("-=?+", kind) != NULL, substring = cm_str_is(x->op, ":");
  const bool replace = x->op.p[0] == '/';
  x->arg = argument(p, b, replace ? '/' : substring ? ':' : 0, b->dq && (value || substring));
  if (p->code || cm_sh_peek(p) == '}') return;
  p->pos++;
  x->arg2 = argument(p, b, 0, b->dq && substring);
}

/* The end of ${!name*}. */
static bool is_prefix_star(cm_parser *p) {
  const int c = cm_sh_peek(p);
  return (c == '*' || c == '@') && second(p) == '}';
}

static void take_rest(cm_parser *p, cm_wordb *b, cm_param *x) {
  if (p->code || cm_sh_peek(p) == '}') return;
  if (x->indirect && is_prefix_star(p)) {
    p->pos++;
    x->op = CM_STR("*");
    return;
  }
  if (x->name.n) x->op = take_operator(p);
  if (x->op.n && !x->length) {
    take_arguments(p, b, x);
    return;
  }
  x->arg = argument(p, b, 0, b->dq);
  x->name = x->op = (cm_str){NULL, 0};
}

void cm_sh_param(cm_parser *p, cm_wordb *b) {
  const uint32_t brace = p->pos - 1;
  cm_part *part = cm_wordb_part(p, b, CM_PART_PARAM);
  cm_param *x = part->param = cm_sh_new(p, sizeof *x);
  cm_sh_enter(p);
  take_prefix(p, x);
  take_name(p, x);
  if (cm_sh_peek(p) == '[' && x->name.n && cm_sh_is_bash(p)) take_subscript(p, x);
  take_rest(p, b, x);
  cm_sh_leave(p);
  if (p->code) return;
  if (cm_sh_peek(p) != '}') cm_sh_fail(p, brace, "nothing closes", CM_STR("{"));
  else p->pos++;
  cm_wordb_end(p, b);
}
