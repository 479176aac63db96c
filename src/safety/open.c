/* Opens the rules: the index that the build made of our own packs (no other file knows it, so that
 * tools/mkrules, which makes it, can do without), and the user's lists. */
#include <string.h>

#include "safety/judge.h"

enum { RULES_MAX = 8 << 20 };

static cm_code no_room(cm_err *e) {
  return cm_fail(e, CM_E_NOMEM, 0, "no memory for the safety rules");
}

static cm_code compile_list(cm_arena *a, const char *const *texts, size_t n, cm_listed **out,
                            cm_err *e) {
  *out = cm_arena_alloc(a, n, sizeof **out);
  if (!*out) return no_room(e);
  for (size_t i = 0; i < n; i++) {
    size_t bytes = strlen(texts[i]);
    char *kept = cm_arena_strdup(a, texts[i], bytes);
    cm_listed *l = &(*out)[i];
    if (!kept) return no_room(e);
    if (!cm_shape_compile(kept, l->needs, &l->shape))
      return cm_fail(e, CM_E_USAGE, 0, "\"%s\" is not a pattern of commands", texts[i]);
  }
  return CM_OK;
}

static cm_code open_index(cm_safety *s, const cm_pack *const *packs, cm_err *e) {
  cm_index *x = cm_arena_alloc(s->arena, 1, sizeof *x);
  s->index = x;
  return x ? cm_index_build(x, packs, s->arena, e) : no_room(e);
}

/* With `packs` NULL: our own, whose index is there already. */
cm_code cm_safety_open_packs(cm_safety **out, const cm_pack *const *packs,
                             const char *const *allow, size_t n_allow, const char *const *deny,
                             size_t n_deny, cm_err *e) {
  *out = NULL;
  cm_arena *a = cm_arena_open(RULES_MAX);
  cm_safety *s = a ? cm_arena_alloc(a, 1, sizeof *s) : NULL;
  cm_code code = s ? CM_OK : no_room(e);
  if (!code) {
    *s = (cm_safety){.arena = a, .index = &cm_packs_index, .n_allow = n_allow, .n_deny = n_deny};
    if (packs) code = open_index(s, packs, e);
  }
  if (!code) code = compile_list(a, allow, n_allow, &s->allow, e);
  if (!code) code = compile_list(a, deny, n_deny, &s->deny, e);
  if (code) cm_arena_close(a);
  else *out = s;
  return code;
}

cm_code cm_safety_open(cm_safety **out, const char *const *allow, size_t n_allow,
                       const char *const *deny, size_t n_deny, cm_err *e) {
  return cm_safety_open_packs(out, NULL, allow, n_allow, deny, n_deny, e);
}

void cm_safety_close(cm_safety *s) {
  if (s) cm_arena_close(s->arena);
}
