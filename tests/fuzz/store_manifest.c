/* rooms: base */
#include <stdlib.h>

#include "store/part.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

/* What was read is written as a text that gives the same again. */
static void check_round(cm_inventory *m) {
  cm_inventory *again = cm_inventory_new(NULL);
  cm_buf first, second;
  if (!again) return;
  cm_buf_init(&first, 64 << 20);
  cm_buf_init(&second, 64 << 20);
  cm_inventory_text(m, &first);
  must(!first.overflow && cm_utf8_check(first.p, first.n) == first.n);
  must(cm_inventory_read((cm_str){first.p, first.n}, again->arena, again, NULL) == CM_OK);
  must(again->n == m->n && again->n_files == m->n_files);
  cm_inventory_text(again, &second);
  must(cm_str_eq((cm_str){first.p, first.n}, (cm_str){second.p, second.n}));
  cm_buf_close(&first);
  cm_buf_close(&second);
  cm_inventory_free(again);
}

static void check_part(cm_str text) {
  cm_part p = {.fd = -1};
  const cm_code code = cm_part_read(&p, text, NULL);
  must(!code || (!p.sha256[0] && !p.etag[0] && !p.total));
  must(!p.sha256[0] || strlen(p.sha256) == 64);
  must(!strpbrk(p.etag, "\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const cm_str text = {(const char *)data, size};
  cm_inventory *m = cm_inventory_new(NULL);
  if (!m) return 0;
  cm_err e;
  const cm_code code = cm_inventory_read(text, m->arena, m, &e);
  must(code == CM_OK || code == CM_E_FORMAT || code == CM_E_LIMIT || code == CM_E_NOMEM);
  must(code == CM_OK || m->n + m->n_files == 0);
  for (size_t i = 0; i < m->n; i++) /* never a way out of the folder */
    must(!memchr(m->models[i].file.p, '/', m->models[i].file.n) && m->models[i].file.p[0] != '.');
  if (!code) check_round(m);
  check_part(text);
  cm_inventory_free(m);
  return 0;
}
