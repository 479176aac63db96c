/* rooms: base data quality */
#include <stdlib.h>
#include <string.h>

#include "quality/golden.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void must(bool ok) {
  if (!ok) abort();
}

/* What was read is sorted, and written and read again it is the same. */
static void check(const cm_goldens *g, cm_arena *a) {
  cm_goldens back;
  cm_buf out;
  cm_buf_init(&out, 8 << 20);
  cm_golden_text(g, &out);
  must(!out.overflow && !cm_golden_init(&back, g->model_id, g->model_sha256, a, NULL));
  must(!cm_golden_read(&back, (cm_str){out.p, out.n}, "again", NULL) && back.n == g->n);
  for (size_t i = 0; i < g->n; i++) {
    must(cm_golden_find(g, g->items[i].id) == &g->items[i]);
    must(cm_str_eq(g->items[i].id, back.items[i].id));
    must(cm_str_eq(g->items[i].command, back.items[i].command));
  }
  cm_buf_close(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cm_arena *a = cm_arena_open(64 << 20);
  cm_goldens g;
  cm_err e = {0};
  if (!a) return 0;
  if (size < 1 << 20 && !cm_golden_init(&g, CM_STR("tiny"), CM_STR(SHA), a, &e)) {
    cm_code code = cm_golden_read(&g, (cm_str){(const char *)data, size}, "fuzz", &e);
    must(code == CM_OK || code == CM_E_FORMAT || code == CM_E_LIMIT || code == CM_E_NOMEM);
    if (!code) check(&g, a);
    else must(!g.n && e.msg[0]);
  }
  cm_arena_close(a);
  return 0;
}
