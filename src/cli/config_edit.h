/* cli/config_edit: changes one line of a configuration file and leaves all others, their comments
 * and their order as they are. Text to text; no file is touched. */
#ifndef CM_CLI_CONFIG_EDIT_H
#define CM_CLI_CONFIG_EDIT_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* Appends to `out` the text `old` with `key` set to `value`, in its line or in a new one at the
 * end; with value NULL its line is gone. *changed: whether there was anything to do. What comes
 * out is read again, and must say the same as before but for that key: so what this editor
 * doesn't understand (values of several lines, lists, {flow: maps}, quoted keys) is refused and
 * never broken. `name` stands in messages. CM_E_USAGE: refused, or `old` isn't YAML;
 * CM_E_NOMEM. */
cm_code cm_config_edit(cm_str old, const char *name, cm_str key, const char *value, cm_arena *a,
                       cm_buf *out, bool *changed, cm_err *e);

#endif
