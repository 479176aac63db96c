/* base/err: how every fallible function reports what went wrong. */
#ifndef CM_BASE_ERR_H
#define CM_BASE_ERR_H
#include <stdarg.h>
#include <stdint.h>

/* Kinds of failure. The program's exit status is chosen from these in cli/, nowhere else. */
typedef enum cm_code {
  CM_OK = 0,
  CM_E_USAGE,       /* the caller (or the user) asked for something that makes no sense */
  CM_E_IO,          /* the system refused: open, read, map */
  CM_E_WRITE,       /* output could not be written: a full disk, a closed pipe, no such folder */
  CM_E_NOMEM,       /* an allocation failed */
  CM_E_FORMAT,      /* outside data is malformed: `pos` says where */
  CM_E_LIMIT,       /* outside data or a request is larger than a stated limit */
  CM_E_UNSUPPORTED, /* well-formed, but nothing here can handle it */
  CM_E_NOTFOUND,    /* a named thing does not exist */
  CM_E_TIMEOUT,     /* a deadline passed */
  CM_E_CANCELLED,   /* the user or the caller stopped it */
  CM_E_BACKEND,     /* a server can't be reached, or answers what makes no sense */
  CM_E_MODEL,       /* no usable model where an answer was asked for */
  CM_E_INTERNAL     /* a bug of ours */
} cm_code;

/* Lives on the caller's stack. `msg` is one line without a newline: what, where, what to do. */
typedef struct cm_err {
  cm_code code;
  uint64_t pos; /* byte position in the input where that makes sense, else 0 */
  char msg[240];
} cm_err;

/* Fills `e` (may be NULL). Control characters and invalid UTF-8 that come in through the arguments
 * become '?'. */
void cm_err_set(cm_err *e, cm_code code, uint64_t pos, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static inline cm_code cm_code_same(cm_code code) { return code; }

/* cm_err_set, and its value is `code`: `return cm_fail(e, …)` is one statement, and the compiler
 * and its analyzer see what is returned. */
#define cm_fail(e, code, ...) (cm_err_set((e), (code), __VA_ARGS__), cm_code_same(code))

/* Puts "WHAT: " before the message that `e` holds; returns its code. */
cm_code cm_err_prefix(cm_err *e, const char *what);

#endif
