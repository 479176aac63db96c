/* tidy: the house rules as a program. Reads tools/layers.txt and checks the C files, and the width
 * and blanks of the scripts beside them. Plain C without any room, so that it judges base too.
 *
 *   tidy [ROOT [COMPILE_COMMANDS]]   prints FILE:LINE: RULE: MESSAGE; status 1 if there was any
 *   tidy --symbols < NM_OUTPUT       the global names of nm -A -P -g --defined-only lib*.a */
#include <dirent.h>
#include <unistd.h>

#include "tidy_table.h"

enum { MAX_FILES = 2000 };

typedef struct file {
  char *path;       /* from the root: src/base/err.c */
  char *raw, *code; /* as it is; the same bytes with comments and literals blanked */
  const room *room; /* NULL outside src */
  bool generated, included;
} file;

static file files[MAX_FILES];
static int nfiles;

/* --- the table and the build ---------------------------------------------------------------- */

/* A room uses lower rooms only, and only rooms that exist. */
static void check_table(void) {
  for (int i = 0; i < table.nrooms; i++) {
    const room *r = &table.rooms[i];
    for (int k = 0; k < r->uses.n; k++) {
      const room *used = room_of(r->uses.v[k], strcspn(r->uses.v[k], "/"));
      if (!used)
        found(table_path, r->line, "table", "%s uses %s, which is no room", r->name, r->uses.v[k]);
      else if (used->layer >= r->layer)
        found(table_path, r->line, "table", "%s (layer %d) may not use %s (layer %d)", r->name,
              r->layer, used->name, used->layer);
    }
  }
}

/* Whether a room's "uses" names another room, wholly or by single headers. */
static bool uses_room(const room *r, const char *name) {
  size_t n = strlen(name);
  for (int i = 0; i < r->uses.n; i++)
    if (strcspn(r->uses.v[i], "/") == n && strncmp(r->uses.v[i], name, n) == 0) return true;
  return false;
}

/* The rooms that one line of CMakeLists.txt links must be the rooms that the table allows. */
static void check_build_line(char *line, int number) {
  for (char *p = line; *p; p++)
    if (strchr("()\r", *p)) *p = ' ';
  const char *command = next_word(&line), *name = command ? next_word(&line) : NULL;
  if (name && strcmp(command, "cm_program") == 0) name = next_word(&line);
  const room *r = name ? room_of(name, strlen(name)) : NULL;
  if (!r) {
    found("CMakeLists.txt", number, "table", "%s is no room of %s", name ? name : "?", table_path);
    return;
  }
  words linked = {.n = 0};
  for (const char *w; (w = next_word(&line)) && strcmp(w, "LIBS") != 0;) {
    add_word(&linked, w);
    if (!uses_room(r, w))
      found("CMakeLists.txt", number, "table", "%s links %s, which it may not use", r->name, w);
  }
  for (int i = 0; i < table.nrooms; i++)
    if (uses_room(r, table.rooms[i].name) && !has_word(&linked, table.rooms[i].name))
      found("CMakeLists.txt", number, "table", "%s does not link %s, which it may use", r->name,
            table.rooms[i].name);
}

static void check_build(void) {
  char *text = load("CMakeLists.txt");
  if (!text) stop("CMakeLists.txt", strerror(errno));
  int number = 1;
  for (char *line, *rest = text; (line = next_line(&rest)); number++)
    if (starts_with(line, "cm_room(") || starts_with(line, "cm_program("))
      check_build_line(line, number);
  free(text);
}

/* --- reading the code ---------------------------------------------------------------------- */

/* Blanks comments and the insides of literals, keeping every newline and position. */
static char *blank(const char *raw) {
  size_t n = strlen(raw);
  char *out = malloc(n + 1);
  if (!out) stop("blank", "out of memory");
  memcpy(out, raw, n + 1);
  char in = 0; /* what surrounds the character: '/' line comment, '*' comment, or a quote */
  for (size_t i = 0; i < n; i++) {
    const char c = raw[i], next = raw[i + 1];
    if (!in) {
      if (c == '/' && (next == '/' || next == '*')) in = next;
      if (c == '"' || c == '\'') in = c;
      if (in == '*' || in == '/') memset(out + i++, ' ', 2);
      continue;
    }
    const bool quoted = in == '"' || in == '\'', escape = quoted && c == '\\' && next;
    const bool end = c == '\n' ? in != '*' : in == '*' ? c == '*' && next == '/' : c == in;
    if (c != '\n' && !(quoted && end)) out[i] = ' ';
    if (escape || (in == '*' && end)) out[++i] = next == '\n' ? '\n' : ' ';
    if (end) in = 0;
  }
  return out;
}

static int line_of(const char *text, const char *at) {
  int line = 1;
  for (; text < at; text++) line += *text == '\n';
  return line;
}

static void add_file(char *path) {
  if (nfiles == MAX_FILES) stop(path, "too many files");
  file *f = &files[nfiles++];
  f->path = path;
  f->raw = load(path);
  if (!f->raw) stop(path, strerror(errno));
  f->code = blank(f->raw);
  const char *first = strstr(f->raw, "enerated by ");
  f->generated = first && first < f->raw + strcspn(f->raw, "\n");
  if (!starts_with(path, "src/")) return;
  const char *name = path + 4;
  f->room = room_of(name, strcspn(name, "/"));
  if (!f->room) found(path, 1, "table", "this folder is no room of %s", table_path);
}

static bool is_code(const char *path) { return ends_with(path, ".c") || ends_with(path, ".h"); }

static bool is_script(const char *path) {
  static const char *const ends[] = {".sh", ".awk", ".cmake"};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (ends_with(path, ends[i])) return true;
  return false;
}

/* Fixtures of the rules themselves are broken on purpose; node_modules is not ours. */
static int wanted(const struct dirent *d) {
  return d->d_name[0] != '.' && strcmp(d->d_name, "tidy") != 0 &&
         strcmp(d->d_name, "node_modules") != 0;
}

static void walk(const char *folder) {
  struct dirent **entries;
  const int n = scandir(folder, &entries, wanted, alphasort);
  for (int i = 0; i < n; i++) {
    char *path = text_of("%s/%s", folder, entries[i]->d_name);
    const bool checked = is_code(path) || is_script(path);
    if (checked) add_file(path); /* keeps the path */
    else if (entries[i]->d_type == DT_DIR) walk(path);
    if (!checked) free(path);
    free(entries[i]);
  }
  if (n >= 0) free(entries);
}

/* --- text ---------------------------------------------------------------------------------- */

static bool marks_unfinished(const char *line, size_t n) {
  for (int i = 0; i < table.unfinished.n; i++) {
    const char *word = table.unfinished.v[i];
    const size_t m = strlen(word);
    for (size_t k = 0; k + m <= n; k++)
      if (strncmp(line + k, word, m) == 0 && !in_word(line[k + m]) && !(k && in_word(line[k - 1])))
        return true;
  }
  return false;
}

static bool has_text(const char *line, size_t n, const char *what) {
  const char *at = strstr(line, what);
  return at && at < line + n;
}

static void check_line(const file *f, const char *line, size_t n, int number) {
  int columns = 0;
  for (size_t i = 0; i < n; i++) columns += ((unsigned char)line[i] & 0xC0) != 0x80;
  if (columns > table.columns && !f->generated)
    found(f->path, number, "line-length", "%d columns, at most %d", columns, table.columns);
  if (memchr(line, '\t', n)) found(f->path, number, "blank", "tab");
  if (memchr(line, '\r', n)) found(f->path, number, "blank", "carriage return");
  if (n && line[n - 1] == ' ') found(f->path, number, "blank", "trailing space");
  if (marks_unfinished(line, n)) found(f->path, number, "unfinished", "finish it or leave it out");
  const bool judges =
      starts_with(f->path, "tests/") || (f->room && has_word(&f->room->may, "paths"));
  for (int i = 0; i < table.machine.n && !judges; i++)
    if (has_text(line, n, table.machine.v[i]))
      found(f->path, number, "path", "%s is a path of one machine", table.machine.v[i]);
}

static void check_text(const file *f) {
  int number = 0;
  for (const char *line = f->raw; *line; number++) {
    const size_t n = strcspn(line, "\n");
    check_line(f, line, n, number + 1);
    line += n + (line[n] == '\n');
    if (!*line && line[-1] != '\n') found(f->path, number + 1, "blank", "no newline at the end");
  }
  if (number > table.file_lines && !f->generated)
    found(f->path, number, "file-length", "%d lines, at most %d: it wants to be two", number,
          table.file_lines);
}

/* --- functions ----------------------------------------------------------------------------- */

typedef struct scan {
  int start;  /* line where the declaration that is being read began */
  int opened; /* the same, once the body of a function has begun; else 0 */
  int depth;
  char last; /* the last character that was no space */
} scan;

static void scan_char(const file *f, scan *s, char c, bool margin, int line) {
  if (s->depth == 0 && (s->last == ';' || s->last == '}')) s->start = line;
  if (c == '{' && s->depth++ == 0 && s->last == ')') s->opened = s->start;
  if (c == '}') {
    if (s->depth) s->depth--;
    if (margin) s->depth = 0; /* finds the way back after braces in alternative #if branches */
    const int lines = line - s->opened + 1;
    if (s->opened && s->depth == 0 && lines > table.function_lines)
      found(f->path, s->opened, "function-length", "%d lines, at most %d", lines,
            table.function_lines);
    if (s->depth == 0) s->opened = 0;
  }
  s->last = c;
}

static void check_functions(const file *f) {
  scan s = {.start = 1, .last = ';'};
  bool directive = false;
  int number = 1;
  for (const char *line = f->code; *line; number++) {
    const size_t n = strcspn(line, "\n");
    directive = directive || *line == '#';
    for (size_t i = 0; i < n && !directive; i++)
      if (!isspace((unsigned char)line[i])) scan_char(f, &s, line[i], i == 0, number);
    directive = directive && n && line[n - 1] == '\\';
    line += n + (line[n] == '\n');
  }
}

/* --- includes ------------------------------------------------------------------------------ */

/* A header in a group needs the power of one of its groups; a foreign one in no group
 * is refused. */
static bool header_allowed(const room *r, const char *header, bool ours) {
  bool allowed = ours;
  for (int i = 0; i < table.nheaders; i++) {
    const group *g = &table.headers[i];
    if (!has_word(&g->members, header)) continue;
    if (strcmp(g->name, "plain") == 0 || has_word(&r->may, g->name)) return true;
    allowed = false;
  }
  return allowed;
}

/* Whether room r may include `header` ("gguf/gguf.h") of room `of`, doors aside. */
static bool room_allowed(const room *r, const room *of, const char *header) {
  return r == of || has_word(&r->uses, of->name) || has_word(&r->uses, header);
}

static void mark_included(const char *header) {
  for (int i = 0; i < nfiles; i++)
    if (starts_with(files[i].path, "src/") && strcmp(files[i].path + 4, header) == 0)
      files[i].included = true;
}

static void check_own_header(const file *f, int line, const char *header) {
  const room *of = room_of(header, strcspn(header, "/"));
  if (!of && !f->room) return; /* a header of the tests */
  if (!of) {
    found(f->path, line, "include", "\"%s\" should name its room: \"ROOM/FILE.h\"", header);
    return;
  }
  mark_included(header);
  const char *name = header + strlen(of->name) + 1;
  if (f->room != of && !starts_with(f->path, "tests/") && !has_word(&of->doors, name))
    found(f->path, line, "door", "%s is private to room %s", header, of->name);
  if (f->room && !room_allowed(f->room, of, header))
    found(f->path, line, "layer", "room %s may not include %s", f->room->name, header);
}

static void check_include(const file *f, int line, const char *open) {
  char *header = text_of("%.*s", (int)strcspn(open + 1, "\">\n"), open + 1);
  const bool ours = *open == '"';
  if (ours && (f->room || strchr(header, '/')) && *header != '.')
    check_own_header(f, line, header);
  if (f->room && !header_allowed(f->room, header, ours))
    found(f->path, line, "header", "%s is not for room %s", header, f->room->name);
  free(header);
}

/* The first include of ROOM/x.c is ROOM/x.h where that exists: so that header stands alone. */
static void check_first(const file *f, int line, const char *open) {
  char *own = text_of("%.*sh", (int)strlen(f->path) - 1, f->path);
  for (int i = 0; i < nfiles; i++)
    if (f->room && strcmp(files[i].path, own) == 0 && !starts_with(open + 1, own + 4))
      found(f->path, line, "include", "\"%s\" comes first", own + 4);
  free(own);
}

static void check_includes(file *f) {
  bool first = ends_with(f->path, ".c");
  for (char *p = f->code; (p = strstr(p, "#include")); p++) {
    const char *open = f->raw + (p - f->code) + strlen("#include");
    open += strcspn(open, "\"<\n");
    if (*open == '\n') continue;
    const int line = line_of(f->code, p);
    if (first) check_first(f, line, open);
    first = false;
    check_include(f, line, open);
  }
}

static bool is_template(const file *f) {
  for (int i = 0; i < table.templates.n; i++)
    if (ends_with(f->path, table.templates.v[i])) return true;
  return false;
}

/* CM_ROOM_FILE_H, so that two rooms can't hide each other's headers. */
static void check_guard(const file *f) {
  if (!f->room || !ends_with(f->path, ".h") || is_template(f)) return;
  char *guard = text_of("CM_%s", f->path + 4);
  for (char *p = guard; *p; p++) *p = in_word(*p) ? (char)toupper((unsigned char)*p) : '_';
  char *lines = text_of("#ifndef %s\n#define %s\n", guard, guard);
  if (!strstr(f->code, lines)) found(f->path, 1, "guard", "no include guard %s", guard);
  free(lines);
  free(guard);
}

/* --- calls --------------------------------------------------------------------------------- */

static void check_call(const file *f, const char *at, const char *name) {
  for (int i = 0; i < table.ncalls; i++) {
    const group *g = &table.calls[i];
    if (!has_word(&g->members, name)) continue;
    const int line = line_of(f->code, at);
    if (strcmp(g->name, "never") == 0) found(f->path, line, "call", "%s is never called", name);
    else if (f->room && !has_word(&f->room->may, g->name))
      found(f->path, line, "call", "%s is not for room %s (%s)", name, f->room->name, g->name);
  }
}

/* Names followed by "(", except members: p->free(x) is ours to name. */
static void check_calls(const file *f) {
  for (const char *p = f->code; *p; p++) {
    if (!in_word(*p) || (p > f->code && in_word(p[-1]))) continue;
    size_t n = 1;
    while (in_word(p[n])) n++;
    const bool member = p > f->code && (p[-1] == '.' || (p[-1] == '>' && p[-2] == '-'));
    char name[64];
    if (p[n] != '(' || member || n >= sizeof name) continue;
    snprintf(name, sizeof name, "%.*s", (int)n, p);
    check_call(f, p, name);
  }
}

/* --- the whole ----------------------------------------------------------------------------- */

/* Code that nothing builds or includes only looks alive. */
static void check_dead(const char *commands) {
  for (int i = 0; i < nfiles; i++) {
    const file *f = &files[i];
    char *entry = text_of("/%s\"", f->path);
    if (f->room && ends_with(f->path, ".h") && !f->included)
      found(f->path, 1, "dead", "nothing includes this header");
    if (ends_with(f->path, ".c") && commands && !strstr(commands, entry))
      found(f->path, 1, "dead", "no target builds this file");
    free(entry);
  }
}

/* Lines of nm -A -P: "lib.a[err.c.o]: cm_fail T 0 2c". macOS puts one more _ before names. */
static void check_symbols(void) {
  char line[4096];
  for (int number = 0; fgets(line, sizeof line, stdin); number++) {
    char *name = strstr(line, ": ");
    if (!name) continue;
    *name = '\0';
    name += 2;
    name[strcspn(name, " \n")] = '\0';
    if (!starts_with(name, "cm_") && !starts_with(name, "_cm_"))
      found(line, 0, "prefix", "global %s does not begin with cm_", name);
  }
}

static void check_tree(const char *commands) {
  char *root = getcwd(NULL, 0);
  read_table();
  if (root) add_word(&table.machine, root);
  check_table();
  check_build();
  static const char *const folders[] = {"src",   "tools",     "tests", "bench",
                                        "cmake", "packaging", "train"};
  for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) walk(folders[i]);
  for (int i = 0; i < nfiles; i++) {
    check_text(&files[i]);
    if (!is_code(files[i].path)) continue;
    check_functions(&files[i]);
    check_includes(&files[i]);
    check_guard(&files[i]);
    check_calls(&files[i]);
  }
  check_dead(commands);
  free(root);
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--symbols") == 0) {
    check_symbols();
  } else {
    char *commands = argc > 2 ? load(argv[2]) : NULL;
    if (argc > 2 && !commands) stop(argv[2], strerror(errno));
    if (argc > 1 && chdir(argv[1]) != 0) stop(argv[1], strerror(errno));
    check_tree(commands);
    free(commands);
  }
  if (nfound == 0) return 0;
  fprintf(stderr, "tidy: %d found\n", nfound);
  return 1;
}
