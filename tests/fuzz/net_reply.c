/* rooms: base */
#include <stdlib.h>

#include "net/reply.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static void check_url(cm_str text) {
  cm_url u;
  if (cm_url_parse(text, &u, NULL) != CM_OK) return;
  must(u.host.n > 0 && u.port > 0);
  must(u.host.p >= text.p && u.host.p + u.host.n <= text.p + text.n);
  must(u.path.p + u.path.n == text.p + text.n);
  must(cm_url_same_origin(&u, &u));
  const cm_str file = cm_url_file(&u);
  must(file.p >= u.path.p && file.p + file.n <= u.path.p + u.path.n);
}

static bool is_hex(const char *s) { return s[strspn(s, "0123456789abcdef")] == 0; }

/* A head, line by line, and each line as an address. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cm_str rest = {(const char *)data, size}, line;
  cm_reply r;
  cm_reply_init(&r);
  while (cm_str_line(&rest, &line)) {
    cm_reply_line(&r, line, size % 2);
    check_url(line);
    must(is_hex(r.linked_sha256) && (!r.linked_sha256[0] || strlen(r.linked_sha256) == 64));
    must(is_hex(r.commit) && strlen(r.etag) < sizeof r.etag && r.wait_seconds <= 1 << 20);
    must(size % 2 || (!r.linked_sha256[0] && !r.linked_bytes && !r.commit[0]));
  }
  return 0;
}
