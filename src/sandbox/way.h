/* What the files of this room share: the two ways to close a command in. */
#ifndef CM_SANDBOX_WAY_H
#define CM_SANDBOX_WAY_H
#include "base/os_spawn.h"
#include "sandbox/sandbox.h"

enum {
  CM_SANDBOX_UID = 65534, /* inside; and outside, when this process is root */
  CM_SANDBOX_MAX_COMMAND = 100000,
  CM_SANDBOX_MAX_ENV = 100
};

/* A seccomp program: n instructions of 8 bytes, in the kernel's form. */
typedef struct cm_filter {
  unsigned char *p;
  size_t n;
} cm_filter;

typedef enum cm_filter_for { CM_FILTER_BWRAP, CM_FILTER_LANDLOCK } cm_filter_for;

/* Builds the program. `signals`: let processes signal each other. CM_E_UNSUPPORTED: this
 * libseccomp does not know a call that must be refused. */
cm_code cm_filter_build(cm_filter *f, cm_filter_for way, bool signals, cm_err *e);
void cm_filter_free(cm_filter *f);
/* Puts the calling thread under it; async-signal-safe. 0 or an errno. */
int cm_filter_enter(const cm_filter *f);

/* A path that both ways show read-only. */
typedef struct cm_shown {
  const char *path;
  char link[64]; /* where it is a symbolic link: its target */
  bool there;
} cm_shown;
enum { CM_SHOWN_MAX = 12 };

struct cm_sandbox {
  bool landlock; /* else bubblewrap */
  bool no_clock; /* the machine's clock can't be hidden */
  bool root;     /* this process is root and becomes CM_SANDBOX_UID */
  int abi;       /* Landlock's */
  cm_filter filter;
  cm_shown shown[CM_SHOWN_MAX];
  size_t nshown;
  char name[64];
};

/* A job with its defaults filled in, and what both ways need for it. In an arena. */
typedef struct cm_prepared {
  const cm_sandbox *s;
  cm_sandbox_job job;
  const char *home, *start; /* paths inside */
  const char *shell;        /* path of the shell */
  const char **env;         /* the whole environment inside */
  size_t nenv;
  cm_arena *arena;
  uint64_t free_bytes, used_bytes; /* of the folder's file system and of the folder, before */
  const char *tmp;                 /* a private folder outside that counts too; NULL: none */
} cm_prepared;

/* Each way: checks whether it works here (fills s), and runs a prepared job. */
cm_code cm_bwrap_probe(cm_sandbox *s, cm_err *e);
cm_code cm_bwrap_run(cm_prepared *p, cm_sandbox_result *r, cm_err *e);
cm_code cm_landlock_probe(cm_sandbox *s, cm_err *e);
cm_code cm_landlock_run(cm_prepared *p, cm_sandbox_result *r, cm_err *e);

/* For both: whether a command runs at all, and whether its clock can be frozen (s->no_clock: a
 * loader like musl's, or a machine without `date`). */
cm_code cm_sandbox_try(cm_sandbox *s, cm_err *e);

/* Fills what a spawn of either way has in common. */
cm_os_spawn_job cm_prepared_spawn(cm_prepared *p);
/* Turns what came out into the result; the buffers move into the arena. */
cm_code cm_prepared_result(cm_prepared *p, const cm_os_spawn_result *got, cm_sandbox_result *r,
                           cm_err *e);

/* A library that, loaded before the C library, has all clocks that tell the date say `now`. In
 * the arena; none without memory. */
cm_str cm_clock_library(int64_t now, cm_arena *a);

/* Gives a folder and all in it to a user; follows no link. CM_E_LIMIT past a depth or a number of
 * files that no honest case has. */
cm_code cm_tree_give(const char *folder, unsigned uid, cm_err *e);
/* Bytes on the disk of what is in a folder, and a page for each file; UINT64_MAX past the same
 * limits. */
uint64_t cm_tree_bytes(const char *folder);
/* Bytes that a file system has left for this user, and a page for each file it has room for. */
uint64_t cm_tree_free(const char *folder);

#endif
