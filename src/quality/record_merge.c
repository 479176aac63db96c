/* Joining shards: each must be there, and each case in exactly one of them. */
#include <string.h>

#include "quality/record.h"

/* An id's place in the whole run, by hash: open addressing, at most half full. */
typedef struct table {
  size_t *slots; /* 1 + position in ids; 0: free */
  size_t mask;
  const cm_str *ids;
} table;

/* The slot of an id, or the free one where it belongs. */
static size_t *slot(const table *t, cm_str id) {
  size_t i = (size_t)cm_str_hash(id) & t->mask;
  while (t->slots[i] && !cm_str_eq(t->ids[t->slots[i] - 1], id)) i = (i + 1) & t->mask;
  return &t->slots[i];
}

static bool make_table(table *t, const cm_str *ids, size_t n, cm_arena *a) {
  size_t size = 16;
  while (size < 2 * n) size *= 2;
  *t = (table){cm_arena_alloc(a, size, sizeof *t->slots), size - 1, ids};
  if (!t->slots) return false;
  for (size_t i = 0; i < n; i++) *slot(t, ids[i]) = i + 1;
  return true;
}

static const cm_str *whole_of(const cm_manifest *m, size_t *n) {
  *n = m->shards > 1 ? m->n_whole : m->n_planned;
  return m->shards > 1 ? m->whole : m->planned;
}

/* What of the plan differs; NULL: nothing. */
static const char *difference(const cm_manifest *x, const cm_manifest *y) {
  const struct {
    const char *what;
    cm_str x, y;
  } parts[] = {
      {"commit", x->commit, y->commit},
      {"backend", x->backend, y->backend},
      {"model", x->model_sha256, y->model_sha256},
      {"model's name", x->model_id, y->model_id},
      {"engine", x->engine, y->engine},
      {"sandbox", x->sandbox, y->sandbox},
      {"safety level", x->level, y->level},
      {"options", x->options, y->options},
      {"sampling", x->sampling, y->sampling},
      {"suite", x->suite_hash, y->suite_hash},
  };
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (!cm_str_eq(parts[i].x, parts[i].y)) return parts[i].what;
  if (x->shards != y->shards) return "number of shards";
  size_t nx, ny;
  const cm_str *a = whole_of(x, &nx), *b = whole_of(y, &ny);
  if (nx != ny) return "list of all cases";
  for (size_t i = 0; x->shards > 1 && i < nx; i++)
    if (!cm_str_eq(a[i], b[i])) return "list of all cases";
  return NULL;
}

/* Every shard once; they come in any order. */
static cm_code check_shards(const cm_record *shards, size_t n, cm_arena *a, cm_err *e) {
  const uint32_t all = shards[0].manifest.shards;
  if (n > all)
    return cm_fail(e, CM_E_FORMAT, 0, "%zu files, but the run has %u shards", n, (unsigned)all);
  bool *seen = cm_arena_alloc(a, n + 1, sizeof *seen);
  if (!seen) return cm_fail(e, CM_E_NOMEM, 0, "no memory to merge");
  for (size_t i = 0; i < n; i++) {
    const cm_manifest *m = &shards[i].manifest;
    const char *what = difference(&shards[0].manifest, m);
    if (what)
      return cm_fail(e, CM_E_FORMAT, 0, "shards %u and %u are of different runs: another %s",
                     (unsigned)shards[0].manifest.shard, (unsigned)m->shard, what);
    if (m->shard <= n && seen[m->shard])
      return cm_fail(e, CM_E_FORMAT, 0, "shard %u of %u stands twice", (unsigned)m->shard,
                     (unsigned)all);
    if (m->shard <= n) seen[m->shard] = true;
  }
  for (uint32_t i = 1; i <= n; i++)
    if (!seen[i] || (i == n && n < all))
      return cm_fail(e, CM_E_FORMAT, 0, "shard %u of %u is missing",
                     (unsigned)(seen[i] ? i + 1 : i), (unsigned)all);
  return CM_OK;
}

/* Adds a shard's results; `from` says who has planned which case. */
static cm_code add(cm_record *out, const cm_record *shard, const table *t, uint32_t *from,
                   cm_err *e) {
  const uint32_t number = shard->manifest.shard;
  for (size_t i = 0; i < shard->n; i++) {
    cm_str id = shard->results[i].id;
    const int shown = (int)(id.n < 80 ? id.n : 80);
    size_t at = *slot(t, id);
    if (!at)
      return cm_fail(e, CM_E_FORMAT, 0, "shard %u has a case that isn't of the run: %.*s",
                     (unsigned)number, shown, id.p);
    if (from[at - 1])
      return cm_fail(e, CM_E_FORMAT, 0, "shards %u and %u both have the case %.*s",
                     (unsigned)from[at - 1], (unsigned)number, shown, id.p);
    if (shard->results[i].state == CM_NOT_RUN)
      return cm_fail(e, CM_E_FORMAT, 0, "shard %u has no result of %.*s", (unsigned)number, shown,
                     id.p);
    from[at - 1] = number;
    out->results[at - 1] = shard->results[i];
  }
  out->wall_seconds += shard->wall_seconds;
  if (shard->peak_rss_mb > out->peak_rss_mb) out->peak_rss_mb = shard->peak_rss_mb;
  out->complete = out->complete && shard->complete;
  return CM_OK;
}

static void set_manifest(cm_record *out, const cm_record *shards, size_t n) {
  const cm_record *first = shards;
  for (size_t i = 1; i < n; i++)
    if (shards[i].manifest.shard == 1) first = &shards[i];
  cm_manifest m = first->manifest;
  if (m.shards > 1) m.planned = m.whole, m.n_planned = m.n_whole;
  m.whole = NULL, m.n_whole = 0;
  m.shard = m.shards = 1;
  *out = (cm_record){.manifest = m, .n = m.n_planned, .complete = true};
}

cm_code cm_record_merge(cm_record *out, const cm_record *shards, size_t n, cm_arena *a,
                        cm_err *e) {
  table t;
  *out = (cm_record){0};
  if (!n) return cm_fail(e, CM_E_FORMAT, 0, "nothing to merge");
  cm_code code = check_shards(shards, n, a, e);
  if (code) return code;
  cm_record whole;
  set_manifest(&whole, shards, n);
  whole.results = cm_arena_alloc(a, whole.n, sizeof *whole.results);
  uint32_t *from = cm_arena_alloc(a, whole.n, sizeof *from);
  if (!whole.results || !from || !make_table(&t, whole.manifest.planned, whole.n, a))
    return cm_fail(e, CM_E_NOMEM, 0, "no memory to merge");
  for (size_t i = 0; i < n; i++)
    if ((code = add(&whole, &shards[i], &t, from, e))) return code;
  for (size_t i = 0; i < whole.n; i++)
    if (!from[i])
      return cm_fail(e, CM_E_FORMAT, 0, "no shard has the case %.*s",
                     (int)(whole.manifest.planned[i].n < 80 ? whole.manifest.planned[i].n : 80),
                     whole.manifest.planned[i].p);
  *out = whole;
  return CM_OK;
}
