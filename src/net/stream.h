/* net/stream: answers that come in lines: NDJSON (one JSON document a line) and server-sent events
 * (WHATWG HTML, "Server-sent events"). Pure: pieces in, whole items out, however the pieces were
 * cut. */
#ifndef CM_NET_STREAM_H
#define CM_NET_STREAM_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

typedef enum cm_stream_kind { CM_STREAM_NDJSON, CM_STREAM_SSE } cm_stream_kind;

typedef struct cm_stream {
  cm_stream_kind kind;
  cm_buf line; /* not ended yet */
  cm_buf data; /* SSE: the lines of the event so far */
  bool has_data, after_cr, begun;
} cm_stream;

/* Lines and events have at most max_bytes. */
void cm_stream_init(cm_stream *s, cm_stream_kind kind, size_t max_bytes);
void cm_stream_close(cm_stream *s);

/* Takes the next piece and calls `item` for each document (empty lines are left out) or each
 * event's data. Fields of events but `data` and comments are read over; lines end with LF, CR LF
 * or, in SSE, CR; a byte-order mark at the beginning is dropped. CM_E_LIMIT, CM_E_NOMEM, and what
 * `item` returns. */
cm_code cm_stream_push(cm_stream *s, cm_str piece,
                       cm_code (*item)(void *user, cm_str text, cm_err *e), void *user, cm_err *e);
/* The end of the input: a last line of NDJSON without its end is an item too; an event that no
 * empty line ended is dropped, as the specification says. */
cm_code cm_stream_end(cm_stream *s, cm_code (*item)(void *user, cm_str text, cm_err *e),
                      void *user, cm_err *e);

#endif
