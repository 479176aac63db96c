/* base/os_library: shared libraries that are opened when they are first needed, so that a program
 * which doesn't need them pays nothing for them. */
#ifndef CM_BASE_OS_LIBRARY_H
#define CM_BASE_OS_LIBRARY_H
#include <stddef.h>

#include "base/err.h"

typedef struct cm_os_library cm_os_library;

/* Opens the first of names[0..n) that the system finds. It stays open until the program ends.
 * CM_E_UNSUPPORTED: none of them; the message names the first and what the system said of it. */
cm_code cm_os_library_open(cm_os_library **out, const char *const names[], size_t n, cm_err *e);

/* Writes the address of a function into the function pointer at `out`, which is `size` bytes.
 * CM_E_UNSUPPORTED: the library has no such function. */
cm_code cm_os_library_get(cm_os_library *l, const char *name, void *out, size_t size, cm_err *e);

#endif
