/* Runs a fuzz target over the files of a folder: found inputs stay fixed without a fuzzer at hand.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) return 0;
  static uint8_t data[4 << 20];
  size_t n = fread(data, 1, sizeof data, f);
  fclose(f);
  uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees reads past the end */
  if (!exact) return 0;
  memcpy(exact, data, n);
  LLVMFuzzerTestOneInput(exact, n);
  free(exact);
  return 1;
}

int main(int argc, char **argv) {
  int count = 0;
  DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
  for (struct dirent *d; dir && (d = readdir(dir));) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", argv[1], d->d_name);
    if (d->d_name[0] != '.') count += replay(path);
  }
  if (dir) closedir(dir);
  printf("%d inputs replayed\n", count);
  return count ? 0 : 1;
}
