#include "backend/kept.h"

#include <stdio.h>
#include <string.h>

#include "base/os_file.h"
#include "base/os_list.h"
#include "base/os_private.h"
#include "data/sha256.h"

enum {
  MAX_FILES = 32,
  MOST_FILES = 1024, /* that any limit allows */
  NAMES_MAX = 4096,
  LIST_BYTES = 4 << 20,
  SUM = 64,
  KEY = 64,
  SCRAP_SECONDS = 600 /* nobody writes one file for so long */
};

static const uint64_t max_bytes = UINT64_C(512) << 20;
static const int64_t second_ns = 1000000000;

static cm_code path_in(const char *dir, cm_str name, char out[4096], cm_err *e) {
  const int n = snprintf(out, 4096, "%s/%.*s", dir, (int)name.n, name.p);
  if (n > 0 && n < 4096) return CM_OK;
  return cm_fail(e, CM_E_USAGE, 0, "the path of the folder for prompts is too long");
}

cm_code cm_kept_path(const cm_keep *k, const char key[65], char out[4096], cm_err *e) {
  char name[80];
  const int n = snprintf(name, sizeof name, "%.64s.kv", key);
  return path_in(k->dir, (cm_str){name, (size_t)n}, out, e);
}

static void hash(const uint8_t *p, size_t n, char out[65]) {
  cm_sha256_of((cm_str){(const char *)p + SUM, n - SUM}, out);
}

/* --- reading --- */

cm_code cm_kept_read(const cm_keep *k, const char key[65], size_t size, uint8_t **out, cm_err *e) {
  char path[4096], sum[65];
  *out = NULL;
  cm_code code = cm_kept_path(k, key, path, e);
  if (!code) code = cm_os_private_read(path, size, out, e);
  if (code) return code;
  hash(*out, size, sum);
  if (memcmp(*out, sum, SUM) == 0) {
    cm_os_touch(path);
    return CM_OK;
  }
  cm_free(*out);
  *out = NULL;
  return cm_fail(e, CM_E_FORMAT, 0, "%.180s is damaged", path);
}

/* --- room --- */

/* What stands in the folder and is ours. */
typedef struct file {
  cm_str name;
  uint64_t bytes;
  int64_t used_ns;
} file;

typedef struct files {
  const char *dir;
  file *items;
  size_t n;
  uint64_t bytes;
} files;

/* 64 digits, ".kv", and for what is being written a dot and six characters more. */
static bool is_ours(cm_str name, bool *whole) {
  for (size_t i = 0; i < KEY; i++)
    if (i >= name.n || !strchr("0123456789abcdef", name.p[i])) return false;
  const cm_str rest = {name.p + KEY, name.n - KEY};
  *whole = cm_str_is(rest, ".kv");
  return *whole || (cm_str_starts(rest, CM_STR(".kv.")) && rest.n == 10);
}

/* Notes a file; what a program left that was killed while it wrote goes at once. */
static void look(files *all, cm_str name, const char *spare) {
  cm_os_identity at;
  char path[4096];
  bool whole;
  if (!is_ours(name, &whole) || path_in(all->dir, name, path, NULL) || strcmp(path, spare) == 0 ||
      cm_os_identify(path, &at, NULL))
    return;
  if (whole) {
    all->items[all->n++] = (file){name, at.bytes, at.mtime_ns};
    all->bytes += at.bytes;
  } else if (cm_os_epoch_s() - at.mtime_ns / second_ns > SCRAP_SECONDS) {
    (void)cm_os_remove_file(path, NULL);
  }
}

static file *oldest(const files *all) {
  file *best = all->items;
  for (file *f = all->items; f < all->items + all->n; f++)
    if (f->used_ns < best->used_ns) best = f;
  return best;
}

/* Another program may remove the same ones; that is fine. */
static cm_code shrink(files *all, uint64_t bytes, size_t n, cm_err *e) {
  while (all->n && (all->bytes > bytes || all->n > n)) {
    char path[4096];
    file *f = oldest(all);
    cm_code code = path_in(all->dir, f->name, path, e);
    if (!code) code = cm_os_remove_file(path, e);
    if (code) return code;
    all->bytes -= f->bytes;
    *f = all->items[--all->n];
  }
  return CM_OK;
}

/* Room for `more` bytes in the file `spare`, which doesn't count itself. */
static cm_code make_room(const cm_keep *k, uint64_t more, const char *spare, cm_err *e) {
  const uint64_t most = k->max_bytes ? k->max_bytes : max_bytes;
  const size_t n = k->max_files ? k->max_files : MAX_FILES;
  if (n > MOST_FILES)
    return cm_fail(e, CM_E_LIMIT, 0, "%zu files are more than the limit of %d", n, MOST_FILES);
  if (more > most)
    return cm_fail(e, CM_E_LIMIT, 0, "%.1f MB are more than the limit of %.1f MB",
                   (double)more / 1e6, (double)most / 1e6);
  cm_arena *a = cm_arena_open(LIST_BYTES);
  files all = {.dir = k->dir};
  cm_os_entry *names;
  size_t count = 0;
  cm_code code = a ? cm_os_list(k->dir, NAMES_MAX, a, &names, &count, e) : CM_E_NOMEM;
  if (!code) all.items = cm_arena_alloc(a, count, sizeof *all.items);
  if (!code && !all.items) code = CM_E_NOMEM;
  for (size_t i = 0; !code && i < count; i++) look(&all, names[i].name, spare);
  if (!code) code = shrink(&all, most - more, n - 1, e);
  cm_arena_close(a);
  return code == CM_E_NOMEM ? cm_fail(e, code, 0, "no memory to look at a folder") : code;
}

/* --- writing --- */

cm_code cm_kept_write(const cm_keep *k, const char key[65], uint8_t *p, size_t n, cm_err *e) {
  char path[4096], sum[65];
  cm_os_out out;
  cm_code code = cm_kept_path(k, key, path, e);
  if (!code) code = cm_os_private_folder(k->dir, e);
  if (!code) code = make_room(k, n, path, e);
  /* What stands there can't be used; a link would be written through. */
  if (!code) code = cm_os_remove_file(path, e);
  if (!code) code = cm_os_out_private(&out, path, false, e);
  if (code) return code;
  hash(p, n, sum);
  memcpy(p, sum, SUM);
  code = cm_os_out_write(&out, p, n, e);
  if (!code) return cm_os_out_commit(&out, e);
  cm_os_out_abort(&out);
  return code;
}
