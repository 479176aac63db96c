/* quality/suite_parts: how the reader of fixtures is put together. Each kind of map in a fixture
 * is a table of its keys; schemas/cmdai.fixture.1.json has a definition for each (a test compares
 * them). */
#ifndef CM_QUALITY_SUITE_PARTS_H
#define CM_QUALITY_SUITE_PARTS_H
#include "data/sha256.h"
#include "data/yaml.h"
#include "quality/suite.h"

enum {
  CM_SUITE_TEXT_MAX = 128 << 10, /* bytes of a prompt, command or output: more than sh/ takes */
  CM_SUITE_LIST_MAX = 1000,      /* patterns, tags, paraphrases … of a case */
  CM_SUITE_WORLDS_MAX = 200,     /* in one file */
  CM_SUITE_ID_MAX = 200
};

typedef struct cm_suite_reader {
  cm_suite *suite; /* takes the compiled patterns */
  cm_arena *arena;
  cm_str file;
  cm_case defaults;
  bool gate_said; /* by `defaults` */
  cm_world *worlds;
  char (*world_hashes)[65]; /* of their contents */
  size_t n_worlds;
  cm_err *e;
} cm_suite_reader;

/* One key of a map, and what takes its value. */
typedef struct cm_field {
  const char *name;
  cm_code (*set)(cm_suite_reader *r, const cm_yaml *at, void *out);
} cm_field;

/* One kind of map. */
typedef struct cm_fields {
  const char *name; /* as in the JSON Schema's $defs; "file": the whole */
  const cm_field *items;
  size_t n;
} cm_fields;

extern const cm_fields cm_fields_file, cm_fields_defaults, cm_fields_case, cm_fields_pattern,
    cm_fields_risk, cm_fields_exec, cm_fields_compare, cm_fields_stdout, cm_fields_golden,
    cm_fields_repeat, cm_fields_budget, cm_fields_skip, cm_fields_xfail, cm_fields_quarantine,
    cm_fields_world, cm_fields_node;

/* All kinds, for the test; NULL behind the last. */
const cm_fields *cm_suite_kind_at(size_t i);

/* --- values (suite_value.c); `what` names the thing in messages ---------------------------- */

/* "FILE:LINE:COLUMN: …" */
cm_code cm_suite_fail(const cm_suite_reader *r, const cm_yaml *at, cm_code code, const char *fmt,
                      ...) __attribute__((format(printf, 4, 5)));
cm_code cm_suite_nomem(const cm_suite_reader *r);
/* The nearest of `n` names, or NULL when none is near. */
const char *cm_suite_nearest(cm_str word, const char *const *names, size_t n);

/* Gives each key of the map to its setter. */
cm_code cm_suite_map(cm_suite_reader *r, const cm_yaml *at, const cm_fields *kind, void *out);
/* A text; a null, number or boolean without quotes isn't one. Empty only with `may_be_empty`. */
cm_code cm_suite_text(const cm_suite_reader *r, const cm_yaml *at, const char *what,
                      bool may_be_empty, cm_str *out);
/* A text that becomes a C string somewhere: not empty, no NUL. */
cm_code cm_suite_cstring(const cm_suite_reader *r, const cm_yaml *at, const char *what,
                         cm_str *out);
/* A word of letters, digits and any of `also`, the first a letter or digit. */
cm_code cm_suite_name(const cm_suite_reader *r, const cm_yaml *at, const char *what,
                      const char *also, cm_str *out);
cm_code cm_suite_bool(const cm_suite_reader *r, const cm_yaml *at, bool *out);
cm_code cm_suite_count(const cm_suite_reader *r, const cm_yaml *at, uint64_t max, uint32_t *out);
/* One of the names, NULL behind the last: its index. */
cm_code cm_suite_word(const cm_suite_reader *r, const cm_yaml *at, const char *what,
                      const char *const *names, unsigned *out);
/* A list of 1 to CM_SUITE_LIST_MAX values, none twice as a text; *items has room for all. */
cm_code cm_suite_list(const cm_suite_reader *r, const cm_yaml *at, const char *what, size_t size,
                      void *items, size_t *n);
/* A list of cm_suite_cstring. */
cm_code cm_suite_texts(const cm_suite_reader *r, const cm_yaml *at, const char *what, cm_str **out,
                       size_t *n);

/* --- parts --------------------------------------------------------------------------------- */

/* suite_pattern.c: compiles and keeps a pattern. */
cm_code cm_suite_re(cm_suite_reader *r, const cm_yaml *at, cm_str text, unsigned flags,
                    const cm_re **out);
cm_code cm_suite_patterns(cm_suite_reader *r, const cm_yaml *at, cm_pattern **out, size_t *n);
/* Frees the patterns that were kept after `mark`. */
void cm_suite_forget(cm_suite *s, const struct cm_suite_kept *mark);

/* suite_world.c, suite_node.c */
cm_code cm_suite_worlds(cm_suite_reader *r, const cm_yaml *at);
cm_code cm_suite_node(cm_suite_reader *r, const cm_yaml *at, cm_node *out);
cm_code cm_suite_path(const cm_suite_reader *r, const cm_yaml *at, cm_str path);
/* ISO date, or "-3d" where `relative` isn't NULL. */
bool cm_suite_time(cm_str text, int64_t *out, bool *relative);
bool cm_suite_size(cm_str text, uint64_t *out);

/* suite_case.c: what cases start from; the cases of `test_cases`, behind the suite's. */
cm_code cm_suite_defaults(cm_suite_reader *r, const cm_yaml *at);
cm_code cm_suite_cases(cm_suite_reader *r, const cm_yaml *at);

/* suite_exec.c */
cm_code cm_suite_exec(cm_suite_reader *r, const cm_yaml *at, cm_exec *out);

/* suite_hash.c */
void cm_suite_hash_world(const cm_world *w, char out[65]);
void cm_suite_hash_case(const cm_suite_reader *r, cm_case *c);

#endif
