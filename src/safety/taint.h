/* safety/taint: where text comes from, and where it goes: through pipes, substitutions, files. */
#ifndef CM_SAFETY_TAINT_H
#define CM_SAFETY_TAINT_H
#include "safety/judge.h"

/* What is known of the text that a run gives or gets. */
enum {
  CM_TAINT_SECRET = 1,     /* holds keys, tokens, passwords */
  CM_TAINT_ENV = 2,        /* holds the environment */
  CM_TAINT_NETWORK = 4,    /* comes from the network */
  CM_TAINT_DECODED = 8,    /* was unpacked or decoded: another text than the one that lies here */
  CM_TAINT_UNKNOWN = 16,   /* is computed, or comes from a variable or the keyboard */
  CM_TAINT_INIT = 32,      /* settings of a known tool, meant for eval */
  CM_TAINT_FILE = 64,      /* of a file of the user's */
  CM_TAINT_VARIABLE = 128, /* of a variable of the surroundings that is called like a secret */
  CM_TAINT_HIDDEN = CM_TAINT_NETWORK | CM_TAINT_DECODED | CM_TAINT_UNKNOWN,
  CM_TAINT_PRIVATE = CM_TAINT_SECRET | CM_TAINT_ENV
};

/* A file that an earlier command of the text wrote. */
typedef struct cm_written {
  cm_str key; /* its path; empty: a free slot */
  const cm_run *source;
  unsigned taint;
  bool tree;   /* a folder that came as a whole; its path ends in '/' */
  cm_str text; /* what was written, where that is known; p NULL: it isn't */
} cm_written;

/* Works out which files hold what; must come before the runs are judged. */
void cm_taint_collect(cm_judging *j);

/* What flows into a run (stdin, substitutions, files it names), and what it prints. */
unsigned cm_taint_in(cm_judging *j, const cm_run *run);
unsigned cm_taint_out(cm_judging *j, const cm_run *run);

/* The flags of the run's program (CM_PROGRAM_…), and its words in *call if that isn't NULL. */
unsigned cm_taint_program(cm_judging *j, const cm_run *run, const cm_call **call);

/* The file that a word names, if this text wrote it; else NULL. */
const cm_written *cm_taint_file(cm_judging *j, const cm_rword *word, const cm_run *run);
bool cm_taint_any_file(const cm_judging *j);
/* Notes that the word names a file with that taint; `text` as in cm_written. */
void cm_taint_write(cm_judging *j, const cm_rword *word, const cm_run *run, unsigned taint,
                    cm_str text);
/* What the run prints, where that is known to the byte: `echo` and `cat <<EOF`; else p is NULL. */
cm_str cm_taint_text(cm_judging *j, const cm_run *run);

/* Whether the word holds a variable that is called like a secret, not just where a login has it:
 * "?api_key=$API_KEY", "https://user:$TOKEN@host". Keys of an account count anywhere. */
bool cm_taint_names_secret(const cm_rword *word);
/* Adds findings for such variables in what the run itself sends: URLs, bodies, names. */
void cm_judge_variables(cm_judging *j, const cm_run *run);

/* Adds findings for what flows into the run: code into interpreters, secrets into the network. */
void cm_judge_flow(cm_judging *j, const cm_run *run);

#endif
