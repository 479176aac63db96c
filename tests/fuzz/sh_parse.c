/* rooms: sh base */
#include <stdint.h>
#include <stdlib.h>

#include "../sh_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static void parse(cm_str text, cm_dialect dialect) {
  cm_arena *a = cm_arena_open(256 << 20);
  cm_sh_tree tree;
  cm_err e = {0};
  if (!a) return;
  const cm_code code = cm_sh_parse(text, dialect, a, &tree, &e);
  must(code == CM_OK || code == CM_E_FORMAT || code == CM_E_LIMIT);
  must(!code || (e.code == code && e.pos <= text.n && e.msg[0]));
  must(code != CM_E_LIMIT || !tree.list);
  must(!sh_walk_tree(&tree, text.n));
  cm_arena_close(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const cm_str text = {(const char *)data, size};
  parse(text, CM_SH_BASH);
  parse(text, CM_SH_POSIX);
  return 0;
}
