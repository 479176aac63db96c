/* cmdai models: model files. */
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "base/pool.h"
#include "cli/cli.h"
#include "cli/inspect_json.h"
#include "cli/models.h"
#include "convert/quantize.h"
#include "gguf/inspect.h"

/* A file beyond our limits is as unusable as a malformed one. */
static int model_fail(const cm_err *e) {
  int status = e->code == CM_E_LIMIT ? CM_EXIT_MODEL : cm_ui_status(e);
  return cm_ui_fail(status, "%s", e->msg);
}

static int inspect(const cm_opts *o, char **args, size_t n) {
  (void)n;
  cm_err e = {0};
  cm_gguf *f = NULL;
  cm_buf b;
  if (cm_gguf_open(args[0], &f, &e)) return model_fail(&e);
  cm_buf_init(&b, 256 << 20);
  if (cm_opts_document(o)) cm_inspect_json(f, o->ctx, &b);
  else cm_gguf_inspect(f, o->ctx, &b);
  cm_gguf_close(f);
  return cm_ui_out_as(o, &b);
}

static int unknown_mix(const char *name) {
  cm_buf b;
  cm_buf_init(&b, 1 << 12);
  for (int i = 0; cm_mix_of((cm_mix_id)i); i++)
    cm_buf_printf(&b, " %s", cm_mix_of((cm_mix_id)i)->name);
  cm_ui_fail(CM_EXIT_USAGE, "no such type or mixture: %.40s; there are%s", name, b.p ? b.p : "");
  cm_buf_close(&b);
  return CM_EXIT_USAGE;
}

static int quantize(const cm_opts *o, char **args, size_t n) {
  (void)n;
  if (!cm_mix_by_name(args[2])) return unknown_mix(args[2]);
  cm_err e = {0};
  cm_pool *pool = NULL;
  cm_quantize_stats stats = {0};
  cm_code code = cm_pool_open(&pool, o->threads ? o->threads : cm_os_cpu_count(), &e);
  if (!code) code = cm_quantize_file(args[0], args[1], args[2], o->requantize, pool, &stats, &e);
  cm_pool_close(pool);
  if (code) return model_fail(&e);
  cm_ui_note(o, "%s: %s, %.1f MB from %.1f MB", args[1], args[2], (double)stats.bytes_out / 1e6,
             (double)stats.bytes_in / 1e6);
  return CM_EXIT_OK;
}

enum { ANY = 1000 };

static const struct {
  const char *name;
  size_t least, most; /* operands */
  int (*run)(const cm_opts *o, char **args, size_t n);
  const char *usage;
} actions[] = {
    {"list", 0, 0, cm_models_list, "cmdai models list"},
    {"pull", 1, ANY, cm_models_pull, "cmdai models pull NAME|hf:OWNER/REPO/FILE[@REV]|URL..."},
    {"import", 1, 1, cm_models_import, "cmdai models import FILE.gguf"},
    {"verify", 0, ANY, cm_models_verify, "cmdai models verify [NAME]..."},
    {"rm", 1, ANY, cm_models_rm, "cmdai models rm NAME..."},
    {"prune", 0, 0, cm_models_prune, "cmdai models prune"},
    {"path", 0, 1, cm_models_path, "cmdai models path [NAME]"},
    {"inspect", 1, 1, inspect, "cmdai models inspect FILE.gguf"},
    {"quantize", 3, 3, quantize, "cmdai models quantize IN.gguf OUT.gguf TYPE"},
};

int cm_cmd_models(const cm_opts *o, char **operands, size_t n) {
  for (size_t i = 0; n && i < sizeof actions / sizeof *actions; i++) {
    if (strcmp(operands[0], actions[i].name) != 0) continue;
    if (n - 1 >= actions[i].least && n - 1 <= actions[i].most)
      return actions[i].run(o, operands + 1, n - 1);
    return cm_ui_fail(CM_EXIT_USAGE, "usage: %s; did you mean: cmdai ask models %s ...?",
                      actions[i].usage, operands[0]);
  }
  return cm_ui_fail(CM_EXIT_USAGE,
                    "usage: cmdai models list|pull|import|verify|rm|prune|path|inspect|quantize "
                    "...; did you mean: cmdai ask models ...?");
}
