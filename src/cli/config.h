/* cli/config: configuration files. Keys are the names of options, and "allow" and "deny". */
#ifndef CM_CLI_CONFIG_H
#define CM_CLI_CONFIG_H
#include "cli/opts.h"

#define CM_CONFIG_PROJECT ".cmdai.yaml"

/* Reads the user's file and then the project's (./.cmdai.yaml) into `o`; a file that isn't there
 * is fine. The project's file may have come with a cloned repository: it sets only the output
 * format, the shell, a stricter safety level, where test cases are, and a deny list. Texts live in
 * `a`. CM_E_USAGE (unknown key, bad value, not YAML: with FILE:LINE:COLUMN), CM_E_IO,
 * CM_E_NOMEM. */
cm_code cm_config_load(cm_opts *o, cm_arena *a, cm_err *e);

/* The user's file: $XDG_CONFIG_HOME/cmdai/config.yaml, else ~/.config/cmdai/config.yaml; "" where
 * neither variable is set. CM_E_USAGE: longer than a path may be. */
cm_code cm_config_user_path(char *out, size_t size, cm_err *e);

/* Reads a text as if it stood in the user's file; `name` stands in messages. Errors as above. */
cm_code cm_config_read(cm_opts *o, cm_str text, const char *name, cm_arena *a, cm_err *e);

/* The option that a key sets, or NULL: no such setting. */
const cm_opt *cm_config_setting(cm_str key);
/* CM_E_USAGE, with the nearest name. */
cm_code cm_config_unknown(cm_str key, cm_err *e);

#endif
