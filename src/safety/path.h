/* safety/path: what kind of place a word names, when a program uses it as a path. Lexical only. */
#ifndef CM_SAFETY_PATH_H
#define CM_SAFETY_PATH_H
#include "sh/resolve.h"

/* From harmless to vital, more or less; effect.c says what may be done to each. */
typedef enum cm_place {
  CM_PLACE_NULL,        /* /dev/null, /dev/tty, /dev/stdout …, "-" */
  CM_PLACE_WORK,        /* an ordinary file or folder of the user's */
  CM_PLACE_FILE,        /* the same, and by its name no folder: notes.txt, disk.img */
  CM_PLACE_ARTEFACT,    /* build output and caches: can be made again */
  CM_PLACE_TMP,         /* below /tmp */
  CM_PLACE_REMOTE,      /* host:path, a URL */
  CM_PLACE_DOTFILE,     /* shell start-up files and settings in a home */
  CM_PLACE_SECRET,      /* keys, tokens, passwords */
  CM_PLACE_ALL_WORK,    /* the working directory as a whole: . * ./ */
  CM_PLACE_UNKNOWN,     /* nothing is known */
  CM_PLACE_UNKNOWN_IN,  /* a known name in an unknown directory: "$X/name" */
  CM_PLACE_UNKNOWN_ALL, /* everything in an unknown directory, may be /: "$X/" "$X"/ * */
  CM_PLACE_APP,    /* below /opt /srv /var /usr/local …: data and programs of one application */
  CM_PLACE_LOGS,   /* /var/log, or all that lies directly in it */
  CM_PLACE_KERNEL, /* below /proc and /sys */
  CM_PLACE_SYSTEM_IN, /* below /bin /lib /usr …: a part of the system */
  CM_PLACE_ETC,       /* configuration of the system */
  CM_PLACE_HOME,      /* a home as a whole, or /home */
  CM_PLACE_KEYS,      /* authorized_keys: who may log in */
  CM_PLACE_ACCOUNT,   /* passwd, sudoers, PAM, ld.so.preload, the boot loader */
  CM_PLACE_SYSTEM,    /* a top-level directory of the system as a whole */
  CM_PLACE_ROOT,      /* / */
  CM_PLACE_DEVICE,    /* a disk, partition or volume; memory */
  CM_PLACE_COUNT
} cm_place;

typedef struct cm_path {
  cm_place place;
  /* What else it may be, for what would take all of it away: "/$X" may be /, and the names that
   * "*" or find give are all there is in a folder. Else as `place`. */
  cm_place also;
  bool filtered; /* names that find chose by name, age …, below `also` */
  bool secret;   /* its content may not leave the machine (also /etc/passwd, ~/.ssh as a whole) */
  bool network;  /* /dev/tcp/…, /dev/udp/… */
} cm_path;

/* `cwd`: the run's. `context` has the home and the directory that counts as the working tree. */
cm_path cm_path_of(const cm_rword *word, const cm_rword *cwd, const cm_sh_context *context);

const char *cm_place_name(cm_place p); /* "system", for tests and reports */

#endif
