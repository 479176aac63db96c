/* safety/db: judges the text that clients of databases are given. Each adds findings. */
#ifndef CM_SAFETY_DB_H
#define CM_SAFETY_DB_H
#include "safety/judge.h"
#include "safety/sql.h"

/* The look of the packs of databases. */
void cm_db_look(cm_judging *j, const cm_run *run);

void cm_db_sql(cm_judging *j, unsigned dialect, const cm_rword *word, const cm_run *run);
void cm_db_javascript(cm_judging *j, const cm_rword *word, const cm_run *run);
void cm_db_cypher(cm_judging *j, const cm_rword *word, const cm_run *run);

/* The command in the run's operands; false: there is none. */
bool cm_db_redis(cm_judging *j, const cm_run *run);
/* A command a line. */
void cm_db_redis_lines(cm_judging *j, const cm_rword *word, const cm_run *run);

#endif
