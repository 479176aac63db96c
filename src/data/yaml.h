/* data/yaml: YAML as a tree with line and column marks. A thin door over libyaml (nobody else
 * includes it); the tree is built from its events, so that what the library would let pass is
 * refused here: duplicate keys, anchors, aliases, tags, several documents. What a plain scalar
 * means is for the reader of the tree, so that YAML 1.2 reads like 1.1, but for U+0085, U+2028 and
 * U+2029, which end a line, and for lines of nothing but tabs and keys of nothing at all, which
 * are refused. */
#ifndef CM_DATA_YAML_H
#define CM_DATA_YAML_H
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

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

#endif
