/* backend/cpu: what the files of the CPU backend share. cpu.c opens a model, cpu_jobs.c lets jobs
 * in and out, cpu_rounds.c computes, cpu_said.c notes single tokens for who wants them,
 * cpu_prefix.c keeps beginnings of prompts. */
#ifndef CM_BACKEND_CPU_H
#define CM_BACKEND_CPU_H
#include "backend/backend.h"
#include "base/os_file.h"
#include "engine/engine.h"

enum { CM_CPU_SLOTS_MAX = 64 };

/* Room for one text on its way. A session keeps its tokens when its text is done, so that the next
 * prompt computes only what is new. */
typedef struct cm_slot {
  cm_session *session; /* opened on first use */
  float *logits;       /* [vocab] */
  bool taken;
} cm_slot;

/* One text on its way. */
typedef struct cm_strand {
  cm_slot *slot;
  cm_sampler *sampler;
  cm_tok_stream stream;
  cm_buf text;
  cm_candidate result;
  size_t told;           /* bytes of the text that the sink has, or that hold no stop */
  uint32_t next;         /* the token picked last, not yet in the session */
  bool running, stopped; /* by a stop of the request */
  /* What cpu_said.c notes, in the job's arena. */
  cm_said *said;
  size_t n_said, room, said_told; /* how many, room for, those that the sink has */
  size_t chars;                   /* of the text, up to the last one */
  cm_likely likely[CM_LIKELY_MAX];
} cm_strand;

/* A job that has slots. */
typedef struct cm_flight {
  struct cm_flight *next; /* the one that came after it */
  cm_job *job;
  cm_ids prompt;
  size_t at;    /* tokens of the prompt that are in the first strand's session */
  size_t piece; /* of these that follow, the ones that this round computes */
  /* An earlier flight whose prompt begins with the same `shared` tokens: this one waits until it
   * has computed them, and copies them. */
  struct cm_flight *leader;
  size_t shared;
  cm_strand *strands;
  uint32_t n;
  bool looked; /* its beginning is the one of cm_cpu's `kept` */
  uint64_t start_ns;
  uint64_t first_ns; /* when the prompt was computed; 0: it isn't yet */
} cm_flight;

/* The beginning of prompts that isn't on disk and shall be. */
typedef struct cm_beginning {
  cm_ids tokens;    /* none: there is nothing to write */
  uint64_t cost_ns; /* what computing it took; 0: not done yet */
} cm_beginning;

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
  cm_keep keep;
  const char *path;        /* of the model's file */
  cm_os_identity identity; /* of it, when it was opened */
  cm_beginning kept;
} cm_cpu;

void cm_cpu_submit(void *self, cm_job *job);
cm_job *cm_cpu_step(void *self, unsigned wait_ms);
void cm_cpu_end_jobs(cm_cpu *c); /* drops what is on its way */

/* Gives waiting jobs the slots that are free, in order. */
void cm_cpu_admit(cm_cpu *c);
/* Takes back what was cancelled or is late, in flight or not. */
void cm_cpu_drop_stopped(cm_cpu *c);
/* Copies what another session has computed of the flight's prompt, if that is worth it. */
cm_code cm_cpu_reuse(cm_cpu *c, cm_flight *f, cm_err *e);

/* Takes the beginning of the flight's prompt from the disk, if it isn't in the session and is
 * there; else it is remembered. Whatever is wrong with it, the flight goes on without. */
void cm_cpu_take_beginning(cm_cpu *c, cm_flight *f);
/* Notes what computing the beginning took, when a prompt is computed or given up. */
void cm_cpu_note_beginning(cm_cpu *c, const cm_flight *f, uint64_t now_ns);
/* Writes the beginning that was remembered, if that pays and a session still holds it: at the end,
 * when nobody waits for an answer. Closes it in any case. */
void cm_cpu_keep_beginning(cm_cpu *c);

/* Ends a flight, well or with job->error. */
void cm_cpu_land(cm_cpu *c, cm_flight *f);
/* Gives the sink strand i's text up to `end`. */
void cm_cpu_tell(cm_job *job, uint32_t i, cm_strand *s, size_t end);

/* Notes a token that was picked and is in the text by now, which got `earlier` bytes for tokens
 * before it. CM_E_NOMEM. */
cm_code cm_cpu_say(const cm_cpu *c, const cm_job *job, cm_strand *s, const cm_pick *p,
                   size_t earlier, cm_err *e);
/* The text ends here: it was cut off at a stop, or an unfinished character was put in order.
 * Tokens that would begin later are forgotten. */
void cm_cpu_said_end(cm_strand *s);
/* How many tokens more begin in the text up to `end`, and aren't told yet. */
size_t cm_cpu_said_until(const cm_strand *s, size_t end);

#endif
