/* quality/record_parts: how a result is written, shared by the run file and the JSON reports. */
#ifndef CM_QUALITY_RECORD_PARTS_H
#define CM_QUALITY_RECORD_PARTS_H
#include "data/json.h"
#include "quality/record.h"

/* The members of a result inside an open object. Without `measured`: only what is equal in two
 * runs of the same thing. */
void cm_result_members(cm_jw *w, const cm_result *r, bool measured);

/* The members that say what was run; `commit` to `suite_hash`. */
void cm_plan_members(cm_jw *w, const cm_manifest *m);

#endif
