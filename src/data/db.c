#include "data/db.h"

#include <math.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

struct cm_db {
  sqlite3 *s;
  const cm_db_schema *schema;
  uint64_t work; /* calls of the progress handler since the last statement began */
};

struct cm_query {
  cm_db *db;
  sqlite3_stmt *s;
  int bad; /* what a bind answered */
};

/* --- memory ------------------------------------------------------------------------------- */

/* SQLite's memory comes through base/mem, so that tests can make it fail. SQLite asks how large a
 * block is: that stands in front of it. */
typedef struct head {
  _Alignas(16) size_t n;
} head;

static void *resize(void *p, int n) {
  size_t bytes = n > 0 ? (size_t)n : 1;
  head *h = cm_realloc(p ? (head *)p - 1 : NULL, sizeof *h + bytes, 1);
  if (!h) return NULL;
  h->n = bytes;
  return h + 1;
}

static void *take(int n) { return resize(NULL, n); }

static void give(void *p) {
  if (p) cm_free((head *)p - 1);
}

static int size_of(void *p) { return p ? (int)((head *)p - 1)->n : 0; }
static int round_up(int n) { return (n + 15) & ~15; }

static int no_op(void *p) {
  (void)p;
  return SQLITE_OK;
}

static void no_op_end(void *p) { (void)p; }

static void hook(void) {
  static const sqlite3_mem_methods methods = {take,     give,  resize,    size_of,
                                              round_up, no_op, no_op_end, NULL};
  sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* --- errors ------------------------------------------------------------------------------- */

/* Of a failure. */
static cm_code code_of(int rc) {
  switch (rc & 0xFF) {
    case SQLITE_NOMEM: return CM_E_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return CM_E_TIMEOUT;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT: return CM_E_FORMAT;
    case SQLITE_FULL:
    case SQLITE_READONLY: return CM_E_WRITE;
    case SQLITE_TOOBIG:
    case SQLITE_INTERRUPT: return CM_E_LIMIT;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH: return CM_E_USAGE;
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE: return CM_E_INTERNAL;
    default: return CM_E_IO;
  }
}

static const char *means(int rc) {
  switch (rc & 0xFF) {
    case SQLITE_NOTADB: return "it is not a database";
    case SQLITE_CORRUPT: return "the file is damaged";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another program holds a lock on the file";
    case SQLITE_FULL: return "the disk is full, or the file is at its largest size";
    case SQLITE_READONLY: return "the file can't be written";
    case SQLITE_INTERRUPT: return "a query took too long";
    default: return NULL;
  }
}

static cm_code failed(const cm_db *db, int rc, cm_err *e) {
  const char *why = means(rc);
  if (!why) why = db->s ? sqlite3_errmsg(db->s) : sqlite3_errstr(rc);
  return cm_fail(e, code_of(rc), 0, "%s: %s", db->schema->what, why);
}

/* --- statements --------------------------------------------------------------------------- */

cm_code cm_db_query(cm_query **out, cm_db *db, const char *sql, cm_err *e) {
  *out = NULL;
  cm_query *q = cm_alloc(1, sizeof *q);
  if (!q) return cm_fail(e, CM_E_NOMEM, 0, "%s: no memory", db->schema->what);
  q->db = db;
  int rc = sqlite3_prepare_v2(db->s, sql, -1, &q->s, NULL);
  if (rc) {
    cm_query_close(q);
    cm_code code = failed(db, rc, e);
    return code ? code : CM_E_INTERNAL; /* the analyzer doesn't see that it is never 0 */
  }
  *out = q;
  return CM_OK;
}

void cm_query_close(cm_query *q) {
  if (!q) return;
  sqlite3_finalize(q->s);
  cm_free(q);
}

/* The first failure stays. */
static void bound(cm_query *q, int rc) {
  if (!q->bad) q->bad = rc;
}

void cm_query_text(cm_query *q, int at, cm_str text) {
  if (cm_utf8_check(text.p, text.n) < text.n) bound(q, SQLITE_MISMATCH);
  else
    bound(q, sqlite3_bind_text64(q->s, at, text.n ? text.p : "", text.n, SQLITE_TRANSIENT,
                                 SQLITE_UTF8));
}

void cm_query_i64(cm_query *q, int at, int64_t v) { bound(q, sqlite3_bind_int64(q->s, at, v)); }

void cm_query_f64(cm_query *q, int at, double v) {
  bound(q, isfinite(v) ? sqlite3_bind_double(q->s, at, v) : sqlite3_bind_null(q->s, at));
}

static bool texts_are_utf8(const cm_query *q) {
  for (int i = 0; i < sqlite3_data_count(q->s); i++) {
    if (sqlite3_column_type(q->s, i) != SQLITE_TEXT) continue;
    cm_str t = cm_query_get_text(q, i);
    if (cm_utf8_check(t.p, t.n) < t.n) return false;
  }
  return true;
}

cm_code cm_query_step(cm_query *q, bool *row, cm_err *e) {
  *row = false;
  if (q->bad == SQLITE_MISMATCH)
    return cm_fail(e, CM_E_USAGE, 0, "%s: a text that isn't UTF-8", q->db->schema->what);
  if (q->bad) return failed(q->db, q->bad, e);
  q->db->work = 0;
  int rc = sqlite3_step(q->s);
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) return failed(q->db, rc, e);
  if (rc == SQLITE_ROW && !texts_are_utf8(q))
    return cm_fail(e, CM_E_FORMAT, 0, "%s: a text in the file isn't UTF-8", q->db->schema->what);
  *row = rc == SQLITE_ROW;
  return CM_OK;
}

cm_code cm_query_run(cm_query *q, cm_err *e) {
  bool row = true;
  cm_code code = CM_OK;
  while (!code && row) code = cm_query_step(q, &row, e);
  cm_query_rewind(q);
  return code;
}

void cm_query_rewind(cm_query *q) {
  sqlite3_reset(q->s);
  sqlite3_clear_bindings(q->s);
  q->bad = 0;
}

cm_str cm_query_get_text(const cm_query *q, int at) {
  const char *p = (const char *)sqlite3_column_text(q->s, at);
  int n = sqlite3_column_bytes(q->s, at);
  return p && n > 0 ? (cm_str){p, (size_t)n} : CM_STR("");
}

int64_t cm_query_get_i64(const cm_query *q, int at) { return sqlite3_column_int64(q->s, at); }

double cm_query_get_f64(const cm_query *q, int at) {
  return sqlite3_column_type(q->s, at) == SQLITE_NULL ? (double)NAN
                                                      : sqlite3_column_double(q->s, at);
}

int64_t cm_db_last_id(const cm_db *db) { return sqlite3_last_insert_rowid(db->s); }

/* --- transactions ------------------------------------------------------------------------- */

static cm_code exec(cm_db *db, const char *sql, cm_err *e) {
  db->work = 0;
  int rc = sqlite3_exec(db->s, sql, NULL, NULL, NULL);
  return rc ? failed(db, rc, e) : CM_OK;
}

cm_code cm_db_begin(cm_db *db, cm_err *e) { return exec(db, "BEGIN IMMEDIATE", e); }
cm_code cm_db_commit(cm_db *db, cm_err *e) { return exec(db, "COMMIT", e); }

void cm_db_rollback(cm_db *db) {
  if (!sqlite3_get_autocommit(db->s)) exec(db, "ROLLBACK", NULL);
}

/* --- opening ------------------------------------------------------------------------------ */

enum {
  PROGRESS_STEPS = 10000, /* instructions of SQLite's machine between two calls */
  PROGRESS_MAX = 10000    /* calls: a few seconds */
};

static int progress(void *p) {
  cm_db *db = p;
  return ++db->work > PROGRESS_MAX;
}

/* The number that a statement gives. */
static cm_code number(cm_db *db, const char *sql, int64_t *out, cm_err *e) {
  cm_query *q;
  bool row;
  cm_code code = cm_db_query(&q, db, sql, e);
  if (code) return code;
  code = cm_query_step(q, &row, e);
  if (!code) *out = row ? cm_query_get_i64(q, 0) : 0;
  cm_query_close(q);
  return code;
}

/* What SQLite's authors advise for files that nobody trusts (sqlite.org/security.html). */
static cm_code harden(cm_db *db, cm_err *e) {
  sqlite3_busy_timeout(db->s, CM_DB_BUSY_MS);
  sqlite3_extended_result_codes(db->s, 1);
  sqlite3_progress_handler(db->s, PROGRESS_STEPS, progress, db);
  sqlite3_db_config(db->s, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(db->s, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config(db->s, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
  sqlite3_db_config(db->s, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
  sqlite3_limit(db->s, SQLITE_LIMIT_LENGTH, CM_DB_TEXT_MAX);
  sqlite3_limit(db->s, SQLITE_LIMIT_ATTACHED, 0);
  return exec(db, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA foreign_keys = ON",
              e);
}

static cm_code set_versions(cm_db *db, unsigned version, cm_err *e) {
  char sql[120];
  snprintf(sql, sizeof sql, "PRAGMA application_id = %u; PRAGMA user_version = %u",
           (unsigned)db->schema->application, version);
  return exec(db, sql, e);
}

static cm_code steps(cm_db *db, unsigned from, unsigned to, cm_err *e) {
  cm_code code = CM_OK;
  for (unsigned i = from; !code && i < to; i++) code = exec(db, db->schema->steps[i], e);
  return code;
}

/* Both lists of tables, side by side: SQLite keeps the text that made them; it must be equal. */
static cm_code same_tables(cm_db *db, cm_db *model, cm_err *e) {
  static const char sql[] =
      "SELECT type || ' ' || name || ' ' || coalesce(sql, '') "
      "FROM sqlite_schema ORDER BY type, name";
  cm_query *a = NULL, *b = NULL;
  bool more = true, ours = true;
  cm_code code = cm_db_query(&a, db, sql, e);
  if (!code) code = cm_db_query(&b, model, sql, e);
  while (!code && more) {
    code = cm_query_step(a, &more, e);
    if (!code) code = cm_query_step(b, &ours, e);
    if (code || (!more && !ours)) break;
    if (more != ours || !cm_str_eq(cm_query_get_text(a, 0), cm_query_get_text(b, 0)))
      code = cm_fail(e, CM_E_FORMAT, 0, "%s: the file has other tables than version %u has",
                     db->schema->what, db->schema->n);
  }
  cm_query_close(a);
  cm_query_close(b);
  return code;
}

static cm_code open_raw(cm_db **out, const char *path, const cm_db_schema *schema, int flags,
                        cm_err *e) {
  static pthread_once_t hooked = PTHREAD_ONCE_INIT;
  pthread_once(&hooked, hook);
  cm_db *db = *out = cm_alloc(1, sizeof *db);
  if (!db) return cm_fail(e, CM_E_NOMEM, 0, "%s: no memory", schema->what);
  db->schema = schema;
  int rc =
      sqlite3_open_v2(path, &db->s, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
  if ((rc & 0xFF) == SQLITE_CANTOPEN)
    return cm_fail(e, CM_E_NOTFOUND, 0, "%s: can't open %s", schema->what, path);
  return rc ? failed(db, rc, e) : harden(db, e);
}

static cm_code check_tables(cm_db *db, unsigned version, cm_err *e) {
  cm_db *model = NULL;
  cm_code code = open_raw(&model, ":memory:", db->schema,
                          SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY, e);
  if (!code) code = steps(model, 0, version, e);
  if (!code) code = same_tables(db, model, e);
  cm_db_close(model);
  return code;
}

/* Every page and, with them, every value against the rules of its column. */
static cm_code check_pages(cm_db *db, cm_err *e) {
  cm_query *q;
  bool row;
  cm_code code = cm_db_query(&q, db, "PRAGMA quick_check(1)", e);
  if (code) return code;
  code = cm_query_step(q, &row, e);
  if (!code && !(row && cm_str_is(cm_query_get_text(q, 0), "ok")))
    code = cm_fail(e, CM_E_FORMAT, 0, "%s: the file is damaged: %.100s", db->schema->what,
                   row ? cm_query_get_text(q, 0).p : "");
  cm_query_close(q);
  return code;
}

/* Version 0 without tables is a file that nobody has used yet. */
static cm_code check_owner(cm_db *db, unsigned *version, cm_err *e) {
  int64_t application = 0, v = 0, tables = 0;
  cm_code code = number(db, "PRAGMA application_id", &application, e);
  if (!code) code = number(db, "PRAGMA user_version", &v, e);
  if (!code) code = number(db, "SELECT count(*) FROM sqlite_schema", &tables, e);
  if (code) return code;
  bool fresh = !application && !v && !tables;
  *version = fresh ? 0 : (unsigned)v;
  if (fresh) return CM_OK;
  if (application != (int64_t)db->schema->application || v < 1)
    return cm_fail(e, CM_E_FORMAT, 0, "%s: the database belongs to another program",
                   db->schema->what);
  if (v > (int64_t)db->schema->n)
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "%s: the file has version %lld, this program knows %u",
                   db->schema->what, (long long)v, db->schema->n);
  return CM_OK;
}

/* Brings the file up to date; looks again under the lock, for two programs may both have begun. */
static cm_code upgrade(cm_db *db, cm_err *e) {
  unsigned version = 0;
  cm_code code = cm_db_begin(db, e);
  if (!code) code = check_owner(db, &version, e);
  if (!code && version) code = check_tables(db, version, e);
  if (!code && version < db->schema->n) {
    code = steps(db, version, db->schema->n, e);
    if (!code) code = set_versions(db, db->schema->n, e);
  }
  if (!code) code = cm_db_commit(db, e);
  if (code) cm_db_rollback(db);
  return code;
}

static cm_code open_write(cm_db *db, cm_err *e) {
  char sql[64];
  snprintf(sql, sizeof sql, "PRAGMA max_page_count = %d", (int)CM_DB_PAGES_MAX);
  /* A journal beside the file only while it is written: a history is copied and cached as one
   * file. */
  cm_code code = exec(db, "PRAGMA journal_mode = DELETE", e);
  if (!code) code = exec(db, sql, e);
  return code ? code : upgrade(db, e);
}

static cm_code open_read(const cm_db *db, unsigned version, cm_err *e) {
  if (!version) return cm_fail(e, CM_E_FORMAT, 0, "%s: the file is empty", db->schema->what);
  if (version < db->schema->n)
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "%s: the file has version %u: write to it once first",
                   db->schema->what, version);
  return CM_OK;
}

/* The tables come before the pages: only then is it known that reading them runs nothing of the
 * file's own. */
static cm_code open_checked(cm_db *db, bool write, cm_err *e) {
  unsigned version = 0;
  cm_code code = check_owner(db, &version, e);
  if (!code && version) code = check_tables(db, version, e);
  if (!code && version) code = check_pages(db, e);
  if (code) return code;
  return write ? open_write(db, e) : open_read(db, version, e);
}

cm_code cm_db_open(cm_db **out, const char *path, const cm_db_schema *schema, cm_db_mode mode,
                   cm_err *e) {
  *out = NULL;
  if (!schema->n || schema->n > CM_DB_STEPS_MAX)
    return cm_fail(e, CM_E_INTERNAL, 0, "%s: no versions", schema->what);
  if (!*path) return cm_fail(e, CM_E_NOTFOUND, 0, "%s: no file is named", schema->what);
  cm_db *db = NULL;
  bool write = mode == CM_DB_WRITE;
  int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  cm_code code = open_raw(&db, path, schema, flags, e);
  if (!code) code = open_checked(db, write, e);
  if (code) cm_db_close(db);
  else *out = db;
  return code;
}

void cm_db_close(cm_db *db) {
  if (!db) return;
  if (db->s) cm_db_rollback(db);
  sqlite3_close_v2(db->s);
  cm_free(db);
}
