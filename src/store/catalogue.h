/* store/catalogue: the models that the program knows by name, with what their files must be. */
#ifndef CM_STORE_CATALOGUE_H
#define CM_STORE_CATALOGUE_H
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

typedef struct cm_model_row {
  const char *id;   /* "qwen2.5-coder-0.5b-q4_k_m" */
  const char *repo; /* OWNER/NAME on the hub */
  const char *revision;
  const char *file;
  const char *sha256;
  uint64_t bytes;        /* 0: only `megabytes` is known */
  unsigned megabytes;    /* of 1,000,000 bytes, for people */
  const char *quant;     /* "Q4_K_M" */
  const char *licence;   /* SPDX name, or what its publisher calls it */
  const char *condition; /* what the licence forbids, for people; NULL */
} cm_model_row;

const cm_model_row *cm_catalogue_at(size_t i); /* NULL past the end */

/* By name, in any case: the id; the file's name, with or without ".gguf"; as Ollama writes it
 * ("qwen2.5-coder:0.5b", "qwen2.5-coder:1.5b-instruct-q8_0", "qwen2.5-coder" is its 7b). NULL:
 * none. */
const cm_model_row *cm_catalogue_find(cm_str name);
/* By what it is. NULL: none. */
const cm_model_row *cm_catalogue_by_sha256(cm_str sha256);
const cm_model_row *cm_catalogue_by_file(cm_str repo, cm_str file);

/* The id nearest to a misspelt name; NULL when none is near. */
const char *cm_catalogue_nearest(cm_str name);

#endif
