/* The insides of a model, shared by the files of model/. */
#ifndef CM_MODEL_PARTS_H
#define CM_MODEL_PARTS_H
#include "model/model.h"

typedef struct cm_layer {
  const float *attn_norm, *ffn_norm; /* [hidden] */
  cm_mat q, k, v, o;                 /* hidden -> heads*dim, kv*dim, kv*dim; heads*dim -> hidden */
  const float *q_bias, *k_bias, *v_bias; /* NULL when the file has none */
  const float *q_norm, *k_norm;          /* [head_dim]; NULL: the architecture has none */
  cm_mat gate, up, down;                 /* hidden -> ff, hidden -> ff, ff -> hidden */
} cm_layer;

struct cm_model {
  cm_shape shape;
  cm_mat embed;  /* vocab rows of hidden values */
  cm_mat output; /* hidden -> vocab */
  const float *output_norm;
  cm_layer layers[];
};

struct cm_kv {
  uint32_t ctx;
  size_t head_dim, heads; /* heads: of keys and values, over all layers */
  size_t head_stride;     /* f16 values from one head to the next: ctx * head_dim */
  size_t layer_stride;    /* from one layer to the next: 2 * kv_heads * head_stride */
  uint16_t *data;
};

#endif
