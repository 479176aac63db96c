#include "net/reply.h"

#include <string.h>
#include <strings.h>

void cm_reply_init(cm_reply *r) {
  *r = (cm_reply){.bytes = UINT64_MAX, .first = UINT64_MAX, .total = UINT64_MAX};
}

/* "HTTP/1.1 206 Partial Content", "HTTP/2 200". */
static void status_line(cm_reply *r, cm_str line) {
  const cm_reply old = *r;
  size_t at = cm_str_find(line, CM_STR(" "));
  uint64_t status = 0;
  cm_reply_init(r);
  memcpy(r->linked_sha256, old.linked_sha256, sizeof r->linked_sha256);
  memcpy(r->commit, old.commit, sizeof r->commit);
  r->linked_bytes = old.linked_bytes;
  if (at == SIZE_MAX || line.n < at + 4) return;
  if (cm_str_u64((cm_str){line.p + at + 1, 3}, 100, 999, &status)) r->status = (int)status;
}

static bool copy(char *out, size_t size, cm_str s) {
  if (s.n >= size) return false;
  memcpy(out, s.p, s.n);
  out[s.n] = 0;
  return true;
}

static cm_str unquoted(cm_str s) {
  if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"') return (cm_str){s.p + 1, s.n - 2};
  return s;
}

/* Lower-case hexadecimal digits, exactly as many as fit. */
static void hex(char *out, size_t size, cm_str s) {
  s = unquoted(s);
  if (s.n != size - 1) return;
  char low[65];
  for (size_t i = 0; i < s.n; i++) {
    const char c = s.p[i];
    const bool upper = c >= 'A' && c <= 'F';
    if (!upper && !(c >= 'a' && c <= 'f') && !(c >= '0' && c <= '9')) return;
    low[i] = (char)(upper ? c + ('a' - 'A') : c);
  }
  (void)copy(out, size, (cm_str){low, s.n});
}

/* A weak one ("W/…") says nothing about bytes. */
static void etag(cm_reply *r, cm_str v) {
  bool fine = v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"';
  for (size_t i = 1; fine && i + 1 < v.n; i++)
    fine = v.p[i] > ' ' && v.p[i] < 0x7f && v.p[i] != '"';
  if (fine) (void)copy(r->etag, sizeof r->etag, v);
}

/* "bytes 100-199/200", "bytes 100-199/" and a star, "bytes " and a star and "/200". */
static void content_range(cm_reply *r, cm_str v) {
  if (!cm_str_starts(v, CM_STR("bytes "))) return;
  const cm_str range = {v.p + 6, v.n - 6};
  const size_t slash = cm_str_find(range, CM_STR("/")), dash = cm_str_find(range, CM_STR("-"));
  if (slash == SIZE_MAX) return;
  (void)cm_str_u64((cm_str){range.p + slash + 1, range.n - slash - 1}, 0, INT64_MAX, &r->total);
  if (dash < slash) (void)cm_str_u64((cm_str){range.p, dash}, 0, INT64_MAX, &r->first);
}

/* The seconds behind ";t=". */
static void rate_limit(cm_reply *r, cm_str v) {
  const size_t at = cm_str_find(v, CM_STR(";t="));
  if (at == SIZE_MAX) return;
  cm_str digits = {v.p + at + 3, 0};
  while (at + 3 + digits.n < v.n && digits.p[digits.n] >= '0' && digits.p[digits.n] <= '9')
    digits.n++;
  (void)cm_str_u64(digits, 0, 1 << 20, &r->wait_seconds);
}

static bool named(cm_str name, const char *what) {
  return name.n == strlen(what) && strncasecmp(name.p, what, name.n) == 0;
}

static void linked(cm_reply *r, cm_str name, cm_str value) {
  if (named(name, "X-Linked-Etag")) hex(r->linked_sha256, sizeof r->linked_sha256, value);
  else if (named(name, "X-Repo-Commit")) hex(r->commit, sizeof r->commit, value);
  else if (named(name, "X-Linked-Size")) (void)cm_str_u64(value, 0, INT64_MAX, &r->linked_bytes);
}

void cm_reply_line(cm_reply *r, cm_str line, bool hub) {
  line = cm_str_trim(line);
  if (cm_str_starts(line, CM_STR("HTTP/"))) {
    status_line(r, line);
    return;
  }
  const size_t colon = cm_str_find(line, CM_STR(":"));
  if (colon == SIZE_MAX) return;
  const cm_str name = {line.p, colon};
  const cm_str value = cm_str_trim((cm_str){line.p + colon + 1, line.n - colon - 1});
  if (named(name, "Content-Length")) (void)cm_str_u64(value, 0, INT64_MAX, &r->bytes);
  else if (named(name, "Content-Range")) content_range(r, value);
  else if (named(name, "ETag")) etag(r, value);
  else if (named(name, "RateLimit")) rate_limit(r, value);
  else if (named(name, "Content-Type"))
    (void)copy(r->type, sizeof r->type, (cm_str){value.p, value.n < 63 ? value.n : 63});
  else if (hub) linked(r, name, value);
}
