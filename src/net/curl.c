#include "net/curl.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/os_library.h"

static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.4.dylib"};

static cm_code find_all(cm_os_library *l, cm_curl *c, cm_err *e) {
  const struct {
    const char *name;
    void *at;
    size_t size;
  } wanted[] = {
      {"curl_easy_init", &c->open, sizeof c->open},
      {"curl_easy_cleanup", &c->close, sizeof c->close},
      {"curl_easy_setopt", &c->set, sizeof c->set},
      {"curl_easy_getinfo", &c->get, sizeof c->get},
      {"curl_easy_perform", &c->perform, sizeof c->perform},
      {"curl_easy_strerror", &c->text_of, sizeof c->text_of},
      {"curl_slist_append", &c->append, sizeof c->append},
      {"curl_slist_free_all", &c->free_all, sizeof c->free_all},
      {"curl_multi_init", &c->multi_open, sizeof c->multi_open},
      {"curl_multi_cleanup", &c->multi_close, sizeof c->multi_close},
      {"curl_multi_add_handle", &c->multi_add, sizeof c->multi_add},
      {"curl_multi_remove_handle", &c->multi_remove, sizeof c->multi_remove},
      {"curl_multi_perform", &c->multi_perform, sizeof c->multi_perform},
      {"curl_multi_poll", &c->multi_poll, sizeof c->multi_poll},
      {"curl_multi_info_read", &c->multi_read, sizeof c->multi_read},
  };
  cm_code code = CM_OK;
  for (size_t i = 0; !code && i < sizeof wanted / sizeof *wanted; i++)
    code = cm_os_library_get(l, wanted[i].name, wanted[i].at, wanted[i].size, e);
  return code;
}

static cm_code load(cm_curl *c, cm_err *e) {
  cm_os_library *l = NULL;
  CURLcode (*init)(long) = NULL;
  cm_code code = cm_os_library_open(&l, names, sizeof names / sizeof *names, e);
  if (!code) code = find_all(l, c, e);
  if (!code) code = cm_os_library_get(l, "curl_global_init", &init, sizeof init, e);
  if (code) {
    cm_err_prefix(e, "servers and downloads need libcurl 7.66 or newer");
    return code;
  }
  if (init(CURL_GLOBAL_DEFAULT) == CURLE_OK) return CM_OK;
  return cm_fail(e, CM_E_NOMEM, 0, "libcurl doesn't start");
}

cm_code cm_curl_load(const cm_curl **out, cm_err *e) {
  static cm_curl curl;
  static bool ready;
  if (!ready) {
    cm_code code = load(&curl, e);
    if (code) return code;
    ready = true;
  }
  *out = &curl;
  return CM_OK;
}
