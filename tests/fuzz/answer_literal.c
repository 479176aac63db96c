/* rooms: base data answer */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "answer/literal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static bool valid(cm_str s) { return cm_utf8_check(s.p, s.n) == s.n; }

/* The request back out of its hidden form: nothing is lost, and nothing but its own placeholders
 * stands in it. */
static void check_hidden(const cm_literals *l, cm_str request) {
  size_t at = 0;
  for (size_t i = 0; i < l->text.n;) {
    int k = cm_placeholder_at((cm_str){l->text.p + i, l->text.n - i});
    must(k < (int)l->n);
    if (k >= 0) {
      must(l->items[k].n <= request.n - at);
      must(memcmp(l->items[k].p, request.p + at, l->items[k].n) == 0);
      at += l->items[k].n, i += CM_PLACEHOLDER_BYTES;
    } else if (cm_placeholder_at((cm_str){request.p + at, request.n - at}) >= 0) {
      must(memcmp(l->text.p + i, "\xEF\xBF\xBD", 3) == 0);
      at += CM_PLACEHOLDER_BYTES, i += 3;
    } else {
      must(at < request.n && l->text.p[i++] == request.p[at++]);
    }
  }
  must(at == request.n);
}

/* The input is a request, a zero byte and a reply. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *cut = size ? memchr(data, 0, size) : NULL;
  size_t n = cut ? (size_t)(cut - data) : size;
  cm_str request = {(const char *)data, n};
  cm_str reply = {(const char *)data + (cut ? n + 1 : 0), cut ? size - n - 1 : size};
  cm_arena *a = cm_arena_open(16 << 20);
  cm_literals l;
  cm_err e;
  if (!a) return 0;
  if (cm_literals_hide(request, CM_LITERALS_MAX, a, &l, &e) == CM_OK) {
    check_hidden(&l, request);
    must(!valid(request) || valid(l.text));
    const cm_str replies[] = {reply, l.text};
    for (size_t i = 0; i < 2; i++) {
      cm_str out;
      cm_code code = cm_literals_restore(&l, replies[i], a, &out, &e);
      must(code == CM_OK || code == CM_E_NOTFOUND || code == CM_E_LIMIT || code == CM_E_NOMEM);
      if (code) continue;
      must(out.n <= CM_RESTORED_MAX);
      must(!valid(request) || !valid(replies[i]) || valid(out));
    }
  }
  cm_arena_close(a);
  return 0;
}
