#include "data/yaml.h"

#include <yaml.h>

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

static place place_of(yaml_mark_t mark) {
  return (place){(unsigned)mark.line + 1, (unsigned)mark.column + 1};
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

static cm_code scalar(builder *b, const yaml_event_t *event) {
  place at = place_of(event->start_mark);
  if (event->data.scalar.anchor || event->data.scalar.tag)
    return FAIL(b, CM_E_FORMAT, at, "anchors and tags are not taken here");
  size_t n = event->data.scalar.length;
  cm_str text = {cm_arena_strdup(b->arena, (const char *)event->data.scalar.value, n), n};
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
  node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  return CM_OK;
}

static cm_code open_level(builder *b, cm_yaml_kind kind, const yaml_event_t *event, bool marked) {
  place at = place_of(event->start_mark);
  if (marked) return FAIL(b, CM_E_FORMAT, at, "anchors and tags are not taken here");
  if (wants_key(b)) return FAIL(b, CM_E_FORMAT, at, "a key must be a plain word");
  if (b->depth == CM_YAML_DEPTH_MAX)
    return FAIL(b, CM_E_LIMIT, at, "nested deeper than %d levels", CM_YAML_DEPTH_MAX);
  cm_yaml *node;
  cm_code code = add(b, kind, at, &node);
  if (!code) b->levels[b->depth++] = (level){.node = node};
  return code;
}

static cm_code take(builder *b, const yaml_event_t *event) {
  place at = place_of(event->start_mark);
  switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
      if (b->documents++) return FAIL(b, CM_E_FORMAT, at, "more than one document in the file");
      return CM_OK;
    case YAML_SCALAR_EVENT: return scalar(b, event);
    case YAML_ALIAS_EVENT: return FAIL(b, CM_E_FORMAT, at, "aliases (*name) are not taken here");
    case YAML_SEQUENCE_START_EVENT:
      return open_level(b, CM_YAML_LIST, event,
                        event->data.sequence_start.anchor || event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
      return open_level(b, CM_YAML_MAP, event,
                        event->data.mapping_start.anchor || event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: b->depth--; return CM_OK;
    default: return CM_OK;
  }
}

/* --- the library --- */

/* Where the byte `offset` stands, which is all that is known of a character that YAML hasn't. */
static place place_at(cm_str text, size_t offset) {
  place at = {1, 1};
  for (size_t i = 0; i < offset && i < text.n; i++) {
    if (text.p[i] == '\n') at.line++, at.column = 1;
    else if (((unsigned char)text.p[i] & 0xc0) != 0x80) at.column++;
  }
  return at;
}

static cm_code report(builder *b, const yaml_parser_t *parser, cm_str text) {
  const char *problem = parser->problem ? parser->problem : "not YAML";
  place at = place_of(parser->problem_mark), from = place_of(parser->context_mark);
  if (parser->error == YAML_MEMORY_ERROR) return FAIL(b, CM_E_NOMEM, at, "out of memory");
  if (parser->error == YAML_READER_ERROR)
    return FAIL(b, CM_E_FORMAT, place_at(text, parser->problem_offset), "%s", problem);
  if (!parser->context) return FAIL(b, CM_E_FORMAT, at, "%s", problem);
  if (from.line == at.line) return FAIL(b, CM_E_FORMAT, at, "%s %s", problem, parser->context);
  return FAIL(b, CM_E_FORMAT, at, "%s %s, from line %u", problem, parser->context, from.line);
}

static cm_code pump(builder *b, yaml_parser_t *parser, cm_str text) {
  cm_code code = CM_OK;
  bool ended = false;
  while (!code && !ended) {
    yaml_event_t event;
    if (!yaml_parser_parse(parser, &event)) return report(b, parser, text);
    ended = event.type == YAML_STREAM_END_EVENT;
    code = take(b, &event);
    yaml_event_delete(&event);
  }
  return code;
}

static cm_code parse(builder *b, cm_str text) {
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser))
    return cm_fail(b->e, CM_E_NOMEM, 0, "%s: out of memory", b->name);
  yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.n);
  cm_code code = pump(b, &parser, text);
  yaml_parser_delete(&parser);
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
