#include "cli/settings.h"

#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/os_file.h"
#include "cli/cli.h"
#include "cli/config.h"

enum { PATH_SIZE = 4096, TEXT_MAX = 1 << 16 };

void cm_settings_project_path(char *out, size_t size) {
  char cwd[PATH_SIZE];
  int n = -1;
  if (!cm_os_cwd(cwd, sizeof cwd, NULL))
    n = snprintf(out, size, "%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, CM_CONFIG_PROJECT);
  if (n < 0 || (size_t)n >= size) snprintf(out, size, "%s", CM_CONFIG_PROJECT);
}

/* Of the user's or the project's file; others have none. */
static const char *file_of(cm_origin origin, char path[PATH_SIZE]) {
  path[0] = 0;
  if (origin.from == CM_FROM_USER) (void)cm_config_user_path(path, PATH_SIZE, NULL);
  if (origin.from == CM_FROM_PROJECT) cm_settings_project_path(path, PATH_SIZE);
  return path[0] ? path : NULL;
}

void cm_setting_from(const cm_opt *opt, cm_origin origin, cm_buf *out) {
  char path[PATH_SIZE];
  const char *file = file_of(origin, path);
  if (file) {
    cm_ui_escape(cm_str_of(file), out);
    cm_buf_printf(out, ":%u", origin.line);
  } else if (origin.from == CM_FROM_ENVIRONMENT && opt) {
    cm_buf_puts(out, opt->env);
  } else {
    cm_buf_puts(out, origin.from == CM_FROM_COMMAND_LINE ? "command line" : "default");
  }
}

/* An address without what may be a secret: what stands before its host, and its query. */
static void put_address(const char *text, const char *host, cm_buf *out) {
  const char *at = strrchr(host, '@');
  cm_buf_add(out, text, (size_t)(host - text));
  if (at) cm_buf_puts(out, "***");
  const char *rest = at ? at : host;
  const size_t n = strcspn(rest, "?#");
  cm_buf_add(out, rest, n);
  if (rest[n]) cm_buf_puts(out, "?***");
}

/* Addresses of servers may come without a scheme; other texts stay as they are. */
static void put_shown(const char *text, cm_buf *out) {
  const char *scheme = strstr(text, "://");
  const size_t n = strcspn(text, "/?#@");
  if (scheme) put_address(text, scheme + 3, out);
  else if (text[n] == '@' && memchr(text, ':', n)) put_address(text, text, out);
  else cm_buf_puts(out, text);
}

void cm_setting_value(const char *text, cm_buf *out) {
  cm_buf b;
  cm_buf_init(&b, TEXT_MAX);
  put_shown(text, &b);
  cm_ui_escape((cm_str){b.p ? b.p : "", b.n}, out);
  cm_buf_close(&b);
}

const char *cm_setting_text(const cm_opts *o, const cm_opt *opt) {
  const char *text = cm_opts_setting(o, opt)->text;
  return !text && opt->kind == CM_OPT_FLAG ? "false" : text;
}

/* --- a table --- */

static void put_row(const cm_opt *opt, const char *key, const char *text, cm_origin origin,
                    cm_buf *out) {
  cm_buf value;
  cm_buf_init(&value, 8 * TEXT_MAX);
  cm_setting_value(text ? text : "-", &value);
  cm_buf_printf(out, "%-18s %-26s ", key, value.p ? value.p : "");
  cm_setting_from(opt, origin, out);
  cm_buf_putc(out, '\n');
  cm_buf_close(&value);
}

static bool is_shown(const cm_opts *o, const cm_opt *opt, bool changed) {
  return cm_opt_is_setting(opt) &&
         !(changed && cm_opts_setting(o, opt)->origin.from == CM_FROM_DEFAULT);
}

void cm_settings_table(const cm_opts *o, bool changed, cm_buf *out) {
  cm_buf_printf(out, "%-18s %-26s %s\n", "KEY", "VALUE", "FROM");
  for (size_t i = 0; cm_opt_at(i); i++)
    if (is_shown(o, cm_opt_at(i), changed))
      put_row(cm_opt_at(i), cm_opt_at(i)->name, cm_setting_text(o, cm_opt_at(i)),
              cm_opts_setting(o, cm_opt_at(i))->origin, out);
  for (size_t i = 0; i < o->n_allow; i++)
    put_row(NULL, "allow", o->allow[i], o->allow_from[i], out);
  for (size_t i = 0; i < o->n_deny; i++) put_row(NULL, "deny", o->deny[i], o->deny_from[i], out);
}

/* --- JSON --- */

static void put_value_json(const char *key, const char *text, cm_jw *w) {
  cm_buf b;
  cm_buf_init(&b, TEXT_MAX);
  if (text) put_shown(text, &b);
  cm_jw_key(w, key);
  if (text) cm_jw_str(w, (cm_str){b.p ? b.p : "", b.n});
  else cm_jw_null(w);
  cm_buf_close(&b);
}

static void put_origin_json(const cm_opt *opt, cm_origin origin, cm_jw *w) {
  static const char *const names[] = {[CM_FROM_DEFAULT] = "default",
                                      [CM_FROM_USER] = "user",
                                      [CM_FROM_PROJECT] = "project",
                                      [CM_FROM_ENVIRONMENT] = "environment",
                                      [CM_FROM_COMMAND_LINE] = "command-line"};
  char path[PATH_SIZE];
  const char *file = file_of(origin, path);
  cm_jw_put_text(w, "from", names[origin.from]);
  cm_jw_put_text(w, "file", file);
  cm_jw_key(w, "line");
  if (file) cm_jw_u64(w, origin.line);
  else cm_jw_null(w);
  cm_jw_put_text(w, "variable", opt && origin.from == CM_FROM_ENVIRONMENT ? opt->env : NULL);
}

static void put_setting_json(const cm_opts *o, const cm_opt *opt, cm_jw *w) {
  cm_jw_begin_object(w);
  cm_jw_put_text(w, "key", opt->name);
  put_value_json("value", cm_setting_text(o, opt), w);
  cm_jw_put_text(w, "default", opt->fallback);
  put_origin_json(opt, cm_opts_setting(o, opt)->origin, w);
  cm_jw_end_object(w);
}

static void put_list_json(const char *key, const char *const *items, const cm_origin *from,
                          size_t n, cm_jw *w) {
  cm_jw_key(w, key);
  cm_jw_begin_array(w);
  for (size_t i = 0; i < n; i++) {
    cm_jw_begin_object(w);
    cm_jw_put_text(w, "value", items[i]);
    put_origin_json(NULL, from[i], w);
    cm_jw_end_object(w);
  }
  cm_jw_end_array(w);
}

void cm_settings_json(const cm_opts *o, const cm_opt *only, bool changed, cm_jw *w) {
  cm_jw_key(w, "settings");
  cm_jw_begin_array(w);
  for (size_t i = 0; cm_opt_at(i); i++)
    if (only ? cm_opt_at(i) == only : is_shown(o, cm_opt_at(i), changed))
      put_setting_json(o, cm_opt_at(i), w);
  cm_jw_end_array(w);
  if (only) return;
  cm_jw_key(w, "lists");
  cm_jw_begin_object(w);
  put_list_json("allow", o->allow, o->allow_from, o->n_allow, w);
  put_list_json("deny", o->deny, o->deny_from, o->n_deny, w);
  cm_jw_end_object(w);
}

static void put_file_json(const char *key, const char *path, cm_jw *w) {
  cm_os_identity at;
  cm_jw_key(w, key);
  cm_jw_begin_object(w);
  cm_jw_put_text(w, "path", path[0] ? path : NULL);
  cm_jw_put_bool(w, "exists", path[0] && cm_os_identify(path, &at, NULL) == CM_OK);
  cm_jw_end_object(w);
}

void cm_settings_files_json(cm_jw *w) {
  char path[PATH_SIZE];
  (void)cm_config_user_path(path, sizeof path, NULL);
  put_file_json("user_file", path, w);
  cm_settings_project_path(path, sizeof path);
  put_file_json("project_file", path, w);
}
