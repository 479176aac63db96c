#include "engine/chat.h"

enum { TURN_MAX = 64 << 20 };

typedef struct writer {
  const cm_tok *t;
  uint32_t start, end;
  cm_ids *out;
  cm_err *e;
} writer;

/* "<|im_start|>ROLE\nTEXT". Role and text are one piece of text to the tokenizer, as the template
 * is for everybody else: a line end at the beginning of TEXT joins the one before it. */
static cm_code open_turn(writer *w, const char *role, cm_str text) {
  cm_buf b;
  cm_buf_init(&b, TURN_MAX);
  cm_buf_puts(&b, role);
  cm_buf_putc(&b, '\n');
  cm_buf_add(&b, text.p, text.n);
  cm_code code = b.overflow ? cm_fail(w->e, CM_E_NOMEM, 0, "no memory for a message")
                            : cm_ids_push(w->out, w->start, w->e);
  if (!code) code = cm_tok_encode(w->t, (cm_str){b.p, b.n}, false, w->out, w->e);
  cm_buf_close(&b);
  return code;
}

static cm_code turn(writer *w, const cm_message *m) {
  static const char *const roles[] = {"system", "user", "assistant"};
  cm_code code = open_turn(w, roles[m->role], m->text);
  if (!code) code = cm_ids_push(w->out, w->end, w->e);
  return code ? code : cm_tok_encode(w->t, CM_STR("\n"), false, w->out, w->e);
}

cm_code cm_chat_tokens(const cm_tok *t, const cm_message *m, size_t n, cm_str opening, cm_ids *out,
                       cm_err *e) {
  writer w = {t, cm_tok_find(t, CM_STR("<|im_start|>")), cm_tok_find(t, CM_STR("<|im_end|>")), out,
              e};
  if (w.start == CM_TOK_NONE || w.end == CM_TOK_NONE)
    return cm_fail(e, CM_E_UNSUPPORTED, 0,
                   "the model has no <|im_start|> and <|im_end|> tokens (ChatML)");
  cm_code code = CM_OK;
  for (size_t i = 0; !code && i < n; i++) code = turn(&w, &m[i]);
  return code ? code : open_turn(&w, "assistant", opening);
}
