/* sh/script: code of other languages, as tokens and constant values. Private to the room. */
#ifndef CM_SH_SCRIPT_H
#define CM_SH_SCRIPT_H
#include "sh/eval.h"

typedef enum cm_tok_kind {
  CM_TOK_END,
  CM_TOK_NAME,  /* may hold '$' or '@' in front */
  CM_TOK_TEXT,  /* a string, escapes undone, holes where something is put in */
  CM_TOK_SHELL, /* `…`, %x(…), qx(…): a shell command */
  CM_TOK_NUMBER,
  CM_TOK_MARK /* one character */
} cm_tok_kind;

typedef struct cm_tok {
  cm_tok_kind kind;
  cm_str text;
} cm_tok;

typedef struct cm_tokens {
  cm_tok *v;
  size_t n; /* followed by a CM_TOK_END */
} cm_tokens;

/* What a name stands for: a module, a function of one, or a constant text. */
typedef struct cm_binding {
  struct cm_binding *next;
  cm_str name, target; /* target: "child_process.exec"; empty: `value` counts */
  cm_val value;
} cm_binding;

typedef struct cm_code_reader {
  cm_eval *ev;
  char language; /* p python, l perl, r ruby, j javascript, h php, u lua, a awk, s applescript,
                    v vim, w powershell, i julia, o others */
  cm_tokens toks;
  cm_binding *bindings;
  unsigned depth;
  size_t skipped; /* tokens passed over, to bound the work */
} cm_code_reader;

/* A constant, or as much as is known of it. */
typedef struct cm_code_value {
  cm_val v;
  bool list;
  cm_fields items;
} cm_code_value;

cm_tokens cm_script_lex(cm_eval *ev, char language, cm_str code);
/* The full name of what stands at token i: "os.system" for o.system, require('os').x … ; *end is
 * the token behind it. Empty: not a name. */
cm_str cm_script_name(cm_code_reader *s, size_t i, size_t *end);
/* Reads the expression at token *i up to a comma or a closing bracket. */
cm_code_value cm_script_value(cm_code_reader *s, size_t *i);
bool cm_tok_is(const cm_tok *t, const char *text); /* a name or a mark */
cm_binding *cm_script_binding(cm_code_reader *s, cm_str name);

/* --- calls --- */

enum { CM_CODE_ARGS = 8 };

typedef struct cm_code_call {
  cm_code_reader *s;
  cm_evrun *via;
  cm_code_value args[CM_CODE_ARGS];
  size_t n;
  bool recursive; /* {recursive: true} stands somewhere in the arguments */
} cm_code_call;

typedef struct cm_primitive {
  const char *languages; /* letters of cm_code_reader */
  const char *names;     /* separated by blanks; ".x": any object's method */
  void (*run)(cm_code_call *c);
  bool bare; /* may stand without parentheses: system "rm" */
} cm_primitive;

const cm_primitive *cm_script_find(const cm_code_reader *s, cm_str name);
void cm_script_args(cm_code_call *c, size_t i, bool parens); /* from token i on */
void cm_script_path(cm_code_call *base, size_t i);           /* Python's Path(…) at token i */
void cm_script_shell(cm_code_call *c, cm_rword code);
cm_evrun *cm_script_make(cm_code_call *c, const cm_rword *words, size_t n);
cm_rword cm_script_arg(const cm_code_call *c, size_t i);
cm_rword cm_script_word(cm_eval *ev, const char *text);
const cm_tok *cm_script_tok(const cm_code_reader *s, size_t i);

/* What the whole code shows beside its calls; `called`: some were found that matter. */
void cm_script_signs(cm_code_call *base, bool called);
void cm_script_power(cm_code_call *call, cm_str code); /* PowerShell */

#endif
