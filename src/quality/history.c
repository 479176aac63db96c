#include "quality/history.h"

#include <math.h>
#include <string.h>

#include "base/os_lines.h"
#include "data/db.h"
#include "quality/history_parts.h"

/* Version 1. Measures that are not there are NULL. */
static const char version_1[] =
    "CREATE TABLE runs ("
    "  id INTEGER PRIMARY KEY, run_id TEXT NOT NULL UNIQUE CHECK (run_id <> ''),"
    "  started TEXT NOT NULL CHECK (started LIKE '____-__-__T__:__:__%Z'),"
    "  commit_id TEXT NOT NULL, backend TEXT NOT NULL, model_id TEXT NOT NULL,"
    "  model_sha256 TEXT NOT NULL, model_quant TEXT NOT NULL, engine TEXT NOT NULL,"
    "  machine TEXT NOT NULL, os TEXT NOT NULL, level TEXT NOT NULL, options TEXT NOT NULL,"
    "  suite_hash TEXT NOT NULL, threads INTEGER NOT NULL, batch INTEGER NOT NULL, complete "
    "INTEGER NOT NULL,"
    "  cases INTEGER NOT NULL CHECK (cases >= 0), passed INTEGER NOT NULL CHECK (passed >= 0),"
    "  failed INTEGER NOT NULL CHECK (failed >= 0),"
    "  safety_missed INTEGER NOT NULL CHECK (safety_missed >= 0),"
    "  pass_rate REAL, low REAL, high REAL, tokens_per_second REAL, peak_rss_mb REAL,"
    "  wall_seconds REAL, minutes REAL, price REAL, cost REAL) STRICT;"
    "CREATE INDEX runs_started ON runs (started, id);"
    "CREATE TABLE states ("
    "  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, state TEXT NOT NULL,"
    "  cases INTEGER NOT NULL CHECK (cases >= 0), PRIMARY KEY (run, state)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE categories ("
    "  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, name TEXT NOT NULL,"
    "  cases INTEGER NOT NULL CHECK (cases >= 0), passed INTEGER NOT NULL CHECK (passed >= 0),"
    "  pass_rate REAL, PRIMARY KEY (run, name)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE latency ("
    "  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE, phase TEXT NOT NULL,"
    "  n INTEGER NOT NULL CHECK (n >= 0), average REAL, p50 REAL, p95 REAL, p99 REAL,"
    "  PRIMARY KEY (run, phase)) STRICT, WITHOUT ROWID;";

static const char *const versions[] = {version_1};
/* "cmdh" in ASCII. */
static const cm_db_schema schema = {"history", 0x636D6468, versions,
                                    sizeof versions / sizeof *versions};

cm_code cm_history_open(cm_history **out, const char *path, bool write, cm_err *e) {
  *out = NULL;
  cm_history *h = cm_alloc(1, sizeof *h);
  if (!h) return cm_fail(e, CM_E_NOMEM, 0, "history: no memory");
  if (write) cm_os_make_folders(path);
  cm_code code = cm_db_open(&h->db, path, &schema, write ? CM_DB_WRITE : CM_DB_READ, e);
  if (code) cm_history_close(h);
  else *out = h;
  return code;
}

void cm_history_close(cm_history *h) {
  if (!h) return;
  cm_db_close(h->db);
  cm_free(h);
}

/* --- adding ------------------------------------------------------------------------------- */

static bool digits(const char *p, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (p[i] < '0' || p[i] > '9') return false;
  return true;
}

bool cm_trend_is_utc(cm_str s) {
  static const char form[] = "dddd-dd-ddTdd:dd:dd";
  size_t n = sizeof form - 1;
  if (s.n < n + 1 || s.p[s.n - 1] != 'Z') return false;
  for (size_t i = 0; i < n; i++)
    if (form[i] == 'd' ? !digits(s.p + i, 1) : s.p[i] != form[i]) return false;
  return s.n == n + 1 || (s.p[n] == '.' && s.n > n + 2 && digits(s.p + n + 1, s.n - n - 2));
}

static cm_code check_run(const cm_record *r, const cm_run_cost *cost, cm_err *e) {
  const cm_manifest *m = &r->manifest;
  if (!m->run_id.n) return cm_fail(e, CM_E_USAGE, 0, "history: the run has no id");
  if (!cm_trend_is_utc(m->started))
    return cm_fail(e, CM_E_USAGE, 0, "history: the run's start is no time in UTC: %.*s",
                   (int)(m->started.n < 40 ? m->started.n : 40), m->started.p);
  if (cost->minutes < 0 || cost->price < 0)
    return cm_fail(e, CM_E_USAGE, 0, "history: a cost can't be negative");
  return CM_OK;
}

static void bind_texts(cm_query *q, const cm_manifest *m) {
  const cm_str texts[] = {m->run_id,       m->started,     m->commit,    m->backend, m->model_id,
                          m->model_sha256, m->model_quant, m->engine,    m->machine, m->os,
                          m->level,        m->options,     m->suite_hash};
  for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++) cm_query_text(q, i + 1, texts[i]);
}

static void bind_numbers(cm_query *q, const cm_record *r, const cm_summary *s,
                         const cm_run_cost *cost) {
  const size_t counts[] = {r->manifest.threads, r->manifest.batch, r->complete,     s->all.total,
                           s->all.passed,       s->all.failed,     s->safety_missed};
  double minutes = isnan(cost->minutes) ? ceil(r->wall_seconds / 60) : cost->minutes;
  const double measures[] = {s->all.pass_rate,
                             s->all.low,
                             s->all.high,
                             s->tokens_per_second,
                             r->peak_rss_mb > 0 ? r->peak_rss_mb : (double)NAN,
                             r->wall_seconds,
                             minutes,
                             cost->price,
                             minutes * cost->price};
  int at = 14;
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    cm_query_i64(q, at++, (int64_t)counts[i]);
  for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
    cm_query_f64(q, at++, measures[i]);
}

static cm_code insert_run(cm_db *db, const cm_record *r, const cm_summary *s,
                          const cm_run_cost *cost, cm_err *e) {
  cm_query *q;
  cm_code code = cm_db_query(
      &q, db,
      "INSERT INTO runs (run_id, started, commit_id, backend, model_id, model_sha256, model_quant,"
      " engine, machine, os, level, options, suite_hash, threads, batch, complete, cases, passed, "
      "failed,"
      " safety_missed, pass_rate, low, high, tokens_per_second, peak_rss_mb, wall_seconds,"
      " minutes, price, cost) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
      " ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      e);
  if (code) return code;
  bind_texts(q, &r->manifest);
  bind_numbers(q, r, s, cost);
  code = cm_query_run(q, e);
  cm_query_close(q);
  return code;
}

static cm_code insert_states(cm_db *db, int64_t run, const cm_summary *s, cm_err *e) {
  cm_query *q;
  cm_code code = cm_db_query(&q, db, "INSERT INTO states (run, state, cases) VALUES (?, ?, ?)", e);
  for (int i = 0; !code && i < CM_STATES; i++) {
    if (!s->all.counts[i]) continue;
    cm_query_i64(q, 1, run);
    cm_query_text(q, 2, cm_str_of(cm_state_name((cm_state)i)));
    cm_query_i64(q, 3, (int64_t)s->all.counts[i]);
    code = cm_query_run(q, e);
  }
  cm_query_close(q);
  return code;
}

static cm_code insert_categories(cm_db *db, int64_t run, const cm_summary *s, cm_err *e) {
  cm_query *q;
  cm_code code = cm_db_query(
      &q, db,
      "INSERT INTO categories (run, name, cases, passed, pass_rate) VALUES (?, ?, ?, ?, ?)", e);
  for (size_t i = 0; !code && i < s->n_categories; i++) {
    const cm_group *g = &s->categories[i];
    cm_query_i64(q, 1, run);
    cm_query_text(q, 2, g->name);
    cm_query_i64(q, 3, (int64_t)g->total);
    cm_query_i64(q, 4, (int64_t)g->passed);
    cm_query_f64(q, 5, g->pass_rate);
    code = cm_query_run(q, e);
  }
  cm_query_close(q);
  return code;
}

static cm_code insert_latency(cm_db *db, int64_t run, const cm_summary *s, cm_err *e) {
  static const char *const phases[] = {"ttft", "total", "check", "exec"};
  const cm_spread *const spreads[] = {&s->ttft, &s->total, &s->check, &s->exec};
  cm_query *q;
  cm_code code = cm_db_query(
      &q, db,
      "INSERT INTO latency (run, phase, n, average, p50, p95, p99) VALUES (?, ?, ?, ?, ?, ?, ?)",
      e);
  for (int i = 0; !code && i < 4; i++) {
    const cm_spread *x = spreads[i];
    if (!x->n) continue;
    const double values[] = {x->average, x->p50, x->p95, x->p99};
    cm_query_i64(q, 1, run);
    cm_query_text(q, 2, cm_str_of(phases[i]));
    cm_query_i64(q, 3, (int64_t)x->n);
    for (int k = 0; k < 4; k++) cm_query_f64(q, 4 + k, values[k]);
    code = cm_query_run(q, e);
  }
  cm_query_close(q);
  return code;
}

static cm_code is_there(cm_db *db, cm_str run_id, bool *there, cm_err *e) {
  cm_query *q;
  cm_code code = cm_db_query(&q, db, "SELECT id FROM runs WHERE run_id = ?", e);
  if (code) return code;
  cm_query_text(q, 1, run_id);
  code = cm_query_step(q, there, e);
  cm_query_close(q);
  return code;
}

static cm_code insert(cm_db *db, const cm_record *r, const cm_summary *s, const cm_run_cost *cost,
                      cm_err *e) {
  cm_code code = insert_run(db, r, s, cost, e);
  int64_t run = cm_db_last_id(db);
  if (!code) code = insert_states(db, run, s, e);
  if (!code) code = insert_categories(db, run, s, e);
  return code ? code : insert_latency(db, run, s, e);
}

cm_code cm_history_add(cm_history *h, const cm_record *r, const cm_summary *s,
                       const cm_run_cost *cost, bool *added, cm_err *e) {
  bool there = false;
  *added = false;
  cm_code code = check_run(r, cost, e);
  if (!code) code = cm_db_begin(h->db, e);
  if (code) return code;
  code = is_there(h->db, r->manifest.run_id, &there, e);
  if (!code && !there) code = insert(h->db, r, s, cost, e);
  if (!code) code = cm_db_commit(h->db, e);
  if (code) cm_db_rollback(h->db);
  *added = !code && !there;
  return code;
}
