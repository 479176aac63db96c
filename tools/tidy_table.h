/* The table tools/layers.txt in memory, and what reading it takes. Included by tidy.c alone. */
#ifndef TOOLS_TIDY_TABLE_H
#define TOOLS_TIDY_TABLE_H
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 128, MAX_GROUPS = 16, MAX_ROOMS = 40 };

typedef struct words {
  const char *v[MAX_WORDS];
  int n;
} words;

typedef struct group {
  const char *name;
  words members;
} group;

typedef struct room {
  const char *name;
  int layer, line;
  words uses, may, doors;
} room;

static struct {
  group headers[MAX_GROUPS], calls[MAX_GROUPS];
  int nheaders, ncalls;
  room rooms[MAX_ROOMS];
  int nrooms;
  words unfinished, machine, templates;
  int file_lines, function_lines, columns;
} table;
static int nfound;
static const char table_path[] = "tools/layers.txt";

/* --- small things -------------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static void found(const char *path, int line,
                                                        const char *rule, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  printf("%s:%d: %s: ", path, line, rule);
  vprintf(fmt, ap);
  printf("\n");
  va_end(ap);
  nfound++;
}

__attribute__((noreturn)) static void stop(const char *what, const char *why) {
  fprintf(stderr, "tidy: %s: %s\n", what, why);
  exit(2);
}

__attribute__((format(printf, 1, 2))) static char *text_of(const char *fmt, ...) {
  char *text = NULL;
  va_list ap;
  va_start(ap, fmt);
  if (vasprintf(&text, fmt, ap) < 0) stop(fmt, "out of memory");
  va_end(ap);
  return text;
}

/* The whole file with a NUL; NULL when there is none. */
static char *load(const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) return NULL;
  size_t n = 0, cap = 1 << 16;
  char *p = malloc(cap);
  while (p && (n += fread(p + n, 1, cap - n - 1, f)) == cap - 1) p = realloc(p, cap *= 2);
  fclose(f);
  if (!p) stop(path, "out of memory");
  p[n] = '\0';
  return p;
}

static void add_word(words *w, const char *s) {
  if (w->n == MAX_WORDS) stop(s, "too many words in one list of the table");
  w->v[w->n++] = s;
}

/* "sys/" followed by a star matches whatever begins with it. */
static bool has_word(const words *w, const char *s) {
  for (int i = 0; i < w->n; i++) {
    const char *star = strchr(w->v[i], '*');
    if (star ? strncmp(w->v[i], s, (size_t)(star - w->v[i])) == 0 : strcmp(w->v[i], s) == 0)
      return true;
  }
  return false;
}

static bool in_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

static bool ends_with(const char *s, const char *end) {
  size_t n = strlen(s), m = strlen(end);
  return n >= m && strcmp(s + n - m, end) == 0;
}

static bool starts_with(const char *s, const char *start) {
  return strncmp(s, start, strlen(start)) == 0;
}

static const room *room_of(const char *name, size_t n) {
  for (int i = 0; i < table.nrooms; i++)
    if (strlen(table.rooms[i].name) == n && strncmp(table.rooms[i].name, name, n) == 0)
      return &table.rooms[i];
  return NULL;
}

/* --- the table ----------------------------------------------------------------------------- */

/* Cuts the next word out of a line; NULL at its end. */
static char *next_word(char **at) {
  char *p = *at + strspn(*at, " \t");
  if (*p == '\0' || *p == '#') return NULL;
  char *end = p + strcspn(p, " \t");
  *at = *end ? end + 1 : end;
  *end = '\0';
  return p;
}

/* Cuts the next line out of a text; NULL at its end. */
static char *next_line(char **at) {
  char *p = *at, *end = p + strcspn(p, "\n");
  if (*p == '\0') return NULL;
  *at = *end ? end + 1 : end;
  *end = '\0';
  return p;
}

static words *group_of(group *list, int *n, const char *name) {
  for (int i = 0; i < *n; i++)
    if (strcmp(list[i].name, name) == 0) return &list[i].members;
  if (*n == MAX_GROUPS) stop(name, "too many groups in the table");
  list[*n].name = name;
  return &list[(*n)++].members;
}

static room *new_room(const char *name, int line) {
  if (table.nrooms == MAX_ROOMS) stop(name, "too many rooms in the table");
  room *r = &table.rooms[table.nrooms++];
  r->name = name;
  r->line = line;
  return r;
}

/* The list that a key of the table adds words to; NULL when there is no such key. */
static words *list_of(const char *key, const char *name, room *r) {
  if (strcmp(key, "headers") == 0) return group_of(table.headers, &table.nheaders, name);
  if (strcmp(key, "calls") == 0) return group_of(table.calls, &table.ncalls, name);
  if (strcmp(key, "words") == 0) return &table.unfinished;
  if (strcmp(key, "paths") == 0) return &table.machine;
  if (strcmp(key, "templates") == 0) return &table.templates;
  if (r && strcmp(key, "uses") == 0) return &r->uses;
  if (r && strcmp(key, "may") == 0) return &r->may;
  if (r && strcmp(key, "doors") == 0) return &r->doors;
  return NULL;
}

/* The number that a key of the table sets. */
static int *number_of(const char *key, room *r) {
  if (strcmp(key, "file-lines") == 0) return &table.file_lines;
  if (strcmp(key, "function-lines") == 0) return &table.function_lines;
  if (strcmp(key, "columns") == 0) return &table.columns;
  return r && strcmp(key, "layer") == 0 ? &r->layer : NULL;
}

/* One line of the table; `*r` is the room whose stanza this is. */
static void table_line(char *line, int number, room **r) {
  const char *key = next_word(&line);
  if (!key) return;
  const bool opens = strcmp(key, "room") == 0, calls = strcmp(key, "calls") == 0;
  int *value = number_of(key, *r);
  const bool named = opens || value || calls || strcmp(key, "headers") == 0;
  const char *name = named ? next_word(&line) : "";
  if (!name) stop(key, "this key of the table wants a word after it");
  words *list = list_of(key, name, *r);
  if (opens) *r = new_room(name, number);
  else if (value) *value = (int)strtol(name, NULL, 10);
  else if (!list) found(table_path, number, "table", "unknown key \"%s\"", key);
  for (const char *w; list && (w = next_word(&line));) add_word(list, w);
}

static void read_table(void) {
  char *text = load(table_path);
  if (!text) stop(table_path, strerror(errno));
  room *r = NULL;
  int number = 1;
  for (char *line, *rest = text; (line = next_line(&rest)); number++) table_line(line, number, &r);
}

#endif
