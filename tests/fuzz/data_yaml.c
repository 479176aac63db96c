/* rooms: base data */
#include <stdlib.h>

#include "data/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

/* Children are as many as it says, marked from 1, and keys are different. */
static void walk(const cm_yaml *v, unsigned depth) {
  size_t n = 0;
  must(depth <= CM_YAML_DEPTH_MAX && v->line && v->column);
  for (const cm_yaml *c = v->first; c; c = c->next, n++) {
    walk(c, depth + 1);
    if (v->kind != CM_YAML_MAP) continue;
    for (const cm_yaml *d = v->first; d != c; d = d->next) must(!cm_str_eq(c->key, d->key));
  }
  must(n == v->n && (v->kind != CM_YAML_SCALAR || !n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cm_arena *a = cm_arena_open(16 << 20);
  const cm_yaml *root;
  cm_err e;
  if (!a) return 0;
  cm_code code = cm_yaml_parse((cm_str){(const char *)data, size}, "fuzz", a, &root, &e);
  must(code == CM_OK || code == CM_E_FORMAT || code == CM_E_LIMIT || code == CM_E_NOMEM);
  must(code == CM_OK || !root);
  if (root) walk(root, 0);
  cm_arena_close(a);
  return 0;
}
