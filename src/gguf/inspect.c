#include "gguf/inspect.h"

#include <inttypes.h>

#include "gguf/scan.h"

enum { STR_SHOWN = 200, ITEM_SHOWN = 24, ITEMS_SHOWN = 6 };

/* --- values ------------------------------------------------------------------------------- */

static void print_char(cm_buf *out, uint32_t cp, const char *p, size_t n) {
  if (cp == '\n') cm_buf_puts(out, "\\n");
  else if (cp == '\t') cm_buf_puts(out, "\\t");
  else if (cp == '\r') cm_buf_puts(out, "\\r");
  else if (cp == '"' || cp == '\\') cm_buf_printf(out, "\\%c", (char)cp);
  else if (cm_gguf_printable(cp)) cm_buf_add(out, p, n);
  else if (cp == UINT32_MAX || cp < 0x80) cm_buf_printf(out, "\\x%02x", (unsigned char)*p);
  else cm_buf_printf(out, "\\u%04x", (unsigned)cp);
}

void cm_gguf_print_str(cm_buf *out, cm_str s, size_t max) {
  size_t shown = s.n <= max ? s.n : cm_utf8_complete(s.p, max);
  cm_buf_putc(out, '"');
  for (size_t i = 0; i < shown;) {
    uint32_t cp;
    size_t n = cm_utf8_next(s.p + i, s.n - i, &cp);
    print_char(out, cp, s.p + i, n);
    i += n;
  }
  cm_buf_puts(out, shown < s.n ? "…\"" : "\"");
}

static void print_item(cm_buf *out, const cm_gguf_value *v, size_t max) {
  switch (v->type) {
    case CM_GGUF_STR: cm_gguf_print_str(out, v->s, max); break;
    case CM_GGUF_BOOL: cm_buf_puts(out, v->u ? "true" : "false"); break;
    case CM_GGUF_F32: cm_buf_printf(out, "%.7g", v->f); break;
    case CM_GGUF_F64: cm_buf_printf(out, "%.16g", v->f); break;
    case CM_GGUF_I8:
    case CM_GGUF_I16:
    case CM_GGUF_I32:
    case CM_GGUF_I64: cm_buf_printf(out, "%" PRId64, v->i); break;
    default: cm_buf_printf(out, "%" PRIu64, v->u);
  }
}

void cm_gguf_print_value(cm_buf *out, const cm_gguf_kv *kv) {
  bool array = kv->type == CM_GGUF_ARRAY;
  cm_gguf_values it = cm_gguf_values_of(kv);
  cm_gguf_value v;
  if (array) cm_buf_printf(out, "%s[%" PRIu64 "] ", cm_gguf_type_name(kv->item), kv->count);
  for (int i = 0; i < ITEMS_SHOWN && cm_gguf_next_value(&it, &v); i++) {
    if (i) cm_buf_puts(out, ", ");
    print_item(out, &v, array ? ITEM_SHOWN : STR_SHOWN);
  }
  if (it.left) cm_buf_puts(out, ", …");
}

/* --- sections ----------------------------------------------------------------------------- */

/* "12.3 MiB" after an exact number of bytes: both are wanted, one to compare and one to read. */
static void print_bytes(cm_buf *out, uint64_t bytes) {
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
  double v = (double)bytes / 1024;
  size_t u = 0;
  cm_buf_printf(out, "%14" PRIu64 " bytes", bytes);
  if (bytes < 1024) return;
  for (; v >= 1024 && u < 3; u++) v /= 1024;
  cm_buf_printf(out, "  %7.1f %s", v, units[u]);
}

static void print_file(cm_buf *out, const cm_gguf *f) {
  cm_buf_printf(out,
                "GGUF version %" PRIu32 ", %" PRIu64
                " bytes: %zu metadata entries, %zu tensors, "
                "alignment %" PRIu32 "\n",
                f->version, f->bytes, f->n_kv, f->n_tensors, f->alignment);
}

/* Columns beyond this width only push the rest of their own line to the right. */
static int column(size_t n, int width) { return n > 48 ? 48 : n > (size_t)width ? (int)n : width; }

static void print_name(cm_buf *out, cm_str name, int width) {
  cm_buf_puts(out, "  ");
  cm_buf_add(out, name.p, name.n);
  for (size_t n = name.n; n < (size_t)width; n++) cm_buf_putc(out, ' ');
}

static void print_metadata(cm_buf *out, const cm_gguf *f) {
  int width = 0;
  for (size_t i = 0; i < f->n_kv; i++) width = column(f->kv[i].key.n, width);
  cm_buf_puts(out, "\nMetadata\n");
  for (size_t i = 0; i < f->n_kv; i++) {
    print_name(out, f->kv[i].key, width);
    cm_buf_printf(out, "  %-6s  ", cm_gguf_type_name(f->kv[i].type));
    cm_gguf_print_value(out, &f->kv[i]);
    cm_buf_putc(out, '\n');
  }
}

static void print_tensor(cm_buf *out, const cm_gguf_tensor *t, int width) {
  cm_buf shape;
  cm_buf_init(&shape, 128);
  for (uint32_t d = 0; d < t->n_dims; d++)
    cm_buf_printf(&shape, "%s%" PRIu64, d ? " x " : "", t->dims[d]);
  print_name(out, t->name, width);
  cm_buf_printf(out, "  %-4s  %-20s %14" PRIu64 " bytes at %" PRIu64 "\n", t->type->name,
                shape.p ? shape.p : "", t->bytes, t->offset);
  cm_buf_close(&shape);
}

static void print_tensors(cm_buf *out, const cm_gguf *f) {
  int width = 0;
  for (size_t i = 0; i < f->n_tensors; i++) width = column(f->tensors[i].name.n, width);
  cm_buf_puts(out, "\nTensors\n");
  for (size_t i = 0; i < f->n_tensors; i++) print_tensor(out, &f->tensors[i], width);
}

static void print_types(cm_buf *out, const cm_gguf_stats *s) {
  cm_buf_puts(out, "\nTypes\n");
  for (cm_qid id = 0; id < CM_Q_COUNT; id++) {
    const cm_gguf_share *share = &s->by_type[id];
    if (!share->tensors) continue;
    cm_buf_printf(out, "  %-4s %6" PRIu64 " tensors %14" PRIu64 " parameters ",
                  cm_qtype_of(id)->name, share->tensors, share->params);
    print_bytes(out, share->bytes);
    cm_buf_printf(out, "  %5.1f %%\n", 100.0 * (double)share->bytes / (double)s->all.bytes);
  }
  if (!s->all.params) return;
  cm_buf_printf(out, "\nParameters       %" PRIu64 "\nBits per weight  %.2f\n", s->all.params,
                8.0 * (double)s->all.bytes / (double)s->all.params);
}

static void print_plan(cm_buf *out, const cm_gguf *f, uint64_t context) {
  cm_gguf_plan plan;
  bool known = cm_gguf_plan_of(f, context, &plan);
  cm_buf_puts(out, "\nMemory plan\n  file      ");
  print_bytes(out, plan.file);
  if (!known) {
    cm_buf_puts(out, "\n  KV cache  unknown: the metadata does not describe a transformer\n");
    return;
  }
  cm_buf_puts(out, "\n  KV cache  ");
  print_bytes(out, plan.cache);
  cm_buf_printf(out, "  (f16, %" PRIu64 " tokens of %" PRIu64 " bytes)\n  total     ",
                plan.context, plan.cache_per_token);
  print_bytes(out, plan.total);
  cm_buf_putc(out, '\n');
}

void cm_gguf_inspect(const cm_gguf *f, uint64_t context, cm_buf *out) {
  cm_gguf_stats stats = cm_gguf_stats_of(f);
  print_file(out, f);
  print_metadata(out, f);
  print_tensors(out, f);
  print_types(out, &stats);
  print_plan(out, f, context);
}
