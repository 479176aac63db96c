#include "base/qtype.h"

#include <strings.h>

static const cm_qtype table[CM_Q_COUNT] = {
    {CM_Q_F32, 0, "F32", 1, 4},        {CM_Q_F16, 1, "F16", 1, 2},
    {CM_Q_BF16, 30, "BF16", 1, 2},     {CM_Q_Q8_0, 8, "Q8_0", 32, 34},
    {CM_Q_Q4_0, 2, "Q4_0", 32, 18},    {CM_Q_Q4_1, 3, "Q4_1", 32, 20},
    {CM_Q_Q5_0, 6, "Q5_0", 32, 22},    {CM_Q_Q5_1, 7, "Q5_1", 32, 24},
    {CM_Q_Q2_K, 10, "Q2_K", 256, 84},  {CM_Q_Q3_K, 11, "Q3_K", 256, 110},
    {CM_Q_Q4_K, 12, "Q4_K", 256, 144}, {CM_Q_Q5_K, 13, "Q5_K", 256, 176},
    {CM_Q_Q6_K, 14, "Q6_K", 256, 210},
};

static const struct {
  uint32_t id;
  const char *name;
} foreign[] = {
    {4, "Q4_2 (removed)"},
    {5, "Q4_3 (removed)"},
    {9, "Q8_1"},
    {15, "Q8_K"},
    {16, "IQ2_XXS"},
    {17, "IQ2_XS"},
    {18, "IQ3_XXS"},
    {19, "IQ1_S"},
    {20, "IQ4_NL"},
    {21, "IQ3_S"},
    {22, "IQ2_S"},
    {23, "IQ4_XS"},
    {24, "I8"},
    {25, "I16"},
    {26, "I32"},
    {27, "I64"},
    {28, "F64"},
    {29, "IQ1_M"},
    {31, "Q4_0_4_4"},
    {32, "Q4_0_4_8"},
    {33, "Q4_0_8_8"},
    {34, "TQ1_0"},
    {35, "TQ2_0"},
    {36, "IQ4_NL_4_4"},
    {37, "IQ4_NL_4_8"},
    {38, "IQ4_NL_8_8"},
    {39, "MXFP4"},
    {40, "NVFP4"},
    /* ik_llama.cpp's own types */
    {133, "Q6_0 (ik_llama.cpp)"},
    {134, "IQ1_BN (ik_llama.cpp)"},
    {135, "IQ2_BN (ik_llama.cpp)"},
    {136, "Q8_K64 (ik_llama.cpp)"},
    {137, "IQ2_K (ik_llama.cpp)"},
    {138, "IQ3_K (ik_llama.cpp)"},
    {139, "IQ4_K (ik_llama.cpp)"},
    {140, "IQ5_K (ik_llama.cpp)"},
    {141, "IQ6_K (ik_llama.cpp)"},
    {144, "IQ4_KS (ik_llama.cpp)"},
    {145, "IQ2_KS (ik_llama.cpp)"},
    {146, "IQ4_KSS (ik_llama.cpp)"},
};

const cm_qtype *cm_qtype_of(cm_qid id) { return (unsigned)id < CM_Q_COUNT ? &table[id] : NULL; }

const cm_qtype *cm_qtype_by_gguf(uint32_t gguf_id) {
  for (int i = 0; i < CM_Q_COUNT; i++)
    if (table[i].gguf_id == gguf_id) return &table[i];
  return NULL;
}

const cm_qtype *cm_qtype_by_name(const char *name) {
  for (int i = 0; i < CM_Q_COUNT; i++)
    if (strcasecmp(table[i].name, name) == 0) return &table[i];
  return NULL;
}

const char *cm_qtype_foreign_name(uint32_t gguf_id) {
  for (unsigned i = 0; i < sizeof foreign / sizeof *foreign; i++)
    if (foreign[i].id == gguf_id) return foreign[i].name;
  return NULL;
}

bool cm_qtype_row_bytes(const cm_qtype *t, uint64_t n, uint64_t *bytes) {
  if (n % t->block_values) return false;
  return !__builtin_mul_overflow(n / t->block_values, (uint64_t)t->block_bytes, bytes);
}
