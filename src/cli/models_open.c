/* The store as the options and the environment describe it, and what is shown while it works. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/os.h"
#include "cli/models.h"
#include "net/url.h"

enum { BAR_WIDTH = 24, REDRAW_MS = 100, LINE_MS = 10000, LINE_LEAST_MS = 1000 };

/* --- settings --- */

static const char *variable(const char *name) {
  const char *v = getenv(name);
  return v && *v ? v : NULL;
}

/* Bytes of the path, -1 when it is too long; nothing without a folder. */
static int folder_path(const char *below, char *out, size_t size) {
  const char *own = variable("CMDAI_CACHE_DIR"), *xdg = variable("XDG_CACHE_HOME"),
             *home = variable("HOME");
  const char *base = own ? own : xdg ? xdg : home;
  const char *middle = own ? "" : xdg ? "/cmdai" : "/.cache/cmdai";
  const int n = base ? snprintf(out, size, "%s%s%s", base, middle, below) : 0;
  if (!n) out[0] = 0;
  return n >= 0 && (size_t)n < size ? n : -1;
}

bool cm_shelf_folder(const char *below, char *out, size_t size) {
  return folder_path(below, out, size) > 0;
}

static cm_code folder(cm_shelf *s, cm_err *e) {
  if (folder_path("", s->dir, sizeof s->dir) >= 0) return CM_OK;
  return cm_fail(e, CM_E_USAGE, 0, "the path of the folder for models is too long");
}

/* As the hub's own tools read such a variable. */
static bool is_on(const char *v) {
  return v && (strcmp(v, "1") == 0 || strcasecmp(v, "on") == 0 || strcasecmp(v, "yes") == 0 ||
               strcasecmp(v, "true") == 0);
}

static cm_code numbers(cm_store_options *so, const cm_opts *o, cm_err *e) {
  const char *stall = variable("HF_HUB_DOWNLOAD_TIMEOUT");
  uint64_t seconds = 0;
  if (o->cache_limit && !cm_opts_size(o->cache_limit, &so->limit_bytes))
    return cm_fail(e, CM_E_USAGE, 0, "--cache-limit takes a size such as 20G, not \"%.40s\"",
                   o->cache_limit);
  if (stall && !cm_str_u64(cm_str_of(stall), 1, 86400, &seconds))
    return cm_fail(e, CM_E_USAGE, 0,
                   "HF_HUB_DOWNLOAD_TIMEOUT must be seconds, 1 to 86400, not \"%.40s\"", stall);
  so->stall_seconds = (unsigned)seconds;
  return CM_OK;
}

/* --- what is shown --- */

static void put(const cm_buf *b) {
  if (b->p) (void)cm_os_write_fd(CM_OS_STDERR, b->p, b->n, NULL);
}

static void erase(cm_shelf *s) {
  if (s->drawn) (void)cm_os_write_fd(CM_OS_STDERR, "\r\x1b[K", 4, NULL);
  s->drawn = false;
}

static void note(void *user, const char *text) {
  cm_shelf *s = user;
  erase(s);
  cm_ui_note(s->o, "%s", text);
}

/* "123.4 of 491.4 MB, 25 %, 12.3 MB/s, 30 s left". The rate is of this try alone. */
static void say(const cm_shelf *s, uint64_t done, uint64_t total, uint64_t before, uint64_t now,
                cm_buf *b) {
  const double spent = (double)(now - s->start_ns) / 1e9;
  const double rate = spent > 0 ? (double)(done - before) / spent : 0;
  if (total)
    cm_buf_printf(b, "%.1f of %.1f MB, %.0f %%", (double)done / 1e6, (double)total / 1e6,
                  100. * (double)done / (double)total);
  else cm_buf_printf(b, "%.1f MB", (double)done / 1e6);
  cm_buf_printf(b, ", %.1f MB/s", rate / 1e6);
  if (total && rate > 0) cm_buf_printf(b, ", %.0f s left", (double)(total - done) / rate + 0.5);
}

static void draw(cm_shelf *s, const cm_buf *text, uint64_t done, uint64_t total) {
  cm_buf b;
  cm_buf_init(&b, 512);
  cm_buf_puts(&b, "\r\x1b[K[");
  const uint64_t full = total ? done * BAR_WIDTH / total : 0;
  for (uint64_t i = 0; i < BAR_WIDTH; i++) cm_buf_putc(&b, i < full ? '=' : ' ');
  cm_buf_printf(&b, "] %s", text->p ? text->p : "");
  put(&b);
  cm_buf_close(&b);
  s->drawn = true;
}

/* A line for every tenth of the file, but not more than one a second and one in ten seconds at
 * least. */
static bool is_due(const cm_shelf *s, uint64_t done, uint64_t total, uint64_t now) {
  const uint64_t ms = (now - s->shown_ns) / 1000000;
  if (s->bar) return ms >= REDRAW_MS || done == total;
  return ms >= LINE_MS || (ms >= LINE_LEAST_MS && total && done - s->shown >= total / 10);
}

static void progress(void *user, uint64_t done, uint64_t total, uint64_t before) {
  cm_shelf *s = user;
  const uint64_t now = cm_os_now_ns();
  if (!s->start_ns) s->start_ns = s->shown_ns = now, s->shown = done;
  if (s->o->quiet || !is_due(s, done, total, now)) return;
  cm_buf text;
  cm_buf_init(&text, 256);
  say(s, done, total, before, now, &text);
  if (s->bar) draw(s, &text, done, total);
  else cm_ui_note(s->o, "%s", text.p ? text.p : "");
  cm_buf_close(&text);
  s->shown_ns = now, s->shown = done;
}

/* --- opening and fetching --- */

cm_code cm_shelf_open(cm_shelf *s, const cm_opts *o, cm_err *e) {
  *s = (cm_shelf){.o = o, .bar = !o->quiet && cm_os_is_tty(CM_OS_STDERR)};
  cm_store_options so = {.dir = s->dir,
                         .endpoint = variable("HF_ENDPOINT"),
                         .token = variable("HF_TOKEN"),
                         .offline = o->offline || is_on(variable("HF_HUB_OFFLINE")) ||
                                    is_on(variable("TRANSFORMERS_OFFLINE")),
                         .attempts = o->attempts,
                         .pause_seconds = o->pause,
                         .cancel = &cm_ui_cancel,
                         .user = s,
                         .note = note,
                         .progress = progress};
  cm_code code = folder(s, e);
  if (!code) code = numbers(&so, o, e);
  return code ? code : cm_store_open(&s->store, &so, e);
}

static void announce(const cm_shelf *s, const cm_ref *ref) {
  const cm_model_row *row = ref->row;
  cm_url u;
  if (cm_url_parse(cm_str_of(ref->url), &u, NULL)) return;
  if (row)
    cm_ui_note(s->o, "fetching %s, %u MB, from %.*s; licence %s%s%s", ref->id, row->megabytes,
               (int)u.host.n, u.host.p, row->licence, row->condition ? ": " : "",
               row->condition ? row->condition : "");
  else if (ref->repo[0])
    cm_ui_note(s->o, "fetching %s from %.*s; its page there has its licence", ref->id,
               (int)u.host.n, u.host.p);
  else cm_ui_note(s->o, "fetching %s", ref->id);
}

cm_code cm_shelf_pull(cm_shelf *s, const cm_ref *ref, cm_pulled *out, cm_err *e) {
  cm_found here;
  s->name = ref->id;
  s->start_ns = 0;
  const cm_code there = cm_store_find(&s->store, cm_str_of(ref->id), &here, NULL);
  cm_os_unlock(here.hold);
  if (there && !s->store.o.offline) announce(s, ref);
  cm_code code = cm_store_pull(&s->store, ref, out, e);
  erase(s);
  if (code) return code;
  if (out->was_here) cm_ui_note(s->o, "%s is here", ref->id);
  else cm_ui_note(s->o, "%s: %.1f MB, SHA-256 %s", ref->id, (double)out->bytes / 1e6, out->sha256);
  return CM_OK;
}
