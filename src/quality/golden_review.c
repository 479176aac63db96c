/* What waits for a review, and what becomes of it. */
#include <stdlib.h>
#include <string.h>

#include "data/json.h"
#include "quality/golden.h"

cm_code cm_golden_review(const cm_goldens *accepted, const cm_goldens *pending,
                         cm_golden_change **out, size_t *n, cm_err *e) {
  *n = 0;
  *out = cm_arena_alloc(pending->arena, pending->n, sizeof **out);
  if (!*out) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the review");
  for (size_t i = 0; i < pending->n; i++) {
    const cm_golden_answer *after = &pending->items[i];
    const cm_golden_answer *before = cm_golden_find(accepted, after->id);
    (*out)[i] = (cm_golden_change){before, after, before && !cm_str_eq(before->hash, after->hash)};
  }
  *n = pending->n;
  return CM_OK;
}

static void put_visible(cm_buf *out, cm_str s) {
  for (size_t i = 0; i < s.n;) {
    uint32_t cp;
    size_t n = cm_utf8_next(s.p + i, s.n - i, &cp);
    if (cp == UINT32_MAX) cm_buf_puts(out, "\xEF\xBF\xBD");
    else if (cm_json_hidden(cp)) cm_buf_printf(out, "\\u{%X}", (unsigned)cp);
    else cm_buf_add(out, s.p + i, n);
    i += n;
  }
}

static void put_lines(cm_buf *out, const char *sign, cm_str text) {
  cm_str line;
  if (!text.n) cm_buf_printf(out, "%s (no command)\n", sign);
  while (cm_str_line(&text, &line)) {
    cm_buf_printf(out, "%s ", sign);
    put_visible(out, line);
    cm_buf_putc(out, '\n');
  }
}

void cm_golden_diff(const cm_golden_change *c, cm_buf *out) {
  put_visible(out, c->after->id);
  cm_buf_puts(out, c->before ? ": changed" : ": new");
  cm_buf_puts(out, c->other_case ? " (the case asks something else now)\n" : "\n");
  if (c->before) put_lines(out, "-", c->before->command);
  put_lines(out, "+", c->after->command);
}

/* --- decisions ---------------------------------------------------------------------------- */

static cm_code all_wait(const cm_goldens *pending, const cm_str *ids, size_t n, cm_err *e) {
  for (size_t i = 0; i < n; i++)
    if (!cm_golden_find(pending, ids[i]))
      return cm_fail(e, CM_E_NOTFOUND, 0, "no answer of %.*s waits for a review",
                     (int)(ids[i].n < 80 ? ids[i].n : 80), ids[i].p);
  return CM_OK;
}

static cm_code accept_one(cm_goldens *accepted, const cm_goldens *pending, cm_str id, cm_err *e) {
  const cm_golden_answer *a = cm_golden_find(pending, id);
  return a ? cm_golden_put(accepted, a, e) : CM_OK;
}

/* The waiting ones go only when all were taken over: without memory in between none is lost. */
cm_code cm_golden_accept(cm_goldens *accepted, cm_goldens *pending, const cm_str *ids, size_t n,
                         size_t *moved, cm_err *e) {
  *moved = 0;
  cm_code code = all_wait(pending, ids, ids ? n : 0, e);
  for (size_t i = 0; !code && i < (ids ? n : pending->n); i++)
    code = accept_one(accepted, pending, ids ? ids[i] : pending->items[i].id, e);
  return code ? code : cm_golden_reject(pending, ids, n, moved, e);
}

cm_code cm_golden_reject(cm_goldens *pending, const cm_str *ids, size_t n, size_t *dropped,
                         cm_err *e) {
  *dropped = 0;
  cm_code code = all_wait(pending, ids, ids ? n : 0, e);
  if (code) return code;
  if (!ids) {
    *dropped = pending->n;
    pending->n = 0;
    return CM_OK;
  }
  for (size_t i = 0; i < n; i++) *dropped += cm_golden_remove(pending, ids[i]);
  return CM_OK;
}

static int by_text(const void *a, const void *b) {
  return cm_str_order(*(const cm_str *)a, *(const cm_str *)b);
}

size_t cm_golden_prune(cm_goldens *g, const cm_str *ids, size_t n, cm_golden_reach *reaches,
                       void *ctx) {
  cm_str *sorted = cm_alloc(n, sizeof *sorted);
  if (!sorted) return 0; /* nothing is dropped that may be wanted */
  if (n) memcpy(sorted, ids, n * sizeof *sorted);
  if (n) qsort(sorted, n, sizeof *sorted, by_text);
  size_t kept = 0;
  for (size_t i = 0; i < g->n; i++)
    if ((n && bsearch(&g->items[i].id, sorted, n, sizeof *sorted, by_text)) ||
        (reaches && !reaches(ctx, g->items[i].file)))
      g->items[kept++] = g->items[i];
  size_t dropped = g->n - kept;
  g->n = kept;
  cm_free(sorted);
  return dropped;
}
