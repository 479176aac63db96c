/* cli/doctor: what `cmdai doctor` finds out, part by part. */
#ifndef CM_CLI_DOCTOR_H
#define CM_CLI_DOCTOR_H
#include "cli/cli.h"

typedef enum cm_health {
  CM_WELL,
  CM_WARN, /* something else than a request will not work */
  CM_ILL   /* a request will not be answered */
} cm_health;

/* A line of the report. Texts live in the doctor's arena, and may hold anything. */
typedef struct cm_check {
  const char *section, *name;
  cm_health health;
  const char *text;
  const char *hint; /* what to do; NULL when all is well */
} cm_check;

enum { CM_CHECKS_MAX = 1200 }; /* a line for every model of a full store */

typedef struct cm_doctor {
  const cm_opts *o;
  cm_opts silent; /* the same, but nobody is asked anything */
  cm_arena *arena;
  cm_check checks[CM_CHECKS_MAX];
  size_t n;
  int status;              /* of a request as things are */
  double bytes_per_second; /* read by all threads together; an estimate; 0: not measured */
  bool offline;
} cm_doctor;

/* Adds a line; past the last one it is dropped. */
void cm_doctor_say(cm_doctor *d, const char *section, const char *name, cm_health health,
                   const char *hint, const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* The parts. cm_doctor_backends comes first: it sets d->status. */
void cm_doctor_backends(cm_doctor *d);
void cm_doctor_machine(cm_doctor *d);
void cm_doctor_models(cm_doctor *d);
void cm_doctor_around(cm_doctor *d); /* configuration, sandbox, libraries, network */

#endif
