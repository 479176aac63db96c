/* The server's own pages: what it is, whether it is well, and its counts. */
#include "base/os.h"
#include "data/json.h"
#include "serve/server.h"

typedef struct page {
  const char *path, *type;
  int (*write)(cm_visit *v); /* into v->out; the status */
} page;

static int front(cm_visit *v) {
  cm_buf_puts(&v->out, "cmdai is running\n");
  return 200;
}

static cm_metrics_now now(cm_serve *s) {
  return (cm_metrics_now){.waiting = s->n_waiting,
                          .running = s->n_running,
                          .connections = s->n_conns,
                          .slots = s->o->slots,
                          .queue = s->o->queue,
                          .version = CM_VERSION,
                          .model = s->o->model.id};
}

static int health(cm_visit *v) {
  cm_serve *s = v->s;
  cm_jw w;
  pthread_mutex_lock(&s->lock);
  const cm_metrics_now n = now(s);
  const bool draining = s->draining;
  pthread_mutex_unlock(&s->lock);
  cm_jw_init(&w, &v->out, 0);
  cm_jw_begin_object(&w);
  cm_jw_put_text(&w, "status", draining ? "draining" : "ok");
  cm_jw_put_text(&w, "version", n.version);
  cm_jw_put_text(&w, "model", n.model);
  cm_jw_put_u64(&w, "running", n.running);
  cm_jw_put_u64(&w, "waiting", n.waiting);
  cm_jw_end_object(&w);
  cm_buf_putc(&v->out, '\n');
  return draining ? 503 : 200;
}

static int metrics(cm_visit *v) {
  cm_serve *s = v->s;
  const uint64_t rss_bytes = cm_os_rss_bytes(); /* a file of the system's: nobody waits for it */
  pthread_mutex_lock(&s->lock);
  const cm_metrics m = s->metrics;
  cm_metrics_now n = now(s);
  pthread_mutex_unlock(&s->lock);
  n.rss_bytes = rss_bytes;
  cm_metrics_text(&m, &n, &v->out);
  return 200;
}

static const page pages[] = {
    {"/", "text/plain; charset=utf-8", front},
    {"/healthz", "application/json", health},
    {"/metrics", "text/plain; version=0.0.4; charset=utf-8", metrics},
};

static const page *find(cm_str path) {
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
    if (cm_str_is(path, pages[i].path)) return &pages[i];
  return NULL;
}

bool cm_is_page(cm_str path) { return find(path) != NULL; }

int cm_page(cm_visit *v, cm_str path, const char **type) {
  const page *p = find(path);
  if (!p) return 0;
  *type = p->type;
  return p->write(v);
}
