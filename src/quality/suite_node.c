#include <string.h>

#include "quality/suite_parts.h"

enum { PATH_BYTES_MAX = 1024, NAME_BYTES_MAX = 255, DEPTH_MAX = 64 };

static const uint64_t sparse_max = (uint64_t)1 << 40, filled_max = 64 << 20;

/* --- paths, sizes, times --- */

cm_code cm_suite_path(const cm_suite_reader *r, const cm_yaml *at, cm_str path) {
  const char *why = NULL;
  if (!path.n) why = "is empty";
  else if (path.p[0] == '/') why = "must be relative to the world";
  else if (memchr(path.p, 0, path.n)) why = "holds a NUL";
  else if (path.n > PATH_BYTES_MAX) why = "has more than 1024 bytes";
  size_t depth = 0;
  for (size_t i = 0; !why && i <= path.n; depth++) {
    const char *slash = i < path.n ? memchr(path.p + i, '/', path.n - i) : NULL;
    cm_str name = {path.p + i, slash ? (size_t)(slash - path.p) - i : path.n - i};
    if (!name.n || cm_str_is(name, ".") || cm_str_is(name, ".."))
      why = "has an empty part, \".\" or \"..\"";
    else if (name.n > NAME_BYTES_MAX) why = "has a name of more than 255 bytes";
    else if (depth == DEPTH_MAX) why = "is deeper than 64 folders";
    i += name.n + 1;
  }
  if (!why) return CM_OK;
  return cm_suite_fail(r, at, CM_E_FORMAT, "the path \"%.*s\" %s",
                       (int)(path.n < 40 ? path.n : 40), path.p, why);
}

bool cm_suite_size(cm_str s, uint64_t *out) {
  static const char units[] = "KMGT";
  const char *unit = s.n ? strchr(units, s.p[s.n - 1]) : NULL;
  unsigned shift = unit && *unit ? 10 * (unsigned)(unit - units + 1) : 0;
  if (shift) s.n--;
  if (!cm_str_u64(s, 0, UINT64_MAX >> shift, out)) return false;
  *out <<= shift;
  return true;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar (years counted from March). */
static int64_t days_of(int64_t y, int64_t m, int64_t d) {
  if (m < 3) y--, m += 12;
  return 365 * y + y / 4 - y / 100 + y / 400 + (153 * (m - 3) + 2) / 5 + d - 1 - 719468;
}

static bool number(cm_str s, size_t at, size_t n, uint64_t min, uint64_t max, int64_t *out) {
  uint64_t v;
  for (size_t i = at; i < at + n; i++)
    if (i >= s.n || s.p[i] < '0' || s.p[i] > '9') return false;
  if (!cm_str_u64((cm_str){s.p + at, n}, min, max, &v)) return false;
  *out = (int64_t)v;
  return true;
}

bool cm_date_of(cm_str s, int64_t *days) {
  static const char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int64_t y, m, d;
  if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !number(s, 0, 4, 1902, 9999, &y) ||
      !number(s, 5, 2, 1, 12, &m) || !number(s, 8, 2, 1, 31, &d))
    return false;
  bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
  if (d > lengths[m - 1] + (m == 2 && leap)) return false;
  *days = days_of(y, m, d);
  return true;
}

/* "HH:MM", "HH:MM:SS", either with "Z". */
static bool clock_time(cm_str s, int64_t *out) {
  int64_t h, m, sec = 0;
  if (s.n && s.p[s.n - 1] == 'Z') s.n--;
  if ((s.n != 5 && s.n != 8) || s.p[2] != ':' || !number(s, 0, 2, 0, 23, &h) ||
      !number(s, 3, 2, 0, 59, &m))
    return false;
  if (s.n == 8 && (s.p[5] != ':' || !number(s, 6, 2, 0, 59, &sec))) return false;
  *out = h * 3600 + m * 60 + sec;
  return true;
}

static bool relative_time(cm_str s, int64_t *out) {
  static const char units[] = "smhdw";
  static const int64_t seconds[] = {1, 60, 3600, 86400, 604800};
  const char *unit = s.n > 2 && s.p[s.n - 1] ? strchr(units, s.p[s.n - 1]) : NULL;
  int64_t n;
  if (!unit || (s.p[0] != '-' && s.p[0] != '+') || !number(s, 1, s.n - 2, 0, 100000, &n))
    return false;
  *out = (s.p[0] == '-' ? -n : n) * seconds[unit - units];
  return true;
}

bool cm_suite_time(cm_str s, int64_t *out, bool *relative) {
  int64_t time = 0;
  if (relative && (*relative = relative_time(s, out))) return true;
  cm_str day = {s.p, s.n < 10 ? s.n : 10};
  if (!cm_date_of(day, out)) return false;
  if (s.n > 10 &&
      ((s.p[10] != 'T' && s.p[10] != ' ') || !clock_time((cm_str){s.p + 11, s.n - 11}, &time)))
    return false;
  *out = *out * 86400 + time;
  return true;
}

/* --- base64 (RFC 4648, section 4) --- */

static int sextet(char c) {
  static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *at = c ? strchr(all, c) : NULL;
  return at ? (int)(at - all) : -1;
}

/* Without line breaks, with its padding, without bits that are lost. */
static bool decode(cm_str s, char *out, size_t *n) {
  size_t pad = 0;
  while (pad < 2 && pad < s.n && s.p[s.n - 1 - pad] == '=') pad++;
  uint32_t bits = 0;
  unsigned have = 0;
  *n = 0;
  if (s.n % 4) return false;
  for (size_t i = 0; i < s.n - pad; i++) {
    int v = sextet(s.p[i]);
    if (v < 0) return false;
    bits = (bits << 6 | (uint32_t)v) & 0xFFFF, have += 6;
    if (have >= 8) have -= 8, out[(*n)++] = (char)(unsigned char)(bits >> have & 0xFF);
  }
  return (bits & ((1u << have) - 1)) == 0;
}

/* --- keys --- */

typedef struct draft {
  cm_node node;
  const char *kind, *second; /* the keys that say what it is */
  bool sized;
} draft;

static void is(draft *d, const char *key) {
  if (d->kind) d->second = key;
  else d->kind = key;
}

static cm_code set_text(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  is(d, "text");
  return cm_suite_text(r, at, "text", true, &d->node.text);
}

static cm_code set_base64(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  cm_str text = {0};
  is(d, "base64");
  cm_code code = cm_suite_text(r, at, "base64", true, &text);
  if (code) return code;
  char *p = cm_arena_alloc(r->arena, text.n / 4 + 1, 3);
  size_t n = 0;
  if (!p) return cm_suite_nomem(r);
  if (!decode(text, p, &n)) return cm_suite_fail(r, at, CM_E_FORMAT, "this is not base64");
  d->node.text = (cm_str){p, n};
  return CM_OK;
}

static cm_code set_size(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  d->sized = true;
  if (at->kind == CM_YAML_SCALAR && cm_suite_size(at->text, &d->node.size) && d->node.size)
    return CM_OK;
  return cm_suite_fail(r, at, CM_E_FORMAT,
                       "size must be a number of bytes above 0, or one with K, "
                       "M, G or T");
}

static cm_code set_sparse(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  return cm_suite_bool(r, at, &d->node.sparse);
}

static cm_code set_link(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  is(d, "link");
  d->node.kind = CM_NODE_LINK;
  return cm_suite_cstring(r, at, "link", &d->node.text);
}

static cm_code only_true(cm_suite_reader *r, const cm_yaml *at) {
  bool yes = false;
  cm_code code = cm_suite_bool(r, at, &yes);
  if (code || yes) return code;
  return cm_suite_fail(r, at, CM_E_FORMAT, "%s can only be true", at->key.p);
}

static cm_code set_dir(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  is(d, "dir");
  d->node.kind = CM_NODE_DIR;
  return only_true(r, at);
}

static cm_code set_fifo(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  is(d, "fifo");
  d->node.kind = CM_NODE_FIFO;
  return only_true(r, at);
}

static cm_code set_mode(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  cm_str s;
  cm_code code = cm_suite_text(r, at, "mode", false, &s);
  if (code) return code;
  bool good = s.n == 3 || s.n == 4;
  unsigned mode = 0;
  for (size_t i = 0; i < s.n && good; i++) {
    good = s.p[i] >= '0' && s.p[i] <= '7';
    mode = mode * 8 + (unsigned)(s.p[i] - '0');
  }
  if (!good) return cm_suite_fail(r, at, CM_E_FORMAT, "mode must be octal, such as \"0755\"");
  if (!mode)
    return cm_suite_fail(r, at, CM_E_FORMAT, "mode 0 can't be given: use \"0100\" or more");
  d->node.mode = mode;
  return CM_OK;
}

static cm_code set_mtime(cm_suite_reader *r, const cm_yaml *at, void *out) {
  draft *d = out;
  cm_str s;
  cm_code code = cm_suite_text(r, at, "mtime", false, &s);
  d->node.has_mtime = true;
  if (code || cm_suite_time(s, &d->node.mtime, &d->node.relative)) return code;
  return cm_suite_fail(r, at, CM_E_FORMAT,
                       "mtime must be a date (2024-01-31, 2024-01-31T12:00:00Z) or relative (-3d, "
                       "-2h)");
}

static const cm_field node_fields[] = {
    {"text", set_text},     {"base64", set_base64}, {"size", set_size},
    {"sparse", set_sparse}, {"link", set_link},     {"dir", set_dir},
    {"fifo", set_fifo},     {"mode", set_mode},     {"mtime", set_mtime}};
const cm_fields cm_fields_node = {"node", node_fields, 9};

/* --- what fits together --- */

static cm_code finish(cm_suite_reader *r, const cm_yaml *at, draft *d) {
  cm_node *n = &d->node;
  if (d->second)
    return cm_suite_fail(r, at, CM_E_FORMAT, "a file has either %s or %s", d->kind, d->second);
  if (!d->kind && !d->sized)
    return cm_suite_fail(r, at, CM_E_FORMAT, "a file needs text, base64, size, link, dir or fifo");
  if (d->sized && n->kind != CM_NODE_FILE)
    return cm_suite_fail(r, at, CM_E_FORMAT, "only a file has a size");
  if (n->sparse && (!d->sized || d->kind))
    return cm_suite_fail(r, at, CM_E_FORMAT, "sparse needs a size, and no text");
  if (n->kind == CM_NODE_LINK && n->mode)
    return cm_suite_fail(r, at, CM_E_FORMAT, "a link has no mode");
  if (n->size > (n->sparse ? sparse_max : filled_max))
    return cm_suite_fail(r, at, CM_E_LIMIT, "size is above %s",
                         n->sparse ? "1T" : "64M (a larger one must be sparse)");
  if (d->sized && !n->sparse && !n->text.n) n->text = CM_STR("x\n");
  return CM_OK;
}

cm_code cm_suite_node(cm_suite_reader *r, const cm_yaml *at, cm_node *out) {
  draft d = {.node = {.path = at->key, .line = at->line, .column = at->column}};
  cm_code code = cm_suite_path(r, at, at->key);
  if (code) return code;
  if (at->kind == CM_YAML_MAP) {
    code = cm_suite_map(r, at, &cm_fields_node, &d);
    if (!code) code = finish(r, at, &d);
  } else {
    code = cm_suite_text(r, at, "a file", true, &d.node.text);
  }
  *out = d.node;
  return code;
}
