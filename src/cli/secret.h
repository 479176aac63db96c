/* cli/secret: keys and tokens. From a file or the environment, never from the command line, which
 * every user of the machine can read, and never from a configuration file. */
#ifndef CM_CLI_SECRET_H
#define CM_CLI_SECRET_H
#include "cli/cli.h"

/* The first line of `file`, which the option --`option` named; without a file (NULL) what
 * `variable` holds; NULL when there is neither. Yours to cm_secret_drop. A file that others may
 * read is noted. CM_E_USAGE: it can't be read, or holds what no key is (RFC 6750 asks for visible
 * ASCII); CM_E_NOMEM. */
cm_code cm_secret_find(const cm_opts *o, const char *option, const char *file,
                       const char *variable, char **out, cm_err *e);
/* Wiped, then freed. NULL is fine. */
void cm_secret_drop(char *secret);

#endif
