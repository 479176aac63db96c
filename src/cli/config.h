/* cli/config: configuration files. Keys are the names of options, and "allow" and "deny". */
#ifndef CM_CLI_CONFIG_H
#define CM_CLI_CONFIG_H
#include "cli/opts.h"

/* Reads the user's file ($XDG_CONFIG_HOME/cmdai/config.yaml, else ~/.config/cmdai/config.yaml) and
 * then the project's (./.cmdai.yaml) into `o`; a file that isn't there is fine. The project's file
 * may have come with a cloned repository: it sets only the output format, the shell, a stricter
 * safety level and a deny list. Texts live in `a`. CM_E_USAGE (unknown key, bad value, not YAML:
 * with FILE:LINE:COLUMN), CM_E_IO, CM_E_NOMEM. */
cm_code cm_config_load(cm_opts *o, cm_arena *a, cm_err *e);

#endif
