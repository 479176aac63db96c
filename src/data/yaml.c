#include "data/yaml.h"

#include <libfyaml.h>

/* An open list or map. */
typedef struct level {
  cm_yaml *node, *last;
  cm_str key; /* a map's key that waits for its value */
  unsigned key_line, key_column;
  bool has_key;
} level;

typedef struct builder {
  const char *name;
  cm_arena *arena;
  cm_err *e;
  level levels[CM_YAML_DEPTH_MAX];
  unsigned depth;
  size_t nodes;
  unsigned documents;
  cm_yaml *root;
} builder;

typedef struct place {
  unsigned line, column;
} place;

#define FAIL(b, code, at, ...) fail_at((b), (code), (at), __VA_ARGS__)

static cm_code fail_at(builder *b, cm_code code, place at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static cm_code fail_at(builder *b, cm_code code, place at, const char *fmt, ...) {
  char msg[160];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(msg, sizeof msg, fmt, ap);
  va_end(ap);
  return cm_fail(b->e, code, 0, "%s:%u:%u: %s", b->name, at.line, at.column, msg);
}

static place place_of(struct fy_event *event) {
  const struct fy_mark *m = fy_event_start_mark(event);
  return m ? (place){(unsigned)m->line + 1, (unsigned)m->column + 1} : (place){1, 1};
}

/* --- building --- */

static cm_code duplicate(builder *b, const level *l, cm_str key, place at) {
  if (l->node->n >= CM_YAML_KEYS_MAX)
    return FAIL(b, CM_E_LIMIT, at, "a map has more than %d keys", CM_YAML_KEYS_MAX);
  for (const cm_yaml *c = l->node->first; c; c = c->next)
    if (cm_str_eq(c->key, key))
      return FAIL(b, CM_E_FORMAT, at, "the key \"%.*s\" stands twice, first in line %u",
                  (int)(key.n < 60 ? key.n : 60), key.p, c->line);
  return CM_OK;
}

/* Hangs a new node into the open list or map, or makes it the root. */
static cm_code add(builder *b, cm_yaml_kind kind, place at, cm_yaml **out) {
  if (++b->nodes > CM_YAML_NODES_MAX)
    return FAIL(b, CM_E_LIMIT, at, "more than %d values", CM_YAML_NODES_MAX);
  cm_yaml *node = cm_arena_alloc(b->arena, 1, sizeof *node);
  if (!node) return FAIL(b, CM_E_NOMEM, at, "out of memory");
  *node = (cm_yaml){.kind = kind, .line = at.line, .column = at.column};
  *out = node;
  if (!b->depth) {
    b->root = node;
    return CM_OK;
  }
  level *l = &b->levels[b->depth - 1];
  if (l->has_key) {
    node->key = l->key, node->line = l->key_line, node->column = l->key_column;
    l->has_key = false;
  }
  if (l->last) l->last->next = node;
  else l->node->first = node;
  l->last = node;
  l->node->n++;
  return CM_OK;
}

static bool wants_key(const builder *b) {
  if (!b->depth) return false;
  const level *l = &b->levels[b->depth - 1];
  return l->node->kind == CM_YAML_MAP && !l->has_key;
}

static cm_code scalar(builder *b, struct fy_event *event) {
  place at = place_of(event);
  struct fy_token *token = event->scalar.value;
  enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
  /* The library's mark of a quoted scalar is behind its quote. */
  if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED) at.column--;
  if (event->scalar.anchor || event->scalar.tag)
    return FAIL(b, CM_E_FORMAT, at, "anchors and tags are not taken here");
  size_t n = 0;
  const char *p = token ? fy_token_get_text(token, &n) : "";
  cm_str text = {cm_arena_strdup(b->arena, p ? p : "", p ? n : 0), p ? n : 0};
  if (!text.p) return FAIL(b, CM_E_NOMEM, at, "out of memory");
  if (wants_key(b)) {
    level *l = &b->levels[b->depth - 1];
    cm_code code = duplicate(b, l, text, at);
    l->key = text, l->key_line = at.line, l->key_column = at.column, l->has_key = true;
    return code;
  }
  cm_yaml *node;
  cm_code code = add(b, CM_YAML_SCALAR, at, &node);
  if (code) return code;
  node->text = text;
  node->plain = style == FYSS_PLAIN;
  return CM_OK;
}

static cm_code open_level(builder *b, cm_yaml_kind kind, struct fy_event *event, bool marked) {
  place at = place_of(event);
  if (marked) return FAIL(b, CM_E_FORMAT, at, "anchors and tags are not taken here");
  if (wants_key(b)) return FAIL(b, CM_E_FORMAT, at, "a key must be a plain word");
  if (b->depth == CM_YAML_DEPTH_MAX)
    return FAIL(b, CM_E_LIMIT, at, "nested deeper than %d levels", CM_YAML_DEPTH_MAX);
  cm_yaml *node;
  cm_code code = add(b, kind, at, &node);
  if (!code) b->levels[b->depth++] = (level){.node = node};
  return code;
}

static cm_code take(builder *b, struct fy_event *event) {
  switch (event->type) {
    case FYET_DOCUMENT_START:
      if (b->documents++)
        return FAIL(b, CM_E_FORMAT, place_of(event), "more than one document in the file");
      return CM_OK;
    case FYET_SCALAR: return scalar(b, event);
    case FYET_ALIAS:
      return FAIL(b, CM_E_FORMAT, place_of(event), "aliases (*name) are not taken here");
    case FYET_SEQUENCE_START:
      return open_level(b, CM_YAML_LIST, event,
                        event->sequence_start.anchor || event->sequence_start.tag);
    case FYET_MAPPING_START:
      return open_level(b, CM_YAML_MAP, event,
                        event->mapping_start.anchor || event->mapping_start.tag);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END: b->depth--; return CM_OK;
    default: return CM_OK;
  }
}

/* --- the library --- */

/* It would print by itself; the first error is taken from its list instead. */
static void quiet(struct fy_diag *diag, void *user, const char *p, size_t n) {
  (void)diag, (void)user, (void)p, (void)n;
}

static cm_code report(builder *b, struct fy_diag *diag) {
  void *at = NULL;
  const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &at);
  if (!first) return FAIL(b, CM_E_FORMAT, ((place){1, 1}), "not YAML, or out of memory");
  place where = {(unsigned)(first->line > 0 ? first->line : 1),
                 (unsigned)(first->column > 0 ? first->column : 1)};
  return FAIL(b, CM_E_FORMAT, where, "%s", first->msg ? first->msg : "not YAML");
}

static cm_code pump(builder *b, struct fy_parser *parser, struct fy_diag *diag) {
  cm_code code = CM_OK;
  bool ended = false;
  while (!code && !ended) {
    struct fy_event *event = fy_parser_parse(parser);
    if (!event) return report(b, diag);
    ended = event->type == FYET_STREAM_END;
    code = take(b, event);
    fy_parser_event_free(parser, event);
  }
  return code;
}

static cm_code parse(builder *b, cm_str text) {
  struct fy_diag_cfg diag_cfg;
  fy_diag_cfg_default(&diag_cfg);
  diag_cfg.fp = NULL;
  diag_cfg.output_fn = quiet;
  struct fy_diag *diag = fy_diag_create(&diag_cfg);
  if (!diag) return cm_fail(b->e, CM_E_NOMEM, 0, "%s: out of memory", b->name);
  fy_diag_set_collect_errors(diag, true);
  struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG, .diag = diag};
  struct fy_parser *parser = fy_parser_create(&cfg);
  cm_code code;
  if (!parser || fy_parser_set_string(parser, text.p, text.n))
    code = cm_fail(b->e, CM_E_NOMEM, 0, "%s: out of memory", b->name);
  else code = pump(b, parser, diag);
  fy_parser_destroy(parser);
  fy_diag_destroy(diag);
  return code;
}

cm_code cm_yaml_parse(cm_str text, const char *name, cm_arena *a, const cm_yaml **root,
                      cm_err *e) {
  builder b = {.name = name, .arena = a, .e = e};
  *root = NULL;
  if (text.n > CM_YAML_BYTES_MAX)
    return cm_fail(e, CM_E_LIMIT, 0, "%s: larger than %d bytes", name, CM_YAML_BYTES_MAX);
  size_t bad = cm_utf8_check(text.p, text.n);
  if (bad < text.n)
    return cm_fail(e, CM_E_FORMAT, bad, "%s: not valid UTF-8 at byte %zu", name, bad);
  if (!cm_str_trim(text).n) return CM_OK;
  cm_code code = parse(&b, text);
  if (!code) *root = b.root;
  return code;
}

const cm_yaml *cm_yaml_get(const cm_yaml *map, const char *key) {
  if (!map || map->kind != CM_YAML_MAP) return NULL;
  for (const cm_yaml *c = map->first; c; c = c->next)
    if (cm_str_is(c->key, key)) return c;
  return NULL;
}
