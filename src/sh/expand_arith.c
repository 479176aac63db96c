/* $((…)): computed where everything in it is known (bash manual, "Shell Arithmetic"). */
#include <string.h>

#include "sh/eval.h"

enum { ARITH_DEPTH = 40, TEXT_MAX = 4096 };

typedef struct arith {
  cm_eval *ev;
  cm_str s;
  size_t at;
  unsigned depth;
  bool unknown;
} arith;

static long expression(arith *a, int least);

static long unknown(arith *a) {
  a->unknown = true;
  return 0;
}

static long negate(long v) { return (long)(0 - (uint64_t)v); }

static char peek(arith *a) {
  while (a->at < a->s.n && strchr(" \t\n", a->s.p[a->at])) a->at++;
  return a->at < a->s.n ? a->s.p[a->at] : 0;
}

static bool take(arith *a, const char *op) {
  size_t n = strlen(op);
  (void)peek(a);
  if (a->s.n - a->at < n || memcmp(a->s.p + a->at, op, n) != 0) return false;
  a->at += n;
  return true;
}

static int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

/* 12, 0x1f, 017, 2#101. */
static long number(arith *a) {
  long base = 10, v = 0;
  if (take(a, "0x") || take(a, "0X")) base = 16;
  else if (a->s.p[a->at] == '0') base = 8;
  for (bool based = false; a->at < a->s.n; a->at++) {
    char c = a->s.p[a->at];
    if (c == '#' && !based && v >= 2 && v <= 36) {
      base = v;
      v = 0;
      based = true;
      continue;
    }
    if (digit_of(c) >= base) break;
    if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit_of(c), &v))
      return unknown(a);
  }
  return v;
}

static long value_of(arith *a, cm_str name) {
  bool set;
  long n;
  cm_val v = cm_param_get(a->ev, name, NULL, &set);
  if (!set && v.from & CM_FROM_UNSET) return 0;
  if (!cm_val_known(&v)) return unknown(a);
  if (cm_str_number(v.text, &n)) return n;
  (void)cm_expand_hidden(a->ev, v.text);
  return unknown(a);
}

static void set_value(arith *a, cm_str name, long v) {
  cm_var *var = cm_env_var(a->ev, CM_VARS, name);
  if (!var) return;
  if (a->unknown) cm_env_set(a->ev, var, cm_val_hole(CM_FROM_NUMBER, NULL));
  else cm_env_set(a->ev, var, cm_val_text(cm_ev_number(a->ev, v)));
}

/* x, x=1, x+=1, x++. */
static long variable(arith *a) {
  size_t from = a->at;
  while (a->at < a->s.n && (digit_of(a->s.p[a->at]) < 99 || a->s.p[a->at] == '_')) a->at++;
  cm_str name = {a->s.p + from, a->at - from};
  char c = peek(a), next = a->at + 1 < a->s.n ? a->s.p[a->at + 1] : 0;
  if (c == '[') return unknown(a);
  if (c == '=' && next != '=') {
    a->at++;
    long v = expression(a, 0);
    set_value(a, name, v);
    return v;
  }
  long v = value_of(a, name);
  if ((c == '+' || c == '-') && next == c) {
    a->at += 2;
    set_value(a, name, c == '+' ? v + 1 : v - 1);
  } else if (c && strchr("+-*/%", c) && next == '=') {
    a->at += 2;
    long by = expression(a, 0);
    if (c == '/' || c == '%' || __builtin_mul_overflow(v, c == '*' ? by : 1, &v)) unknown(a);
    else if (c != '*' && __builtin_add_overflow(v, c == '+' ? by : negate(by), &v)) unknown(a);
    set_value(a, name, v);
  }
  return v;
}

static long operand(arith *a) {
  char c = peek(a);
  if (take(a, "++") || take(a, "--")) return operand(a);
  if (c == '-' || c == '+' || c == '!' || c == '~') {
    a->at++;
    long v = expression(a, 90);
    return c == '-' ? negate(v) : c == '!' ? !v : c == '~' ? ~v : v;
  }
  if (take(a, "(")) {
    long v = expression(a, 0);
    return take(a, ")") ? v : unknown(a);
  }
  if (c >= '0' && c <= '9') return number(a);
  return c == '_' || (digit_of(c) < 99) ? variable(a) : unknown(a);
}

/* Longer operators before their beginnings. */
static const struct {
  const char *op;
  int level;
} operators[] = {{"||", 10}, {"&&", 20}, {"==", 60}, {"!=", 60}, {"<=", 65},
                 {">=", 65}, {"<<", 70}, {">>", 70}, {"**", 85}, {"|", 30},
                 {"^", 40},  {"&", 50},  {"<", 65},  {">", 65},  {"+", 75},
                 {"-", 75},  {"*", 80},  {"/", 80},  {"%", 80}};

static long power(arith *a, long x, long y) {
  long v = 1;
  if (y < 0 || y > 64) return unknown(a);
  while (y--)
    if (__builtin_mul_overflow(v, x, &v)) return unknown(a);
  return v;
}

static long apply(arith *a, const char *op, long x, long y) {
  long v;
  switch (op[0]) {
    case '|': return op[1] ? x || y : x | y;
    case '&': return op[1] ? x && y : x & y;
    case '=': return x == y;
    case '!': return x != y;
    case '^': return x ^ y;
    case '<':
      return op[1] == '<'   ? (y < 0 || y > 62 ? unknown(a) : (long)((uint64_t)x << y))
             : op[1] == '=' ? x <= y
                            : x < y;
    case '>':
      return op[1] == '>'   ? (y < 0 || y > 62 ? unknown(a) : x >> y)
             : op[1] == '=' ? x >= y
                            : x > y;
    case '+': return __builtin_add_overflow(x, y, &v) ? unknown(a) : v;
    case '-': return __builtin_sub_overflow(x, y, &v) ? unknown(a) : v;
    case '*':
      if (op[1]) return power(a, x, y);
      return __builtin_mul_overflow(x, y, &v) ? unknown(a) : v;
    default:
      if (y == 0 || y == -1) return y && op[0] == '%' ? 0 : y ? negate(x) : unknown(a);
      return op[0] == '/' ? x / y : x % y;
  }
}

static long expression(arith *a, int least) {
  if (++a->depth > ARITH_DEPTH || !cm_ev_step(a->ev)) return unknown(a);
  long v = operand(a);
  while (!a->unknown && peek(a)) {
    size_t i = 0, n = sizeof operators / sizeof *operators, before = a->at;
    while (i < n && !take(a, operators[i].op)) i++;
    if (i == n || operators[i].level < least + (least > 0)) {
      a->at = before;
      break;
    }
    v = apply(a, operators[i].op, v, expression(a, operators[i].level));
  }
  if (least == 0 && take(a, "?")) {
    long x = expression(a, 0);
    if (!take(a, ":")) return unknown(a);
    long y = expression(a, 0);
    v = v ? x : y;
  }
  a->depth--;
  return v;
}

cm_val cm_expand_arith_text(cm_eval *ev, cm_str text) {
  cm_val hole = cm_val_hole(CM_FROM_NUMBER, NULL);
  if (text.n > TEXT_MAX) return hole;
  (void)cm_expand_hidden(ev, text);
  arith a = {.ev = ev, .s = text};
  if (!peek(&a)) return cm_val_text(CM_STR("0"));
  long v = expression(&a, 0);
  while (!a.unknown && take(&a, ",")) v = expression(&a, 0);
  return a.unknown || peek(&a) ? hole : cm_val_text(cm_ev_number(ev, v));
}

cm_val cm_expand_arith(cm_eval *ev, const cm_word *word) {
  if (!word) return cm_val_hole(CM_FROM_NUMBER, NULL);
  cm_rword w = cm_expand_number(ev, word);
  return w.from ? cm_val_hole(CM_FROM_NUMBER, NULL) : cm_expand_arith_text(ev, w.text);
}
