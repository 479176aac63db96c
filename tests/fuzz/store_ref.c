/* rooms: base */
#include <stdlib.h>

#include "store/ref.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

/* Whatever a model is called: its file stays in the store, its address is one, and its id means
 * the same again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static cm_ref r, again;
  cm_url u;
  cm_err e;
  const cm_str text = {(const char *)data, size};
  const cm_code code = cm_ref_parse(text, "https://huggingface.co", &r, &e);
  must(code == CM_OK || code == CM_E_USAGE);
  if (code) return 0;
  must(cm_ref_is_one(text) && r.id[0] && r.name[0] && r.name[0] != '.' && !strchr(r.name, '/'));
  must(cm_url_parse(cm_str_of(r.url), &u, NULL) == CM_OK);
  must(!r.repo[0] || cm_str_is(u.host, "huggingface.co"));
  must(cm_ref_parse(cm_str_of(r.id), "https://huggingface.co", &again, &e) == CM_OK);
  must(strcmp(r.id, again.id) == 0 && strcmp(r.name, again.name) == 0 &&
       strcmp(r.url, again.url) == 0);
  return 0;
}
