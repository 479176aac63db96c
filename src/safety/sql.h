/* safety/sql: what SQL text would do, statement by statement. A tokenizer and the first words, not
 * a parser: enough of PostgreSQL, MySQL, SQLite, T-SQL, Oracle and CQL to tell reading from loss,
 * with comments, quotes and the commands of the clients themselves (\! .shell \copy …). */
#ifndef CM_SAFETY_SQL_H
#define CM_SAFETY_SQL_H
#include "safety/safety.h"
#include "safety/sql_token.h"

typedef enum cm_sql_kind {
  CM_SQL_READS,
  CM_SQL_CHANGES, /* rows, a new table, settings: moderate */
  CM_SQL_LOSES,   /* DROP, TRUNCATE, DELETE without WHERE … */
  CM_SQL_RIGHTS,  /* GRANT ALL, SUPERUSER, ALTER SYSTEM */
  CM_SQL_UNKNOWN  /* its verb is a hole, or it runs what a query returns */
} cm_sql_kind;

/* One statement, or one command of the client. */
typedef struct cm_sql_statement {
  cm_sql_kind kind;
  cm_str shell; /* is run by a shell: \! …, COPY … PROGRAM '…'; empty: nothing */
  bool piped;   /* … with what a query prints (\o |…) */
  bool server;  /* … and on the server's machine */
  cm_str file;  /* is written: INTO OUTFILE '…', COPY … TO '…', \o …; empty: nothing */
} cm_sql_statement;

/* Takes the next statement off `rest`; false at the end. Holes (CM_HOLE) are unknown text;
 * `dialect`: CM_SQL_… of sql_token.h. */
bool cm_sql_next(cm_str *rest, unsigned dialect, cm_sql_statement *out);

#endif
