/* The shapes that mkmodel knows. Qwen2.5's are from its technical report and its config.json
 * files; the tiny ones are the test fixtures' (tests/fixtures/models/README.md says why these
 * numbers). */
#ifndef CM_TOOLS_SHAPES_H
#define CM_TOOLS_SHAPES_H
#include <stdint.h>

typedef struct shape {
  const char *name;
  uint32_t layers, hidden, heads, kv_heads, ff, vocab, context;
} shape;

enum { SHAPES = 7, MAX_LAYERS = 36 };

static const shape shapes[SHAPES] = {
    {"0.5b", 24, 896, 14, 2, 4864, 151936, 32768}, {"1.5b", 28, 1536, 12, 2, 8960, 151936, 32768},
    {"3b", 36, 2048, 16, 2, 11008, 151936, 32768}, {"tiny", 2, 64, 2, 1, 128, 320, 512},
    {"tiny-rest", 2, 96, 3, 1, 256, 320, 512},     {"tiny-qwen", 2, 64, 2, 1, 128, 151936, 32768},
    {"tiny-k", 1, 256, 4, 1, 256, 320, 512},
};

#endif
