/* store/ref: what a person calls a model, and what that means. Pure functions. */
#ifndef CM_STORE_REF_H
#define CM_STORE_REF_H
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "net/url.h"
#include "store/catalogue.h"

enum { CM_REF_ID_MAX = 1024, CM_REF_NAME_MAX = 160 };

typedef struct cm_ref {
  char id[CM_REF_ID_MAX];     /* the one spelling of it: a key of the manifest */
  char name[CM_REF_NAME_MAX]; /* of its file in the store: no folders, never hidden */
  const cm_model_row *row;    /* of the catalogue; NULL: not in there */
  /* On the hub; empty for another address. */
  char repo[200], revision[200], file[400];
  char url[CM_URL_MAX];
} cm_ref;

/* Whether a name means something to fetch: of the catalogue, hf:… or an address; not a path. */
bool cm_ref_is_one(cm_str text);

/* A name of the catalogue (as cm_catalogue_find takes it), hf:OWNER/REPO/FILE[@REVISION] (without
 * one: main), or an http or https URL. `endpoint` is the hub ("https://huggingface.co", with or
 * without "/" at its end). A file that the catalogue knows becomes that row; with a revision it
 * does if it is the row's. CM_E_USAGE: none of these, or one that can't be, with the nearest
 * name. */
cm_code cm_ref_parse(cm_str text, const char *endpoint, cm_ref *out, cm_err *e);

#endif
