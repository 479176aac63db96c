/* Looking at a tree, and telling two apart. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "data/sha256.h"
#include "quality/excerpt.h"
#include "quality/world.h"

/* --- looking -------------------------------------------------------------------------------- */

typedef struct looker {
  cm_arena *a;
  cm_tree *out;
  size_t cap;
  cm_sha256 sum;
  bool begun; /* the sum holds bytes of the file whose entry comes next */
} looker;

static cm_code no_memory(cm_err *e) { return cm_fail(e, CM_E_NOMEM, 0, "no memory for a tree"); }

static cm_code add_data(void *user, uint64_t offset, const void *p, size_t n, cm_err *e) {
  looker *k = user;
  unsigned char place[8];
  (void)e;
  for (int i = 0; i < 8; i++) place[i] = (unsigned char)(offset >> (8 * i));
  if (!k->begun) cm_sha256_init(&k->sum);
  k->begun = true;
  cm_sha256_add(&k->sum, place, sizeof place);
  cm_sha256_add(&k->sum, p, n);
  return CM_OK;
}

static unsigned nibble(char c) { return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10); }

static bool room_for_one(looker *k) {
  if (k->out->n < k->cap) return true;
  size_t cap = k->cap ? 2 * k->cap : 64;
  cm_tree_entry *p = cm_arena_alloc(k->a, cap, sizeof *p);
  if (!p) return false;
  if (k->out->n) memcpy(p, k->out->items, k->out->n * sizeof *p);
  k->out->items = p;
  k->cap = cap;
  return true;
}

static cm_code add_entry(void *user, const cm_os_entry *f, cm_err *e) {
  looker *k = user;
  char hex[65];
  if (!room_for_one(k)) return no_memory(e);
  cm_tree_entry *t = &k->out->items[k->out->n++];
  *t = (cm_tree_entry){.kind = f->kind,
                       .mode = f->mode,
                       .size = f->size,
                       .links = f->links,
                       .mtime_ns = f->mtime_ns};
  cm_str path = f->path.n ? f->path : CM_STR(".");
  t->path = (cm_str){cm_arena_strdup(k->a, path.p, path.n), path.n};
  t->target = (cm_str){cm_arena_strdup(k->a, f->target.p, f->target.n), f->target.n};
  if (!t->path.p || !t->target.p) return no_memory(e);
  if (!k->begun) return CM_OK;
  k->begun = false;
  cm_sha256_hex(&k->sum, hex);
  for (int i = 0; i < 32; i++)
    t->hash[i] = (unsigned char)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
  return CM_OK;
}

static int by_path(const void *x, const void *y) {
  return cm_str_order(((const cm_tree_entry *)x)->path, ((const cm_tree_entry *)y)->path);
}

cm_code cm_tree_look(const char *dir, cm_arena *a, cm_tree *out, cm_err *e) {
  looker k = {.a = a, .out = out};
  const cm_os_walk walk = {.user = &k,
                           .data = add_data,
                           .entry = add_entry,
                           .max_entries = CM_TREE_ENTRIES_MAX,
                           .max_bytes = CM_TREE_BYTES_MAX};
  *out = (cm_tree){0};
  cm_code code = cm_os_tree_walk(dir, &walk, e);
  if (!code && out->n) qsort(out->items, out->n, sizeof *out->items, by_path);
  return code;
}

const cm_tree_entry *cm_tree_find(const cm_tree *t, cm_str path) {
  const cm_tree_entry key = {.path = path};
  return t->n ? bsearch(&key, t->items, t->n, sizeof *t->items, by_path) : NULL;
}

/* --- telling apart -------------------------------------------------------------------------- */

/* Counts the differences, and says the first ones. */
typedef struct teller {
  cm_buf *lines;
  size_t n;
} teller;

static bool tell(teller *t, const char *what, cm_str path) {
  if (++t->n > CM_TREE_LINES_MAX) return false;
  if (t->n > 1) cm_buf_putc(t->lines, '\n');
  cm_buf_puts(t->lines, what);
  cm_excerpt(t->lines, path);
  return true;
}

static const char *kind_name(cm_os_kind k) {
  static const char *const names[] = {"a file", "a folder", "a link", "a fifo", "something else"};
  return names[k];
}

static void tell_target(teller *t, const cm_tree_entry *want, const cm_tree_entry *got) {
  if (!tell(t, "target of ", got->path)) return;
  cm_buf_puts(t->lines, ": ");
  cm_excerpt(t->lines, got->target);
  cm_buf_puts(t->lines, ", expected ");
  cm_excerpt(t->lines, want->target);
}

static void tell_number(teller *t, const char *what, cm_str path, uint64_t got, uint64_t want) {
  if (tell(t, what, path)) cm_buf_printf(t->lines, ": %" PRIu64 ", expected %" PRIu64, got, want);
}

static void diff_file(teller *t, const cm_tree_entry *want, const cm_tree_entry *got) {
  if (want->size != got->size) tell_number(t, "size of ", got->path, got->size, want->size);
  else if (memcmp(want->hash, got->hash, sizeof want->hash) != 0)
    tell(t, "content of ", got->path);
  if (want->links != got->links) tell_number(t, "links of ", got->path, got->links, want->links);
}

static void diff_one(teller *t, const cm_tree_entry *want, const cm_tree_entry *got) {
  if (want->kind != got->kind) {
    if (tell(t, "type of ", got->path))
      cm_buf_printf(t->lines, ": %s, expected %s", kind_name(got->kind), kind_name(want->kind));
    return;
  }
  if (want->kind == CM_OS_LINK) {
    if (!cm_str_eq(want->target, got->target)) tell_target(t, want, got);
    return;
  }
  if (want->mode != got->mode && tell(t, "mode of ", got->path))
    cm_buf_printf(t->lines, ": %o, expected %o", got->mode, want->mode);
  if (want->kind == CM_OS_FILE) diff_file(t, want, got);
}

static size_t told(const teller *t) {
  if (t->n > CM_TREE_LINES_MAX)
    cm_buf_printf(t->lines, "\nand %zu more", t->n - CM_TREE_LINES_MAX);
  return t->n;
}

size_t cm_tree_diff(const cm_tree *want, const cm_tree *got, cm_buf *lines) {
  teller t = {.lines = lines};
  for (size_t w = 0, g = 0; w < want->n || g < got->n;) {
    int c = w == want->n ? 1 : g == got->n ? -1 : by_path(&want->items[w], &got->items[g]);
    if (c < 0) tell(&t, "missing: ", want->items[w].path);
    else if (c > 0) tell(&t, "unexpected: ", got->items[g].path);
    else diff_one(&t, &want->items[w], &got->items[g]);
    w += c <= 0;
    g += c >= 0;
  }
  return told(&t);
}

enum { SLACK = 120, BILLION = 1000000000 }; /* seconds; nanoseconds of one */

static bool near(int64_t a, int64_t b) {
  uint64_t apart = a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
  return apart <= UINT64_C(1) * SLACK * BILLION;
}

/* A time of change as the command sees "now". */
static int64_t as_told(int64_t ns, const cm_tree_now *now) {
  int64_t s = ns / BILLION;
  return s >= now->from - SLACK && s <= now->to + SLACK ? now->told * BILLION : ns;
}

size_t cm_tree_diff_times(const cm_tree *before, const cm_tree *want, const cm_tree *got,
                          const cm_tree_now *now, cm_buf *lines) {
  teller t = {.lines = lines};
  for (size_t i = 0; i < want->n; i++) {
    const cm_tree_entry *w = &want->items[i], *g = cm_tree_find(got, w->path),
                        *b = cm_tree_find(before, w->path);
    if (!g || w->kind == CM_OS_LINK) continue;
    bool moved = !b || w->mtime_ns != b->mtime_ns, moved_too = !b || g->mtime_ns != b->mtime_ns;
    if (moved && !moved_too) tell(&t, "time kept of ", w->path);
    else if (!moved && moved_too) tell(&t, "time changed of ", w->path);
    else if (!near(as_told(w->mtime_ns, now), as_told(g->mtime_ns, now)))
      tell(&t, "another time of ", w->path);
  }
  return told(&t);
}
