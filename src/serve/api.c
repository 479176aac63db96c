#include "serve/api.h"

#include "serve/api_rows.h"

static const cm_api *const lists[] = {cm_api_ollama, cm_api_openai, cm_api_own};
enum { N_LISTS = sizeof lists / sizeof *lists };

const cm_api *cm_api_at(size_t i) {
  for (size_t l = 0; l < N_LISTS; l++)
    for (const cm_api *row = lists[l]; row->method; row++)
      if (i-- == 0) return row;
  return NULL;
}

static bool is_at(const cm_api *row, cm_str path) {
  const cm_str p = cm_str_of(row->path);
  return row->path[p.n - 1] == '/' ? cm_str_starts(path, p) && path.n > p.n : cm_str_eq(path, p);
}

/* A row of the interface that a path without one belongs to. */
static const cm_api *interface_of(cm_str path) {
  if (cm_str_starts(path, CM_STR("/v1/cmdai"))) return cm_api_own;
  if (cm_str_starts(path, CM_STR("/v1"))) return cm_api_openai;
  return cm_api_ollama;
}

const cm_api *cm_api_find(cm_str method, cm_str path, int *status, const cm_api **like) {
  *status = 404, *like = interface_of(path);
  const cm_api *row;
  for (size_t i = 0; (row = cm_api_at(i)); i++) {
    if (!is_at(row, path)) continue;
    if (cm_str_is(method, row->method)) return row;
    *status = 405, *like = row;
  }
  return NULL;
}

void cm_api_methods(cm_str path, cm_buf *out) {
  const size_t start = out->n;
  const cm_api *row;
  for (size_t i = 0; (row = cm_api_at(i)); i++) {
    if (!is_at(row, path)) continue;
    if (out->n > start) cm_buf_puts(out, ", ");
    cm_buf_puts(out, row->method);
  }
}

int cm_api_status(const cm_call *c, cm_code code) {
  if (c && c->kind == CM_API_ASK && code == CM_E_NOTFOUND) return 200;
  switch (code) {
    case CM_OK: return 200;
    case CM_E_USAGE:
    case CM_E_FORMAT:
    case CM_E_LIMIT: return 400;
    case CM_E_NOTFOUND:
    case CM_E_MODEL: return 404;
    case CM_E_CANCELLED: return 499;
    case CM_E_UNSUPPORTED: return 501;
    case CM_E_BACKEND: return 502;
    case CM_E_NOMEM: return 503;
    case CM_E_TIMEOUT: return 504;
    case CM_E_IO:
    case CM_E_WRITE:
    case CM_E_INTERNAL: return 500;
  }
  return 500;
}
