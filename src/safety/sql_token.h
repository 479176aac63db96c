/* safety/sql_token: the words of SQL. */
#ifndef CM_SAFETY_SQL_TOKEN_H
#define CM_SAFETY_SQL_TOKEN_H
#include "base/str.h"

typedef enum cm_sql_type {
  CM_SQL_END,    /* of the text */
  CM_SQL_WORD,   /* keyword or name, also in double quotes or backquotes */
  CM_SQL_STRING, /* what is between the quotes */
  CM_SQL_NUMBER,
  CM_SQL_SIGN,   /* one character; ';' ends a statement */
  CM_SQL_CLIENT, /* a command of the client to the end of the line, without its \ or . */
  CM_SQL_HIDDEN  /* a hole */
} cm_sql_type;

typedef struct cm_sql_token {
  cm_sql_type type;
  cm_str text;
  bool quoted; /* WORD: a name, never a keyword */
} cm_sql_token;

/* How dialects differ in what they don't read. */
enum {
  CM_SQL_NESTS = 1, /* comments nest (PostgreSQL, T-SQL) */
  CM_SQL_MYSQL = 2  /* \ escapes in strings, # starts a comment, what stands in a comment like
                       this one with a ! at its start is run */
};

/* Takes the next token off `rest`. `start`: at the start of a statement, where ".shell" is a
 * command of sqlite3. */
cm_sql_token cm_sql_take(cm_str *rest, unsigned dialect, bool start);
/* Whether the token is this keyword, given in lower case; alternatives by '|'. */
bool cm_sql_is(const cm_sql_token *t, const char *keywords);

#endif
