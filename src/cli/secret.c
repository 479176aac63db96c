#include "cli/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/os_file.h"

enum { SECRET_MAX = 8192 };

static cm_code copy(cm_str s, const char *where, char **out, cm_err *e) {
  if (!s.n) return cm_fail(e, CM_E_USAGE, 0, "%s: there is no key in it", where);
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] <= ' ' || s.p[i] > '~')
      return cm_fail(e, CM_E_USAGE, 0, "%s: a key or token is printable ASCII without blanks",
                     where);
  *out = cm_strdup_n(s.p, s.n);
  return *out ? CM_OK : cm_fail(e, CM_E_NOMEM, 0, "out of memory");
}

static cm_code from_file(const cm_opts *o, const char *where, const char *file, char **out,
                         cm_err *e) {
  cm_buf b;
  cm_str line = {0};
  cm_buf_init(&b, SECRET_MAX);
  cm_code code = cm_os_read_file(file, &b, e);
  cm_str rest = {b.p ? b.p : "", b.n};
  if (code) {
    (void)cm_err_prefix(e, where);
    code = e ? (e->code = CM_E_USAGE) : CM_E_USAGE;
  } else {
    (void)cm_str_line(&rest, &line);
    code = copy(cm_str_trim(line), where, out, e);
  }
  if (!code && !cm_os_is_private(file))
    cm_ui_note(o, "others may read the key in %s: chmod 600 is better", file);
  if (b.p) memset(b.p, 0, b.cap);
  cm_buf_close(&b);
  return code;
}

cm_code cm_secret_find(const cm_opts *o, const char *option, const char *file,
                       const char *variable, char **out, cm_err *e) {
  const char *value = getenv(variable);
  char where[64];
  *out = NULL;
  snprintf(where, sizeof where, "--%s", option);
  if (file) return from_file(o, where, file, out, e);
  return value && *value ? copy(cm_str_of(value), variable, out, e) : CM_OK;
}

void cm_secret_drop(char *secret) {
  if (secret) memset(secret, 0, strlen(secret));
  cm_free(secret);
}
