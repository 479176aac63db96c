/* data/db: one file of tables. A thin door over SQLite (nobody else includes it) that opens only
 * files with exactly the tables that the caller knows, so that nothing from outside can bring
 * triggers, views or columns of its own. */
#ifndef CM_DATA_DB_H
#define CM_DATA_DB_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

typedef struct cm_db cm_db;
typedef struct cm_query cm_query;

/* What a file holds. Step i (SQL, may be several statements) leads from version i to version
 * i + 1; the file's `user_version` says how many were done. A step that was released never
 * changes. */
typedef struct cm_db_schema {
  const char *what;     /* for messages: "history" */
  uint32_t application; /* the file's `application_id`, below 2^31 */
  const char *const *steps;
  unsigned n;
} cm_db_schema;

typedef enum cm_db_mode {
  CM_DB_READ, /* the file must be there, and is not changed */
  CM_DB_WRITE /* made when it isn't there or is empty; older versions are brought up to date */
} cm_db_mode;

enum {
  CM_DB_BUSY_MS = 5000,      /* how long another program's lock is waited for */
  CM_DB_TEXT_MAX = 16 << 20, /* bytes of one value */
  CM_DB_STEPS_MAX = 64,
  CM_DB_PAGES_MAX = 1 << 17 /* the file doesn't grow past so many pages (of 4096 bytes) */
};

/* Opens a file, checks every page of it, and its tables against the schema. One thread at a time
 * may use a handle. CM_E_NOTFOUND: no such file (CM_DB_READ) or folder; CM_E_FORMAT: not a
 * database, of another program, damaged, or with other tables; CM_E_UNSUPPORTED: of a newer
 * version (or, for CM_DB_READ, an older one); CM_E_TIMEOUT: locked; CM_E_IO, CM_E_WRITE,
 * CM_E_NOMEM. */
cm_code cm_db_open(cm_db **out, const char *path, const cm_db_schema *schema, cm_db_mode mode,
                   cm_err *e);
void cm_db_close(cm_db *db); /* NULL is fine; an open transaction is rolled back */

/* A transaction that other writers wait for. Without commit nothing of it stays. */
cm_code cm_db_begin(cm_db *db, cm_err *e);
cm_code cm_db_commit(cm_db *db, cm_err *e);
void cm_db_rollback(cm_db *db); /* fine without a transaction */

/* Compiles one statement. Values from outside are bound, never written into `sql`. */
cm_code cm_db_query(cm_query **out, cm_db *db, const char *sql, cm_err *e);
void cm_query_close(cm_query *q); /* NULL is fine */

/* Sets parameter `at` (from 1). Text is copied; what fails here is reported by cm_query_step. */
void cm_query_text(cm_query *q, int at, cm_str text);
void cm_query_i64(cm_query *q, int at, int64_t v);
void cm_query_f64(cm_query *q, int at, double v); /* NaN and infinity: NULL */

/* The next row: *row is false at the end. What doesn't fit the tables' rules is CM_E_USAGE. */
cm_code cm_query_step(cm_query *q, bool *row, cm_err *e);
/* For a statement without rows: runs it to its end, and rewinds. */
cm_code cm_query_run(cm_query *q, cm_err *e);
void cm_query_rewind(cm_query *q); /* ready for other parameters; all are NULL */

/* Column `at` (from 0) of the current row; NULL gives an empty text, 0 and NaN. Text is borrowed
 * until the next step, and is valid UTF-8 (bad bytes make the step CM_E_FORMAT). */
cm_str cm_query_get_text(const cm_query *q, int at);
int64_t cm_query_get_i64(const cm_query *q, int at);
double cm_query_get_f64(const cm_query *q, int at);

int64_t cm_db_last_id(const cm_db *db); /* rowid of the last INSERT */

#endif
