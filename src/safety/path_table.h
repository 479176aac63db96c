/* safety/path_table: the places that have a meaning. Names are patterns of file names. */
#ifndef CM_SAFETY_PATH_TABLE_H
#define CM_SAFETY_PATH_TABLE_H
#include "safety/path.h"

/* A directory or file: what it is as a whole (also as DIR/ *), and what lies below. The longest
 * row that fits counts; of equally long ones the first. */
typedef struct cm_place_row {
  const char *path; /* without the first '/', or relative to a home */
  cm_place self, below;
  bool secret;
} cm_place_row;

extern const cm_place_row cm_system_rows[], cm_home_rows[];
extern const size_t cm_n_system_rows, cm_n_home_rows;

/* What a name means wherever it is. */
typedef struct cm_name_row {
  const char *name;
  cm_place place;
} cm_name_row;

/* By the whole name, and by what stands behind the last '.'; both sorted for strcmp. */
extern const cm_name_row cm_name_rows[], cm_suffix_rows[];
extern const size_t cm_n_name_rows, cm_n_suffix_rows;
/* By patterns, which are looked at last. */
extern const cm_name_row cm_pattern_rows[];
extern const size_t cm_n_pattern_rows;
/* Names that look like a secret's and aren't one. */
extern const char cm_public_names[];
/* Below /dev. */
extern const char cm_plain_device_names[];

#endif
