/* Model files: the one that is built in, those of the store, and the one that is asked for. */
#include <stdio.h>
#include <string.h>

#include "backend/embedded.h"
#include "base/os.h"
#include "base/os_private.h"
#include "cli/backends.h"
#include "cli/doctor.h"
#include "cli/settings.h"

static const char section[] = "models";

static void embedded(cm_doctor *d) {
  size_t n = 0;
  cm_backend *b = NULL;
  cm_source s = {0};
  cm_err e = {0};
  const cm_backend_options options = {.threads = 1};
  (void)cm_embedded_model(&n);
  if (!n) {
    cm_doctor_say(d, section, "built in", CM_WARN, "fetch one: cmdai models pull " CM_MODEL_OF_CI,
                  "this program was built without a model");
    return;
  }
  cm_code code = cm_backend_open(&b, cm_backend_cpu.name, &options, &e);
  if (!code) code = cm_backend_identify(b, 0, NULL, &s, &e);
  if (code) cm_doctor_say(d, section, "built in", CM_WARN, "build the program again", "%s", e.msg);
  else
    cm_doctor_say(d, section, "built in", CM_WELL, NULL, "%s %s, %.1f MB, SHA-256 %s", s.model.id,
                  s.model.quant, (double)n / 1e6, cm_embedded_sha256());
  cm_backend_close(b);
}

/* --- the store --- */

/* By size and time alone: hashing is what `models verify` is for. */
static void entry(cm_doctor *d, const cm_store *s, const cm_entry *x) {
  char path[4096], id[160], hint[256];
  cm_os_identity at;
  snprintf(id, sizeof id, "%.*s", (int)x->id.n, x->id.p);
  if (cm_store_path(s, x->file, path, NULL)) return;
  if (cm_os_identify(path, &at, NULL)) {
    snprintf(hint, sizeof hint, "fetch it again: cmdai models pull %s; or: cmdai models prune",
             id);
    cm_doctor_say(d, section, id, CM_WARN, hint, "its file is gone: %s", path);
  } else if (at.bytes != x->at.bytes || at.mtime_ns != x->at.mtime_ns) {
    snprintf(hint, sizeof hint, "cmdai models verify %s", id);
    cm_doctor_say(d, section, id, CM_WARN, hint,
                  "its file has changed since it was checked: %.1f MB, and %.1f MB then",
                  (double)at.bytes / 1e6, (double)x->at.bytes / 1e6);
  } else {
    cm_doctor_say(d, section, id, CM_WELL, NULL, "%.1f MB, as it was when it was checked",
                  (double)at.bytes / 1e6);
  }
}

static void folder(cm_doctor *d, const cm_shelf *s, size_t n, uint64_t bytes) {
  const uint64_t room = cm_os_free_bytes(s->dir);
  if (!cm_os_may_write(s->dir)) {
    cm_doctor_say(d, section, "store", CM_WARN,
                  "no model can be fetched; let CMDAI_CACHE_DIR name a folder that you may write",
                  "%s can't be written", s->dir);
    return;
  }
  cm_doctor_say(d, section, "store", CM_WELL, NULL, "%s: %zu model%s, %.1f MB", s->dir, n,
                n == 1 ? "" : "s", (double)bytes / 1e6);
  if (room < UINT64_C(1000000000))
    cm_doctor_say(d, section, "room", CM_WARN, "make room before you fetch a model",
                  "%.0f MB are free on its disk", (double)room / 1e6);
}

static void inventory(cm_doctor *d, const cm_shelf *s) {
  cm_err e = {0};
  uint64_t bytes = 0;
  cm_inventory *m = cm_inventory_new(&e);
  if (!m || cm_store_read(&s->store, m, &e)) {
    cm_doctor_say(d, section, "manifest", CM_WARN,
                  "move it away: then cmdai models pull and import take the files in again", "%s",
                  e.msg);
  } else {
    for (size_t i = 0; i < m->n; i++) bytes += m->models[i].at.bytes;
    folder(d, s, m->n, bytes);
    for (size_t i = 0; i < m->n; i++) entry(d, &s->store, &m->models[i]);
  }
  cm_inventory_free(m);
}

static void store(cm_doctor *d) {
  cm_err e = {0};
  cm_shelf *s = cm_alloc(1, sizeof *s);
  cm_code code =
      s ? cm_shelf_open(s, &d->silent, &e) : cm_fail(&e, CM_E_NOMEM, 0, "out of memory");
  if (code)
    cm_doctor_say(d, section, "store", CM_WARN, "set HOME, XDG_CACHE_HOME or CMDAI_CACHE_DIR",
                  "%s", e.msg);
  else inventory(d, s);
  d->offline = code ? d->o->offline : s->store.o.offline;
  cm_free(s);
}

/* --- the one that is asked for --- */

static void wanted(cm_doctor *d) {
  static cm_found found; /* stays in use until the program ends */
  const char *name = cm_opts_model(d->o);
  cm_os_identity at;
  cm_err e = {0};
  cm_buf from;
  if (!name || !cm_opened_is_file(d->o)) return;
  cm_buf_init(&from, 1 << 16);
  const cm_opt *opt = cm_opt_named(CM_STR("model"));
  cm_setting_from(opt, cm_opts_setting(d->o, opt)->origin, &from);
  cm_code code = cm_model_find(&d->silent, name, false, &found, &e);
  if (!code) code = cm_os_identify(found.path, &at, &e);
  if (code)
    cm_doctor_say(d, section, "model", d->status ? CM_ILL : CM_WARN,
                  "see cmdai models list, or name another one", "%s (%s): %s", name,
                  from.p ? from.p : "", e.msg);
  else
    cm_doctor_say(d, section, "model", CM_WELL, NULL, "%s (%s): %s, %.1f MB", name,
                  from.p ? from.p : "", found.path, (double)at.bytes / 1e6);
  cm_buf_close(&from);
}

void cm_doctor_models(cm_doctor *d) {
  embedded(d);
  store(d);
  wanted(d);
}
