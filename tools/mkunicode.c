/* rooms: base */
/* mkunicode DIR > src/token/unicode_tables.h: which characters are letters, numbers and white
 * space, from the Unicode Character Database in DIR (Debian: unicode-data, /usr/share/unicode). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/os.h"
#include "base/str.h"

enum { CODE_POINTS = 0x110000, OTHER = 0, LETTER, NUMBER, SPACE };

static uint8_t classes[CODE_POINTS];

static void die(const char *what) {
  fprintf(stderr, "mkunicode: %s\n", what);
  exit(1);
}

static char *slurp(const char *dir, const char *name) {
  char path[4096];
  cm_buf text;
  cm_err e;
  snprintf(path, sizeof path, "%s/%s", dir, name);
  cm_buf_init(&text, 64 << 20);
  if (cm_os_read_file(path, &text, &e)) die(e.msg);
  char *p = cm_buf_take(&text);
  if (!p) die("out of memory");
  return p;
}

/* The next field of a line, cut at `;`, without the spaces around it. */
static cm_str field(cm_str *line) {
  size_t n = cm_str_find(*line, CM_STR(";"));
  cm_str f = {line->p, n == SIZE_MAX ? line->n : n};
  size_t skip = n == SIZE_MAX ? line->n : n + 1;
  *line = (cm_str){line->p + skip, line->n - skip};
  return cm_str_trim(f);
}

static uint32_t code_point(cm_str s) {
  char tmp[16] = "";
  if (s.n == 0 || s.n >= sizeof tmp) die("not a code point");
  memcpy(tmp, s.p, s.n);
  unsigned long cp = strtoul(tmp, NULL, 16);
  if (cp >= CODE_POINTS) die("code point out of range");
  return (uint32_t)cp;
}

static uint8_t class_of(cm_str category) {
  if (cm_str_starts(category, CM_STR("L"))) return LETTER;
  if (cm_str_starts(category, CM_STR("N"))) return NUMBER;
  return OTHER;
}

/* UnicodeData.txt: CODE;NAME;CATEGORY;…, large blocks as two lines whose names end in "First>" and
 * "Last>". */
static void read_categories(const char *text) {
  uint32_t first = 0;
  cm_str rest = cm_str_of(text);
  for (cm_str line; cm_str_line(&rest, &line);) {
    uint32_t cp = code_point(field(&line));
    cm_str name = field(&line), category = field(&line);
    if (!cm_str_ends(name, CM_STR("Last>"))) first = cp;
    for (uint32_t c = first; c <= cp; c++) classes[c] = class_of(category);
  }
}

/* PropList.txt: FIRST[..LAST] ; PROPERTY # comment. */
static void read_white_space(const char *text) {
  cm_str rest = cm_str_of(text);
  for (cm_str line; cm_str_line(&rest, &line);) {
    size_t comment = cm_str_find(line, CM_STR("#"));
    if (comment != SIZE_MAX) line.n = comment;
    cm_str range = field(&line);
    if (!cm_str_is(field(&line), "White_Space")) continue;
    size_t dots = cm_str_find(range, CM_STR(".."));
    cm_str first = dots == SIZE_MAX ? range : (cm_str){range.p, dots};
    cm_str last = dots == SIZE_MAX ? range : (cm_str){range.p + dots + 2, range.n - dots - 2};
    for (uint32_t c = code_point(first); c <= code_point(last); c++) classes[c] = SPACE;
  }
}

/* "15.0.0" from the first line, "# PropList-15.0.0.txt". */
static cm_str version_of(const char *prop_list) {
  cm_str rest = cm_str_of(prop_list), line;
  if (!cm_str_line(&rest, &line)) die("PropList.txt is empty");
  cm_str before = CM_STR("# PropList-"), after = CM_STR(".txt");
  if (!cm_str_starts(line, before) || !cm_str_ends(line, after))
    die("PropList.txt names no version");
  return (cm_str){line.p + before.n, line.n - before.n - after.n};
}

static void write_ascii(void) {
  printf("/* Classes of the ASCII characters. */\nstatic const uint8_t unicode_ascii[128] = {");
  for (int c = 0; c < 128; c++) printf("%s%d,", c % 16 ? " " : "\n    ", classes[c]);
  printf("\n};\n\n");
}

static void write_ranges(void) {
  puts("/* Where the class changes: code point << 2 | class from there on, ascending. */");
  printf("static const uint32_t unicode_ranges[] = {");
  unsigned count = 0;
  for (uint32_t c = 0; c < CODE_POINTS; c++) {
    if (c && classes[c] == classes[c - 1]) continue;
    printf("%s0x%x,", count++ % 10 ? " " : "\n    ", (unsigned)(c << 2 | classes[c]));
  }
  printf("\n};\n\n");
}

static void write_header(cm_str version) {
  printf("/* Unicode %.*s: written by tools/mkunicode, do not edit.\n", (int)version.n, version.p);
  puts(
      " * Classes: 1 letter (\\p{L}), 2 number (\\p{N}), 3 white space (White_Space), 0 all else. "
      "*/");
  puts("#ifndef CM_TOKEN_UNICODE_TABLES_H\n#define CM_TOKEN_UNICODE_TABLES_H");
  puts("#include <stdint.h>\n");
  write_ascii();
  write_ranges();
  puts("#endif");
}

int main(int argc, char **argv) {
  if (argc != 2) die("usage: mkunicode DIR > unicode_tables.h");
  char *data = slurp(argv[1], "UnicodeData.txt"), *props = slurp(argv[1], "PropList.txt");
  read_categories(data);
  read_white_space(props);
  write_header(version_of(props));
  cm_free(data);
  cm_free(props);
  return 0;
}
