/* Takes in a file that is here already. */
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/os_lines.h"
#include "data/sha256.h"
#include "store/parts.h"
#include "store/pull.h"

enum { CHUNK = 1 << 20 };

typedef struct importing {
  const cm_store *s;
  const char *path;
  cm_pulled *out;
  char real[4096], name[300], quantization[32];
  const cm_model_row *row;
  cm_err *e;
} importing;

static cm_str base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return cm_str_of(slash ? slash + 1 : path);
}

/* What it is, and what it will be called. */
static cm_code identify(importing *m) {
  cm_code code = cm_os_real_path(m->path, m->real, sizeof m->real, m->e);
  const cm_str name = base_name(m->real);
  if (!code) code = cm_store_look_into(m->real, name, m->quantization, m->e);
  if (!code) code = cm_sha256_file(m->real, m->out->sha256, m->e);
  if (code) return code;
  m->row = cm_catalogue_by_sha256(cm_str_of(m->out->sha256));
  if (m->row) {
    snprintf(m->out->id, sizeof m->out->id, "%s", m->row->id);
    snprintf(m->name, sizeof m->name, "%s", m->row->file);
    snprintf(m->out->licence, sizeof m->out->licence, "%s", m->row->licence);
    return CM_OK;
  }
  if (cm_utf8_check(name.p, name.n) != name.n || name.p[0] == '.' || name.n > 200)
    return cm_fail(m->e, CM_E_USAGE, 0, "the name %.100s is no name for a model", name.p);
  snprintf(m->out->id, sizeof m->out->id, "file:%.255s", name.p);
  snprintf(m->name, sizeof m->name, "file-%.8s-%.255s", m->out->sha256, name.p);
  return CM_OK;
}

static cm_code copy_bytes(int from, int to, uint64_t bytes, char *chunk, cm_err *e) {
  cm_code code = CM_OK;
  for (uint64_t at = 0; !code && at < bytes;) {
    size_t got = 0;
    code = cm_os_grow_read(from, at, chunk, CHUNK, &got, e);
    if (!code && !got) code = cm_fail(e, CM_E_IO, 0, "the file became shorter while it was read");
    if (!code) code = cm_os_write_fd(to, chunk, got, e);
    at += got;
  }
  return code;
}

/* A copy, whole or not at all. */
static cm_code copy(importing *m, uint64_t bytes, const char *to) {
  char part[4104];
  uint64_t had = 0;
  int in = -1, out = -1;
  const uint64_t space = cm_os_free_bytes(m->s->models);
  if (space < bytes)
    return cm_fail(m->e, CM_E_LIMIT, 0, "no room for a copy: it has %.1f MB, free are %.1f MB",
                   (double)bytes / 1e6, (double)space / 1e6);
  snprintf(part, sizeof part, "%s.part", to);
  char *chunk = cm_alloc(1, CHUNK);
  cm_code code = chunk ? CM_OK : cm_fail(m->e, CM_E_NOMEM, 0, "no memory for a copy");
  if (!code) code = cm_os_lock_try(m->real, CM_OS_SHARED, false, &in, m->e);
  if (!code && in < 0) code = cm_fail(m->e, CM_E_IO, 0, "%.180s is locked", m->real);
  if (!code) code = cm_os_grow_open(part, &out, &had, m->e);
  if (!code) code = cm_os_grow_cut(out, 0, m->e);
  if (!code) code = copy_bytes(in, out, bytes, chunk, m->e);
  if (!code) code = cm_os_grow_finish(out, part, to, m->e);
  else cm_os_close(out), (void)cm_os_remove_file(part, NULL);
  cm_os_unlock(in);
  cm_free(chunk);
  return code;
}

static cm_code place(importing *m) {
  cm_os_identity at;
  char sum[65];
  cm_code code = cm_store_path(m->s, cm_str_of(m->name), m->out->path, m->e);
  if (!code) code = cm_os_identify(m->real, &at, m->e);
  if (code) return code;
  m->out->bytes = at.bytes;
  code = cm_store_make_room(m->s, at.bytes, cm_str_of(m->out->id), m->e);
  if (code || strcmp(m->real, m->out->path) == 0 || cm_os_link(m->real, m->out->path)) return code;
  if (!cm_sha256_file(m->out->path, sum, NULL) && strcmp(sum, m->out->sha256) == 0) return CM_OK;
  code = copy(m, at.bytes, m->out->path);
  if (!code) code = cm_sha256_file(m->out->path, sum, m->e);
  if (!code && strcmp(sum, m->out->sha256) != 0)
    code = cm_fail(m->e, CM_E_FORMAT, 0, "%.150s changed while it was read", m->real);
  return code;
}

static cm_code enter(importing *m) {
  char now[21];
  cm_entry x = {.id = cm_str_of(m->out->id),
                .file = cm_str_of(m->name),
                .source = cm_str_of(m->real),
                .repo = cm_str_of(m->row ? m->row->repo : ""),
                .revision = cm_str_of(m->row ? m->row->revision : ""),
                .sha256 = cm_str_of(m->out->sha256),
                .quantization = cm_str_of(m->quantization),
                .licence = cm_str_of(m->out->licence)};
  cm_os_utc(now);
  x.downloaded_at = x.last_used = cm_str_of(now);
  cm_code code = cm_os_identify(m->out->path, &x.at, m->e);
  return code ? code : cm_store_add(m->s, &x, m->e);
}

cm_code cm_store_import(const cm_store *s, const char *path, cm_pulled *out, cm_err *e) {
  importing m = {.s = s, .path = path, .out = out, .e = e};
  int lock = -1;
  *out = (cm_pulled){0};
  cm_code code = identify(&m);
  if (!code) code = cm_store_lock_pull(s, &lock, e);
  if (!code) code = place(&m);
  if (!code) code = enter(&m);
  cm_os_unlock(lock);
  return code;
}
