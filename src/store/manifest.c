#include "store/manifest.h"

#include <stdlib.h>
#include <string.h>

#include "data/json.h"

static const char schema[] = "cmdai.manifest/1";

/* --- checking --- */

static bool is_sha(cm_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f'))) return false;
  return s.n == 64;
}

/* Something that can only be in the folder itself. */
static bool is_name(cm_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] == '/' || (unsigned char)s.p[i] < ' ') return false;
  return s.n && s.n < 256 && s.p[0] != '.';
}

static bool has_nul(cm_str s) { return s.n && memchr(s.p, 0, s.n); }

/* --- reading --- */

typedef struct reader {
  cm_inventory *m;
  cm_err *e;
  bool bad; /* no memory, or a text with a NUL byte */
} reader;

static cm_str keep(cm_arena *a, cm_str s, bool *bad) {
  if (!s.n) return CM_STR("");
  char *p = has_nul(s) ? NULL : cm_arena_strdup(a, s.p, s.n);
  if (!p) *bad = true;
  return p ? (cm_str){p, s.n} : CM_STR("");
}

static cm_str text(reader *r, const cm_json *o, const char *key) {
  cm_str s = CM_STR("");
  (void)cm_json_str(cm_json_get(o, key), &s);
  return keep(r->m->arena, s, &r->bad);
}

static cm_os_identity identity(const cm_json *o) {
  int64_t device = 0, inode = 0;
  cm_os_identity at = {0};
  (void)cm_json_u64(cm_json_get(o, "bytes"), &at.bytes);
  (void)cm_json_i64(cm_json_get(o, "device"), &device);
  (void)cm_json_i64(cm_json_get(o, "inode"), &inode);
  (void)cm_json_i64(cm_json_get(o, "mtime_ns"), &at.mtime_ns);
  at.device = (uint64_t)device, at.inode = (uint64_t)inode;
  return at;
}

static cm_code read_model(reader *r, const cm_json *o) {
  cm_entry x = {.id = text(r, o, "id"),
                .file = text(r, o, "file"),
                .repo = text(r, o, "repo"),
                .revision = text(r, o, "revision"),
                .source = text(r, o, "source"),
                .sha256 = text(r, o, "sha256"),
                .quantization = text(r, o, "quantization"),
                .licence = text(r, o, "licence"),
                .downloaded_at = text(r, o, "downloaded_at"),
                .last_used = text(r, o, "last_used"),
                .at = identity(o)};
  (void)cm_json_f64(cm_json_get(o, "seconds"), &x.seconds);
  if (!(x.seconds >= 0)) x.seconds = 0;
  if (!x.id.n || !is_name(x.file) || !is_sha(x.sha256))
    return cm_fail(r->e, CM_E_FORMAT, 0, "model %zu has no usable id, file and sha256",
                   r->m->n + 1);
  if (cm_inventory_find(r->m, x.id) || cm_inventory_by_file(r->m, x.file))
    return cm_fail(r->e, CM_E_FORMAT, 0, "the model %.*s stands there twice",
                   (int)(x.id.n < 80 ? x.id.n : 80), x.id.p);
  if (r->m->n == CM_MANIFEST_MODELS)
    return cm_fail(r->e, CM_E_LIMIT, 0, "more than %d models", CM_MANIFEST_MODELS);
  r->m->models[r->m->n++] = x;
  return CM_OK;
}

static cm_code read_file(reader *r, const cm_json *o) {
  const cm_known x = {text(r, o, "path"), text(r, o, "sha256"), text(r, o, "last_used"),
                      identity(o)};
  if (!x.path.n || x.path.p[0] != '/' || !is_sha(x.sha256) || cm_inventory_known(r->m, x.path))
    return cm_fail(r->e, CM_E_FORMAT, 0, "file %zu has no usable path and sha256",
                   r->m->n_files + 1);
  if (r->m->n_files == CM_MANIFEST_FILES)
    return cm_fail(r->e, CM_E_LIMIT, 0, "more than %d files", CM_MANIFEST_FILES);
  r->m->files[r->m->n_files++] = x;
  return CM_OK;
}

static cm_code read_all(reader *r, const cm_json *root) {
  cm_str s = {0};
  if (!cm_json_str(cm_json_get(root, "schema"), &s) || !cm_str_is(s, schema))
    return cm_fail(r->e, CM_E_FORMAT, 0, "it is not of the schema %s", schema);
  const cm_json *models = cm_json_get(root, "models"), *files = cm_json_get(root, "files");
  cm_code code = CM_OK;
  for (size_t i = 0; !code && i < cm_json_count(models); i++)
    code = read_model(r, cm_json_at(models, i));
  for (size_t i = 0; !code && i < cm_json_count(files); i++)
    code = read_file(r, cm_json_at(files, i));
  if (!code && r->bad) code = cm_fail(r->e, CM_E_FORMAT, 0, "a text has a NUL byte, or no memory");
  return code;
}

cm_code cm_inventory_read(cm_str in, cm_arena *a, cm_inventory *out, cm_err *e) {
  reader r = {out, e, false};
  cm_json *root = NULL;
  out->n = out->n_files = 0;
  out->arena = a;
  if (!cm_str_trim(in).n) return CM_OK;
  cm_code code = cm_json_parse(in, (cm_json_limits){CM_MANIFEST_BYTES, 8}, &root, e);
  if (!code) code = read_all(&r, root);
  cm_json_free(root);
  if (code) out->n = out->n_files = 0;
  return code;
}

/* --- writing --- */

static void put_identity(cm_jw *w, const cm_os_identity *at) {
  cm_jw_key(w, "bytes"), cm_jw_i64(w, (int64_t)at->bytes);
  cm_jw_key(w, "device"), cm_jw_i64(w, (int64_t)at->device);
  cm_jw_key(w, "inode"), cm_jw_i64(w, (int64_t)at->inode);
  cm_jw_key(w, "mtime_ns"), cm_jw_i64(w, at->mtime_ns);
}

static void put_model(cm_jw *w, const cm_entry *x) {
  cm_jw_begin_object(w);
  cm_jw_put_str(w, "id", x->id), cm_jw_put_str(w, "repo", x->repo),
      cm_jw_put_str(w, "revision", x->revision);
  cm_jw_put_str(w, "file", x->file), cm_jw_put_str(w, "sha256", x->sha256);
  cm_jw_put_str(w, "quantization", x->quantization), cm_jw_put_str(w, "licence", x->licence);
  cm_jw_put_str(w, "source", x->source);
  cm_jw_put_str(w, "downloaded_at", x->downloaded_at), cm_jw_put_str(w, "last_used", x->last_used);
  cm_jw_key(w, "seconds"), cm_jw_f64(w, x->seconds);
  put_identity(w, &x->at);
  cm_jw_end_object(w);
}

static int by_id(const void *x, const void *y) {
  const cm_str a = ((const cm_entry *)x)->id, b = ((const cm_entry *)y)->id;
  const int d = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
  return d ? d : (a.n > b.n) - (a.n < b.n);
}

void cm_inventory_text(cm_inventory *m, cm_buf *out) {
  cm_jw w;
  if (m->n) qsort(m->models, m->n, sizeof *m->models, by_id);
  cm_jw_init(&w, out, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_str(&w, "schema", cm_str_of(schema));
  cm_jw_key(&w, "models");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < m->n; i++) put_model(&w, &m->models[i]);
  cm_jw_end_array(&w);
  cm_jw_key(&w, "files");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < m->n_files; i++) {
    cm_jw_begin_object(&w);
    cm_jw_put_str(&w, "path", m->files[i].path), cm_jw_put_str(&w, "sha256", m->files[i].sha256);
    cm_jw_put_str(&w, "last_used", m->files[i].last_used);
    put_identity(&w, &m->files[i].at);
    cm_jw_end_object(&w);
  }
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
}

void cm_inventory_metadata(const cm_inventory *m, cm_buf *out) {
  cm_jw w;
  cm_jw_init(&w, out, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_str(&w, "schema", CM_STR("cmdai.metadata/1"));
  cm_jw_key(&w, "models");
  cm_jw_begin_array(&w);
  for (size_t i = 0; i < m->n; i++) {
    const cm_entry *x = &m->models[i];
    cm_jw_begin_object(&w);
    cm_jw_put_str(&w, "model", x->id), cm_jw_put_str(&w, "file", x->file);
    cm_jw_key(&w, "size"), cm_jw_i64(&w, (int64_t)x->at.bytes);
    cm_jw_put_str(&w, "quantization", x->quantization), cm_jw_put_str(&w, "sha256", x->sha256);
    cm_jw_put_str(&w, "downloaded_at", x->downloaded_at);
    cm_jw_key(&w, "download_duration_seconds"), cm_jw_f64(&w, x->seconds);
    cm_jw_end_object(&w);
  }
  cm_jw_end_array(&w);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
}

/* --- changing --- */

cm_entry *cm_inventory_find(cm_inventory *m, cm_str id) {
  for (size_t i = 0; i < m->n; i++)
    if (cm_str_eq(m->models[i].id, id)) return &m->models[i];
  return NULL;
}

cm_entry *cm_inventory_by_file(cm_inventory *m, cm_str file) {
  for (size_t i = 0; i < m->n; i++)
    if (cm_str_eq(m->models[i].file, file)) return &m->models[i];
  return NULL;
}

cm_code cm_inventory_put(cm_inventory *m, const cm_entry *entry, cm_err *e) {
  bool bad = false;
  cm_entry x = *entry;
  cm_str *const texts[] = {&x.id,     &x.file,         &x.repo,    &x.revision,      &x.source,
                           &x.sha256, &x.quantization, &x.licence, &x.downloaded_at, &x.last_used};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    *texts[i] = keep(m->arena, *texts[i], &bad);
  if (bad) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the manifest");
  cm_entry *old = cm_inventory_find(m, x.id);
  cm_entry *same = cm_inventory_by_file(m, x.file);
  if (same && same != old) { /* another name for the file that this one replaces */
    *same = x;
    if (old) cm_inventory_drop(m, old);
    return CM_OK;
  }
  if (!old && m->n == CM_MANIFEST_MODELS)
    return cm_fail(e, CM_E_LIMIT, 0, "more than %d models", CM_MANIFEST_MODELS);
  *(old ? old : &m->models[m->n++]) = x;
  return CM_OK;
}

void cm_inventory_drop(cm_inventory *m, cm_entry *entry) {
  *entry = m->models[m->n - 1];
  m->n--;
}

cm_known *cm_inventory_known(cm_inventory *m, cm_str path) {
  for (size_t i = 0; i < m->n_files; i++)
    if (cm_str_eq(m->files[i].path, path)) return &m->files[i];
  return NULL;
}

/* Dates of one form sort as their bytes do. */
static cm_known *oldest(cm_inventory *m) {
  cm_known *best = &m->files[0];
  for (size_t i = 1; i < m->n_files; i++) {
    const cm_str a = m->files[i].last_used, b = best->last_used;
    const int d = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    if (d < 0 || (d == 0 && a.n < b.n)) best = &m->files[i];
  }
  return best;
}

cm_code cm_inventory_remember(cm_inventory *m, const cm_known *known, cm_err *e) {
  bool bad = false;
  const cm_known x = {keep(m->arena, known->path, &bad), keep(m->arena, known->sha256, &bad),
                      keep(m->arena, known->last_used, &bad), known->at};
  if (bad) return cm_fail(e, CM_E_NOMEM, 0, "no memory for the manifest");
  cm_known *place = cm_inventory_known(m, x.path);
  if (!place) place = m->n_files < CM_MANIFEST_FILES ? &m->files[m->n_files++] : oldest(m);
  *place = x;
  return CM_OK;
}
