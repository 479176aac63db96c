/* kernel: the arithmetic of a transformer on float columns and quantized matrices, over all
 * threads of a pool.
 *
 * Shapes: a "column" is one token's vector, stored contiguously; a set of columns is x[col][n].
 * Every function gives the same bits for every instruction set, thread count and number of
 * columns: each output has one fixed sequence of float32 operations (matrices: quant/quant.h; the
 * rest: stated below), and threads only divide the outputs. */
#ifndef CM_KERNEL_KERNEL_H
#define CM_KERNEL_KERNEL_H
#include <stddef.h>
#include <stdint.h>

#include "base/pool.h"
#include "quant/quant.h"

/* Where to compute: an instruction set, a team of threads, and their scratch memory. */
typedef struct cm_kern cm_kern;

/* `pool` (may be NULL) is borrowed and must outlive it. CM_E_UNSUPPORTED when this machine lacks
 * `isa`. */
cm_code cm_kern_open(cm_kern **out, cm_isa isa, cm_pool *pool, cm_err *e);
void cm_kern_close(cm_kern *k);
cm_isa cm_kern_isa(const cm_kern *k);

/* A weight matrix in file layout: y = W x, W has `rows` rows of `cols` values. `data` is borrowed.
 */
typedef struct cm_mat {
  const cm_quant *q;
  const void *data;
  size_t rows, cols, row_bytes;
} cm_mat;

/* Quantizes columns x[ncols][n] to the activation form `act`: out holds ncols * cm_act_bytes(act,
 * n) bytes. */
void cm_quantize_cols(cm_kern *k, cm_act act, const float *x, size_t n, size_t ncols, void *out);

/* y[c][r] = row r of w times column c, for ncols columns xq in the activation form of w. Columns
 * of the result are where they are wanted: they may be too large to be copied there. */
void cm_matmul(cm_kern *k, const cm_mat *w, const void *xq, size_t ncols, float *const *y);

/* One of several products that are computed together, and what becomes of its result. */
typedef struct cm_product {
  const cm_mat *w;
  const void *xq;    /* as above */
  float *y;          /* [ncols][rows] */
  const float *bias; /* [rows] is added to each column (float32); NULL: none */
  float *onto;       /* [ncols][rows] y is then added to these; NULL: to nothing */
} cm_product;

/* At most CM_PRODUCTS_MAX of them with the same number of columns, in one round of the threads: a
 * round costs as much as reading 50 KB of weights. */
enum { CM_PRODUCTS_MAX = 3 };
void cm_products(cm_kern *k, const cm_product *p, size_t n, size_t ncols);
/* Both products (of matrices with as many rows), and with g = gate.y[i]
 * gate.y[i] = g / (1 + exp(-g)) * up.y[i]: SwiGLU (Shazeer, 2020). */
void cm_gated_product(cm_kern *k, const cm_product *gate, const cm_product *up, size_t ncols);

/* out = x / sqrt(mean(x^2) + eps) * w per column of n values (Zhang and Sennrich, 2019). The sum
 * of squares runs over 32 chains like a float dot product. `out` may be `x`. */
void cm_rmsnorm(cm_kern *k, const float *x, const float *w, float eps, size_t n, size_t ncols,
                float *out);

/* Angles of rotary embeddings (Su et al., 2021) for one position: cs[i] = cos, cs[dim/2 + i] = sin
 * of pos * theta^(-2i / dim), i < dim / 2; computed in float64 with our own series. */
void cm_rope_angles(uint32_t pos, double theta, size_t dim, float *cs);
/* Rotates the pairs (x[i], x[i + dim/2]) of each of `heads` heads in place ("NEOX" pairing): to
 * x[i] cos - x[i + dim/2] sin and x[i + dim/2] cos + x[i] sin. */
void cm_rope(float *x, const float *cs, size_t heads, size_t dim);

/* Converts n floats to f16, round to nearest even. */
void cm_store_f16(const float *x, uint16_t *out, size_t n);

/* One query column's attention. K and V of one layer and one KV head lie at k/v + position *
 * head_dim (f16). */
typedef struct cm_attn_col {
  const float *q;        /* [heads][head_dim] */
  const uint16_t *k, *v; /* head h of the cache starts at k + h * head_stride */
  uint32_t count;        /* positions 0 .. count-1 are attended */
  float *out;            /* [heads][head_dim] */
} cm_attn_col;

/* Grouped-query attention (Ainslie et al., 2023) as online softmax (Milakov and Gimelshein, 2018):
 * positions in tiles of 64 counted from 0, tiles merged in order. A score is the sum over i,
 * ascending from 0.0f, of (q[i] / sqrt(head_dim)) * k[i]; the weights e^(score - largest so far)
 * of a tile are added in 8 chains, then lanes j and j + 4, + 2, + 1; an output adds weight * v for
 * each position in order. A larger score first scales what was added before. */
void cm_attention(cm_kern *k, const cm_attn_col *cols, size_t ncols, size_t heads, size_t kv_heads,
                  size_t head_dim, size_t head_stride);

/* Index of the largest of n values; the first one on a tie; NaN never wins; 0 if there is nothing
 * else. */
size_t cm_argmax(const float *x, size_t n);

/* What a softmax over n values needs, found in one walk over them. Values that aren't finite count
 * as absent. */
typedef struct cm_peak {
  size_t at;  /* index of the largest, the first one on a tie; n when there is none */
  float max;  /* its value */
  double sum; /* of e^(x - max), within 1e-5 of it; >= 1 unless at is n */
} cm_peak;

/* Online (Milakov and Gimelshein, 2018): tiles of 1,024 values, in each a float32 sum in 8 chains
 * below the largest so far, tiles added in order in float64. */
cm_peak cm_peak_of(const float *x, size_t n);
/* Likewise the sum of e^((x - max) * scale), for the largest value `max` and scale > 0. */
double cm_exp_sum(const float *x, size_t n, float max, float scale);

/* e^x within 2 ulp of exact, 0 below -87.3, in one fixed operation order; all others here use the
 * same. */
float cm_expf(float x);

#endif
