#include "net/stream.h"

typedef cm_code (*item_fn)(void *user, cm_str text, cm_err *e);

void cm_stream_init(cm_stream *s, cm_stream_kind kind, size_t max_bytes) {
  *s = (cm_stream){.kind = kind};
  cm_buf_init(&s->line, max_bytes);
  cm_buf_init(&s->data, max_bytes);
}

void cm_stream_close(cm_stream *s) {
  cm_buf_close(&s->line);
  cm_buf_close(&s->data);
}

static cm_str text_of(const cm_buf *b) { return (cm_str){b->p ? b->p : "", b->n}; }

/* Appends; an overflow is a limit, or memory that ran out. */
static cm_code add(cm_buf *b, cm_str piece, cm_err *e) {
  const bool large = piece.n > b->max - b->n;
  cm_buf_add(b, piece.p, piece.n);
  if (!b->overflow) return CM_OK;
  if (!large) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a line of an answer");
  return cm_fail(e, CM_E_LIMIT, 0, "a line or event of an answer has more than %zu bytes", b->max);
}

/* The value behind "data:" without the one blank that may stand there; false for other lines. */
static bool is_data(cm_str line, cm_str *value) {
  if (!cm_str_starts(line, CM_STR("data"))) return false;
  if (line.n > 4 && line.p[4] != ':') return false;
  size_t from = line.n > 4 ? 5 : 4;
  if (line.n > from && line.p[from] == ' ') from++;
  *value = (cm_str){line.p + from, line.n - from};
  return true;
}

/* An empty line: the event goes out, unless it has no data. */
static cm_code dispatch(cm_stream *s, item_fn item, void *user, cm_err *e) {
  const bool any = s->has_data;
  s->has_data = false;
  const cm_code code = any ? item(user, text_of(&s->data), e) : CM_OK;
  cm_buf_reset(&s->data);
  return code;
}

static cm_code event_line(cm_stream *s, cm_str line, item_fn item, void *user, cm_err *e) {
  cm_str value;
  if (!line.n) return dispatch(s, item, user, e);
  if (!is_data(line, &value)) return CM_OK;
  cm_code code = s->has_data ? add(&s->data, CM_STR("\n"), e) : CM_OK;
  if (!code) code = add(&s->data, value, e);
  s->has_data = true;
  return code;
}

static bool is_blank(cm_str line) { return cm_str_trim(line).n == 0; }

/* The line in s->line is whole. */
static cm_code end_line(cm_stream *s, item_fn item, void *user, cm_err *e) {
  cm_str line = text_of(&s->line);
  if (!s->begun && cm_str_starts(line, CM_STR("\xEF\xBB\xBF")))
    line = (cm_str){line.p + 3, line.n - 3};
  s->begun = true;
  cm_code code = CM_OK;
  if (s->kind == CM_STREAM_SSE) code = event_line(s, line, item, user, e);
  else {
    if (cm_str_ends(line, CM_STR("\r"))) line.n--;
    if (!is_blank(line)) code = item(user, line, e);
  }
  cm_buf_reset(&s->line);
  return code;
}

/* How much of the piece is before the end of its first line. */
static size_t line_length(const cm_stream *s, cm_str piece) {
  size_t n = 0;
  while (n < piece.n && piece.p[n] != '\n' && (s->kind != CM_STREAM_SSE || piece.p[n] != '\r'))
    n++;
  return n;
}

cm_code cm_stream_push(cm_stream *s, cm_str piece, item_fn item, void *user, cm_err *e) {
  cm_code code = CM_OK;
  while (!code && piece.n) {
    if (s->after_cr && *piece.p == '\n') /* CR LF is one end */
      piece = (cm_str){piece.p + 1, piece.n - 1};
    s->after_cr = false;
    if (!piece.n) break;
    const size_t n = line_length(s, piece);
    code = add(&s->line, (cm_str){piece.p, n}, e);
    if (code || n == piece.n) break;
    s->after_cr = piece.p[n] == '\r';
    piece = (cm_str){piece.p + n + 1, piece.n - n - 1};
    code = end_line(s, item, user, e);
  }
  return code;
}

cm_code cm_stream_end(cm_stream *s, item_fn item, void *user, cm_err *e) {
  if (s->kind == CM_STREAM_SSE || !s->line.n) return CM_OK;
  return end_line(s, item, user, e);
}
