/* safety/program: reads a run's words as its program does. */
#ifndef CM_SAFETY_PROGRAM_H
#define CM_SAFETY_PROGRAM_H
#include "safety/index.h"

/* How a program is named in a run: by name, or by a path outside the system's folders. */
typedef struct cm_known {
  const cm_entry *base;      /* the program; NULL: nobody knows it */
  cm_str name;               /* of `base`, as the pack writes it */
  const cm_program *program; /* it, or its subcommand */
  size_t n_sub;              /* operands that name the subcommand */
  bool by_path;              /* a path whose last part is the name of a known program */
} cm_known;

/* Looks the run's program up and reads its words into `call`, whose room is reused from call to
 * call. False: no memory. */
bool cm_call_read(const cm_index *x, const cm_run *run, cm_arena *a, cm_call *call,
                  cm_known *known);

#endif
