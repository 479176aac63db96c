/* What -m means. */
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "cli/models.h"
#include "data/sha256.h"

/* "491 MB from https://huggingface.co/…, licence apache-2.0" */
static void describe(const cm_ref *ref, cm_buf *out) {
  const cm_model_row *row = ref->row;
  if (row) cm_buf_printf(out, "%u MB, licence %s, ", row->megabytes, row->licence);
  cm_buf_printf(out, "from %s", ref->url);
}

/* A person at a terminal is asked; anything but yes is no. */
static cm_code ask(const cm_ref *ref, bool *agreed, cm_err *e) {
  cm_buf question, answer, safe;
  cm_buf_init(&question, 1 << 14);
  cm_buf_init(&safe, 1 << 16);
  cm_buf_init(&answer, 64);
  cm_buf_printf(&question, "The model %s is not here: ", ref->id);
  describe(ref, &question);
  cm_ui_escape((cm_str){question.p ? question.p : "", question.n}, &safe);
  cm_buf_puts(&safe, ". Fetch it? [y/N] ");
  cm_code code = cm_os_ask_terminal(safe.p ? safe.p : "", &cm_ui_cancel, &answer, e);
  const cm_str typed = cm_str_trim((cm_str){answer.p ? answer.p : "", answer.n});
  *agreed = !code && !answer.overflow && (cm_str_is(typed, "y") || cm_str_is(typed, "yes"));
  cm_buf_close(&question);
  cm_buf_close(&safe);
  cm_buf_close(&answer);
  return code == CM_E_CANCELLED ? code : CM_OK;
}

static cm_code is_missing(const cm_ref *ref, const char *name, cm_err *e) {
  char size[64] = "";
  if (ref->row) snprintf(size, sizeof size, " (%u MB)", ref->row->megabytes);
  return cm_fail(e, CM_E_NOTFOUND, 0,
                 "the model %.90s is not here%s; fetch it with: cmdai models pull %.90s", ref->id,
                 size, name);
}

/* A model of the store; it may have to be fetched. */
static cm_code from_store(cm_shelf *s, const char *name, cm_found *out, cm_err *e) {
  cm_ref ref;
  cm_pulled pulled;
  bool agreed = false;
  cm_code code = cm_ref_parse(cm_str_of(name), s->store.o.endpoint, &ref, e);
  if (!code) code = cm_store_find(&s->store, cm_str_of(ref.id), out, e);
  if (code != CM_E_NOTFOUND) return code;
  code = CM_OK;
  agreed = s->o->pull;
  if (!agreed && !s->store.o.offline && !s->o->quiet && cm_os_is_tty(CM_OS_STDERR))
    code = ask(&ref, &agreed, e);
  if (code) return code;
  if (!agreed) return is_missing(&ref, name, e);
  code = cm_shelf_pull(s, &ref, &pulled, e);
  return code ? code : cm_store_find(&s->store, cm_str_of(ref.id), out, e);
}

/* "file:NAME" is what an imported file is called. */
static bool is_stored(cm_str name) {
  return cm_ref_is_one(name) || cm_str_starts(name, CM_STR("file:"));
}

static cm_code find(cm_shelf *s, const char *name, bool hash, cm_found *out, cm_err *e) {
  cm_os_identity at;
  const bool is_there = cm_os_identify(name, &at, NULL) == CM_OK;
  if (!is_there && cm_str_starts(cm_str_of(name), CM_STR("file:")))
    return cm_store_find(&s->store, cm_str_of(name), out, e);
  if (!is_there && is_stored(cm_str_of(name))) return from_store(s, name, out, e);
  const int n = snprintf(out->path, sizeof out->path, "%s", name);
  if (n < 0 || (size_t)n >= sizeof out->path)
    return cm_fail(e, CM_E_IO, 0, "the path of the model is too long");
  return hash && is_there ? cm_store_sha256(&s->store, name, out->sha256, e) : CM_OK;
}

cm_code cm_model_find(const cm_opts *o, const char *name, bool hash, cm_found *out, cm_err *e) {
  *out = (cm_found){.hold = -1};
  if (!name) return CM_OK;
  if (!*name)
    return cm_fail(e, CM_E_NOTFOUND, 0, "can't open a model without a name: No such file");
  cm_shelf *s = cm_alloc(1, sizeof *s);
  if (!s) return cm_fail(e, CM_E_NOMEM, 0, "out of memory");
  cm_err opening = {0};
  cm_code code = cm_shelf_open(s, o, &opening);
  if (!code) code = find(s, name, hash, out, e);
  else if (is_stored(cm_str_of(name))) {
    if (e) *e = opening;
  } else { /* a path needs no store */
    snprintf(out->path, sizeof out->path, "%s", name);
    code = hash ? cm_sha256_file(name, out->sha256, e) : CM_OK;
  }
  cm_free(s);
  return code;
}

const char *cm_model_path(const cm_found *m) { return m->path[0] ? m->path : NULL; }

void cm_model_name_hash(const cm_found *m, char sha256[65]) {
  if (!sha256[0]) memcpy(sha256, m->sha256, 65);
}
