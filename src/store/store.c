#include "store/store.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/os_lines.h"
#include "data/sha256.h"
#include "store/parts.h"

enum { ARENA_MAX = 32 << 20 };

void cm_store_note(const cm_store *s, const char *fmt, ...) {
  char text[1024];
  va_list ap;
  if (!s->o.note) return;
  va_start(ap, fmt);
  vsnprintf(text, sizeof text, fmt, ap);
  va_end(ap);
  s->o.note(s->o.user, text);
}

cm_code cm_store_open(cm_store *s, const cm_store_options *o, cm_err *e) {
  s->o = *o;
  if (!o->dir || !*o->dir)
    return cm_fail(e, CM_E_USAGE, 0,
                   "no folder for models: set CMDAI_CACHE_DIR, XDG_CACHE_HOME or HOME");
  if (!s->o.endpoint || !*s->o.endpoint) s->o.endpoint = CM_STORE_HUB;
  const int n = snprintf(s->models, sizeof s->models, "%s/models", o->dir);
  if (n < 0 || n + 300 > (int)sizeof s->models)
    return cm_fail(e, CM_E_USAGE, 0, "the path of the folder for models is too long");
  return CM_OK;
}

cm_code cm_store_path(const cm_store *s, cm_str name, char out[4096], cm_err *e) {
  const int n = snprintf(out, 4096, "%s/%.*s", s->models, (int)name.n, name.p);
  if (n > 0 && n < 4096) return CM_OK;
  return cm_fail(e, CM_E_USAGE, 0, "the path of a model is too long");
}

/* --- the manifest --- */

cm_inventory *cm_inventory_new(cm_err *e) {
  cm_inventory *m = cm_alloc(1, sizeof *m);
  cm_arena *a = cm_arena_open(ARENA_MAX);
  if (m && a) {
    m->arena = a;
    return m;
  }
  cm_arena_close(a);
  cm_free(m);
  cm_err_set(e, CM_E_NOMEM, 0, "no memory for the manifest of models");
  return NULL;
}

void cm_inventory_free(cm_inventory *m) {
  if (m) cm_arena_close(m->arena);
  cm_free(m);
}

cm_code cm_store_read(const cm_store *s, cm_inventory *m, cm_err *e) {
  char path[4096];
  cm_buf b;
  cm_buf_init(&b, CM_MANIFEST_BYTES);
  m->n = m->n_files = 0;
  cm_code code = cm_store_path(s, CM_STR("manifest.json"), path, e);
  if (!code) {
    code = cm_os_read_file(path, &b, e);
    if (code == CM_E_NOTFOUND) code = CM_OK, cm_buf_reset(&b);
    else if (!code) {
      code = cm_inventory_read((cm_str){b.p ? b.p : "", b.n}, m->arena, m, e);
      if (code) cm_err_prefix(e, path);
    }
  }
  cm_buf_close(&b);
  return code;
}

static cm_code write_text(const char *path, const cm_buf *b, cm_err *e) {
  cm_os_out out;
  if (b->overflow) return cm_fail(e, CM_E_NOMEM, 0, "no memory for %.180s", path);
  cm_code code = cm_os_out_open(&out, path, e);
  if (code) return code;
  code = cm_os_out_write(&out, b->p, b->n, e);
  if (code) cm_os_out_abort(&out);
  return code ? code : cm_os_out_commit(&out, e);
}

static cm_code write_manifest(const cm_store *s, cm_inventory *m, cm_err *e) {
  char path[4096];
  cm_buf b;
  cm_buf_init(&b, CM_MANIFEST_BYTES);
  cm_code code = cm_store_path(s, CM_STR("manifest.json"), path, e);
  if (!code) {
    cm_inventory_text(m, &b);
    code = write_text(path, &b, e);
  }
  if (!code) code = cm_store_path(s, CM_STR("../metadata.json"), path, e);
  if (!code) {
    cm_buf_reset(&b);
    cm_inventory_metadata(m, &b);
    code = write_text(path, &b, e);
  }
  cm_buf_close(&b);
  return code;
}

cm_code cm_store_begin(const cm_store *s, cm_inventory *m, int *lock, cm_err *e) {
  char path[4096];
  *lock = -1;
  cm_code code = cm_store_path(s, CM_STR("manifest.lock"), path, e);
  if (code) return code;
  cm_os_make_folders(path);
  code = cm_os_lock_wait(path, s->o.cancel, lock, e);
  if (!code) code = cm_store_read(s, m, e);
  if (code) cm_os_unlock(*lock), *lock = -1;
  return code;
}

cm_code cm_store_end(const cm_store *s, cm_inventory *m, int lock, bool keep, cm_err *e) {
  const cm_code code = keep ? write_manifest(s, m, e) : CM_OK;
  cm_os_unlock(lock);
  return code;
}

cm_code cm_store_add(const cm_store *s, const cm_entry *entry, cm_err *e) {
  int lock;
  cm_inventory *m = cm_inventory_new(e);
  if (!m) return CM_E_NOMEM;
  cm_code code = cm_store_begin(s, m, &lock, e);
  if (!code) {
    code = cm_inventory_put(m, entry, e);
    const cm_code end = cm_store_end(s, m, lock, !code, code ? NULL : e);
    if (!code) code = end;
  }
  cm_inventory_free(m);
  return code;
}

/* --- checking --- */

static bool same(const cm_os_identity *a, const cm_os_identity *b) {
  return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
         a->mtime_ns == b->mtime_ns;
}

cm_code cm_store_check(const cm_store *s, cm_entry *entry, bool hash, bool *renewed, cm_err *e) {
  char path[4096], sum[65];
  cm_os_identity now;
  *renewed = false;
  cm_code code = cm_store_path(s, entry->file, path, e);
  if (!code) code = cm_os_identify(path, &now, e);
  if (code) return code;
  if (!hash && same(&now, &entry->at)) return CM_OK;
  code = now.bytes == entry->at.bytes ? cm_sha256_file(path, sum, e) : CM_OK;
  if (code) return code;
  if (now.bytes != entry->at.bytes || !cm_str_is(entry->sha256, sum)) {
    const char *how = cm_str_starts(entry->id, CM_STR("file:")) ? "rm" : "pull";
    return cm_fail(e, CM_E_FORMAT, 0,
                   "%.*s was changed: it is not the file that was taken in; cmdai models %s %.*s",
                   (int)(entry->file.n < 60 ? entry->file.n : 60), entry->file.p, how,
                   (int)(entry->id.n < 80 ? entry->id.n : 80), entry->id.p);
  }
  *renewed = !same(&now, &entry->at);
  entry->at = now;
  return CM_OK;
}

/* --- use --- */

/* Once a minute is enough to know what was used longest ago, and costs nothing on the way to an
 * answer. The dates are equal up to "…T09:30". */
static bool is_stale(cm_str last_used, const char *now) {
  return last_used.n != 20 || memcmp(last_used.p, now, 16) != 0;
}

static void note_use(const cm_store *s, const cm_entry *entry, const char *now) {
  int lock;
  cm_inventory *m = cm_inventory_new(NULL);
  if (m && !cm_store_begin(s, m, &lock, NULL)) {
    cm_entry *x = cm_inventory_find(m, entry->id);
    if (x && cm_str_eq(x->sha256, entry->sha256)) x->last_used = cm_str_of(now), x->at = entry->at;
    (void)cm_store_end(s, m, lock, x != NULL, NULL);
  }
  cm_inventory_free(m);
}

static cm_code find(const cm_store *s, cm_inventory *m, cm_str id, cm_found *out, cm_err *e) {
  char now[21];
  bool renewed = false;
  cm_code code = cm_store_read(s, m, e);
  if (code) return code;
  cm_entry *x = cm_inventory_find(m, id);
  if (!x)
    return cm_fail(e, CM_E_NOTFOUND, 0, "the model %.*s is not here",
                   (int)(id.n < 120 ? id.n : 120), id.p);
  code = cm_store_path(s, x->file, out->path, e);
  /* Held before it is looked at, or it could be removed in between. */
  if (!code) code = cm_os_lock_try(out->path, CM_OS_SHARED, false, &out->hold, e);
  if (!code) code = cm_store_check(s, x, false, &renewed, e);
  if (code) return code;
  snprintf(out->sha256, sizeof out->sha256, "%.*s", (int)x->sha256.n, x->sha256.p);
  cm_os_utc(now);
  if (renewed || is_stale(x->last_used, now)) note_use(s, x, now);
  return CM_OK;
}

cm_code cm_store_find(const cm_store *s, cm_str id, cm_found *out, cm_err *e) {
  out->hold = -1;
  cm_inventory *m = cm_inventory_new(e);
  if (!m) return CM_E_NOMEM;
  const cm_code code = find(s, m, id, out, e);
  if (code) cm_os_unlock(out->hold), out->hold = -1;
  cm_inventory_free(m);
  return code;
}

/* A store that can't be written costs the time of hashing again, no more. */
static void remember(const cm_store *s, cm_inventory *m, const char *path, const char *sum,
                     const cm_os_identity *at) {
  char now[21];
  int lock;
  cm_os_utc(now);
  const cm_known known = {cm_str_of(path), {sum, 64}, {now, 20}, *at};
  if (cm_store_begin(s, m, &lock, NULL)) return;
  const bool fine = cm_inventory_remember(m, &known, NULL) == CM_OK;
  (void)cm_store_end(s, m, lock, fine, NULL);
}

static cm_code sha256_of(const cm_store *s, cm_inventory *m, const char *path, char out[65],
                         cm_err *e) {
  char real[4096];
  cm_os_identity before, after;
  cm_code code = cm_os_real_path(path, real, sizeof real, e);
  if (!code) code = cm_os_identify(real, &before, e);
  if (code) return code;
  cm_known *known = cm_store_read(s, m, NULL) ? NULL : cm_inventory_known(m, cm_str_of(real));
  if (known && same(&known->at, &before)) {
    memcpy(out, known->sha256.p, 64);
    out[64] = 0;
    return CM_OK;
  }
  code = cm_sha256_file(real, out, e);
  if (!code) code = cm_os_identify(real, &after, e);
  if (!code && same(&before, &after)) remember(s, m, real, out, &after);
  return code;
}

cm_code cm_store_sha256(const cm_store *s, const char *path, char out[65], cm_err *e) {
  cm_inventory *m = cm_inventory_new(e);
  if (!m) return CM_E_NOMEM;
  const cm_code code = sha256_of(s, m, path, out, e);
  cm_inventory_free(m);
  return code;
}
