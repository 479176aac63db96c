/* Inside serve: what Ollama's interface says about the server and its model. All are readers of
 * rows (api.h) that write their answer. */
#ifndef CM_SERVE_API_OLLAMA_H
#define CM_SERVE_API_OLLAMA_H
#include "serve/api.h"

cm_code cm_ollama_tags(cm_call *c, cm_str body, cm_buf *out, cm_err *e);
/* CM_E_NOTFOUND: another model than the served one. */
cm_code cm_ollama_show(cm_call *c, cm_str body, cm_buf *out, cm_err *e);
cm_code cm_ollama_version(cm_call *c, cm_str body, cm_buf *out, cm_err *e);
cm_code cm_ollama_ps(cm_call *c, cm_str body, cm_buf *out, cm_err *e);
/* What this server doesn't do, whatever the body: CM_E_UNSUPPORTED, and what to do instead. */
cm_code cm_ollama_cannot(cm_call *c, cm_str body, cm_buf *out, cm_err *e);

/* {"error": "…"} */
void cm_ollama_fail(const cm_call *c, int status, const cm_err *e, cm_buf *out);

#endif
