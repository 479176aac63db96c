#include "quality/world.h"

#include <stdlib.h>
#include <string.h>

/* --- making --------------------------------------------------------------------------------- */

/* A folder of the world, named or only implied by a path. */
typedef struct folder {
  cm_str path;
  unsigned mode;
  int64_t mtime;
  bool named;
} folder;

static cm_code no_memory(cm_err *e) { return cm_fail(e, CM_E_NOMEM, 0, "no memory for a world"); }

/* Of what has no time of its own. Not "now", or setting that would change nothing. */
static int64_t earlier(int64_t now) { return now - 60; }

static int64_t time_of(const cm_node *n, int64_t now) {
  if (!n->has_mtime) return earlier(now);
  int64_t sum;
  if (!n->relative) return n->mtime;
  return __builtin_add_overflow(now, n->mtime, &sum) ? now : sum;
}

static cm_os_kind kind_of(cm_node_kind k) {
  static const cm_os_kind kinds[] = {[CM_NODE_FILE] = CM_OS_FILE,
                                     [CM_NODE_DIR] = CM_OS_DIR,
                                     [CM_NODE_LINK] = CM_OS_LINK,
                                     [CM_NODE_FIFO] = CM_OS_FIFO};
  return kinds[k];
}

static cm_os_node os_node(const cm_node *n, int64_t now) {
  cm_os_node out = {.path = n->path,
                    .kind = kind_of(n->kind),
                    .text = n->text,
                    .size = n->size ? n->size : n->text.n,
                    .sparse = n->sparse,
                    .mode = n->mode ? n->mode : 0644,
                    .mtime = time_of(n, now)};
  if (!out.text.p) out.text = (cm_str){"", 0};
  if (n->kind == CM_NODE_FILE && !n->text.n && !n->sparse) out.text = CM_STR("x\n");
  return out;
}

/* Deeper folders first: a path sorts before every path below it. */
static int deep_first(const void *x, const void *y) {
  const folder *a = x, *b = y;
  int c = cm_str_order(b->path, a->path);
  return c ? c : b->named - a->named;
}

static size_t count_slashes(cm_str s) {
  size_t n = 0;
  for (size_t i = 0; i < s.n; i++) n += s.p[i] == '/';
  return n;
}

/* All folders of the world and its root, each once, deep ones first; the named one of two wins. */
static cm_code list_folders(const cm_world *w, int64_t now, cm_arena *a, folder **list, size_t *n,
                            cm_err *e) {
  size_t most = 1, kept = 0;
  for (size_t i = 0; i < w->n; i++) most += 1 + count_slashes(w->nodes[i].path);
  folder *f = cm_arena_alloc(a, most, sizeof *f);
  if (!f) return no_memory(e);
  f[0] = (folder){{"", 0}, 0755, earlier(now), false};
  *n = 1;
  for (size_t i = 0; i < w->n; i++) {
    const cm_node *node = &w->nodes[i];
    for (size_t at = 0; at < node->path.n; at++)
      if (node->path.p[at] == '/')
        f[(*n)++] = (folder){{node->path.p, at}, 0755, earlier(now), false};
    if (node->kind == CM_NODE_DIR)
      f[(*n)++] = (folder){node->path, node->mode ? node->mode : 0755, time_of(node, now), true};
  }
  qsort(f, *n, sizeof *f, deep_first);
  for (size_t i = 0; i < *n; i++)
    if (!kept || !cm_str_eq(f[kept - 1].path, f[i].path)) f[kept++] = f[i];
  *list = f;
  *n = kept;
  return CM_OK;
}

static cm_code check_cost(const cm_world *w, cm_err *e) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < w->n; i++) {
    const cm_node *n = &w->nodes[i];
    uint64_t size = n->sparse || !n->size ? n->text.n : n->size;
    if (n->kind == CM_NODE_FILE) bytes += size < CM_WORLD_BYTES_MAX ? size : CM_WORLD_BYTES_MAX;
    if (bytes >= CM_WORLD_BYTES_MAX)
      return cm_fail(e, CM_E_LIMIT, 0, "its files hold more than %d bytes (sparse ones are free)",
                     CM_WORLD_BYTES_MAX);
  }
  return CM_OK;
}

static cm_code fill(const cm_world *w, cm_os_tree *t, int64_t now, cm_arena *a, cm_err *e) {
  folder *folders = NULL;
  size_t n = 0;
  cm_code code = check_cost(w, e);
  if (!code) code = list_folders(w, now, a, &folders, &n, e);
  for (size_t i = 0; !code && i < w->n; i++) {
    const cm_os_node node = os_node(&w->nodes[i], now);
    code = cm_os_tree_make(t, &node, e);
  }
  for (size_t i = 0; !code && i < n; i++)
    code = cm_os_tree_stamp(t, folders[i].path, folders[i].mode, folders[i].mtime, e);
  return code;
}

cm_code cm_world_make(const cm_world *w, const char *dir, int64_t now, cm_arena *a, cm_err *e) {
  cm_os_tree t;
  cm_err why = {0};
  cm_code code = cm_os_tree_open(&t, dir, &why);
  if (!code) {
    code = fill(w, &t, now, a, &why);
    cm_os_tree_close(&t);
  }
  if (!code) return CM_OK;
  return cm_fail(e, code, 0, "world %.*s: %.180s", (int)(w->name.n < 40 ? w->name.n : 40),
                 w->name.p ? w->name.p : "", why.msg);
}
