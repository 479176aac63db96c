/* cmdai doctor: whether requests will be answered here, and what to do if not. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cpu.h"
#include "base/os.h"
#include "cli/doctor.h"
#include "cli/settings.h"

enum { ARENA_MAX = 32 << 20, OUT_MAX = 32 << 20, TEXT_MAX = 1 << 16 };

static const char *const states[] = {[CM_WELL] = "ok", [CM_WARN] = "warn", [CM_ILL] = "fail"};

static const char *keep(cm_doctor *d, const char *text) {
  const char *copy = text ? cm_arena_strdup(d->arena, text, strlen(text)) : NULL;
  return copy || !text ? copy : "out of memory";
}

void cm_doctor_say(cm_doctor *d, const char *section, const char *name, cm_health health,
                   const char *hint, const char *fmt, ...) {
  va_list ap;
  cm_buf b;
  if (d->n == CM_CHECKS_MAX) return;
  cm_buf_init(&b, TEXT_MAX);
  va_start(ap, fmt);
  cm_buf_vprintf(&b, fmt, ap);
  va_end(ap);
  d->checks[d->n++] =
      (cm_check){section, keep(d, name), health, keep(d, b.p ? b.p : ""), keep(d, hint)};
  cm_buf_close(&b);
}

/* --- the report --- */

/* The order of the report; a part that finds nothing has no head. */
static const char *const sections[] = {"machine", "models",    "backends", "configuration",
                                       "sandbox", "libraries", "network"};
enum { SECTIONS = sizeof sections / sizeof *sections };

static void put_check(const cm_check *c, cm_buf *out) {
  cm_buf_printf(out, "  %-4s  ", c->health == CM_ILL ? "FAIL" : states[c->health]);
  cm_ui_escape(cm_str_of(c->name), out);
  cm_buf_puts(out, ": ");
  cm_ui_escape(cm_str_of(c->text), out);
  cm_buf_putc(out, '\n');
  if (!c->hint) return;
  cm_buf_puts(out, "        -> ");
  cm_ui_escape(cm_str_of(c->hint), out);
  cm_buf_putc(out, '\n');
}

static void put_text(const cm_doctor *d, cm_buf *out) {
  for (size_t s = 0; s < SECTIONS; s++) {
    bool headed = false;
    for (size_t i = 0; i < d->n; i++) {
      if (strcmp(d->checks[i].section, sections[s]) != 0) continue;
      if (!headed) cm_buf_printf(out, "%s\n", sections[s]);
      headed = true;
      put_check(&d->checks[i], out);
    }
  }
  if (d->status) cm_buf_printf(out, "A request would fail, with status %d.\n", d->status);
  else cm_buf_puts(out, "Requests are answered.\n");
}

static void put_machine(const cm_doctor *d, cm_jw *w) {
  char name[128];
  cm_os_cpu_name(name, sizeof name);
  cm_jw_key(w, "machine");
  cm_jw_begin_object(w);
  cm_jw_put_text(w, "os", cm_os_name());
  cm_jw_put_text(w, "processor", name);
  cm_jw_put_u64(w, "cores", cm_os_cpu_count());
  cm_jw_put_text(w, "instructions", cm_isa_name(cm_cpu_best()));
  cm_jw_key(w, "available");
  cm_jw_begin_array(w);
  for (int i = 0; i < CM_ISA_COUNT; i++)
    if (cm_cpu_has((cm_isa)i)) cm_jw_text(w, cm_isa_name((cm_isa)i));
  cm_jw_end_array(w);
  cm_jw_put_u64(w, "memory_bytes", cm_os_memory_bytes());
  cm_jw_put_f64(w, "read_bytes_per_second", d->bytes_per_second);
  cm_jw_end_object(w);
}

static void put_json(const cm_doctor *d, cm_buf *out) {
  cm_jw w;
  cm_jw_init(&w, out, 2);
  cm_jw_begin_object(&w);
  cm_jw_put_text(&w, "schema", "cmdai.doctor/1");
  cm_jw_put_text(&w, "version", CM_VERSION);
  cm_jw_put_u64(&w, "status", (uint64_t)d->status);
  put_machine(d, &w);
  cm_jw_put_bool(&w, "offline", d->offline);
  cm_jw_key(&w, "checks");
  cm_jw_begin_array(&w);
  for (size_t s = 0; s < SECTIONS; s++) {
    for (size_t i = 0; i < d->n; i++) {
      const cm_check *c = &d->checks[i];
      if (strcmp(c->section, sections[s]) != 0) continue;
      cm_jw_begin_object(&w);
      cm_jw_put_text(&w, "section", c->section);
      cm_jw_put_text(&w, "name", c->name);
      cm_jw_put_text(&w, "state", states[c->health]);
      cm_jw_put_text(&w, "text", c->text);
      cm_jw_put_text(&w, "hint", c->hint);
      cm_jw_end_object(&w);
    }
  }
  cm_jw_end_array(&w);
  cm_settings_json(d->o, NULL, true, &w);
  cm_jw_end_object(&w);
  cm_buf_putc(out, '\n');
}

static int examine(cm_doctor *d) {
  cm_buf out;
  cm_doctor_backends(d);
  cm_doctor_machine(d);
  cm_doctor_models(d);
  cm_doctor_around(d);
  cm_buf_init(&out, OUT_MAX);
  if (cm_opts_document(d->o)) put_json(d, &out);
  else put_text(d, &out);
  const int status = cm_ui_out_as(d->o, &out);
  return status ? status : d->status;
}

int cm_cmd_doctor(const cm_opts *o, char **operands, size_t n) {
  if (n)
    return cm_ui_fail(CM_EXIT_USAGE, "usage: cmdai doctor; did you mean: cmdai ask doctor %s ...?",
                      operands[0]);
  cm_doctor *d = cm_alloc(1, sizeof *d);
  if (d) d->arena = cm_arena_open(ARENA_MAX);
  int status = CM_EXIT_NO_BACKEND;
  if (d && d->arena) {
    d->o = o;
    d->silent = *o;
    d->silent.quiet = true;
    d->silent.pull = false;
    status = examine(d);
    cm_arena_close(d->arena);
  } else {
    cm_ui_fail(status, "out of memory");
  }
  cm_free(d);
  return status;
}
