/* mkrules: prints the index of safety's programs and rules as a C file. Runs while the program is
 * built (cmake/rules.cmake); a wrong row of a pack stops the build here. */
#include <stdio.h>

#include "safety/index_print.h"

enum { TEXT_MAX = 64 << 20 };

int main(void) {
  cm_buf text;
  cm_err e = {0};
  cm_buf_init(&text, TEXT_MAX);
  cm_code code = cm_index_print(&text, &e);
  if (code) fprintf(stderr, "mkrules: %s\n", e.msg);
  bool good = !code && fwrite(text.p, 1, text.n, stdout) == text.n && fflush(stdout) == 0;
  cm_buf_close(&text);
  return good ? 0 : 1;
}
