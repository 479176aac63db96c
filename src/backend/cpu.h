/* backend/cpu: what the two files of the CPU backend share. */
#ifndef CM_BACKEND_CPU_H
#define CM_BACKEND_CPU_H
#include "backend/backend.h"
#include "engine/engine.h"

enum { CM_CPU_SLOTS_MAX = 64 };

typedef struct cm_flight cm_flight; /* a job that has slots */

/* Room for one text on its way. A session keeps its tokens when its text is done, so that the next
 * prompt computes only what is new. */
typedef struct cm_slot {
  cm_session *session; /* opened on first use */
  float *logits;       /* [vocab] */
  bool taken;
} cm_slot;

typedef struct cm_cpu {
  cm_engine *engine;
  cm_batch *batch;
  uint32_t n_slots, ctx;
  cm_slot *slots;
  float *logits;
  cm_job *waiting, **waiting_tail; /* for slots, in the order they came */
  cm_flight *flights;
  cm_job *done, **done_tail;
  cm_model_id id;
} cm_cpu;

void cm_cpu_submit(void *self, cm_job *job);
cm_job *cm_cpu_step(void *self, unsigned wait_ms);
void cm_cpu_end_jobs(cm_cpu *c); /* drops what is on its way */

#endif
