/* rooms: gguf base */
/* mkbroken FOLDER [--good]: writes broken GGUF files, each named after its defect; with --good,
 * small valid ones instead. For tests of the program and as a start for the fuzzer. */
#include <stdio.h>

#include "../tests/unit/gguf_samples.h"

static bool save(const char *folder, const char *name, const cm_buf *b) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.gguf", folder, name);
  FILE *f = fopen(path, "wb");
  bool ok = f && fwrite(b->p, 1, b->n, f) == b->n;
  if (f) ok = fclose(f) == 0 && ok;
  if (!ok) fprintf(stderr, "can't write %s\n", path);
  return ok;
}

static bool save_sample(const char *folder, const broken *how) {
  cm_buf b;
  cm_buf_init(&b, 1 << 20);
  add_sample(&b, how);
  bool ok = save(folder, how->name, &b);
  cm_buf_close(&b);
  return ok;
}

int main(int argc, char **argv) {
  bool good = argc == 3 && strcmp(argv[2], "--good") == 0;
  if (argc != 2 && !good) {
    fprintf(stderr, "usage: mkbroken FOLDER [--good]\n");
    return 2;
  }
  const broken *list = good ? good_files : broken_files;
  size_t n = good ? GOOD_FILES : BROKEN_FILES;
  for (size_t i = 0; i < n; i++)
    if (!save_sample(argv[1], &list[i])) return 1;
  printf("%zu files\n", n);
  return 0;
}
