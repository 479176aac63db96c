/* quality/history_parts: what the files of the history share. */
#ifndef CM_QUALITY_HISTORY_PARTS_H
#define CM_QUALITY_HISTORY_PARTS_H
#include "data/db.h"
#include "quality/history.h"

struct cm_history {
  cm_db *db;
};

/* Of one machine, with as many threads and answers at once: times may be compared. */
bool cm_trend_one_machine(const cm_trend_run *x, const cm_trend_run *y);

/* Of CM_TREND_PASS_RATE and speed more is better, of the others less. */
bool cm_trend_more_is_better(cm_trend_metric m);

/* "YYYY-MM-DDTHH:MM:SSZ", perhaps with a fraction: texts sort as their times do. */
bool cm_trend_is_utc(cm_str s);

/* The first 8 characters of a commit, or "?". */
cm_str cm_trend_short(cm_str commit);

#endif
