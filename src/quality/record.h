/* quality/record: what a run of tests leaves behind. The run file is append-only JSON lines: the
 * manifest first (what was planned, with what), then one line for each finished case, handed to
 * the system before the next begins and on the disk a moment later (base/os_lines.h). It is the
 * point to resume from, a shard's result, and the input of every report. Schema:
 * schemas/cmdai.run.1.json. */
#ifndef CM_QUALITY_RECORD_H
#define CM_QUALITY_RECORD_H
#include "quality/suite.h"

/* A skip, error or timeout is never a pass. */
typedef enum cm_state {
  CM_PASS,
  CM_FAIL,
  CM_BLOCKED_OK,     /* the case wanted the command blocked, and it was: counts as passed */
  CM_GOLDEN_CHANGED, /* all judges agree, but the answer isn't the accepted one */
  CM_FLAKY,          /* some repeats passed, fewer than min_pass */
  CM_SKIP,
  CM_XFAIL, /* failed as expected: neither passed nor failed */
  CM_XPASS, /* expected to fail, and passed: a failure, so that the mark is removed */
  CM_ERROR, /* no answer could be had or judged: infrastructure */
  CM_TIMEOUT,
  CM_NOT_RUN, /* planned, no result */
  CM_STATES
} cm_state;

const char *cm_state_name(cm_state s); /* "pass" … "blocked-ok" "golden-changed" "not-run" */
bool cm_state_of(cm_str name, cm_state *out);
static inline bool cm_state_passed(cm_state s) { return s == CM_PASS || s == CM_BLOCKED_OK; }

/* One thing that was wrong. All judges speak, not only the first that disagrees. */
typedef struct cm_reason {
  const char *judge; /* "expected_patterns", "exec.stdout" …; static */
  cm_str text;       /* one or more lines of UTF-8; holds text of models: escape it */
} cm_reason;

/* The judge of a reason beside a pass: the case wants an answer that somebody has looked at, and
 * there is none. Gates don't take that for a pass. */
#define CM_GOLDEN_UNSEEN "golden.new"

/* Milliseconds; negative: not measured. */
typedef struct cm_latency {
  double ttft, total, check, exec;
} cm_latency;

/* A finished case. Strings live in the record's arena and are valid UTF-8. */
typedef struct cm_result {
  cm_str id, cluster, category, file, hash;
  unsigned line;
  cm_tier tier;
  cm_gating gate;
  cm_subject subject;
  cm_str prompt; /* cm_case.text */
  cm_str *tags;
  size_t n_tags;
  cm_state state;
  cm_reason *reasons;
  size_t n_reasons;
  bool quarantined;        /* it failed under quarantine: shown, never counted by gates */
  cm_str quarantine_until; /* cm_case.quarantine_until, so that gates see when it has run out */
  /* The attempt that decided (the first that failed, else the first). */
  bool answered, refused, uncertain;
  cm_str command;
  double confidence, logprob; /* 0 without an answer; NAN: the backend doesn't say */
  cm_risk risk;
  cm_decision decision;
  cm_str backend;
  cm_str *fallback; /* "NAME: ERROR" */
  size_t n_fallback;
  uint32_t attempts, passes, retries; /* repeats; retries: of infrastructure errors */
  uint32_t prompt_tokens, cached_tokens, output_tokens;
  cm_latency latency; /* medians over the attempts */
  double peak_rss_mb; /* of the process so far; 0: not measured */
  uint32_t worlds;    /* in which it was executed */
  bool danger;        /* the case wants a danger stopped */
  bool safety_miss;   /* a danger that was let through: outranks every other failure */
} cm_result;

typedef struct cm_manifest {
  cm_str run_id, started; /* UTC, ISO 8601 */
  cm_str commit;          /* of the working directory's repository; empty: none */
  cm_str backend, model_id, model_sha256, model_quant;
  cm_str engine;      /* "cmdai 0.1.0+0123456789ab": version and build */
  cm_str machine, os; /* "AMD EPYC …, 2 cores, 24 GiB" */
  uint32_t threads;
  uint32_t batch; /* answers generated together: above 1 latencies are those of a busy machine */
  cm_str sandbox; /* mechanism; empty: none was available */
  double scale, bias; /* of the model's confidence (cm_answer_confidence); scale 0: none known */
  cm_str level;       /* safety level */
  cm_str options;     /* of generation, as one line: equal lines make runs comparable */
  cm_str sampling; /* "BAD:GOOD:ALPHA:BETA" (sampling.h): cases may be left out; empty: all run */
  cm_str suite_hash;
  uint32_t shard, shards; /* 1/1: whole */
  cm_str *planned;        /* ids of this file, in the order of the suite */
  size_t n_planned;
  cm_str *whole; /* of a shard: all ids of the run, the same in every shard, so that a merge sees
                    what nobody ran; else NULL */
  size_t n_whole;
} cm_manifest;

typedef struct cm_record {
  cm_manifest manifest;
  cm_result *results; /* in the order of `planned`; CM_NOT_RUN where a result is missing */
  size_t n;
  double wall_seconds; /* of a merged run the sum: what machines were busy for */
  double peak_rss_mb;
  bool complete;                         /* every planned case has a result, and the run said so */
  cm_str accepted_when, accepted_reason; /* of a baseline; else empty */
} cm_record;

/* The result of a case; NULL: the record (which may be NULL) has none. */
const cm_result *cm_record_find(const cm_record *r, cm_str id);

/* --- writing ------------------------------------------------------------------------------ */

/* Lines as they stand in the run file, without the newline. Equal data gives equal bytes. What
 * differs between two runs of the same thing (times, memory, machine) stands in members of its
 * own: "place" of the manifest, "latency_ms" and "measured" of a result, the whole end line. */
void cm_manifest_line(const cm_manifest *m, cm_buf *out);
void cm_result_line(const cm_result *r, cm_buf *out);
void cm_end_line(double wall_seconds, double peak_rss_mb, cm_buf *out);
/* What makes a run file a baseline when it stands before the manifest; `when`: ISO 8601. */
void cm_accepted_line(cm_str when, cm_str reason, cm_buf *out);
/* The whole file: a line before it if the record was accepted, the results that there are, and the
 * end line if the run is complete. Each line with its newline. */
void cm_record_text(const cm_record *r, cm_buf *out);

/* --- reading ------------------------------------------------------------------------------ */

enum { CM_RUN_BYTES_MAX = 256 << 20 };

/* Reads a run file's text; `name` stands in messages ("NAME:LINE: ..."). A last line without a
 * newline (a write that was cut off) is ignored: whoever resumes cuts it off before appending. Any
 * other malformed line is CM_E_FORMAT with its number, as are a result that wasn't planned and two
 * for one id, unless they are equal in all but times (a resumed run; the first one stays). Members
 * that it doesn't know are left alone. CM_E_LIMIT: more than CM_RUN_BYTES_MAX, or too many cases;
 * CM_E_NOMEM. On an error *r is empty. All that *r holds lives in `a`. */
cm_code cm_record_read(cm_record *r, cm_str text, cm_str name, cm_arena *a, cm_err *e);

/* Joins the shards of one run, in any order: plans equal but for the shard, every shard there
 * once, every id of the run planned and finished in exactly one of them. CM_E_FORMAT, naming what
 * is missing, stands twice or differs. The result is a whole run (shard 1/1) with the first
 * shard's id and machine; it borrows the shards' strings. */
cm_code cm_record_merge(cm_record *out, const cm_record *shards, size_t n, cm_arena *a, cm_err *e);

#endif
