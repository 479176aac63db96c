#include "safety/path.h"

#include <string.h>

#include "safety/path_table.h"
#include "safety/shape.h"

enum {
  PARTS_MAX = 64,
  PATH_BYTES_MAX = 4096 /* as systems have it; longer ones name nothing that is known */
};

/* Where a path starts when it isn't absolute. */
typedef enum base {
  BASE_ROOT,
  BASE_HOME,   /* a home whose place isn't known */
  BASE_WORK,   /* the working directory, whose place isn't known */
  BASE_UNKNOWN /* a hole that may be any directory */
} base;

/* A path cut into its parts, "." and ".." worked out. */
typedef struct parts {
  size_t n;
  base from;
  bool glob;     /* * ? [ are patterns */
  bool all;      /* everything in it: "*" was the last part */
  bool overflow; /* too many parts */
  bool slash;    /* ends with '/' */
  cm_str p[PARTS_MAX];
} parts;

/* Leaves p[] alone, which is most of it. */
static void clear(parts *w, bool glob) {
  w->n = 0;
  w->from = BASE_ROOT;
  w->glob = glob;
  w->all = w->overflow = w->slash = false;
}

static bool has_hole(cm_str s) { return s.n && memchr(s.p, CM_HOLE, s.n); }

static bool is_hole(cm_str s) {
  for (size_t i = 0; i < s.n; i++)
    if (s.p[i] != CM_HOLE) return false;
  return s.n > 0;
}

static void go_up(parts *w) {
  if (w->n) {
    w->n--;
  } else if (w->from == BASE_HOME) {
    w->from = BASE_ROOT;
    w->p[w->n++] = CM_STR("home");
  }
}

/* Adds the parts of `text`. */
static void walk(parts *w, cm_str text) {
  for (size_t i = 0; i < text.n;) {
    size_t begin = i;
    while (i < text.n && text.p[i] != '/') i++;
    cm_str part = {text.p + begin, i - begin};
    while (i < text.n && text.p[i] == '/') i++;
    if (part.n == 0 || cm_str_is(part, ".")) continue;
    if (cm_str_is(part, "..")) go_up(w);
    else if (w->n < PARTS_MAX) w->p[w->n++] = part;
    else w->overflow = true;
  }
  w->slash = text.n && text.p[text.n - 1] == '/';
}

/* Whether the word's holes may be anything, not just a number or a file's name. */
static bool open_holes(unsigned from) {
  return (from & ~(unsigned)(CM_FROM_NUMBER | CM_FROM_FILES)) != 0;
}

static cm_str behind(cm_str s, size_t n) { return (cm_str){s.p + n, s.n - n}; }

/* ~ and ~/x, ~user/x. */
static cm_str start_home(parts *w, cm_str text, const cm_sh_context *context) {
  size_t n = 1;
  while (n < text.n && text.p[n] != '/') n++;
  if (n == 1 && context->home.n && context->home.p[0] == '/') walk(w, context->home);
  else w->from = BASE_HOME;
  return behind(text, n);
}

/* Sets the base; what is left of the text comes back. */
static cm_str start(parts *w, cm_str text, unsigned from, const cm_sh_context *context) {
  size_t first = 0;
  while (first < text.n && text.p[first] != '/') first++;
  if (text.n && text.p[0] == '/') return text;
  if (text.n && text.p[0] == '~') return start_home(w, text, context);
  if (is_hole((cm_str){text.p, first}) && open_holes(from)) {
    w->from = BASE_UNKNOWN;
    return behind(text, first);
  }
  return text;
}

static bool is_absolute(cm_str text, unsigned from) {
  if (!text.n) return false;
  if (text.p[0] == '/' || text.p[0] == '~') return true;
  return text.p[0] == CM_HOLE && open_holes(from) &&
         (text.n == 1 || text.p[1] == '/' || text.p[1] == CM_HOLE);
}

static void cut(parts *w, const cm_rword *word, const cm_rword *cwd,
                const cm_sh_context *context) {
  clear(w, word->glob);
  if (word->text.n > PATH_BYTES_MAX || (cwd && cwd->text.n > PATH_BYTES_MAX)) {
    w->overflow = true;
    return;
  }
  if (!is_absolute(word->text, word->from)) {
    cm_str dir = cwd && cwd->text.n ? cwd->text : context->cwd;
    if (dir.n) walk(w, start(w, dir, cwd ? cwd->from : 0, context));
    else w->from = BASE_WORK;
    if (dir.n && !is_absolute(dir, cwd ? cwd->from : 0)) w->from = BASE_WORK;
    walk(w, word->text);
  } else {
    walk(w, start(w, word->text, word->from, context));
  }
}

/* "*" and its like: * ** .* ?* *.* .[!.]* .??* */
static bool is_all(cm_str part) {
  if (!part.n || !memchr(part.p, '*', part.n)) return false;
  for (size_t i = 0; i < part.n; i++)
    if (!strchr("*?.[]!^", part.p[i])) return false;
  return true;
}

static bool has_glob(cm_str part) {
  return memchr(part.p, '*', part.n) || memchr(part.p, '?', part.n) || memchr(part.p, '[', part.n);
}

/* Whether a part of a path may be what a row's pattern says. */
static bool part_is(const parts *w, cm_str part, cm_str name) {
  if (cm_glob(name, part)) return true;
  return w->glob && has_glob(part) && cm_glob(part, name);
}

/* Rows are matched part by part; the result is how many parts the row has, or 0. */
static size_t row_fits(const parts *w, size_t skip, const char *path) {
  size_t n = 0;
  for (const char *p = path; *p; n++) {
    cm_str name = {p, strcspn(p, "/")};
    if (skip + n >= w->n || !part_is(w, w->p[skip + n], name)) return 0;
    p += name.n;
    p += *p == '/';
  }
  return n;
}

/* The best row for the parts behind the first `skip`. */
static const cm_place_row *find_row(const parts *w, size_t skip, const cm_place_row *rows,
                                    size_t n_rows, size_t *used) {
  const cm_place_row *best = NULL;
  *used = 0;
  if (skip >= w->n) return NULL;
  char first = w->p[skip].p[0];
  for (size_t i = 0; i < n_rows; i++) {
    if (rows[i].path[0] != first && !w->glob) continue;
    size_t n = row_fits(w, skip, rows[i].path);
    if (n > *used) best = &rows[i], *used = n;
  }
  return best;
}

/* The parts that are a home: /home/X, /Users/X, /root, or the context's; 0: none. */
static size_t home_parts(const parts *w, const parts *home) {
  if (w->from == BASE_HOME) return 0;
  if (home->n && w->n >= home->n) {
    size_t same = 0;
    while (same < home->n && cm_str_eq(w->p[same], home->p[same])) same++;
    if (same == home->n) return same;
  }
  if (w->n >= 2 && (cm_str_is(w->p[0], "home") || cm_str_is(w->p[0], "Users"))) return 2;
  return w->n >= 1 && cm_str_is(w->p[0], "root") ? 1 : 0;
}

/* The row of that name in a sorted table, NULL if there is none. */
static const cm_name_row *find_name(const cm_name_row *rows, size_t n, cm_str name) {
  for (size_t low = 0, high = n; low < high;) {
    size_t mid = (low + high) / 2;
    int order = strncmp(name.p, rows[mid].name, name.n);
    if (order == 0 && rows[mid].name[name.n]) order = -1;
    if (order == 0) return &rows[mid];
    if (order < 0) high = mid;
    else low = mid + 1;
  }
  return NULL;
}

static cm_str suffix_of(cm_str name) {
  size_t at = name.n;
  while (at && name.p[at - 1] != '.') at--;
  return (cm_str){name.p + at, at ? name.n - at : 0};
}

/* By its name alone, which means the same anywhere: build output, keys, images. */
static cm_place place_of_name(cm_str name) {
  cm_str suffix = suffix_of(name);
  const cm_name_row *row = find_name(cm_name_rows, cm_n_name_rows, name);
  if (!row && suffix.n) row = find_name(cm_suffix_rows, cm_n_suffix_rows, suffix);
  for (size_t i = 0; !row && i < cm_n_pattern_rows; i++)
    if (cm_glob(cm_str_of(cm_pattern_rows[i].name), name)) row = &cm_pattern_rows[i];
  if (!row) return CM_PLACE_WORK;
  bool public = row->place == CM_PLACE_SECRET && cm_glob_any(cm_str_of(cm_public_names), name);
  return public ? CM_PLACE_WORK : row->place;
}

/* The parts behind the first `skip`: the last one counts, or a folder of build output above it. */
static cm_path by_name(const parts *w, size_t skip) {
  cm_path out = {.place = CM_PLACE_WORK};
  if (w->n <= skip) return out;
  out.place = place_of_name(w->p[w->n - 1]);
  out.secret = out.place == CM_PLACE_SECRET;
  if (out.secret) return out;
  for (size_t i = skip; i + 1 < w->n; i++)
    if (place_of_name(w->p[i]) == CM_PLACE_ARTEFACT) out.place = CM_PLACE_ARTEFACT;
  return out;
}

static bool same_parts(const parts *w, const parts *of) {
  for (size_t i = 0; i < of->n; i++)
    if (i >= w->n || !cm_str_eq(w->p[i], of->p[i])) return false;
  return true;
}

static cm_path in_home(const parts *w, size_t home) {
  size_t used;
  if (w->n == home) return (cm_path){.place = CM_PLACE_HOME};
  const cm_place_row *row = find_row(w, home, cm_home_rows, cm_n_home_rows, &used);
  if (!row) return by_name(w, home);
  cm_place place = home + used == w->n ? row->self : row->below;
  if (place == CM_PLACE_WORK && !row->secret) return by_name(w, home + used);
  return (cm_path){.place = place, .secret = row->secret};
}

static cm_path in_dev(const parts *w) {
  cm_str name = w->p[1];
  if (cm_str_is(name, "shm") && w->n > 2) return (cm_path){.place = CM_PLACE_TMP};
  if (cm_str_is(name, "tcp") || cm_str_is(name, "udp"))
    return (cm_path){.place = CM_PLACE_REMOTE, .network = true};
  bool plain = !has_hole(name) && cm_glob_any(cm_str_of(cm_plain_device_names), name);
  return (cm_path){.place = plain ? CM_PLACE_NULL : CM_PLACE_DEVICE};
}

static cm_path in_system(const parts *w) {
  size_t used;
  if (w->n == 0) return (cm_path){.place = CM_PLACE_ROOT};
  const cm_place_row *row = find_row(w, 0, cm_system_rows, cm_n_system_rows, &used);
  if (!row) return (cm_path){.place = CM_PLACE_APP, .secret = by_name(w, 0).secret};
  if (cm_str_is(w->p[0], "dev") && w->n > 1 && !w->all) return in_dev(w);
  cm_place place = used == w->n ? row->self : row->below;
  /* Everything directly in /tmp is not /tmp itself. */
  if (used == w->n && w->all && row->below == CM_PLACE_TMP) place = CM_PLACE_TMP;
  cm_path out = {.place = place, .secret = row->secret};
  if (place == CM_PLACE_APP || place == CM_PLACE_ETC || place == CM_PLACE_TMP)
    out.secret |= by_name(w, used).secret;
  return out;
}

/* /proc/PID/root/X is /X, /private/etc is /etc. */
static void drop_front(parts *w, size_t n) {
  memmove(w->p, w->p + n, (w->n - n) * sizeof *w->p);
  w->n -= n;
}

static void see_through(parts *w) {
  while (w->n >= 3 && cm_str_is(w->p[0], "proc") && cm_str_is(w->p[2], "root")) drop_front(w, 3);
  if (w->n >= 2 && cm_str_is(w->p[0], "private") && cm_glob_any(CM_STR("etc|var|tmp"), w->p[1]))
    drop_front(w, 1);
}

static cm_path known(parts *w, const cm_sh_context *context) {
  parts home, cwd;
  clear(&home, false);
  clear(&cwd, false);
  see_through(w);
  walk(&home, context->home);
  walk(&cwd, context->cwd);
  size_t n = home_parts(w, &home);
  cm_path out = n ? in_home(w, n) : in_system(w);
  bool plain =
      out.place == CM_PLACE_WORK || out.place == CM_PLACE_APP || out.place == CM_PLACE_ARTEFACT;
  if (!plain || !cwd.n || !same_parts(w, &cwd)) return out;
  if (w->n == cwd.n) return (cm_path){.place = CM_PLACE_ALL_WORK, .secret = out.secret};
  return by_name(w, cwd.n);
}

static cm_path unknown_base(const parts *w) {
  if (w->n == 0)
    return (cm_path){.place = w->slash || w->all ? CM_PLACE_UNKNOWN_ALL : CM_PLACE_UNKNOWN};
  if (is_hole(w->p[w->n - 1])) return (cm_path){.place = CM_PLACE_UNKNOWN};
  cm_path out = by_name(w, 0);
  if (out.place == CM_PLACE_WORK) out.place = CM_PLACE_UNKNOWN_IN;
  return out;
}

static cm_path work_base(const parts *w) {
  if (w->n == 0) return (cm_path){.place = CM_PLACE_ALL_WORK};
  return by_name(w, 0);
}

static cm_path classify(parts *w, const cm_sh_context *context) {
  if (w->n && w->glob && is_all(w->p[w->n - 1])) {
    w->n--;
    w->all = true;
  }
  if (w->overflow) return (cm_path){.place = CM_PLACE_UNKNOWN};
  switch (w->from) {
    case BASE_HOME: return in_home(w, 0);
    case BASE_WORK: return work_base(w);
    case BASE_UNKNOWN: return unknown_base(w);
    case BASE_ROOT: break;
  }
  return known(w, context);
}

/* What is left without a hole as the last part: "/$X" may be /, and all names that "*" gives are
 * the whole folder. */
static cm_place without_last(parts *w, const cm_sh_context *context, cm_place full) {
  if (w->n && w->glob && is_all(w->p[w->n - 1])) w->n--;
  if (!w->n || !is_hole(w->p[w->n - 1])) return full;
  w->n--;
  w->slash = true;
  return classify(w, context).place;
}

/* The pattern behind -name; false: nothing is left out. */
static bool find_filter(const cm_run *find, cm_str *name) {
  bool any = false;
  for (size_t i = 1; i < find->n; i++) {
    cm_str word = find->words[i].text;
    any |= cm_glob_any(CM_STR("-name|-iname|-path|-ipath|-wholename|-regex|-iregex|-mtime|-atime|"
                              "-ctime|-mmin|-amin|-cmin|-newer*|-size|-empty|-user|-group|-perm|"
                              "-inum|-links|-samefile|-lname|-xtype"),
                       word);
    if (i + 1 < find->n && cm_glob_any(CM_STR("-name|-iname"), word))
      *name = find->words[i + 1].text;
    if (cm_str_is(word, "-exec")) break;
  }
  return any && !(name->n && is_all(*name));
}

/* Names that a glob, find or ls gave. */
static void look_at_list(const cm_rword *word, parts *w, const cm_sh_context *context,
                         cm_path *out) {
  cm_str name = {0};
  const cm_run *by = word->source;
  if (!by || (cm_str_is(by->program, "ls") && by->n == 1)) {
    out->also = without_last(w, context, out->place);
  } else if (cm_str_is(by->program, "find")) {
    out->filtered = find_filter(by, &name);
    out->also = without_last(w, context, out->place);
    /* "find / -name x": some of them lie in folders of the system */
    bool anywhere = w->from == BASE_ROOT && w->n > 1 && is_hole(w->p[0]);
    if (anywhere && out->also == CM_PLACE_APP) out->also = CM_PLACE_SYSTEM_IN;
    if (name.n && out->place == CM_PLACE_WORK) out->place = place_of_name(name);
  }
}

/* host:path and URLs: a colon before the first '/'. "C:/x" is a drive of Windows, "c:/x" a
 * host. */
static bool is_remote(cm_str s) {
  for (size_t i = 0; i < s.n && s.p[i] != '/'; i++)
    if (s.p[i] == ':')
      return i > 1 || (i == 1 && (s.n == 2 || s.p[0] >= 'a' || !strchr("/\\", s.p[2])));
  return false;
}

/* The place of what a made-up name stands for: $(mktemp). */
static bool is_temporary(const cm_rword *word) {
  return word->from == CM_FROM_OUTPUT && word->source &&
         cm_str_is(word->source->program, "mktemp");
}

static cm_path path_of(const cm_rword *word, const cm_rword *cwd, const cm_sh_context *context) {
  parts w;
  cut(&w, word, cwd, context);
  if (!word->from || word->from == CM_FROM_NUMBER) return classify(&w, context);
  parts again = w;
  cm_path out = classify(&w, context);
  if (open_holes(word->from)) out.also = without_last(&again, context, out.place);
  else if (word->from == CM_FROM_FILES) look_at_list(word, &again, context, &out);
  return out;
}

cm_path cm_path_of(const cm_rword *word, const cm_rword *cwd, const cm_sh_context *context) {
  cm_path out = {.place = CM_PLACE_NULL};
  if (is_remote(word->text)) out.place = CM_PLACE_REMOTE;
  else if (is_temporary(word)) out.place = CM_PLACE_TMP;
  else if (word->text.n && !cm_str_is(word->text, "-")) out = path_of(word, cwd, context);
  if (out.also == CM_PLACE_NULL) out.also = out.place;
  return out;
}

const char *cm_place_name(cm_place p) {
  static const char *const names[CM_PLACE_COUNT] = {
      "null",    "work",    "file",     "artefact",  "tmp",        "remote",
      "dotfile", "secret",  "all-work", "unknown",   "unknown-in", "unknown-all",
      "app",     "logs",    "kernel",   "system-in", "etc",        "home",
      "keys",    "account", "system",   "root",      "device"};
  return p < CM_PLACE_COUNT ? names[p] : "?";
}
