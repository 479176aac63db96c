/* Configuration, sandbox, libraries that are opened when they are needed, network. */
#include <stdio.h>
#include <string.h>

#include "base/os_file.h"
#include "cli/doctor.h"
#include "cli/settings.h"
#include "net/fetch.h"
#include "sandbox/sandbox.h"
#include "serve/serve.h"

/* --- configuration --- */

static void setting(cm_doctor *d, const cm_opt *opt) {
  cm_buf value, from;
  cm_buf_init(&value, 1 << 16);
  cm_buf_init(&from, 1 << 16);
  const char *text = cm_setting_text(d->o, opt);
  cm_setting_value(text ? text : "-", &value);
  cm_setting_from(opt, cm_opts_setting(d->o, opt)->origin, &from);
  const bool is_open =
      text && cm_str_ends(cm_str_of(opt->name), CM_STR("-key-file")) && !cm_os_is_private(text);
  cm_doctor_say(d, "configuration", opt->name, is_open ? CM_WARN : CM_WELL,
                is_open ? "it has to be there, for you alone: chmod 600" : NULL, "%s (%s)%s",
                value.p ? value.p : "", from.p ? from.p : "",
                is_open ? ": others may read the key, or there is none" : "");
  cm_buf_close(&value);
  cm_buf_close(&from);
}

static void configuration(cm_doctor *d) {
  if (d->o->wrong)
    cm_doctor_say(d, "configuration", "files", CM_ILL,
                  "correct the line, or take it out: cmdai config unset KEY", "%s",
                  d->o->wrong->msg);
  for (size_t i = 0; cm_opt_at(i); i++)
    if (cm_opt_is_setting(cm_opt_at(i)) &&
        cm_opts_setting(d->o, cm_opt_at(i))->origin.from != CM_FROM_DEFAULT)
      setting(d, cm_opt_at(i));
  if (d->o->n_allow || d->o->n_deny)
    cm_doctor_say(d, "configuration", "lists", CM_WELL, NULL, "%zu allowed, %zu denied",
                  d->o->n_allow, d->o->n_deny);
}

/* --- sandbox --- */

static void say_lacks(unsigned lacks, cm_buf *out) {
  static const struct {
    unsigned bit;
    const char *what;
  } names[] = {{CM_SANDBOX_NO_CHMOD, "changes of modes and owners"},
               {CM_SANDBOX_NO_TMP, "/tmp"},
               {CM_SANDBOX_NO_PROC, "/proc"},
               {CM_SANDBOX_NO_HOME, "a home at its usual path"},
               {CM_SANDBOX_NO_SIGNALS, "kill"},
               {CM_SANDBOX_NO_CLOCK, "a clock of its own"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (lacks & names[i].bit) cm_buf_printf(out, "%s%s", out->n ? ", " : "", names[i].what);
}

static void sandbox(cm_doctor *d) {
  static const char hint[] =
      "install bubblewrap (apt-get install bubblewrap); only cmdai test "
      "executes commands in it";
  cm_sandbox *s = NULL;
  cm_err e = {0}, why = {0};
  cm_buf lacks;
  cm_buf_init(&lacks, 1 << 10);
  if (cm_sandbox_open(&s, CM_SANDBOX_AUTO, &e)) {
    cm_doctor_say(d, "sandbox", "mechanism", CM_WARN, hint, "none works here: %s", e.msg);
  } else if (!cm_sandbox_lacks(s)) {
    cm_doctor_say(d, "sandbox", "mechanism", CM_WELL, NULL, "%s", cm_sandbox_name(s));
  } else {
    cm_sandbox *better = NULL;
    say_lacks(cm_sandbox_lacks(s), &lacks);
    (void)cm_sandbox_open(&better, CM_SANDBOX_BWRAP, &why);
    cm_sandbox_close(better);
    cm_doctor_say(d, "sandbox", "mechanism", CM_WARN, hint,
                  "%s, which lacks: %s; the better one: %s", cm_sandbox_name(s),
                  lacks.p ? lacks.p : "", why.msg);
  }
  cm_buf_close(&lacks);
  cm_sandbox_close(s);
}

/* --- libraries --- */

static void libraries(cm_doctor *d) {
  cm_err e = {0};
  if (cm_fetch_ready(&e))
    cm_doctor_say(
        d, "libraries", "libcurl", CM_WARN,
        "install it (apt-get install libcurl4): models are fetched and servers are asked "
        "with it",
        "%s", e.msg);
  else cm_doctor_say(d, "libraries", "libcurl", CM_WELL, NULL, "there");
  if (cm_serve_ready(&e))
    cm_doctor_say(d, "libraries", "libmicrohttpd", CM_WARN,
                  "install it (apt-get install libmicrohttpd12): cmdai serve answers with it",
                  "%s", e.msg);
  else cm_doctor_say(d, "libraries", "libmicrohttpd", CM_WELL, NULL, "there");
}

void cm_doctor_around(cm_doctor *d) {
  configuration(d);
  sandbox(d);
  libraries(d);
  cm_doctor_say(d, "network", "use", CM_WELL, NULL, "%s",
                d->offline ? "off (--offline, CMDAI_OFFLINE or HF_HUB_OFFLINE): an error"
                           : "on: only where a model is fetched or a server is asked");
}
