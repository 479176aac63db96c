/* rooms: base quality */
#include <stdlib.h>
#include <string.h>

#include "quality/bench.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static void is_text(const char *p, size_t max) {
  const size_t n = strnlen(p, max);
  must(n < max && cm_utf8_check(p, n) == n);
}

/* What another program printed: figures, or one error. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  cm_perf_sample s;
  cm_perf_model m = {{0}, {0}, {0}, {0}};
  cm_err e = {0};
  cm_code code = cm_perf_read((cm_str){(const char *)data, size}, 40, &s, &m, &e);
  must(code == CM_OK || code == CM_E_FORMAT || code == CM_E_LIMIT || code == CM_E_NOMEM);
  if (code) must(e.msg[0] != 0);
  else must(cm_stat_known(s.values[CM_PERF_FIRST]) && s.values[CM_PERF_ANSWER] == 40);
  is_text(m.id, sizeof m.id), is_text(m.sha256, sizeof m.sha256);
  is_text(m.quant, sizeof m.quant), is_text(m.backend, sizeof m.backend);
  (void)cm_perf_budget_of(&m, m.id, size);
  return 0;
}
