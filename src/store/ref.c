#include "store/ref.h"

#include <stdio.h>
#include <string.h>

#include "data/sha256.h"

static bool is_url(cm_str s) {
  return cm_str_starts(s, CM_STR("http://")) || cm_str_starts(s, CM_STR("https://"));
}

bool cm_ref_is_one(cm_str text) {
  return cm_str_starts(text, CM_STR("hf:")) || is_url(text) || cm_catalogue_find(text);
}

static bool put(char *out, size_t size, cm_str s) {
  if (s.n >= size) return false;
  memcpy(out, s.p, s.n);
  out[s.n] = 0;
  return true;
}

static bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

/* Owners and repositories: letters, digits and ".", "_", "-". */
static bool is_word(cm_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (!is_word_char(s.p[i])) return false;
  return s.n && s.p[0] != '.';
}

/* Parts between "/", none of them empty or going upwards, nothing that a terminal acts on. */
static bool is_path(cm_str s) {
  if (!s.n || cm_utf8_check(s.p, s.n) != s.n) return false;
  for (size_t i = 0, start = 0; i <= s.n; i++) {
    if (i < s.n && ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)) return false;
    if (i < s.n && s.p[i] != '/') continue;
    const cm_str part = {s.p + start, i - start};
    if (!part.n || cm_str_is(part, ".") || cm_str_is(part, "..")) return false;
    start = i + 1;
  }
  return true;
}

/* The file's own name as far as it is harmless, and eight digits of the id's hash, which keep two
 * files of one name apart. */
static void store_name(cm_ref *r, cm_str file) {
  char sum[65], stem[100];
  size_t n = 0;
  if (cm_str_ends(file, CM_STR(".gguf"))) file.n -= 5;
  for (size_t i = 0; i < file.n && n + 1 < sizeof stem; i++)
    stem[n++] = is_word_char(file.p[i]) ? file.p[i] : '_';
  stem[n] = 0;
  if (stem[0] == '.') stem[0] = '_';
  cm_sha256_of(cm_str_of(r->id), sum);
  snprintf(r->name, sizeof r->name, "%s-%.8s.gguf", n ? stem : "model", sum);
}

static cm_str last_part(cm_str path) {
  size_t start = 0;
  for (size_t i = 0; i < path.n; i++)
    if (path.p[i] == '/') start = i + 1;
  return (cm_str){path.p + start, path.n - start};
}

static cm_code take_url(cm_ref *r, const char *endpoint, cm_err *e) {
  cm_buf b;
  cm_str base = cm_str_of(endpoint);
  while (base.n && base.p[base.n - 1] == '/') base.n--;
  cm_buf_init(&b, CM_URL_MAX - 1);
  cm_buf_add(&b, base.p, base.n);
  cm_buf_putc(&b, '/');
  cm_url_escape(cm_str_of(r->repo), true, &b);
  cm_buf_puts(&b, "/resolve/");
  cm_url_escape(cm_str_of(r->revision), false, &b);
  cm_buf_putc(&b, '/');
  cm_url_escape(cm_str_of(r->file), true, &b);
  const bool fits = !b.overflow && put(r->url, sizeof r->url, (cm_str){b.p, b.n});
  cm_buf_close(&b);
  return fits ? CM_OK : cm_fail(e, CM_E_USAGE, 0, "the address of %.100s is too long", r->file);
}

static cm_code of_row(const cm_model_row *row, const char *endpoint, cm_ref *out, cm_err *e) {
  out->row = row;
  snprintf(out->id, sizeof out->id, "%s", row->id);
  snprintf(out->repo, sizeof out->repo, "%s", row->repo);
  snprintf(out->revision, sizeof out->revision, "%s", row->revision);
  snprintf(out->file, sizeof out->file, "%s", row->file);
  snprintf(out->name, sizeof out->name, "%s", row->file);
  return take_url(out, endpoint, e);
}

/* OWNER/REPO/FILE[@REVISION] */
static bool split_hub(cm_str s, cm_str *repo, cm_str *file, cm_str *revision) {
  const size_t first = cm_str_find(s, CM_STR("/"));
  if (first == SIZE_MAX) return false;
  const cm_str owner = {s.p, first}, rest = {s.p + first + 1, s.n - first - 1};
  const size_t second = cm_str_find(rest, CM_STR("/"));
  if (second == SIZE_MAX) return false;
  const cm_str name = {rest.p, second};
  *repo = (cm_str){s.p, first + 1 + second};
  *file = (cm_str){rest.p + second + 1, rest.n - second - 1};
  *revision = CM_STR("main");
  const size_t at = cm_str_find(*file, CM_STR("@"));
  if (at != SIZE_MAX) {
    *revision = (cm_str){file->p + at + 1, file->n - at - 1};
    file->n = at;
  }
  return is_word(owner) && is_word(name) && is_path(*file) && is_path(*revision);
}

static cm_code of_hub(cm_str text, const char *endpoint, cm_ref *out, cm_err *e) {
  cm_str repo, file, revision;
  const cm_str what = {text.p + 3, text.n - 3};
  if (!split_hub(what, &repo, &file, &revision) || !put(out->repo, sizeof out->repo, repo) ||
      !put(out->file, sizeof out->file, file) ||
      !put(out->revision, sizeof out->revision, revision))
    return cm_fail(e, CM_E_USAGE, 0,
                   "\"%.*s\" is not hf:OWNER/REPO/FILE.gguf or hf:OWNER/REPO/FILE.gguf@REVISION",
                   (int)(text.n < 80 ? text.n : 80), text.p);
  const cm_model_row *row = cm_catalogue_by_file(repo, file);
  const bool plain = cm_str_is(revision, "main");
  if (row && (plain || cm_str_is(revision, row->revision))) return of_row(row, endpoint, out, e);
  snprintf(out->id, sizeof out->id, "hf:%s/%s%s%s", out->repo, out->file, plain ? "" : "@",
           plain ? "" : out->revision);
  store_name(out, last_part(file));
  return take_url(out, endpoint, e);
}

static cm_code of_url(cm_str text, cm_ref *out, cm_err *e) {
  cm_url u;
  cm_code code = cm_url_parse(text, &u, e);
  if (code) {
    if (e) e->code = CM_E_USAGE;
    return CM_E_USAGE;
  }
  if (!put(out->id, sizeof out->id, text) || !put(out->url, sizeof out->url, text))
    return cm_fail(e, CM_E_USAGE, 0, "an address of more than %d bytes", CM_REF_ID_MAX - 1);
  store_name(out, cm_url_file(&u));
  return CM_OK;
}

cm_code cm_ref_parse(cm_str text, const char *endpoint, cm_ref *out, cm_err *e) {
  *out = (cm_ref){0};
  if (cm_str_starts(text, CM_STR("hf:"))) return of_hub(text, endpoint, out, e);
  if (is_url(text)) return of_url(text, out, e);
  const cm_model_row *row = cm_catalogue_find(text);
  if (row) return of_row(row, endpoint, out, e);
  const char *near = cm_catalogue_nearest(text);
  const int n = (int)(text.n < 80 ? text.n : 80);
  if (near)
    return cm_fail(e, CM_E_USAGE, 0, "no model is called %.*s; did you mean %s?", n, text.p, near);
  return cm_fail(e, CM_E_USAGE, 0,
                 "no model is called %.*s; cmdai models list shows the names, and there are "
                 "hf:OWNER/REPO/FILE.gguf and URLs",
                 n, text.p);
}
