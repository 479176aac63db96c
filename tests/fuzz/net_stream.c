/* rooms: base */
#include <stdlib.h>

#include "net/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

/* Each item with its length before it. */
static cm_code note(void *user, cm_str text, cm_err *e) {
  cm_buf *out = user;
  (void)e;
  cm_buf_printf(out, "%zu:", text.n);
  cm_buf_add(out, text.p, text.n);
  return CM_OK;
}

/* The text in pieces of at most `most` bytes, whose lengths `seed` chooses. */
static cm_code run(uint8_t kind, cm_str text, size_t most, uint32_t seed, cm_buf *out) {
  cm_stream s;
  cm_code code = CM_OK;
  cm_stream_init(&s, kind & 1 ? CM_STREAM_SSE : CM_STREAM_NDJSON, 1 + kind / 2);
  while (!code && text.n) {
    seed = seed * 1664525 + 1013904223;
    size_t n = most == SIZE_MAX ? text.n : 1 + (seed >> 16) % most;
    if (n > text.n) n = text.n;
    code = cm_stream_push(&s, (cm_str){text.p, n}, note, out, NULL);
    text = (cm_str){text.p + n, text.n - n};
  }
  if (!code) code = cm_stream_end(&s, note, out, NULL);
  cm_stream_close(&s);
  return code;
}

/* The first byte: the kind and the limit; the second: how it is cut. Pieces give the same items
 * and the same end as the whole. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  const cm_str text = {(const char *)data + 2, size - 2};
  const size_t most[] = {SIZE_MAX, 1, 3, 17};
  cm_buf whole, pieces;
  cm_buf_init(&whole, SIZE_MAX / 4);
  cm_buf_init(&pieces, SIZE_MAX / 4);
  const cm_code code = run(data[0], text, most[0], 0, &whole);
  must(code == CM_OK || code == CM_E_LIMIT);
  for (size_t i = 1; i < sizeof most / sizeof *most; i++) {
    cm_buf_reset(&pieces);
    must(run(data[0], text, most[i], data[1], &pieces) == code);
    must(cm_str_eq((cm_str){whole.p, whole.n}, (cm_str){pieces.p, pieces.n}));
  }
  cm_buf_close(&whole);
  cm_buf_close(&pieces);
  return 0;
}
