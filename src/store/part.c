#include "store/part.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/os_file.h"
#include "base/os_lines.h"
#include "data/json.h"

enum { ABOUT_MAX = 64 << 10, WAITING = 256 << 10, PUSH = 8 << 20 };

static const char schema[] = "cmdai.part/1";

static void forget(cm_part *p) {
  p->sha256[0] = p->etag[0] = 0;
  p->total = 0;
}

static bool take(char *out, size_t size, const cm_json *v) {
  cm_str s = {0};
  if (!cm_json_str(v, &s) || s.n >= size || (s.n && memchr(s.p, 0, s.n))) return false;
  memcpy(out, s.p, s.n);
  out[s.n] = 0;
  return true;
}

static bool is_hex(const char *s) { return s[strspn(s, "0123456789abcdef")] == 0; }

/* An ETag goes into a header of the next request. */
static bool is_etag(const char *s) {
  for (; *s; s++)
    if (*s <= ' ' || *s >= 0x7f) return false;
  return true;
}

cm_code cm_part_read(cm_part *p, cm_str text, cm_err *e) {
  cm_json *root = NULL;
  cm_str name = {0};
  cm_code code = cm_json_parse(text, (cm_json_limits){ABOUT_MAX, 4}, &root, e);
  const bool fine =
      !code && cm_json_str(cm_json_get(root, "schema"), &name) && cm_str_is(name, schema) &&
      take(p->sha256, sizeof p->sha256, cm_json_get(root, "sha256")) &&
      take(p->etag, sizeof p->etag, cm_json_get(root, "etag")) &&
      cm_json_u64(cm_json_get(root, "bytes"), &p->total) &&
      (!p->sha256[0] || strlen(p->sha256) == 64) && is_hex(p->sha256) && is_etag(p->etag);
  cm_json_free(root);
  if (fine) return CM_OK;
  forget(p);
  return code ? code : cm_fail(e, CM_E_FORMAT, 0, "not a description of a download");
}

static void read_about(cm_part *p) {
  cm_buf b;
  cm_buf_init(&b, ABOUT_MAX);
  if (!cm_os_read_file(p->about, &b, NULL))
    (void)cm_part_read(p, (cm_str){b.p ? b.p : "", b.n}, NULL);
  cm_buf_close(&b);
}

cm_code cm_part_open(cm_part *p, const cm_store *s, const char *file, cm_err *e) {
  *p = (cm_part){.s = s, .fd = -1};
  snprintf(p->path, sizeof p->path, "%s.part", file);
  snprintf(p->about, sizeof p->about, "%s.part.json", file);
  p->waiting = cm_alloc(1, WAITING);
  if (!p->waiting) return cm_fail(e, CM_E_NOMEM, 0, "no memory for a download");
  cm_code code = cm_os_grow_open(p->path, &p->fd, &p->bytes, e);
  if (!code) read_about(p);
  if (!code && p->bytes && !cm_part_can_go_on(p)) code = cm_os_grow_cut(p->fd, 0, e), p->bytes = 0;
  if (!code) code = cm_digest_start(&p->digest, p->fd, e);
  if (!code && p->bytes) cm_digest_reach(p->digest, p->bytes);
  if (code) cm_part_close(p);
  return code;
}

void cm_part_close(cm_part *p) {
  cm_free(p->waiting);
  p->waiting = NULL;
  p->n_waiting = 0;
  cm_digest_drop(p->digest);
  p->digest = NULL;
  cm_os_close(p->fd);
  p->fd = -1;
}

bool cm_part_can_go_on(const cm_part *p) {
  if (p->total && p->bytes > p->total) return false;
  return p->sha256[0] || p->etag[0];
}

cm_code cm_part_restart(cm_part *p, cm_err *e) {
  cm_digest_drop(p->digest);
  p->digest = NULL;
  forget(p);
  p->bytes = p->pushed = 0;
  p->n_waiting = 0;
  cm_code code = cm_os_remove_file(p->about, e);
  if (!code) code = cm_os_grow_cut(p->fd, 0, e);
  return code ? code : cm_digest_start(&p->digest, p->fd, e);
}

cm_code cm_part_describe(cm_part *p, const char *sha256, const char *etag, uint64_t total,
                         cm_err *e) {
  cm_buf b;
  cm_jw w;
  cm_os_out out;
  snprintf(p->sha256, sizeof p->sha256, "%s", sha256);
  snprintf(p->etag, sizeof p->etag, "%s", etag);
  p->total = total;
  cm_buf_init(&b, ABOUT_MAX);
  cm_jw_init(&w, &b, 2);
  cm_jw_begin_object(&w);
  cm_jw_key(&w, "schema"), cm_jw_text(&w, schema);
  cm_jw_key(&w, "sha256"), cm_jw_text(&w, sha256);
  cm_jw_key(&w, "etag"), cm_jw_text(&w, etag);
  cm_jw_key(&w, "bytes"), cm_jw_u64(&w, total);
  cm_jw_end_object(&w);
  cm_buf_putc(&b, '\n');
  cm_code code = cm_jw_done(&w) ? cm_os_out_open(&out, p->about, e)
                                : cm_fail(e, CM_E_NOMEM, 0, "no memory for a download");
  if (!code) {
    code = cm_os_out_write(&out, b.p, b.n, e);
    if (code) cm_os_out_abort(&out);
    else code = cm_os_out_commit(&out, e);
  }
  cm_buf_close(&b);
  return code;
}

static cm_code write_out(cm_part *p, const void *data, size_t n, cm_err *e) {
  cm_code code = cm_os_write_fd(p->fd, data, n, e);
  if (code) {
    cm_err_prefix(e, p->path);
    return code;
  }
  const uint64_t end = p->bytes - p->n_waiting;
  cm_digest_reach(p->digest, end);
  if (end - p->pushed >= PUSH) {
    cm_os_grow_push(p->fd, p->pushed, end - p->pushed);
    p->pushed = end;
  }
  return CM_OK;
}

cm_code cm_part_flush(cm_part *p, cm_err *e) {
  const size_t n = p->n_waiting;
  p->n_waiting = 0;
  if (!n) return CM_OK;
  return write_out(p, p->waiting, n, e);
}

/* What comes is in pieces of 16 kB; it is written in larger ones. */
cm_code cm_part_add(cm_part *p, const void *data, size_t n, cm_err *e) {
  cm_code code = p->n_waiting + n > WAITING ? cm_part_flush(p, e) : CM_OK;
  if (code) return code;
  p->bytes += n;
  if (n > WAITING) return write_out(p, data, n, e);
  memcpy(p->waiting + p->n_waiting, data, n);
  p->n_waiting += n;
  return CM_OK;
}

cm_code cm_part_hash(cm_part *p, char out[65], cm_err *e) {
  cm_code code = cm_part_flush(p, e);
  cm_digest *d = p->digest;
  p->digest = NULL;
  if (!code) return cm_digest_end(d, p->bytes, out, e);
  cm_digest_drop(d);
  return code;
}

cm_code cm_part_finish(cm_part *p, const char *file, cm_err *e) {
  cm_digest_drop(p->digest);
  p->digest = NULL;
  const int fd = p->fd;
  p->fd = -1;
  cm_code code = cm_os_grow_finish(fd, p->path, file, e);
  return code ? code : cm_os_remove_file(p->about, e);
}

void cm_part_remove(cm_part *p) {
  cm_part_close(p);
  (void)cm_os_remove_file(p->path, NULL);
  (void)cm_os_remove_file(p->about, NULL);
}
