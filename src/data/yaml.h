/* data/yaml: YAML as a tree with line and column marks, and JSON documents as YAML. A thin door
 * over libyaml (nobody else includes it); the tree is built from its events, so that what the
 * library would let pass is refused here: duplicate keys, anchors, aliases, tags, several
 * documents. What a plain scalar means is for the reader of the tree, so that YAML 1.2 reads like
 * 1.1, but for U+0085, U+2028 and U+2029, which end a line, and for lines of nothing but tabs and
 * keys of nothing at all, which are refused. */
#ifndef CM_DATA_YAML_H
#define CM_DATA_YAML_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/json.h"

typedef enum cm_yaml_kind { CM_YAML_SCALAR, CM_YAML_LIST, CM_YAML_MAP } cm_yaml_kind;

typedef struct cm_yaml {
  cm_yaml_kind kind;
  bool plain;  /* SCALAR: written without quotes, so "true" and "12" mean what they say */
  cm_str key;  /* in a map; else empty */
  cm_str text; /* SCALAR */
  size_t n;    /* children */
  struct cm_yaml *first, *next;
  unsigned line, column; /* from 1: of the value, in a map of the key */
} cm_yaml;

enum {
  CM_YAML_BYTES_MAX = 4 << 20,
  CM_YAML_DEPTH_MAX = 32,
  CM_YAML_NODES_MAX = 200000,
  CM_YAML_KEYS_MAX = 4096 /* of one map */
};

/* Parses one document; an empty one gives *root = NULL. `name` stands in messages
 * ("NAME:LINE:COLUMN: …"). The tree lives in `a`. CM_E_FORMAT, CM_E_LIMIT, CM_E_NOMEM. */
cm_code cm_yaml_parse(cm_str text, const char *name, cm_arena *a, const cm_yaml **root, cm_err *e);

/* The member of a map, or NULL: also for NULL and other kinds. */
const cm_yaml *cm_yaml_get(const cm_yaml *map, const char *key);

/* Appends the same document in block style: members in their order, values of their kind for
 * readers of YAML 1.1 and 1.2. Strings are plain where no reader could take them for something
 * else, else in double quotes with what cm_json_hidden says escaped. It begins with "---", so that
 * documents may follow each other. CM_E_NOMEM, also when `out` is full. */
cm_code cm_yaml_write(const cm_json *document, cm_buf *out, cm_err *e);

#endif
