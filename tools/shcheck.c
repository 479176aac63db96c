/* rooms: sh base */
/* tools/shcheck: what the parser says about files of shell text.
 *
 *   shcheck [--posix] [--tree] FILE…
 *
 * A line a file: "ok", "warn" (bash warns), "no" or "long" (over the limits, so not judged), a
 * tab, the file's name, a tab, and the message or the tree. Status 1 if a file can't be read. */
#include <stdio.h>
#include <string.h>

#include "base/os.h"
#include "shtree.h"

enum { ARENA_MAX = 256 << 20 };

static const char *verdict(cm_code code, const cm_sh_tree *tree) {
  if (code == CM_E_LIMIT) return "long";
  return code ? "no" : tree->warned ? "warn" : "ok";
}

static cm_code check(const char *path, cm_dialect dialect, bool print, cm_arena *a, cm_err *e) {
  cm_buf text, out;
  cm_buf_init(&text, CM_SH_TEXT_MAX + 1);
  cm_buf_init(&out, ARENA_MAX);
  cm_code code = cm_os_read_file(path, &text, e);
  if (!code || code == CM_E_LIMIT) {
    cm_sh_tree tree = {0};
    if (!code) code = cm_sh_parse((cm_str){text.p, text.n}, dialect, a, &tree, e);
    if (print) shtree_list(&out, tree.list);
    printf("%s\t%s\t%s\n", verdict(code, &tree), path, code ? e->msg : out.p ? out.p : "");
    code = CM_OK;
  }
  cm_buf_close(&out);
  cm_buf_close(&text);
  return code;
}

int main(int argc, char **argv) {
  cm_dialect dialect = CM_SH_BASH;
  bool print = false, failed = false;
  cm_arena *a = cm_arena_open(ARENA_MAX);
  for (int i = 1; a && i < argc; i++) {
    cm_err e = {0};
    if (!strcmp(argv[i], "--posix")) dialect = CM_SH_POSIX;
    else if (!strcmp(argv[i], "--tree")) print = true;
    else if (check(argv[i], dialect, print, a, &e)) {
      fprintf(stderr, "shcheck: %s: %s\n", argv[i], e.msg);
      failed = true;
    }
    cm_arena_reset(a);
  }
  cm_arena_close(a);
  return !a || failed;
}
