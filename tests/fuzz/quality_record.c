/* rooms: base sh safety data */
#include <stdlib.h>

#include "quality/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

/* What was read is written as a run file that gives the same bytes again. */
static void check(const cm_record *r, cm_arena *a) {
  cm_buf first, second;
  cm_record again;
  cm_buf_init(&first, 64 << 20);
  cm_buf_init(&second, 64 << 20);
  cm_record_text(r, &first);
  must(!first.overflow && cm_utf8_check(first.p, first.n) == first.n);
  must(cm_record_read(&again, (cm_str){first.p, first.n}, CM_STR("again"), a, NULL) == CM_OK);
  must(again.n == r->n && again.complete == r->complete);
  cm_record_text(&again, &second);
  must(cm_str_eq((cm_str){first.p, first.n}, (cm_str){second.p, second.n}));
  cm_buf_close(&first);
  cm_buf_close(&second);
}

/* Whatever is in a record, every report can be written, as UTF-8; twice the same run is two
 * columns. */
static void check_reports(const cm_record *r, cm_arena *a) {
  const cm_record records[2] = {*r, *r};
  cm_summary summaries[2];
  cm_buf out;
  cm_buf_init(&out, 256 << 20);
  must(cm_summarize(r, a, &summaries[0], NULL) == CM_OK);
  summaries[1] = summaries[0];
  for (size_t n = 1; n <= 2; n++)
    for (size_t i = 0; cm_report_at(i); i++) {
      const cm_report_input in = {records, summaries, NULL, n};
      cm_buf_reset(&out);
      must(cm_report_at(i)->write(&in, &out, NULL) == CM_OK);
      must(cm_utf8_check(out.p, out.n) == out.n);
      cm_buf_reset(&out);
      must(cm_report_comment(&in, 2000, &out, NULL) == CM_OK && out.n <= 2000);
    }
  cm_buf_close(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cm_arena *a = cm_arena_open(64 << 20);
  cm_record r, whole;
  cm_err e;
  if (!a) return 0;
  cm_code code = cm_record_read(&r, (cm_str){(const char *)data, size}, CM_STR("fuzz"), a, &e);
  must(code == CM_OK || code == CM_E_FORMAT || code == CM_E_LIMIT || code == CM_E_NOMEM);
  must(code == CM_OK || r.n == 0);
  if (code == CM_OK) {
    check(&r, a);
    check_reports(&r, a);
    const cm_record shards[2] = {r, r};
    (void)cm_record_merge(&whole, shards, 1, a, &e);
    must(cm_record_merge(&whole, shards, 2, a, &e) != CM_OK);
  }
  cm_arena_close(a);
  return 0;
}
