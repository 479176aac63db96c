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

/* By the last part of a path, wherever it is. */
extern const char cm_secret_names[], cm_public_names[], cm_artefact_names[], cm_image_names[];
/* Below /dev. */
extern const char cm_disk_names[], cm_plain_device_names[];

#endif
