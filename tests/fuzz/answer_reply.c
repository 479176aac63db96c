/* rooms: base data answer */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "answer/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cm_arena *a = cm_arena_open(16 << 20);
  cm_reply r;
  cm_err e;
  if (!a) return 0;
  cm_code code = cm_reply_parse((cm_str){(const char *)data, size}, a, &r, &e);
  must(code == CM_OK || code == CM_E_NOTFOUND || code == CM_E_LIMIT);
  if (code == CM_OK) {
    must(r.refused ? r.command.n == 0 : r.command.n > 0);
    must(r.command.n <= CM_REPLY_COMMAND_MAX);
    /* Every byte that is handed out can be read. */
    volatile size_t sum = 0;
    const cm_str texts[] = {r.command, r.reason, r.explanation};
    for (size_t t = 0; t < 3; t++)
      for (size_t i = 0; i < texts[t].n; i++) sum += (unsigned char)texts[t].p[i];
    (void)sum;
  }
  cm_arena_close(a);
  return 0;
}
