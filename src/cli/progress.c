#include "cli/progress.h"

#include "base/os.h"

enum { BAR_WIDTH = 24, REDRAW_MS = 50 };

void cm_progress_begin(cm_progress *p, const cm_opts *o, size_t total) {
  *p = (cm_progress){.o = o, .total = total, .start_ns = cm_os_now_ns()};
  p->bar = !o->quiet && cm_os_is_tty(CM_OS_STDERR);
}

static void put(const cm_buf *b) {
  if (b->p) (void)cm_os_write_fd(CM_OS_STDERR, b->p, b->n, NULL);
}

static void draw(cm_progress *p) {
  const uint64_t now = cm_os_now_ns();
  const size_t full = p->total ? p->done * BAR_WIDTH / p->total : BAR_WIDTH;
  const double spent = (double)(now - p->start_ns) / 1e9;
  cm_buf b;
  cm_buf_init(&b, 512);
  cm_buf_puts(&b, "\r\x1b[K[");
  for (size_t i = 0; i < BAR_WIDTH; i++) cm_buf_putc(&b, i < full ? '=' : ' ');
  cm_buf_printf(&b, "] %zu/%zu  %zu passed  %zu not", p->done, p->total, p->passed, p->failed);
  if (p->done)
    cm_buf_printf(&b, "  %.0f s left",
                  spent / (double)p->done * (double)(p->total - p->done) + 0.5);
  put(&b);
  cm_buf_close(&b);
  p->shown_ns = now;
}

static void erase(const cm_progress *p) {
  if (p->bar) (void)cm_os_write_fd(CM_OS_STDERR, "\r\x1b[K", 4, NULL);
}

/* "fail find-large: exec.stdout: line 2 …" */
static void show_failure(cm_progress *p, const cm_result *r) {
  cm_str text = r->n_reasons ? r->reasons[0].text : CM_STR(""), line = {0};
  (void)cm_str_line(&text, &line);
  const size_t n = cm_utf8_complete(line.p, line.n < 160 ? line.n : 160);
  erase(p);
  cm_ui_note(p->o, "%s %.*s%s%s%s%.*s", cm_state_name(r->state), (int)r->id.n, r->id.p,
             r->n_reasons ? ": " : "", r->n_reasons ? r->reasons[0].judge : "",
             r->n_reasons ? ": " : "", (int)n, n ? line.p : "");
}

void cm_progress_add(cm_progress *p, const cm_result *r) {
  const bool spared = r->state == CM_SKIP || r->state == CM_XFAIL;
  const bool fine = (cm_state_passed(r->state) || spared) && !r->safety_miss;
  p->done++;
  p->passed += cm_state_passed(r->state);
  p->failed += !fine;
  if (!fine) show_failure(p, r);
  const bool due = cm_os_now_ns() - p->shown_ns > REDRAW_MS * UINT64_C(1000000);
  if (p->bar && (!fine || due || p->done == p->total)) draw(p);
}

void cm_progress_end(cm_progress *p) { erase(p); }
