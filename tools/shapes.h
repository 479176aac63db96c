/* The shapes that mkmodel knows. Qwen2.5's and Qwen3's are from their technical reports and their
 * config.json files; the tiny ones are the test fixtures' (rows that fill no block of 256, two
 * layers, heads that share keys, in Qwen3 heads that are wider together than the layer). */
#ifndef CM_TOOLS_SHAPES_H
#define CM_TOOLS_SHAPES_H
#include <stdbool.h>
#include <stdint.h>

typedef struct shape {
  const char *name;
  bool qwen3; /* else Qwen2 */
  uint32_t layers, hidden, heads, kv_heads, head_dim, ff, vocab, context;
} shape;

enum { SHAPES = 9, MAX_LAYERS = 36 };

static const shape shapes[SHAPES] = {
    {"0.5b", false, 24, 896, 14, 2, 64, 4864, 151936, 32768},
    {"1.5b", false, 28, 1536, 12, 2, 128, 8960, 151936, 32768},
    {"3b", false, 36, 2048, 16, 2, 128, 11008, 151936, 32768},
    {"qwen3-0.6b", true, 28, 1024, 16, 8, 128, 3072, 151936, 40960},
    {"tiny", false, 2, 64, 2, 1, 32, 128, 320, 512},
    {"tiny-rest", false, 2, 96, 3, 1, 32, 256, 320, 512},
    {"tiny-qwen", false, 2, 64, 2, 1, 32, 128, 151936, 32768},
    {"tiny-k", false, 1, 256, 4, 1, 64, 256, 320, 512},
    {"tiny-q3", true, 2, 64, 4, 2, 32, 128, 320, 512},
};

#endif
