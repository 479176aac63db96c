/* rooms: data base */
/* Tables in a file: what comes back, and files that must not be opened. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "data/db.h"

static const char *const steps[] = {
    "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, v REAL) STRICT",
    "CREATE TABLE u (t INTEGER NOT NULL REFERENCES t, n INTEGER CHECK (n >= 0)) STRICT"};
static const cm_db_schema schema = {"things", 0x1234567, steps, 2};
static const cm_db_schema first = {"things", 0x1234567, steps, 1};
static const cm_db_schema other = {"others", 0x7654321, steps, 2};

static char dir[64];
static char path[96];

static int setup(void **state) {
  (void)state;
  snprintf(dir, sizeof dir, "/tmp/cmdai-db-XXXXXX");
  if (!mkdtemp(dir)) return 1;
  snprintf(path, sizeof path, "%s/t.db", dir);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  unlink(path);
  return rmdir(dir); /* fails when something else stayed there: a journal */
}

static cm_db *opened(const cm_db_schema *s, cm_db_mode mode) {
  cm_db *db = NULL;
  cm_err e = {0};
  cm_code code = cm_db_open(&db, path, s, mode, &e);
  if (code) fail_msg("%s", e.msg);
  return db;
}

static void refused(const cm_db_schema *s, cm_db_mode mode, cm_code want, const char *says) {
  cm_db *db = (cm_db *)(void *)dir;
  cm_err e = {0};
  assert_int_equal(cm_db_open(&db, path, s, mode, &e), want);
  assert_null(db);
  if (!strstr(e.msg, says)) fail_msg("\"%s\" doesn't say \"%s\"", e.msg, says);
}

static cm_code run(cm_db *db, const char *sql, cm_err *e) {
  cm_query *q;
  cm_code code = cm_db_query(&q, db, sql, e);
  if (!code) code = cm_query_run(q, e);
  cm_query_close(q);
  return code;
}

/* SQL past the door, as another program would write. */
static void behind_its_back(const char *sql) {
  sqlite3 *s;
  assert_int_equal(sqlite3_open(path, &s), SQLITE_OK);
  char *why = NULL;
  if (sqlite3_exec(s, sql, NULL, NULL, &why)) fail_msg("%s", why);
  sqlite3_close(s);
}

static void write_file(const void *p, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(p, 1, n, f), n);
  fclose(f);
}

static void test_round_trip(void **state) {
  (void)state;
  cm_db *db = opened(&schema, CM_DB_WRITE);
  cm_query *q;
  cm_err e;
  bool row;
  assert_int_equal(cm_db_query(&q, db, "INSERT INTO t (name, v) VALUES (?, ?)", &e), CM_OK);
  cm_query_text(q, 1, CM_STR("a'; DROP TABLE t; --\0b"));
  cm_query_f64(q, 2, 0.1);
  assert_int_equal(cm_query_run(q, &e), CM_OK);
  assert_int_equal(cm_db_last_id(db), 1);
  cm_query_text(q, 1, CM_STR(""));
  cm_query_f64(q, 2, (double)NAN);
  assert_int_equal(cm_query_run(q, &e), CM_OK);
  cm_query_close(q);
  cm_db_close(db);
  db = opened(&schema, CM_DB_READ);
  assert_int_equal(cm_db_query(&q, db, "SELECT id, name, v FROM t ORDER BY id", &e), CM_OK);
  assert_int_equal(cm_query_step(q, &row, &e), CM_OK);
  assert_true(row && cm_str_eq(cm_query_get_text(q, 1), CM_STR("a'; DROP TABLE t; --\0b")));
  assert_true(cm_query_get_i64(q, 0) == 1 && cm_query_get_f64(q, 2) == 0.1);
  assert_int_equal(cm_query_step(q, &row, &e), CM_OK);
  assert_true(row && cm_query_get_text(q, 1).n == 0 && isnan(cm_query_get_f64(q, 2)));
  assert_int_equal(cm_query_step(q, &row, &e), CM_OK);
  assert_false(row);
  cm_query_close(q);
  assert_int_equal(run(db, "INSERT INTO t (name) VALUES ('x')", &e), CM_E_WRITE);
  cm_db_close(db);
}

static int64_t rows(cm_db *db) {
  cm_query *q;
  bool row;
  assert_int_equal(cm_db_query(&q, db, "SELECT count(*) FROM t", NULL), CM_OK);
  assert_int_equal(cm_query_step(q, &row, NULL), CM_OK);
  int64_t n = cm_query_get_i64(q, 0);
  cm_query_close(q);
  return n;
}

static void test_rules(void **state) {
  (void)state;
  cm_db *db = opened(&schema, CM_DB_WRITE);
  cm_query *q;
  cm_err e = {0};
  assert_int_equal(run(db, "INSERT INTO t (name) VALUES ('x')", &e), CM_OK);
  assert_int_equal(run(db, "INSERT INTO t (name) VALUES ('x')", &e), CM_E_USAGE);
  assert_int_equal(run(db, "INSERT INTO u VALUES (77, 1)", &e), CM_E_USAGE); /* foreign key */
  assert_int_equal(run(db, "INSERT INTO u VALUES (1, -1)", &e), CM_E_USAGE);
  assert_int_equal(run(db, "INSERT INTO t (name, v) VALUES ('y', 'text')", &e), CM_E_USAGE);
  assert_int_equal(run(db, "SELECT nothing FROM t", &e), CM_E_INTERNAL);
  assert_int_equal(run(db, "ATTACH '/tmp/cmdai-other.db' AS o", &e), CM_E_INTERNAL);
  assert_int_equal(cm_db_query(&q, db, "INSERT INTO t (name) VALUES (?)", &e), CM_OK);
  cm_query_text(q, 1, CM_STR("\xff"));
  assert_int_equal(cm_query_run(q, &e), CM_E_USAGE);
  cm_query_text(q, 1, CM_STR("fine again"));
  assert_int_equal(cm_query_run(q, &e), CM_OK);
  cm_query_i64(q, 2, 1); /* there is no second parameter */
  assert_int_equal(cm_query_run(q, &e), CM_E_INTERNAL);
  cm_query_close(q);
  assert_int_equal(rows(db), 2);
  cm_db_close(db);
}

static void test_transactions(void **state) {
  (void)state;
  cm_db *db = opened(&schema, CM_DB_WRITE);
  cm_err e;
  assert_int_equal(cm_db_begin(db, &e), CM_OK);
  assert_int_equal(run(db, "INSERT INTO t (name) VALUES ('x')", &e), CM_OK);
  cm_db_rollback(db);
  cm_db_rollback(db);
  assert_int_equal(rows(db), 0);
  assert_int_equal(cm_db_begin(db, &e), CM_OK);
  assert_int_equal(run(db, "INSERT INTO t (name) VALUES ('x')", &e), CM_OK);
  assert_int_equal(cm_db_commit(db, &e), CM_OK);
  assert_int_equal(cm_db_begin(db, &e), CM_OK);
  assert_int_equal(run(db, "INSERT INTO t (name) VALUES ('y')", &e), CM_OK);
  cm_db_close(db); /* without commit */
  db = opened(&schema, CM_DB_READ);
  assert_int_equal(rows(db), 1);
  cm_db_close(db);
}

static void test_versions(void **state) {
  (void)state;
  cm_db *db = opened(&first, CM_DB_WRITE);
  assert_int_equal(run(db, "INSERT INTO t (name) VALUES ('kept')", NULL), CM_OK);
  cm_db_close(db);
  refused(&schema, CM_DB_READ, CM_E_UNSUPPORTED, "version 1");
  db = opened(&schema, CM_DB_WRITE); /* brings it to 2 */
  assert_int_equal(rows(db), 1);
  assert_int_equal(run(db, "INSERT INTO u VALUES (1, 1)", NULL), CM_OK);
  cm_db_close(db);
  refused(&first, CM_DB_WRITE, CM_E_UNSUPPORTED, "version 2, this program knows 1");
  refused(&first, CM_DB_READ, CM_E_UNSUPPORTED, "version 2");
  refused(&other, CM_DB_WRITE, CM_E_FORMAT, "another program");
}

static void test_not_ours(void **state) {
  (void)state;
  refused(&schema, CM_DB_READ, CM_E_NOTFOUND, path);
  write_file("", 0);
  refused(&schema, CM_DB_READ, CM_E_FORMAT, "empty");
  write_file(
      "just a text, but long enough to hold the header of a database: "
      "0123456789012345678901234567890123456789",
      103);
  refused(&schema, CM_DB_READ, CM_E_FORMAT, "not a database");
  refused(&schema, CM_DB_WRITE, CM_E_FORMAT, "not a database");
  unlink(path);
  behind_its_back("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, v REAL)");
  refused(&schema, CM_DB_WRITE, CM_E_FORMAT, "another program");
}

/* The right marks, but something beside our tables, or other ones under their names. */
static void test_foreign_tables(void **state) {
  static const char *const evil[] = {
      "CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM t; END",
      "CREATE VIEW w AS SELECT 1",
      "ALTER TABLE t ADD COLUMN more TEXT",
      "DROP TABLE u; CREATE VIEW u AS SELECT 1 AS t, 2 AS n",
      "CREATE INDEX i ON t (v)",
      "DROP TABLE u",
  };
  (void)state;
  for (size_t i = 0; i < sizeof evil / sizeof *evil; i++) {
    cm_db_close(opened(&schema, CM_DB_WRITE));
    behind_its_back(evil[i]);
    refused(&schema, CM_DB_READ, CM_E_FORMAT, "other tables");
    refused(&schema, CM_DB_WRITE, CM_E_FORMAT, "other tables");
    unlink(path);
  }
}

static void fill(cm_db *db) {
  cm_query *q;
  char name[200];
  assert_int_equal(cm_db_begin(db, NULL), CM_OK);
  assert_int_equal(cm_db_query(&q, db, "INSERT INTO t (name, v) VALUES (?, 1.5)", NULL), CM_OK);
  for (int i = 0; i < 500; i++) {
    int n = snprintf(name, sizeof name, "%d %0150d", i, i);
    cm_query_text(q, 1, (cm_str){name, (size_t)n});
    assert_int_equal(cm_query_run(q, NULL), CM_OK);
  }
  cm_query_close(q);
  assert_int_equal(cm_db_commit(db, NULL), CM_OK);
}

/* Whatever page is destroyed, or wherever the file ends: an error, or (free space was hit) all the
 * rows; never fewer. */
static void test_damage(void **state) {
  (void)state;
  static unsigned char whole[1 << 20], bad[1 << 20];
  cm_db *db = opened(&schema, CM_DB_WRITE);
  fill(db);
  cm_db_close(db);
  FILE *f = fopen(path, "rb");
  size_t n = fread(whole, 1, sizeof whole, f);
  fclose(f);
  assert_true(n > 20 * 4096 && n < sizeof whole);
  unsigned errors = 0;
  for (size_t page = 0; page < n; page += 4096) {
    memcpy(bad, whole, n);
    memset(bad + page + 100, 0xA5, 3000);
    write_file(bad, n);
    cm_err e = {0};
    if (cm_db_open(&db, path, &schema, CM_DB_READ, &e)) {
      assert_int_equal(e.code, CM_E_FORMAT);
      errors++;
    } else {
      assert_int_equal(rows(db), 500);
      cm_db_close(db);
    }
  }
  assert_true(errors >= n / 4096 / 2);
  write_file(whole, n / 2);
  refused(&schema, CM_DB_READ, CM_E_FORMAT, "");
  write_file(whole, 4096 + 17);
  refused(&schema, CM_DB_WRITE, CM_E_FORMAT, "");
}

static void test_locked(void **state) {
  (void)state;
  cm_db *db = opened(&schema, CM_DB_WRITE);
  cm_err e = {0};
  assert_int_equal(cm_db_begin(db, &e), CM_OK);
  refused(&schema, CM_DB_WRITE, CM_E_TIMEOUT, "lock");
  cm_db *reader = opened(&schema, CM_DB_READ); /* reading goes on meanwhile */
  cm_db_close(reader);
  cm_db_close(db);
}

/* A query that would run for hours is stopped. */
static void test_runaway(void **state) {
  (void)state;
  cm_db *db = opened(&schema, CM_DB_WRITE);
  cm_err e = {0};
  assert_int_equal(run(db,
                       "WITH RECURSIVE c(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM c) "
                       "SELECT count(*) FROM c",
                       &e),
                   CM_E_LIMIT);
  cm_db_close(db);
}

/* Each allocation fails once: an error and no leak, and the next try works. */
static void test_no_memory(void **state) {
  (void)state;
  bool ended = false;
  uint64_t failures = 0;
  for (uint64_t n = 1; !ended; n += n < 60 ? 1 : 7) {
    cm_db *db = NULL;
    cm_err e = {0};
    uint64_t before = cm_mem_count();
    cm_mem_fail_nth(n);
    cm_code code = cm_db_open(&db, path, &schema, CM_DB_WRITE, &e);
    if (!code) code = run(db, "INSERT OR REPLACE INTO t (name) VALUES ('x')", &e);
    if (!code) code = run(db, "DELETE FROM t", &e);
    cm_mem_fail_nth(0);
    ended = cm_mem_count() - before < n;
    cm_db_close(db);
    if (code && code != CM_E_NOMEM && code != CM_E_IO) fail_msg("%d %s", code, e.msg);
    failures += code != CM_OK;
  }
  assert_true(failures > 30);
  cm_db_close(opened(&schema, CM_DB_WRITE));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
      cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
      cmocka_unit_test_setup_teardown(test_transactions, setup, teardown),
      cmocka_unit_test_setup_teardown(test_versions, setup, teardown),
      cmocka_unit_test_setup_teardown(test_not_ours, setup, teardown),
      cmocka_unit_test_setup_teardown(test_foreign_tables, setup, teardown),
      cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
      cmocka_unit_test_setup_teardown(test_locked, setup, teardown),
      cmocka_unit_test_setup_teardown(test_runaway, setup, teardown),
      cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
