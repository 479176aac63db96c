#include "base/os_library.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

cm_code cm_os_library_open(cm_os_library **out, const char *const names[], size_t n, cm_err *e) {
  char why[160] = "";
  *out = NULL;
  for (size_t i = 0; i < n; i++) {
    void *p = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (p) {
      *out = p;
      return CM_OK;
    }
    if (i == 0) snprintf(why, sizeof why, "%s", dlerror());
  }
  return cm_fail(e, CM_E_UNSUPPORTED, 0, "can't open the library %s", why);
}

cm_code cm_os_library_get(cm_os_library *l, const char *name, void *out, size_t size, cm_err *e) {
  /* ISO C has no conversion from an object to a function pointer; POSIX says they are alike. */
  void *p = dlsym((void *)l, name);
  if (!p || size != sizeof p)
    return cm_fail(e, CM_E_UNSUPPORTED, 0, "a library is too old: it has no %s", name);
  memcpy(out, &p, sizeof p);
  return CM_OK;
}
