/* safety/shape: compiles shapes and matches them. The language is described in rule.h; what is
 * added here is only what a program's words look like once they are read (cm_call).
 *
 * "*" matches any bytes, also '/' and holes; every other element needs known text, so a hole never
 * is what a shape asks for, and never what it forbids. */
#ifndef CM_SAFETY_SHAPE_H
#define CM_SAFETY_SHAPE_H
#include "safety/rule.h"

/* A run's words as its program reads them (program.h fills it). Of a subcommand ("git push") the
 * operands hold its words too. */
typedef struct cm_call {
  const cm_run *run;
  cm_arg *options, *operands;
  size_t n_options, n_operands, options_max, operands_max;
  uint32_t letters; /* first letters of the options: cm_letter_bit */
} cm_call;

typedef enum cm_target_kind {
  CM_TARGET_NONE,
  CM_TARGET_RANGE,  /* operands from `from` on, without the last `until` */
  CM_TARGET_LAST,   /* the last operand */
  CM_TARGET_OPTION, /* values of an option */
  CM_TARGET_PREFIX  /* what stands behind "of=" in operands */
} cm_target_kind;

/* One word of a shape. Positions are in the shape's text, which keeps the table small; without
 * pointers it can be computed while building (index.h). */
typedef struct cm_need {
  uint32_t letters;        /* first letters of what may fit: cm_letter_bit */
  uint16_t at, n;          /* the pattern, alternatives and all */
  uint16_t value, n_value; /* of an option: the pattern behind '='; `value` 0: none asked for */
  uint8_t kind;
  bool negated, plain; /* plain: no * ? [ \ in the pattern */
} cm_need;

/* The rest of a shape, without pointers too. */
typedef struct cm_form {
  uint16_t first_need;       /* in a table of the needs of several shapes (index.h) */
  uint16_t n_program;        /* length of the first word */
  uint16_t target, n_target; /* the target's name in the text */
  uint8_t n_needs, n_ordered;
  uint8_t target_kind;
  uint8_t from;
  bool one, until; /* RANGE: only that operand; without the last */
  bool or_cwd;     /* "@?" */
} cm_form;

typedef struct cm_shape {
  const char *text;
  const cm_need *needs;
  cm_form form;
} cm_shape;

enum { CM_SHAPE_NEEDS_MAX = 16 };

/* Compiles `text`, which must outlive `out`; `needs` has room for CM_SHAPE_NEEDS_MAX, and the
 * shape points to them. False: not a shape. */
bool cm_shape_compile(const char *text, cm_need *needs, cm_shape *out);

/* The alternatives of the first word: takes the next one off `rest`. */
bool cm_shape_alternative(cm_str *rest, cm_str *out);
static inline cm_str cm_shape_program(const cm_shape *s) {
  return (cm_str){s->text, s->form.n_program};
}

/* The bits of what a pattern's alternatives may begin with. */
uint32_t cm_shape_letters(cm_str alternatives);

/* Whether the words behind the program fit, and there is a target if it asks for one. */
bool cm_shape_fits(const cm_shape *s, const cm_call *call);

/* The next target at or behind *at (start with 0); `out` is its own text with its word's holes.
 * False: no more. Without operands "@?" gives the word ".", which has an empty span. */
bool cm_shape_target(const cm_shape *s, const cm_call *call, size_t *at, cm_rword *out);

/* File-name matching with alternatives; `text` is matched as a whole. */
bool cm_glob_any(cm_str alternatives, cm_str text);
bool cm_glob(cm_str pattern, cm_str text);

static inline uint32_t cm_letter_bit(cm_str name) {
  return name.n ? UINT32_C(1) << ((unsigned char)name.p[0] & 31) : 1;
}

#endif
