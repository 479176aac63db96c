/* rooms: base data */
/* Two outputs under any rule: what is compared with itself is the same, two ways round say the
 * same, and a reason is one line of plain text. The first byte chooses the rule, the second one
 * says where the rest is cut in two. */
#include <stdint.h>
#include <stdlib.h>

#include "data/json.h"
#include "quality/compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok) {
  if (!ok) abort();
}

static void plain(cm_str why) {
  uint32_t cp;
  for (size_t at = 0; at < why.n; at += cm_utf8_next(why.p + at, why.n - at, &cp)) {
    cm_utf8_next(why.p + at, why.n - at, &cp);
    must(!cm_json_hidden(cp));
  }
}

static cm_code compare(cm_comparator by, cm_str want, cm_str got, bool *same) {
  cm_arena *a = cm_arena_open(64 << 20);
  cm_str why = {0};
  cm_code code = cm_compare_text(by, NULL, want, got, a, same, &why, NULL);
  if (!code) must(*same == (why.n == 0));
  plain(why);
  cm_arena_close(a);
  return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const cm_comparator rules[] = {CM_CMP_EXACT,   CM_CMP_LINES, CM_CMP_SET, CM_CMP_SORTED,
                                        CM_CMP_NUMBERS, CM_CMP_PATHS, CM_CMP_JSON};
  if (size < 2) return 0;
  cm_comparator by = rules[data[0] % (sizeof rules / sizeof *rules)];
  size_t cut = 2 + (size_t)data[1] * (size - 2) / 255;
  cm_str x = {(const char *)data + 2, cut - 2}, y = {(const char *)data + cut, size - cut};
  bool xx = false, yy = false, xy = false, yx = false;
  cm_code x_read = compare(by, x, x, &xx), y_read = compare(by, y, y, &yy);
  must(x_read ? by == CM_CMP_JSON : xx);
  must(y_read ? by == CM_CMP_JSON : yy);
  cm_code first = compare(by, x, y, &xy), second = compare(by, y, x, &yx);
  must(first == x_read && second == y_read);
  if (!first && !second) must(xy == yx);
  return 0;
}
