#include "cli/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "answer/answer_json.h"
#include "base/os.h"
#include "cli/cli.h"

cm_code cm_guard_open(cm_guard *g, const cm_opts *o, cm_err *e) {
  const char *user = getenv("USER");
  *g = (cm_guard){0};
  g->where.home = cm_str_of(getenv("HOME"));
  g->where.user = cm_os_is_root() ? CM_STR("root") : cm_str_of(user);
  g->where.dialect = strcmp(o->shell, "sh") == 0 ? CM_SH_POSIX : CM_SH_BASH;
  if (o->cwd) g->where.cwd = cm_str_of(o->cwd);
  else if (!cm_os_cwd(g->cwd, sizeof g->cwd, NULL)) g->where.cwd = cm_str_of(g->cwd);
  (void)cm_level_of(cm_str_of(o->safety), &g->level); /* one of the option's choices */
  return cm_safety_open(&g->safety, o->allow, o->n_allow, o->deny, o->n_deny, e);
}

void cm_guard_close(cm_guard *g) { cm_safety_close(g->safety); }

cm_judgement cm_guard_judge(const cm_guard *g, cm_str command, cm_arena *a) {
  cm_judgement j;
  cm_err e;
  (void)cm_safety_judge(g->safety, command, &g->where, a, &j.verdict, &e);
  j.decision = cm_safety_decide(&j.verdict, g->level);
  return j;
}

int cm_guard_status(cm_decision d) {
  static const int statuses[] = {
      [CM_RUN] = CM_EXIT_OK, [CM_CONFIRM] = CM_EXIT_CONFIRM, [CM_BLOCK] = CM_EXIT_BLOCKED};
  return statuses[d];
}

/* --- JSON --- */

/* Unknown stretches of a word are shown as "…". */
static void shown(cm_str s, cm_buf *out) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] == CM_HOLE) cm_buf_puts(out, "\u2026");
    else cm_buf_putc(out, s.p[i]);
}

static void put_word(cm_jw *w, const cm_rword *word) {
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  shown(word->text, &b);
  cm_jw_begin_object(w);
  cm_jw_key(w, "text");
  cm_jw_str(w, (cm_str){b.p ? b.p : "", b.n});
  cm_jw_put_bool(w, "known", word->from == 0);
  cm_span_json(w, word->span);
  cm_jw_end_object(w);
  cm_buf_close(&b);
}

static void put_run(cm_jw *w, const cm_run *r) {
  cm_jw_begin_object(w);
  cm_jw_key(w, "words");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < r->n; i++) put_word(w, &r->words[i]);
  cm_jw_end_array(w);
  cm_jw_put_bool(w, "root", r->root);
  cm_jw_put_bool(w, "remote", r->remote);
  cm_jw_key(w, "via");
  if (r->via && r->via->n) cm_jw_str(w, r->via->words[0].text);
  else cm_jw_null(w);
  cm_span_json(w, r->span);
  cm_jw_end_object(w);
}

void cm_verdict_json_commands(cm_jw *w, const cm_verdict *v) {
  cm_jw_key(w, "commands");
  cm_jw_begin_array(w);
  for (size_t i = 0; i < v->runs.n; i++) put_run(w, v->runs.items[i]);
  cm_jw_end_array(w);
}

/* --- text --- */

void cm_verdict_text(const cm_verdict *v, cm_buf *out) {
  for (size_t i = 0; i < v->n; i++)
    cm_buf_printf(out, "  %s: %s: %s\n", cm_risk_name(v->findings[i].risk), v->findings[i].rule,
                  v->findings[i].why);
}

/* "sudo > sh > ", the outermost first; as deep as CM_RESOLVE_DEPTH_MAX at most. */
static void put_via(const cm_run *via, cm_buf *out) {
  if (!via) return;
  put_via(via->via, out);
  if (via->n) cm_ui_escape(via->words[0].text, out);
  cm_buf_puts(out, " > ");
}

static void put_words(const cm_run *r, cm_buf *out) {
  put_via(r->via, out);
  for (size_t i = 0; i < r->n; i++) {
    cm_buf b;
    cm_buf_init(&b, 1 << 20);
    shown(r->words[i].text, &b);
    if (i) cm_buf_putc(out, ' ');
    cm_ui_escape((cm_str){b.p ? b.p : "", b.n}, out);
    cm_buf_close(&b);
  }
  if (!r->n) cm_buf_puts(out, "(no program)");
  cm_buf_puts(out, r->root ? "   [as root]\n" : "\n");
}

static bool inside(cm_span s, size_t at) { return at >= s.start && at < s.end; }

/* Whether a byte belongs to one of the command's words; without words: to the command. */
static bool marked(const cm_run *r, size_t at) {
  for (size_t i = 0; i < r->n; i++)
    if (inside(r->words[i].span, at)) return true;
  return !r->n && inside(r->span, at);
}

/* The line that holds byte `at`, and under it marks: escapes take as many columns as they show. */
static void put_line(const cm_run *r, cm_str text, size_t start, size_t end, cm_buf *out) {
  cm_buf marks;
  cm_buf_init(&marks, 4 << 20);
  cm_buf_puts(out, "    ");
  for (size_t i = start; i < end;) {
    uint32_t cp;
    size_t before = out->n, len = cm_utf8_next(text.p + i, end - i, &cp);
    cm_ui_escape((cm_str){text.p + i, len}, out);
    size_t columns =
        cp != UINT32_MAX && cp >= 0x80 && out->n - before == len ? 1 : out->n - before;
    while (columns--) cm_buf_putc(&marks, marked(r, i) ? '~' : ' ');
    i += len;
  }
  cm_str under = cm_str_trim((cm_str){marks.p ? marks.p : "", marks.n});
  if (under.n) cm_buf_printf(out, "\n    %.*s", (int)(under.p + under.n - marks.p), marks.p);
  cm_buf_putc(out, '\n');
  cm_buf_close(&marks);
}

static void put_marked(const cm_run *r, cm_str text, cm_buf *out) {
  for (size_t start = 0; start < text.n;) {
    const char *nl = memchr(text.p + start, '\n', text.n - start);
    size_t end = nl ? (size_t)(nl - text.p) : text.n;
    bool any = false;
    for (size_t i = start; i < end && !any; i++) any = marked(r, i);
    if (any) put_line(r, text, start, end, out);
    start = end + 1;
  }
}

void cm_verdict_explain(const cm_verdict *v, cm_str text, cm_buf *out) {
  for (size_t i = 0; i < v->runs.n; i++) {
    cm_buf_puts(out, "  ");
    put_words(v->runs.items[i], out);
    put_marked(v->runs.items[i], text, out);
  }
  if (v->runs.syntax) cm_buf_printf(out, "  not valid: %s\n", v->runs.error.msg);
  if (v->runs.limited) cm_buf_puts(out, "  (there may be more: a limit was reached)\n");
}
