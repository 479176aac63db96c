#include "engine/chat.h"

enum { TURN_MAX = 64 << 20 };

typedef struct writer {
  const cm_tok *t;
  uint32_t start, end;
  cm_ids *out;
  cm_err *e;
} writer;

/* The three pieces are one text to the tokenizer, as the template is for everybody else: a line
 * end at the beginning of the last joins the one before it. */
static cm_code encode_joined(writer *w, const char *a, const char *b, cm_str text) {
  cm_buf all;
  cm_buf_init(&all, TURN_MAX);
  cm_buf_puts(&all, a);
  cm_buf_puts(&all, b);
  cm_buf_add(&all, text.p, text.n);
  cm_code code = all.overflow ? cm_fail(w->e, CM_E_NOMEM, 0, "no memory for a message")
                              : cm_tok_encode(w->t, (cm_str){all.p, all.n}, false, w->out, w->e);
  cm_buf_close(&all);
  return code;
}

/* "<|im_start|>ROLE\nTEXT". */
static cm_code open_turn(writer *w, const char *role, cm_str text) {
  cm_code code = cm_ids_push(w->out, w->start, w->e);
  return code ? code : encode_joined(w, role, "\n", text);
}

static cm_code turn(writer *w, const cm_message *m) {
  static const char *const roles[] = {"system", "user", "assistant"};
  cm_code code = open_turn(w, roles[m->role], m->text);
  if (!code) code = cm_ids_push(w->out, w->end, w->e);
  return code ? code : cm_tok_encode(w->t, CM_STR("\n"), false, w->out, w->e);
}

/* Thoughts that are over before they began; what follows them is one text with their end. */
static cm_code open_thoughtless(writer *w, cm_str opening) {
  cm_code code = open_turn(w, "assistant", CM_STR(""));
  if (!code) code = cm_ids_push(w->out, cm_tok_find(w->t, CM_STR("<think>")), w->e);
  if (!code) code = cm_tok_encode(w->t, CM_STR("\n\n"), false, w->out, w->e);
  if (!code) code = cm_ids_push(w->out, cm_tok_find(w->t, CM_STR("</think>")), w->e);
  return code ? code : encode_joined(w, "\n\n", "", opening);
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
  if (code) return code;
  return cm_tok_thinks(t) ? open_thoughtless(&w, opening) : open_turn(&w, "assistant", opening);
}
