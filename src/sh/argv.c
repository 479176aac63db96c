#include "sh/argv.h"

#include <string.h>

typedef enum takes { TAKES_NOTHING, TAKES_VALUE, TAKES_ATTACHED } takes;

/* What the letter `c` takes; *listed says whether the specification names it at all. */
static takes short_takes(const char *shorts, char c, bool *listed) {
  const char *at = c && c != ':' ? strchr(shorts, c) : NULL;
  *listed = at != NULL;
  if (!at || at[1] != ':') return TAKES_NOTHING;
  return at[2] == ':' ? TAKES_ATTACHED : TAKES_VALUE;
}

/* Cuts the next "name", "name=" or "name=?" that may begin with `begin` off a list of long
 * options. */
static bool next_long(const char **list, cm_str begin, cm_str *name, takes *kind) {
  const char *p = *list;
  for (;; p++) {
    if (!*p) return false;
    if (*p == ' ') continue;
    if (!begin.n || *p == begin.p[0]) break;
    p = strchr(p, ' '); /* lists are long, and most names differ in the first letter */
    if (!p) return false;
  }
  size_t n = strcspn(p, " ="), all = n + strcspn(p + n, " ");
  *list = p + all;
  *name = (cm_str){p, n};
  *kind = n == all ? TAKES_NOTHING : n + 1 == all ? TAKES_VALUE : TAKES_ATTACHED;
  return true;
}

/* Completes *name if it is listed or (with `abbreviated`) a beginning of just one that is. */
static takes find_long(const char *longs, cm_str *name, bool abbreviated, bool *listed) {
  cm_str full = *name, candidate;
  takes kind, found = TAKES_NOTHING;
  size_t fits = 0;
  for (const char *list = longs; next_long(&list, *name, &candidate, &kind);) {
    if (!cm_str_starts(candidate, *name)) continue;
    bool exact = candidate.n == name->n;
    if (!exact && !abbreviated) continue;
    if (exact || fits == 0) full = candidate, found = kind;
    fits = exact ? 1 : fits + 1;
    if (exact) break;
  }
  *listed = fits == 1;
  if (fits != 1) return TAKES_NOTHING;
  *name = full;
  return found;
}

cm_argv cm_argv_of(const cm_rword *words, size_t n, cm_argv_spec spec) {
  if (!spec.shorts) spec.shorts = "";
  if (!spec.longs) spec.longs = "";
  return (cm_argv){.words = words, .n = n, .next = 1, .spec = spec};
}

static bool give_value(cm_arg *out, const cm_rword *at, cm_str value) {
  out->has_value = true;
  out->value = value;
  out->at = at;
  return true;
}

/* The value in the next word, if there is one. */
static bool give_detached(cm_argv *v, cm_arg *out) {
  if (v->next >= v->n) return true;
  const cm_rword *at = &v->words[v->next++];
  return give_value(out, at, at->text);
}

/* The letter at v->in of the word v->cluster. In a cluster without a dash ("tar cfz FILE") values
 * are always the next words. */
static bool next_letter(cm_argv *v, cm_arg *out) {
  const cm_rword *word = &v->words[v->cluster];
  cm_str text = word->text;
  bool bare = text.p[0] != '-', listed;
  size_t at = v->in++;
  *out = (cm_arg){.option = true, .name = {text.p + at, 1}, .word = word, .index = v->cluster};
  takes kind = short_takes(v->spec.shorts, text.p[at], &listed);
  cm_str rest = {text.p + at + 1, text.n - at - 1};
  if (!rest.n || (kind && !bare)) v->in = 0;
  if (kind == TAKES_NOTHING || (kind == TAKES_ATTACHED && (bare || !rest.n))) return true;
  return rest.n && !bare ? give_value(out, word, rest) : give_detached(v, out);
}

static bool start_cluster(cm_argv *v, cm_arg *out, size_t from) {
  v->cluster = v->next++;
  v->in = from;
  return next_letter(v, out);
}

/* --name or, with one dash, -name. */
static bool long_option(cm_argv *v, cm_arg *out, size_t dashes) {
  const cm_rword *word = &v->words[v->next];
  cm_str text = word->text, name = {text.p + dashes, text.n - dashes};
  const char *equals = memchr(name.p, '=', name.n);
  if (equals) name.n = (size_t)(equals - name.p);
  bool one_dash = v->spec.how & CM_ARGV_DASH, listed, letter;
  takes kind = find_long(v->spec.longs, &name, !one_dash, &listed);
  if (!listed && dashes == 1) {
    (void)short_takes(v->spec.shorts, text.p[1], &letter);
    if (letter) return start_cluster(v, out, 1);
  }
  *out = (cm_arg){.option = true, .name = name, .word = word, .index = v->next++};
  if (equals) {
    size_t used = (size_t)(equals + 1 - text.p);
    return give_value(out, word, (cm_str){equals + 1, text.n - used});
  }
  return kind == TAKES_VALUE ? give_detached(v, out) : true;
}

static bool plus_option(cm_argv *v, cm_arg *out) {
  const cm_rword *word = &v->words[v->next];
  bool listed;
  *out = (cm_arg){.option = true, .name = word->text, .word = word, .index = v->next++};
  if (word->text.n != 2) return true;
  takes kind = short_takes(v->spec.shorts, word->text.p[1], &listed);
  return kind == TAKES_VALUE ? give_detached(v, out) : true;
}

static bool operand(cm_argv *v, cm_arg *out) {
  if (v->spec.how & CM_ARGV_STOP) {
    v->ended = true;
    return false;
  }
  const cm_rword *word = &v->words[v->next];
  *out = (cm_arg){.word = word, .index = v->next++};
  return give_value(out, word, word->text);
}

/* Passes over "--"; in a program with options of one dash it ends nothing. */
static void pass_dashes(cm_argv *v) {
  while (!v->ended && v->next < v->n && cm_str_is(v->words[v->next].text, "--")) {
    v->next++;
    v->ended = !(v->spec.how & CM_ARGV_DASH);
  }
}

bool cm_argv_next(cm_argv *v, cm_arg *out) {
  unsigned how = v->spec.how;
  if (v->in) return next_letter(v, out);
  if (!(how & CM_ARGV_NONE)) pass_dashes(v);
  if (v->next >= v->n) return false;
  cm_str text = v->words[v->next].text;
  if (v->ended || (how & CM_ARGV_NONE) || text.n == 0) return operand(v, out);
  if ((how & CM_ARGV_BARE) && v->next == 1 && text.p[0] != '-') return start_cluster(v, out, 0);
  if ((how & CM_ARGV_PLUS) && text.p[0] == '+' && text.n > 1) return plus_option(v, out);
  if (text.p[0] != '-' || text.n == 1) return operand(v, out);
  if (text.p[1] == '-') return long_option(v, out, 2);
  return how & CM_ARGV_DASH ? long_option(v, out, 1) : start_cluster(v, out, 1);
}
