/* quality/suite: test cases as they stand in fixture files (docs/TESTING.md describes the schema).
 * Reading is strict: an unknown or duplicate key, a wrong type or a bad pattern is an error with
 * FILE:LINE:COLUMN and the nearest known name. Expected values live here and nowhere near the path
 * that generates answers: the runner gives that only cm_case.text. */
#ifndef CM_QUALITY_SUITE_H
#define CM_QUALITY_SUITE_H
#include "data/re.h"
#include "safety/safety.h"

/* What a case starts from. */
typedef enum cm_subject {
  CM_SUBJECT_PROMPT,  /* words for the model */
  CM_SUBJECT_COMMAND, /* `command:` judged by safety alone */
  CM_SUBJECT_OUTPUT   /* `given_output:` read by the reply parser, then judged */
} cm_subject;

typedef enum cm_tier { CM_TIER_SMOKE, CM_TIER_FULL, CM_TIER_ADVERSARIAL } cm_tier;
typedef enum cm_gating { CM_GATE_HARD, CM_GATE_SOFT, CM_GATE_TRACK } cm_gating;

const char *cm_subject_name(cm_subject s); /* "prompt" "command" "given_output" */
const char *cm_tier_name(cm_tier t);       /* "smoke" "full" "adversarial" */
const char *cm_gating_name(cm_gating g);   /* "hard" "soft" "track" */

/* What a pattern is matched against (pattern.h). */
typedef enum cm_pattern_on {
  CM_ON_COMMAND, /* whole words of the commands that would really run */
  CM_ON_RAW,     /* the text as it is */
  CM_ON_ARGV,    /* each word alone, as a whole */
  CM_ON_UTILITY, /* names of the programs */
  CM_ON_FLAGS    /* names of options, "-l" or "--all", clusters taken apart */
} cm_pattern_on;

typedef struct cm_pattern {
  cm_str text;     /* PCRE2 */
  const cm_re *re; /* compiled as `on` needs it; NULL: ON_COMMAND, and all its alternatives are
                      options */
  cm_pattern_on on;
  bool ignore_case;
  unsigned line, column;
} cm_pattern;

/* --- worlds ------------------------------------------------------------------------------- */

typedef enum cm_node_kind { CM_NODE_FILE, CM_NODE_DIR, CM_NODE_LINK, CM_NODE_FIFO } cm_node_kind;

/* One file of a world; folders above it are made as needed. */
typedef struct cm_node {
  cm_str path; /* relative, without "." and ".."; may hold any byte but NUL */
  cm_node_kind kind;
  cm_str text;   /* FILE: its bytes; LINK: the target */
  uint64_t size; /* FILE: 0, or made as long as this: sparse, or by repeating `text` ("x\n") */
  bool sparse;
  unsigned mode;  /* permission bits; 0: 0644, folders 0755 */
  bool has_mtime; /* else: a minute before the world's `now` */
  bool relative;  /* `mtime` counts from the world's `now` (negative: before) */
  int64_t mtime;  /* seconds */
  unsigned line, column;
} cm_node;

typedef struct cm_pair {
  cm_str name, value;
} cm_pair;

typedef struct cm_world {
  cm_str name;
  cm_node *nodes;
  size_t n;
  cm_pair *env;
  size_t n_env;
  cm_str cwd;        /* relative to the world's root; empty: the root */
  cm_str stdin_text; /* what the command reads; empty: nothing */
  int64_t now;       /* what its clock says all the time, seconds since 1970; 0: CM_WORLD_NOW */
} cm_world;

/* 2025-08-19 16:47:23 UTC, a Tuesday. */
#define CM_WORLD_NOW     INT64_C(1755622043)
#define CM_WORLD_NOW_MAX INT64_C(8993721600) /* 2255-01-01: in nanoseconds it fits 64 bits */
static inline int64_t cm_world_now(const cm_world *w) { return w->now ? w->now : CM_WORLD_NOW; }

/* --- cases -------------------------------------------------------------------------------- */

/* How stdout of gold and candidate are compared (compare.h). */
typedef enum cm_comparator {
  CM_CMP_EXACT,   /* the bytes */
  CM_CMP_LINES,   /* line by line, white space at the ends of lines aside */
  CM_CMP_SET,     /* as a set of lines */
  CM_CMP_SORTED,  /* as a multiset of lines */
  CM_CMP_NUMBERS, /* the numbers in it, in order */
  CM_CMP_PATHS,   /* as a set of paths: "./a", "a" and "a/" are one */
  CM_CMP_REGEX,   /* the candidate's stdout against `stdout_re`; gold isn't looked at */
  CM_CMP_JSON,    /* as JSON values */
  CM_CMP_IGNORE
} cm_comparator;

typedef enum cm_exit_compare {
  CM_EXIT_SAME,    /* both succeed or both fail */
  CM_EXIT_SUCCESS, /* the candidate succeeds, whatever gold did */
  CM_EXIT_IGNORE
} cm_exit_compare;

typedef enum cm_tree_compare {
  CM_TREE_SAME,      /* the candidate leaves the tree that gold leaves */
  CM_TREE_UNCHANGED, /* both leave it as it was */
  CM_TREE_IGNORE
} cm_tree_compare;

typedef struct cm_exec {
  const cm_world **worlds;
  size_t n_worlds;
  cm_str gold; /* `gold:`, else the first of expected_commands */
  cm_comparator out;
  const cm_re *stdout_re;
  cm_str stdout_text; /* the pattern's text; empty: none */
  cm_exit_compare exit;
  cm_tree_compare tree;
  cm_str *needs; /* programs that must be there, else the case is skipped */
  size_t n_needs;
  cm_str *wrong; /* plausible mistakes: each must fail in at least one world */
  size_t n_wrong;
  uint32_t timeout_ms; /* 0: the runner's */
} cm_exec;

typedef enum cm_golden_mode {
  CM_GOLDEN_OFF,
  CM_GOLDEN_EXACT,
  CM_GOLDEN_NORMALIZED
} cm_golden_mode;

/* Bits of cm_case.outcomes. */
enum { CM_MAY_RUN = 1, CM_MAY_CONFIRM = 2, CM_MAY_BLOCK = 4, CM_MAY_REFUSE = 8 };

/* Latency and memory limits, on medians; 0: none. */
typedef struct cm_budget {
  double ttft_ms, total_ms, peak_rss_mb;
} cm_budget;

/* Under what circumstance a case is left out: `skip: {if: COND, reason: TEXT}`. COND is one of
 * always, no-sandbox, no-model, linux, macos, backend:NAME. */
typedef struct cm_skip {
  cm_str condition, reason; /* condition empty: no skip */
} cm_skip;

typedef struct cm_case {
  cm_str id;
  cm_str cluster; /* of a paraphrase its parent's id, else its own id */
  cm_subject subject;
  cm_str text; /* the prompt, command or output */
  const char *shell;
  cm_str file; /* as it was opened, for messages and reports */
  unsigned line, column;
  cm_str *tags;
  size_t n_tags; /* the first one is the category in reports */
  cm_tier tier;
  cm_pattern *expected, *forbidden;
  size_t n_expected, n_forbidden;
  cm_str *commands; /* expected_commands: equal to one of them; with exec they are only golds */
  size_t n_commands;
  bool has_risk;
  cm_risk risk_min, risk_max;
  bool risk_unless_stopped; /* what is refused, blocked or asked about first may be of any risk */
  unsigned outcomes;        /* CM_MAY_…, 0: nothing is said about it */
  const cm_exec *exec;
  cm_golden_mode golden;
  uint32_t repeat, min_pass; /* at least 1 */
  cm_budget budget;
  cm_gating gate;
  cm_skip skip;
  cm_str xfail;            /* why it is known to fail; empty: it isn't */
  cm_str quarantine_until; /* YYYY-MM-DD; empty: no quarantine */
  cm_str quarantine_issue;
  char hash[65]; /* SHA-256 of all that the case says: results are comparable when it is equal */
} cm_case;

typedef struct cm_suite {
  cm_case *cases; /* in the order of the files, paraphrases behind their parents */
  size_t n;
  size_t room;                    /* of `cases` */
  struct cm_suite_kept *patterns; /* what cm_suite_close frees */
  char hash[65];                  /* over all cases' hashes, whatever their order */
} cm_suite;

enum {
  CM_SUITE_CASES_MAX = 20000,
  CM_SUITE_FILES_MAX = 4096,
  CM_WORLD_NODES_MAX = 10000,
  CM_WORLD_ENV_MAX = 100,
  CM_QUARANTINE_DAYS_MAX = 90,
  CM_FIXTURE_BYTES_MAX = 4 << 20
};

/* Reads one fixture text; its cases are added to *s. `name` stands in messages and in
 * cm_case.file. CM_E_FORMAT, CM_E_LIMIT, CM_E_NOMEM: *s is unchanged. Everything lives in `a` but
 * the compiled patterns, which live until cm_suite_close. */
cm_code cm_suite_read(cm_suite *s, cm_str text, cm_str name, cm_arena *a, cm_err *e);

/* Reads files and folders (their *.yaml and *.yml, sorted by name, recursively), then checks what
 * only whole suites can have: equal ids twice. CM_E_NOTFOUND for a path that isn't there. */
cm_code cm_suite_open(cm_suite *s, const char *const *paths, size_t n, cm_arena *a, cm_err *e);
void cm_suite_close(cm_suite *s); /* frees the patterns */

/* CM_E_FORMAT with the place: a case whose quarantine ends more than CM_QUARANTINE_DAYS_MAX after
 * `today`. With an end that nobody will live to see it is a case that is gone. */
cm_code cm_suite_check_dates(const cm_suite *s, cm_str today, cm_err *e);

/* Days from 1970-01-01 to YYYY-MM-DD; false: that is no day. */
bool cm_date_of(cm_str s, int64_t *days);
/* Whether a file of this name is a fixture. */
bool cm_is_fixture(cm_str name);

const cm_case *cm_suite_find(const cm_suite *s, cm_str id); /* NULL: no such id */

/* Whether `selector` picks the case: "@tag", "tier:NAME", or an id in which * and ? are
 * wildcards. */
bool cm_case_selected(const cm_case *c, cm_str selector);

#endif
