/* The small models that tests run on: every file of tests/fixtures/models, or of $CM_TEST_MODELS.
 */
#ifndef CM_TESTS_MODELS_H
#define CM_TESTS_MODELS_H
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Finds them, by name; .gl_pathc is 0 when there are none. Free with globfree. */
static inline glob_t cm_test_models(void) {
  const char *dir = getenv("CM_TEST_MODELS");
  char pattern[4096];
  glob_t g = {0};
  snprintf(pattern, sizeof pattern, "%s/*.gguf",
           dir && *dir ? dir : CM_SOURCE_DIR "/tests/fixtures/models");
  if (glob(pattern, 0, NULL, &g)) g.gl_pathc = 0;
  return g;
}

static inline const char *cm_test_model_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

#endif
