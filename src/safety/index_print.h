/* safety/index_print: the index of our packs as a C file. For tools/mkrules, which the build runs.
 */
#ifndef CM_SAFETY_INDEX_PRINT_H
#define CM_SAFETY_INDEX_PRINT_H
#include "base/err.h"
#include "base/mem.h"

/* Appends to `out`. CM_E_INTERNAL: a pack is wrong (the message names the row); CM_E_NOMEM, also
 * when `out` overflows. */
cm_code cm_index_print(cm_buf *out, cm_err *e);

#endif
