/* JSON values that commands printed, compared. */
#ifndef CM_QUALITY_COMPARE_JSON_H
#define CM_QUALITY_COMPARE_JSON_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* Both are one document, or one value a line (empty lines aside). As cm_compare_text, but the
 * reason is appended to `why`. */
cm_code cm_compare_json(cm_str want, cm_str got, cm_arena *a, bool *same, cm_buf *why, cm_err *e);

#endif
