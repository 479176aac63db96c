/* The machine's side of the self-test: things outside that a command might reach. */
#ifndef CM_SANDBOX_ESCAPE_H
#define CM_SANDBOX_ESCAPE_H
#include "sandbox/way.h"

/* What the attempts aim at. Everything lies in `folder`, except the sockets. */
typedef struct cm_bait {
  char folder[64], tree[80], outside[80], canary[96];
  char env[6][128]; /* what tells the attempts where things are */
  int tcp, udp, by_path, abstract;
  uint64_t state; /* a sum over what stat tells of the canary and its folder */
  char mark[32];  /* an argument that no other process has */
} cm_bait;

cm_code cm_bait_open(cm_bait *b, const cm_sandbox *s, cm_err *e);
void cm_bait_close(cm_bait *b);

/* What an attempt has done to the machine, in words; NULL: nothing. Undoes what it can. */
const char *cm_bait_damage(cm_bait *b);

#endif
