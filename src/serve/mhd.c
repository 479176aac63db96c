#include "serve/mhd.h"

#include <stddef.h>

#include "base/os_library.h"
#include "serve/serve.h"

static const char *const names[] = {"libmicrohttpd.so.12", "libmicrohttpd.so.11",
                                    "libmicrohttpd.12.dylib"};

cm_code cm_mhd_load(cm_mhd *m, cm_err *e) {
  const struct {
    const char *name;
    void *at;
    size_t size;
  } wanted[] = {
      {"MHD_start_daemon", &m->start, sizeof m->start},
      {"MHD_stop_daemon", &m->stop, sizeof m->stop},
      {"MHD_suspend_connection", &m->suspend, sizeof m->suspend},
      {"MHD_resume_connection", &m->resume, sizeof m->resume},
      {"MHD_get_connection_values", &m->headers, sizeof m->headers},
      {"MHD_get_connection_info", &m->info, sizeof m->info},
      {"MHD_create_response_from_buffer", &m->whole, sizeof m->whole},
      {"MHD_create_response_from_callback", &m->stream, sizeof m->stream},
      {"MHD_add_response_header", &m->add_header, sizeof m->add_header},
      {"MHD_queue_response", &m->answer, sizeof m->answer},
      {"MHD_destroy_response", &m->free_response, sizeof m->free_response},
      {"MHD_http_unescape", &m->unescape, sizeof m->unescape},
  };
  cm_os_library *l = NULL;
  cm_code code = cm_os_library_open(&l, names, sizeof names / sizeof *names, e);
  for (size_t i = 0; !code && i < sizeof wanted / sizeof *wanted; i++)
    code = cm_os_library_get(l, wanted[i].name, wanted[i].at, wanted[i].size, e);
  if (!code) return CM_OK;
  cm_err_prefix(e, "a server needs libmicrohttpd 0.9.71 or newer");
  return code;
}

cm_code cm_serve_ready(cm_err *e) {
  cm_mhd m;
  return cm_mhd_load(&m, e);
}
