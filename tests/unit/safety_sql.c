/* What SQL text would do. Sources: the manuals of PostgreSQL 16 (4.1 Lexical Structure, psql,
 * COPY), MySQL 8 (11.7 Comments, 11.1.1 String Literals), SQLite (Command Line Shell), T-SQL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "safety/sql.h"
#include "sh/resolve.h"

typedef struct row {
  const char *text;
  cm_sql_kind worst;
  size_t statements;
} row;

static void check(const row *rows, size_t n, unsigned dialect) {
  for (size_t i = 0; i < n; i++) {
    cm_str rest = cm_str_of(rows[i].text);
    cm_sql_kind worst = CM_SQL_READS;
    size_t statements = 0;
    for (cm_sql_statement s; cm_sql_next(&rest, dialect, &s); statements++)
      if (s.kind > worst) worst = s.kind;
    if (worst != rows[i].worst || statements != rows[i].statements)
      fail_msg("\"%s\": kind %d, %zu statements", rows[i].text, (int)worst, statements);
  }
}

static void verbs_and_conditions(void **state) {
  static const row rows[] = {
      {"", CM_SQL_READS, 0},
      {" ;; ", CM_SQL_READS, 2},
      {"select 1", CM_SQL_READS, 1},
      {"(select 1) union (select 2)", CM_SQL_READS, 1},
      {"select a into b from c", CM_SQL_CHANGES, 1},
      {"SELECT 1; drop table t;", CM_SQL_LOSES, 2},
      {"drop temporary table t", CM_SQL_CHANGES, 1},
      {"delete from t", CM_SQL_LOSES, 1},
      {"delete from t where a = 1", CM_SQL_CHANGES, 1},
      {"delete from t where 1=1", CM_SQL_LOSES, 1},
      {"delete from t where (1 = 1)", CM_SQL_LOSES, 1},
      {"delete from t where a=2 or true", CM_SQL_LOSES, 1},
      {"delete from t where 1=1 and a=2", CM_SQL_CHANGES, 1},
      {"delete from t where a in (select b from c where 1=1)", CM_SQL_CHANGES, 1},
      {"delete from t using (select 1 where 1=2) x", CM_SQL_LOSES, 1},
      {"update t set a = (select b from c where d = 1)", CM_SQL_LOSES, 1},
      {"update t set a = 1 where b = 2", CM_SQL_CHANGES, 1},
      {"with x as (delete from t returning *) select * from x", CM_SQL_LOSES, 1},
      {"with x as (delete from t where a = 1 returning *) select 1", CM_SQL_CHANGES, 1},
      {"with x as (select 1) select * from x for update", CM_SQL_READS, 1},
      {"explain delete from t", CM_SQL_READS, 1},
      {"explain analyze delete from t", CM_SQL_LOSES, 1},
      {"explain (analyze, buffers) update t set a = 1", CM_SQL_LOSES, 1},
      {"alter table t drop column c", CM_SQL_LOSES, 1},
      {"alter table t alter c drop default", CM_SQL_CHANGES, 1},
      {"alter role r nosuperuser", CM_SQL_CHANGES, 1},
      {"alter role r superuser", CM_SQL_RIGHTS, 1},
      {"grant all on t to r", CM_SQL_RIGHTS, 1},
      {"grant select on all tables in schema s to r", CM_SQL_CHANGES, 1},
      {"begin; commit", CM_SQL_READS, 2},
      {"do $$ begin execute 'drop table t'; end $$", CM_SQL_LOSES, 1},
      {"do $x$ begin perform 1; end $x$", CM_SQL_CHANGES, 1},
  };
  (void)state;
  check(rows, sizeof rows / sizeof *rows, CM_SQL_NESTS);
}

static void quotes_and_comments(void **state) {
  static const row rows[] = {
      {"select 'drop table t'", CM_SQL_READS, 1},
      {"select 'it''s; drop table t'", CM_SQL_READS, 1},
      {"select 'a\\'; drop table t; --'", CM_SQL_LOSES, 3},
      {"select E'a\\'; drop table t; --'", CM_SQL_READS, 1},
      {"select \"drop\" from t", CM_SQL_READS, 1},
      {"select $$; drop table t$$", CM_SQL_READS, 1},
      {"select 1 -- ; drop table t", CM_SQL_READS, 1},
      {"-- a\ndrop table t", CM_SQL_LOSES, 1},
      {"/* /* */ */ drop table t", CM_SQL_LOSES, 1},
      {"/* drop table t; */ select 1", CM_SQL_READS, 1},
      {"select 1 from #t; drop table u", CM_SQL_LOSES, 2},
      {"select 'open ; drop table t", CM_SQL_READS, 1},
  };
  static const row mysql[] = {
      {"select 'a\\'; drop table t; --'", CM_SQL_READS, 1},
      {"select 1 # ; drop table t", CM_SQL_READS, 1},
      {"/*!50000 drop table t */", CM_SQL_LOSES, 1},
      {"/*M!100100 drop table t */", CM_SQL_LOSES, 1},
      {"/* drop table t */ select 1", CM_SQL_READS, 1},
      {"select 5--1; drop table t", CM_SQL_LOSES, 2},
      {"set global read_only = 1", CM_SQL_CHANGES, 1},
  };
  (void)state;
  check(rows, sizeof rows / sizeof *rows, CM_SQL_NESTS);
  check(mysql, sizeof mysql / sizeof *mysql, CM_SQL_MYSQL);
}

static cm_sql_statement first_of(const char *text, unsigned dialect) {
  cm_str rest = cm_str_of(text);
  cm_sql_statement s;
  assert_true(cm_sql_next(&rest, dialect, &s));
  return s;
}

static void commands_and_files(void **state) {
  (void)state;
  assert_true(cm_str_is(first_of("\\! ls -l", 0).shell, " ls -l"));
  assert_false(first_of("\\! ls -l", 0).server);
  assert_true(cm_str_is(first_of(".shell ls", 0).shell, "ls"));
  assert_true(cm_str_is(first_of("system ls", CM_SQL_MYSQL).shell, "ls"));
  assert_true(cm_str_is(first_of("\\o |cat", 0).shell, "cat"));
  assert_true(cm_str_is(first_of("\\o out.txt", 0).file, "out.txt"));
  assert_true(cm_str_is(first_of(".output out.txt", 0).file, "out.txt"));
  assert_true(cm_str_is(first_of("copy t to '/x'", 0).file, "/x"));
  assert_true(cm_str_is(first_of("\\copy t to '/x' csv", 0).file, "/x"));
  assert_int_equal(first_of("copy t to stdout", 0).kind, CM_SQL_READS);
  assert_int_equal(first_of("copy t from '/x'", 0).kind, CM_SQL_CHANGES);
  assert_int_equal(first_of("\\copy t from x", 0).kind, CM_SQL_CHANGES);
  assert_true(cm_str_is(first_of("copy t from program 'id'", 0).shell, "id"));
  assert_true(first_of("copy t from program 'id'", 0).server);
  assert_true(cm_str_is(first_of("select 1 into outfile '/x'", CM_SQL_MYSQL).file, "/x"));
  assert_true(cm_str_is(first_of("select \"a\" into outfile \"/x\"", CM_SQL_MYSQL).file, "/x"));
  assert_true(cm_str_is(first_of("exec xp_cmdshell 'dir'", 0).shell, "dir"));
}

static void holes(void **state) {
  (void)state;
  assert_int_equal(first_of("\x01", 0).kind, CM_SQL_UNKNOWN);
  assert_int_equal(first_of("\x01 from t", 0).kind, CM_SQL_UNKNOWN);
  assert_int_equal(first_of("select \x01", 0).kind, CM_SQL_READS);
  assert_int_equal(first_of("drop table \x01", 0).kind, CM_SQL_LOSES);
  assert_int_equal(first_of("delete from t where id = \x01", 0).kind, CM_SQL_CHANGES);
  assert_int_equal(first_of("select 'x' \\gexec", 0).kind, CM_SQL_READS);
  assert_int_equal(first_of("\\gexec", 0).kind, CM_SQL_UNKNOWN);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(verbs_and_conditions),
      cmocka_unit_test(quotes_and_comments),
      cmocka_unit_test(commands_and_files),
      cmocka_unit_test(holes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
