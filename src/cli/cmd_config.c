/* cmdai config: the settings, where they come from, and the user's file. */
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/os_file.h"
#include "base/os_private.h"
#include "cli/cli.h"
#include "cli/config.h"
#include "cli/config_edit.h"
#include "cli/settings.h"
#include "data/yaml.h"

enum { OUT_MAX = 16 << 20, ARENA_MAX = 64 << 20, PATH_SIZE = 4096, WAIT_MS = 20, WAITS = 100 };

/* What is wrong with a file of settings is wrong usage, whatever it is. */
static int fail(const cm_err *e) {
  const bool plain = e->code == CM_E_WRITE || e->code == CM_E_NOMEM;
  return cm_ui_fail(plain ? cm_ui_status(e) : CM_EXIT_USAGE, "%s", e->msg);
}

/* --- showing --- */

/* `files` alone, or the settings too: all of them, or one. */
static int put_document(const cm_opts *o, bool settings, const cm_opt *only) {
  cm_buf b;
  cm_jw w;
  cm_buf_init(&b, OUT_MAX);
  cm_jw_init(&w, &b, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_text(&w, "schema", "cmdai.config/1");
  cm_settings_files_json(&w);
  if (settings) cm_settings_json(o, only, false, &w);
  cm_jw_end_object(&w);
  cm_buf_putc(&b, '\n');
  return cm_ui_out_as(o, &b);
}

static int show(const cm_opts *o, char **args) {
  (void)args;
  if (o->wrong) return fail(o->wrong);
  if (cm_opts_document(o)) return put_document(o, true, NULL);
  cm_buf b;
  cm_buf_init(&b, OUT_MAX);
  cm_settings_table(o, false, &b);
  return cm_ui_out_buf(&b);
}

static bool is_list(const char *key) {
  return strcmp(key, "allow") == 0 || strcmp(key, "deny") == 0;
}

static const cm_opt *known(const char *key, cm_err *e) {
  const cm_opt *opt = cm_config_setting(cm_str_of(key));
  if (is_list(key))
    cm_fail(e, CM_E_USAGE, 0, "%s is a list: see cmdai config show, and edit the file by hand",
            key);
  else if (!opt) cm_config_unknown(cm_str_of(key), e);
  return opt;
}

static int get(const cm_opts *o, char **args) {
  cm_err e = {0};
  const cm_opt *opt = known(args[0], &e);
  if (!opt) return fail(&e);
  if (o->wrong) return fail(o->wrong);
  if (cm_opts_document(o)) return put_document(o, true, opt);
  const char *text = cm_setting_text(o, opt);
  cm_buf b;
  cm_buf_init(&b, OUT_MAX);
  if (text) cm_buf_printf(&b, "%s\n", text);
  return cm_ui_out_buf(&b);
}

static void put_path(const char *what, const char *path, cm_buf *out) {
  cm_os_identity at;
  cm_buf_printf(out, "%-8s ", what);
  cm_ui_escape(cm_str_of(path), out);
  cm_buf_puts(out, cm_os_identify(path, &at, NULL) ? " (not there)\n" : "\n");
}

static int paths(const cm_opts *o, char **args) {
  char path[PATH_SIZE];
  cm_err e = {0};
  cm_buf b;
  (void)args;
  if (cm_config_user_path(path, sizeof path, &e)) return fail(&e);
  if (cm_opts_document(o)) return put_document(o, false, NULL);
  cm_buf_init(&b, OUT_MAX);
  if (path[0]) put_path("user", path, &b);
  else cm_buf_puts(&b, "user     none: neither XDG_CONFIG_HOME nor HOME is set\n");
  cm_settings_project_path(path, sizeof path);
  put_path("project", path, &b);
  return cm_ui_out_buf(&b);
}

/* --- changing --- */

typedef struct change {
  const cm_opts *o;
  const char *key, *value; /* value NULL: take it out */
  char path[PATH_SIZE];
  int lock;
  cm_arena *arena;
  cm_buf old, new;
  bool changed;
} change;

/* Two changes at once would lose one. Where the folder can't be locked, they may. */
static void lock_folder(change *c) {
  char folder[PATH_SIZE];
  memcpy(folder, c->path, sizeof folder);
  *strrchr(folder, '/') = 0;
  for (unsigned i = 0; i < WAITS && c->lock < 0; i++) {
    if (i) cm_os_sleep_ms(WAIT_MS);
    if (cm_os_lock_try(folder, CM_OS_ALONE, false, &c->lock, NULL)) return;
  }
}

static cm_code read_old(change *c, cm_err *e) {
  cm_code code = cm_config_user_path(c->path, sizeof c->path, e);
  if (!code && !c->path[0])
    code = cm_fail(e, CM_E_USAGE, 0, "neither XDG_CONFIG_HOME nor HOME is set: no file to change");
  if (!code && c->value) code = cm_os_make_private(c->path, e);
  if (code) return code;
  lock_folder(c);
  cm_err reading = {0};
  code = cm_os_read_file(c->path, &c->old, &reading);
  if (code == CM_E_NOTFOUND) return CM_OK;
  if (code) *e = reading;
  return code;
}

/* The new text has to be one that this program accepts, in all its lines. */
static cm_code make_new(change *c, cm_err *e) {
  const cm_str old = {c->old.p ? c->old.p : "", c->old.n};
  cm_opts scratch;
  cm_code code =
      cm_config_edit(old, c->path, cm_str_of(c->key), c->value, c->arena, &c->new, &c->changed, e);
  if (code || !c->changed || !c->value) return code;
  cm_opts_defaults(&scratch);
  const cm_str text = {c->new.p ? c->new.p : "", c->new.n};
  return cm_config_read(&scratch, text, c->path, c->arena, e);
}

static cm_code write_new(change *c, cm_err *e) {
  cm_os_out out;
  cm_code code = cm_os_out_private(&out, c->path, true, e);
  if (code) return code;
  code = cm_os_out_write(&out, c->new.p ? c->new.p : "", c->new.n, e);
  if (!code) return cm_os_out_commit(&out, e);
  cm_os_out_abort(&out);
  return code;
}

/* Says so when the change has no effect, because something else comes before the file. */
static int conclude(const change *c, const cm_opt *opt) {
  cm_opts now;
  cm_err e = {0};
  cm_opts_defaults(&now);
  if (cm_config_load(&now, c->arena, &e) || cm_opts_environment(&now, &e)) {
    cm_ui_note(c->o, "but other settings are wrong: %s", e.msg);
    return CM_EXIT_OK;
  }
  if (!opt) return CM_EXIT_OK;
  const cm_setting *s = cm_opts_setting(&now, opt);
  if (s->origin.from > CM_FROM_USER) {
    cm_buf from;
    cm_buf_init(&from, 1 << 16);
    cm_setting_from(opt, s->origin, &from);
    cm_ui_note(c->o, "%s stays \"%s\": %s comes before the file", opt->name, s->text,
               from.p ? from.p : "");
    cm_buf_close(&from);
  }
  return cm_opts_document(c->o) ? put_document(&now, true, opt) : CM_EXIT_OK;
}

static int apply(const cm_opts *o, const char *key, const char *value, const cm_opt *opt) {
  change c = {.o = o, .key = key, .value = value, .lock = -1, .arena = cm_arena_open(ARENA_MAX)};
  cm_err e = {0};
  cm_buf_init(&c.old, CM_YAML_BYTES_MAX);
  cm_buf_init(&c.new, CM_YAML_BYTES_MAX);
  cm_code code = c.arena ? read_old(&c, &e) : cm_fail(&e, CM_E_NOMEM, 0, "out of memory");
  if (!code) code = make_new(&c, &e);
  if (!code && c.changed) code = write_new(&c, &e);
  if (!code && !c.changed && !opt && !is_list(key)) code = cm_config_unknown(cm_str_of(key), &e);
  if (!code && !c.changed && !value) cm_ui_note(o, "%s is not set in %s", key, c.path);
  const int status = code ? fail(&e) : conclude(&c, opt);
  cm_os_unlock(c.lock);
  cm_buf_close(&c.old);
  cm_buf_close(&c.new);
  cm_arena_close(c.arena);
  return status;
}

static int set(const cm_opts *o, char **args) {
  cm_opts scratch;
  cm_err e = {0};
  const cm_opt *opt = known(args[0], &e);
  if (!opt) return fail(&e);
  cm_opts_defaults(&scratch);
  const cm_origin from = {CM_FROM_USER, 0};
  return cm_opts_set(&scratch, opt, from, opt->name, args[1], &e)
             ? fail(&e)
             : apply(o, args[0], args[1], opt);
}

/* Also a key that this version doesn't know: that is how a file becomes right again. */
static int unset(const cm_opts *o, char **args) {
  return apply(o, args[0], NULL, cm_config_setting(cm_str_of(args[0])));
}

static const struct {
  const char *name;
  size_t operands;
  int (*run)(const cm_opts *o, char **args);
  const char *usage;
} actions[] = {
    {"show", 0, show, "cmdai config show"},        {"get", 1, get, "cmdai config get KEY"},
    {"set", 2, set, "cmdai config set KEY VALUE"}, {"unset", 1, unset, "cmdai config unset KEY"},
    {"path", 0, paths, "cmdai config path"},
};

int cm_cmd_config(const cm_opts *o, char **operands, size_t n) {
  for (size_t i = 0; n && i < sizeof actions / sizeof *actions; i++) {
    if (strcmp(operands[0], actions[i].name) != 0) continue;
    if (n - 1 == actions[i].operands) return actions[i].run(o, operands + 1);
    return cm_ui_fail(CM_EXIT_USAGE, "usage: %s; did you mean: cmdai ask config %s ...?",
                      actions[i].usage, operands[0]);
  }
  return cm_ui_fail(
      CM_EXIT_USAGE,
      "usage: cmdai config show|get|set|unset|path ...; did you mean: cmdai ask config ...?");
}
