/* Removing models: one that is named, or what was used longest ago. */
#include <stdio.h>
#include <string.h>

#include "base/os_list.h"
#include "store/parts.h"

enum { NAMES_MAX = 10000, LIST_BYTES = 8 << 20 };

/* Removes the file unless somebody holds it. */
static cm_code remove_file(const cm_store *s, const cm_entry *x, cm_err *e) {
  char path[4096];
  int lock;
  cm_code code = cm_store_path(s, x->file, path, e);
  if (!code) code = cm_os_lock_try(path, CM_OS_ALONE, false, &lock, e);
  if (code == CM_E_NOTFOUND) return CM_OK;
  if (code) return code;
  if (lock < 0)
    return cm_fail(e, CM_E_USAGE, 0, "%.*s is in use", (int)(x->id.n < 120 ? x->id.n : 120),
                   x->id.p);
  code = cm_os_remove_file(path, e);
  cm_os_unlock(lock);
  return code;
}

static cm_code remove_one(const cm_store *s, cm_inventory *m, cm_str id, uint64_t *bytes,
                          cm_err *e) {
  int lock;
  cm_code code = cm_store_begin(s, m, &lock, e);
  if (code) return code;
  cm_entry *x = cm_inventory_find(m, id);
  if (!x)
    code = cm_fail(e, CM_E_NOTFOUND, 0, "the model %.*s is not here",
                   (int)(id.n < 120 ? id.n : 120), id.p);
  if (!code) code = remove_file(s, x, e);
  if (!code) {
    *bytes = x->at.bytes;
    cm_inventory_drop(m, x);
  }
  const cm_code end = cm_store_end(s, m, lock, !code, code ? NULL : e);
  return code ? code : end;
}

cm_code cm_store_remove(const cm_store *s, cm_str id, uint64_t *bytes, cm_err *e) {
  *bytes = 0;
  cm_inventory *m = cm_inventory_new(e);
  if (!m) return CM_E_NOMEM;
  const cm_code code = remove_one(s, m, id, bytes, e);
  cm_inventory_free(m);
  return code;
}

/* --- room --- */

/* Without `spare`: that is the one which is about to be replaced. */
static uint64_t bytes_of_all(const cm_inventory *m, cm_str spare) {
  uint64_t sum = 0;
  for (size_t i = 0; i < m->n; i++)
    if (!cm_str_eq(m->models[i].id, spare)) sum += m->models[i].at.bytes;
  return sum;
}

static int older(cm_str a, cm_str b) {
  const int d = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
  return d ? d : (a.n > b.n) - (a.n < b.n);
}

/* The one used longest ago that may go; tried ones are marked. */
static cm_entry *candidate(cm_inventory *m, cm_str spare, const bool *tried) {
  cm_entry *best = NULL;
  for (size_t i = 0; i < m->n; i++) {
    cm_entry *x = &m->models[i];
    if (tried[i] || cm_str_eq(x->id, spare)) continue;
    if (!best || older(x->last_used, best->last_used) < 0) best = x;
  }
  return best;
}

/* Removes until `limit` holds; models that stay are tried once. */
static cm_code shrink(const cm_store *s, cm_inventory *m, uint64_t limit, cm_str spare,
                      uint64_t *freed, cm_err *e) {
  bool tried[CM_MANIFEST_MODELS] = {false};
  while (bytes_of_all(m, spare) > limit) {
    cm_entry *x = candidate(m, spare, tried);
    if (!x)
      return cm_fail(e, CM_E_LIMIT, 0,
                     "no room under the limit of %.1f GB: what is left is in use",
                     (double)s->o.limit_bytes / 1e9);
    const size_t at = (size_t)(x - m->models);
    if (remove_file(s, x, NULL)) {
      tried[at] = true;
      continue;
    }
    cm_store_note(s, "removed %.*s (%.1f MB), which was used longest ago", (int)x->id.n, x->id.p,
                  (double)x->at.bytes / 1e6);
    *freed += x->at.bytes;
    tried[at] = tried[m->n - 1];
    cm_inventory_drop(m, x);
  }
  return CM_OK;
}

static cm_code make_room(const cm_store *s, cm_inventory *m, uint64_t more, cm_str spare,
                         uint64_t *freed, cm_err *e) {
  int lock;
  const uint64_t limit = s->o.limit_bytes;
  if (more > limit)
    return cm_fail(e, CM_E_LIMIT, 0, "%.1f GB is more than the limit of %.1f GB for all models",
                   (double)more / 1e9, (double)limit / 1e9);
  cm_code code = cm_store_begin(s, m, &lock, e);
  if (code) return code;
  code = shrink(s, m, limit - more, spare, freed, e);
  const cm_code end = cm_store_end(s, m, lock, *freed > 0, code ? NULL : e);
  return code ? code : end;
}

static cm_code room_for(const cm_store *s, uint64_t more, cm_str spare, uint64_t *freed,
                        cm_err *e) {
  if (!s->o.limit_bytes) return CM_OK;
  cm_inventory *m = cm_inventory_new(e);
  if (!m) return CM_E_NOMEM;
  const cm_code code = make_room(s, m, more, spare, freed, e);
  cm_inventory_free(m);
  return code;
}

cm_code cm_store_make_room(const cm_store *s, uint64_t more, cm_str spare, cm_err *e) {
  uint64_t freed = 0;
  return room_for(s, more, spare, &freed, e);
}

/* --- what is left over --- */

static bool is_unfinished(cm_str name) {
  return cm_str_ends(name, CM_STR(".gguf.part")) || cm_str_ends(name, CM_STR(".gguf.part.json"));
}

/* What a program that was ended left of a text that it was writing: "manifest.json.aB3dE6". */
static bool is_scrap(cm_str name) {
  const cm_str whole = {name.p, name.n > 7 ? name.n - 7 : 0};
  if (!whole.n || name.p[whole.n] != '.') return false;
  return cm_str_is(whole, "manifest.json") || cm_str_is(whole, "metadata.json") ||
         cm_str_ends(whole, CM_STR(".gguf.part.json"));
}

static cm_code remove_in(const char *folder, bool (*goes)(cm_str name), uint64_t *bytes,
                         cm_err *e) {
  cm_os_entry *names;
  char path[4096];
  size_t n = 0;
  cm_arena *a = cm_arena_open(LIST_BYTES);
  cm_code code = a ? cm_os_list(folder, NAMES_MAX, a, &names, &n, e)
                   : cm_fail(e, CM_E_NOMEM, 0, "no memory to look at the models");
  for (size_t i = 0; !code && i < n; i++) {
    cm_os_identity at;
    if (names[i].kind != CM_OS_FILE || !goes(names[i].name)) continue;
    const int length = snprintf(path, sizeof path, "%s/%s", folder, names[i].name.p);
    if (length < 0 || (size_t)length >= sizeof path) continue;
    if (!cm_os_identify(path, &at, NULL)) *bytes += at.bytes;
    code = cm_os_remove_file(path, e);
  }
  cm_arena_close(a);
  return code;
}

/* A state of prompts, whole or not: 64 digits and ".kv" (backend/kept.h). */
static bool is_state(cm_str name) {
  const cm_str rest = {name.p + 64, name.n > 64 ? name.n - 64 : 0};
  return cm_str_starts(rest, CM_STR(".kv"));
}

static cm_code empty_prefix(const cm_store *s, uint64_t *bytes, cm_err *e) {
  char path[4096];
  const int n = snprintf(path, sizeof path, "%s/prefix", s->o.dir);
  if (n < 0 || (size_t)n >= sizeof path)
    return cm_fail(e, CM_E_USAGE, 0, "the path of the folder for prompts is too long");
  const cm_code code = remove_in(path, is_state, bytes, e);
  return code == CM_E_NOTFOUND ? CM_OK : code;
}

void cm_store_sweep(const cm_store *s) {
  char path[4096];
  uint64_t bytes = 0;
  int lock;
  if (cm_store_path(s, CM_STR("manifest.lock"), path, NULL)) return;
  if (cm_os_lock_wait(path, s->o.cancel, &lock, NULL)) return;
  (void)remove_in(s->models, is_scrap, &bytes, NULL);
  (void)remove_in(s->o.dir, is_scrap, &bytes, NULL);
  cm_os_unlock(lock);
}

/* Entries without a file. */
static cm_code drop_gone(const cm_store *s, cm_inventory *m, cm_err *e) {
  int lock;
  bool changed = false;
  cm_code code = cm_store_begin(s, m, &lock, e);
  if (code) return code;
  for (size_t i = m->n; i-- > 0;) {
    char path[4096];
    cm_os_identity at;
    if (cm_store_path(s, m->models[i].file, path, NULL) ||
        cm_os_identify(path, &at, NULL) != CM_E_NOTFOUND)
      continue;
    cm_inventory_drop(m, &m->models[i]);
    changed = true;
  }
  return cm_store_end(s, m, lock, changed, e);
}

static cm_code prune(const cm_store *s, uint64_t *bytes, cm_err *e) {
  cm_inventory *m = cm_inventory_new(e);
  if (!m) return CM_E_NOMEM;
  cm_store_sweep(s);
  cm_code code = remove_in(s->models, is_unfinished, bytes, e);
  if (!code) code = drop_gone(s, m, e);
  cm_inventory_free(m);
  return code ? code : room_for(s, 0, CM_STR(""), bytes, e);
}

cm_code cm_store_prune(const cm_store *s, uint64_t *bytes, cm_err *e) {
  char path[4096];
  cm_os_identity at;
  int lock;
  *bytes = 0;
  cm_code code = empty_prefix(s, bytes, e);
  if (!code) code = cm_store_path(s, CM_STR("pull.lock"), path, e);
  if (code || cm_os_identify(path, &at, NULL) == CM_E_NOTFOUND) return code; /* never used */
  code = cm_os_lock_try(path, CM_OS_ALONE, true, &lock, e);
  if (code) return code;
  if (lock < 0) return cm_fail(e, CM_E_USAGE, 0, "a download is running; try again after it");
  code = prune(s, bytes, e);
  cm_os_unlock(lock);
  return code;
}
