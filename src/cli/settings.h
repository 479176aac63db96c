/* cli/settings: the settings and where they came from, as text and JSON. */
#ifndef CM_CLI_SETTINGS_H
#define CM_CLI_SETTINGS_H
#include "cli/opts.h"
#include "data/json.h"

/* "default", "/home/ada/.config/cmdai/config.yaml:3", "CMDAI_SAFETY" or "command line". `opt` is
 * NULL for lists. Safe for a terminal. */
void cm_setting_from(const cm_opt *opt, cm_origin origin, cm_buf *out);
/* A value fit for a terminal, and without the password of an address. */
void cm_setting_value(const char *text, cm_buf *out);

/* What a setting is, as it is written; NULL: nothing, which means what the help says. */
const char *cm_setting_text(const cm_opts *o, const cm_opt *opt);

/* Rows "KEY VALUE FROM" with a head: all settings, or with `changed` only those that somebody set.
 * Each item of the lists has a row. */
void cm_settings_table(const cm_opts *o, bool changed, cm_buf *out);

/* The members "settings" and "lists" of an open object; only `only` if it isn't NULL, and then no
 * lists. */
void cm_settings_json(const cm_opts *o, const cm_opt *only, bool changed, cm_jw *w);
/* The members "user_file" and "project_file". */
void cm_settings_files_json(cm_jw *w);

/* The project's file as an absolute path where that can be told. */
void cm_settings_project_path(char *out, size_t size);

#endif
