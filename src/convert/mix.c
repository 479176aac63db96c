#include "convert/mix.h"

#include <strings.h>

/* File types: llama.cpp's enum llama_ftype. */
static const cm_mix table[CM_MIX_COUNT] = {
    {CM_MIX_F32, "F32", 0, CM_Q_F32},         {CM_MIX_F16, "F16", 1, CM_Q_F16},
    {CM_MIX_BF16, "BF16", 32, CM_Q_BF16},     {CM_MIX_Q8_0, "Q8_0", 7, CM_Q_Q8_0},
    {CM_MIX_Q4_0, "Q4_0", 2, CM_Q_Q4_0},      {CM_MIX_Q4_1, "Q4_1", 3, CM_Q_Q4_1},
    {CM_MIX_Q5_0, "Q5_0", 8, CM_Q_Q5_0},      {CM_MIX_Q5_1, "Q5_1", 9, CM_Q_Q5_1},
    {CM_MIX_Q2_K, "Q2_K", 10, CM_Q_Q2_K},     {CM_MIX_Q3_K_S, "Q3_K_S", 11, CM_Q_Q3_K},
    {CM_MIX_Q3_K_M, "Q3_K_M", 12, CM_Q_Q3_K}, {CM_MIX_Q3_K_L, "Q3_K_L", 13, CM_Q_Q3_K},
    {CM_MIX_Q4_K_S, "Q4_K_S", 14, CM_Q_Q4_K}, {CM_MIX_Q4_K_M, "Q4_K_M", 15, CM_Q_Q4_K},
    {CM_MIX_Q5_K_S, "Q5_K_S", 16, CM_Q_Q5_K}, {CM_MIX_Q5_K_M, "Q5_K_M", 17, CM_Q_Q5_K},
    {CM_MIX_Q6_K, "Q6_K", 18, CM_Q_Q6_K},
};

const cm_mix *cm_mix_of(cm_mix_id id) { return (unsigned)id < CM_MIX_COUNT ? &table[id] : NULL; }

const cm_mix *cm_mix_by_name(const char *name) {
  for (int i = 0; i < CM_MIX_COUNT; i++)
    if (strcasecmp(table[i].name, name) == 0) return &table[i];
  return NULL;
}

/* The first and the last eighth of the layers, and every third one between. */
static bool more_bits(uint32_t layer, uint32_t layers) {
  uint32_t eighth = layers / 8;
  return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
}

static cm_qid attn_v_base(const cm_mix *mix, const cm_mix_model *m, uint32_t layer) {
  switch (mix->id) {
    case CM_MIX_Q2_K: return m->gqa >= 4 ? CM_Q_Q4_K : CM_Q_Q3_K;
    case CM_MIX_Q3_K_M: return layer < 2 ? CM_Q_Q5_K : CM_Q_Q4_K;
    case CM_MIX_Q3_K_L: return CM_Q_Q5_K;
    case CM_MIX_Q4_K_S: return layer < 4 ? CM_Q_Q5_K : mix->base;
    case CM_MIX_Q4_K_M:
    case CM_MIX_Q5_K_M: return more_bits(layer, m->layers) ? CM_Q_Q6_K : mix->base;
    default: return mix->base;
  }
}

/* In the models of 70 billion, known by their 80 layers, eight heads share these weights. */
static cm_qid attn_v_type(const cm_mix *mix, const cm_mix_model *m, uint32_t layer) {
  cm_qid id = attn_v_base(mix, m, layer);
  bool shared = m->layers == 80 && m->gqa > 1;
  return shared && (id == CM_Q_Q3_K || id == CM_Q_Q4_K) ? CM_Q_Q5_K : id;
}

static cm_qid ffn_down_type(const cm_mix *mix, const cm_mix_model *m, uint32_t layer) {
  switch (mix->id) {
    case CM_MIX_Q2_K: return CM_Q_Q3_K;
    case CM_MIX_Q3_K_M: return layer < m->layers / 16 ? CM_Q_Q5_K : CM_Q_Q4_K;
    case CM_MIX_Q3_K_L: return CM_Q_Q5_K;
    case CM_MIX_Q4_K_S: return layer < m->layers / 8 ? CM_Q_Q5_K : mix->base;
    case CM_MIX_Q4_K_M:
    case CM_MIX_Q5_K_M: return more_bits(layer, m->layers) ? CM_Q_Q6_K : mix->base;
    default: return mix->base;
  }
}

static cm_qid attn_output_type(const cm_mix *mix) {
  switch (mix->id) {
    case CM_MIX_Q2_K: return CM_Q_Q3_K;
    case CM_MIX_Q3_K_M: return CM_Q_Q4_K;
    case CM_MIX_Q3_K_L: return CM_Q_Q5_K;
    default: return mix->base;
  }
}

static bool fits(cm_qid id, uint64_t cols) { return cols % cm_qtype_of(id)->block_values == 0; }

static cm_qid output_type(const cm_mix *mix, uint64_t cols) {
  if (mix->base == CM_Q_Q8_0 || !fits(mix->base, cols)) return CM_Q_Q8_0;
  return CM_Q_Q6_K;
}

/* "blk.7.attn_v.weight" gives 7 and "attn_v.weight". */
static bool split_layer(cm_str name, uint32_t *layer, cm_str *rest) {
  if (!cm_str_starts(name, CM_STR("blk."))) return false;
  cm_str tail = {name.p + 4, name.n - 4};
  size_t dot = cm_str_find(tail, CM_STR("."));
  uint64_t number;
  if (dot == SIZE_MAX || !cm_str_u64((cm_str){tail.p, dot}, 0, UINT32_MAX, &number)) return false;
  *layer = (uint32_t)number;
  *rest = (cm_str){tail.p + dot + 1, tail.n - dot - 1};
  return true;
}

static cm_qid wanted_type(const cm_mix *mix, const cm_mix_model *m, cm_str name, uint64_t cols) {
  uint32_t layer;
  cm_str rest;
  if (cm_qtype_of(mix->base)->block_values == 1) return mix->base;
  if (cm_str_is(name, m->tied ? "token_embd.weight" : "output.weight"))
    return output_type(mix, cols);
  if (!split_layer(name, &layer, &rest)) return mix->base;
  if (cm_str_is(rest, "attn_v.weight")) return attn_v_type(mix, m, layer);
  if (cm_str_is(rest, "ffn_down.weight")) return ffn_down_type(mix, m, layer);
  if (cm_str_is(rest, "attn_output.weight")) return attn_output_type(mix);
  return mix->base;
}

/* Older versions of llama.cpp turned Q2_K and Q3_K to IQ4_NL, which has the size of Q4_0. */
static cm_qid fitting_type(cm_qid id, uint64_t cols) {
  if (fits(id, cols)) return id;
  switch (id) {
    case CM_Q_Q2_K:
    case CM_Q_Q3_K: id = CM_Q_Q4_0; break;
    case CM_Q_Q4_K: id = CM_Q_Q5_0; break;
    case CM_Q_Q5_K: id = CM_Q_Q5_1; break;
    case CM_Q_Q6_K: id = CM_Q_Q8_0; break;
    default: break;
  }
  return fits(id, cols) ? id : CM_Q_F16;
}

/* Vectors are small and sensitive; the router of a mixture of experts is both. */
static bool is_weight_matrix(cm_str name, uint64_t rows) {
  return rows > 1 && cm_str_ends(name, CM_STR("weight")) &&
         cm_str_find(name, CM_STR("_norm.weight")) == SIZE_MAX &&
         cm_str_find(name, CM_STR("ffn_gate_inp.weight")) == SIZE_MAX;
}

cm_qid cm_mix_type(const cm_mix *mix, const cm_mix_model *model, cm_str name, uint64_t cols,
                   uint64_t rows, cm_qid now) {
  if (!is_weight_matrix(name, rows)) return now;
  return fitting_type(wanted_type(mix, model, name, cols), cols);
}
