#include "engine/chat.h"

static const char *const role_names[] = {"system\n", "user\n", "assistant\n"};

typedef struct writer {
  const cm_tok *t;
  uint32_t start, end;
  cm_ids *out;
  cm_err *e;
} writer;

static cm_code text(writer *w, cm_str s) { return cm_tok_encode(w->t, s, false, w->out, w->e); }

static cm_code open_turn(writer *w, cm_role role) {
  cm_code code = cm_ids_push(w->out, w->start, w->e);
  return code ? code : text(w, cm_str_of(role_names[role]));
}

static cm_code turn(writer *w, const cm_message *m) {
  cm_code code = open_turn(w, m->role);
  if (!code) code = text(w, m->text);
  if (!code) code = cm_ids_push(w->out, w->end, w->e);
  return code ? code : text(w, CM_STR("\n"));
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
  if (!code) code = open_turn(&w, CM_ROLE_ASSISTANT);
  return code ? code : text(&w, opening);
}
