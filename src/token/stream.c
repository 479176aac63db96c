#include "token/state.h"

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

void cm_tok_stream_init(cm_tok_stream *s, const cm_tok *t) { *s = (cm_tok_stream){.t = t}; }

static bool is_char(const char p[4], size_t n) {
  uint32_t cp;
  return cm_utf8_next(p, n, &cp) == n && cp != UINT32_MAX;
}

/* Whether bytes that are no character yet begin one: some ending makes it whole. Of the bytes that
 * may follow, 80 or BF is always one (only the second is restricted, to an end of that range). */
static bool begins_char(const char *p, size_t n) {
  for (size_t len = n + 1; len <= 4; len++) {
    char low[4] = {'\x80', '\x80', '\x80', '\x80'}, high[4] = {'\xBF', '\xBF', '\xBF', '\xBF'};
    memcpy(low, p, n);
    memcpy(high, p, n);
    if (is_char(low, len) || is_char(high, len)) return true;
  }
  return false;
}

/* One U+FFFD stands for the longest beginning of a character before a byte that doesn't continue
 * it, as Unicode recommends and browsers do. True if it stands for what was held before c. */
static bool feed(cm_tok_stream *s, char c, cm_buf *out) {
  bool broken = false;
  for (bool again = true; again;) {
    again = false;
    s->held[s->n_held++] = c;
    if (is_char(s->held, s->n_held)) {
      cm_buf_add(out, s->held, s->n_held);
      s->n_held = 0;
    } else if (!begins_char(s->held, s->n_held)) {
      cm_buf_puts(out, replacement);
      again = s->n_held > 1; /* c may start the next character */
      broken = broken || again;
      s->n_held = 0;
    }
  }
  return broken;
}

size_t cm_tok_stream_push(cm_tok_stream *s, uint32_t id, cm_buf *out) {
  char bytes[CM_VOCAB_MAX_SPELLING];
  size_t n = cm_tok_bytes(s->t, id, false, bytes), earlier = 0;
  for (size_t i = 0; i < n; i++)
    if (feed(s, bytes[i], out) && i == 0) earlier = sizeof replacement - 1;
  return earlier;
}

void cm_tok_stream_end(cm_tok_stream *s, cm_buf *out) {
  if (s->n_held) cm_buf_puts(out, replacement);
  s->n_held = 0;
}
