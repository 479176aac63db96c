#include "quant/kq.h"

#include <math.h>
#include <string.h>

#include "quant/intrin.h"

/* --- reading --- */

void cm_kq_get_6bit(const uint8_t packed[12], int16_t scale[8], int16_t min[8]) {
  for (int i = 0; i < 4; i++) {
    scale[i] = packed[i] & 63;
    min[i] = packed[i + 4] & 63;
    scale[i + 4] = (int16_t)((packed[i + 8] & 15) | (packed[i] >> 6) << 4);
    min[i + 4] = (int16_t)(packed[i + 8] >> 4 | (packed[i + 4] >> 6) << 4);
  }
}

void cm_kq_put_6bit(const int16_t scale[8], const int16_t min[8], uint8_t packed[12]) {
  for (int i = 0; i < 4; i++) {
    packed[i] = (uint8_t)(scale[i] | (scale[i + 4] >> 4) << 6);
    packed[i + 4] = (uint8_t)(min[i] | (min[i + 4] >> 4) << 6);
    packed[i + 8] = (uint8_t)((scale[i + 4] & 15) | (min[i + 4] & 15) << 4);
  }
}

static void spread(const cm_kq *t, const void *block, cm_kq_block *out) {
  t->head(block, out);
  t->spread_u(block, out->u);
}

void cm_kq_to_f32(const cm_kq *t, const void *blocks, float *out, size_t n) {
  const uint8_t *block = blocks;
  int width = CM_KQ_VALUES / t->sub_blocks;
  for (; n; n -= CM_KQ_VALUES, out += CM_KQ_VALUES, block += t->bytes) {
    cm_kq_block b;
    spread(t, block, &b);
    for (int k = 0; k < CM_KQ_VALUES; k++) {
      int s = k / width;
      float d = b.d * (float)b.scale[s];
      out[k] =
          t->offset ? d * (float)(b.u[k] - t->offset) : d * (float)b.u[k] - b.dm * (float)b.min[s];
    }
  }
}

/* One step of the sum that quant.h defines. */
static float add_block(const cm_kq *t, const cm_kq_block *b, const cm_q8k *x, float acc) {
  int32_t sum = 0, sum_min = 0;
  for (int i = 0; i < 16; i++) {
    int s = i * t->sub_blocks / 16;
    int32_t dot = 0;
    for (int k = 0; k < 16; k++) dot += b->u[16 * i + k] * x->q[16 * i + k];
    sum += b->scale[s] * dot;
    sum_min += b->min[s] * x->sums[i];
  }
  if (t->offset) return acc + (b->d * x->d) * (float)(sum - sum_min);
  return acc + ((b->d * x->d) * (float)sum - (b->dm * x->d) * (float)sum_min);
}

void cm_kq_dot_rows(const cm_kq *t, const void *w, size_t row_bytes, size_t rows, const void *x,
                    size_t n, float *out) {
  const cm_q8k *act = x;
  for (size_t r = 0; r < rows; r++) {
    const uint8_t *row = (const uint8_t *)w + r * row_bytes;
    float acc = 0.0f;
    for (size_t i = 0; i < n / CM_KQ_VALUES; i++) {
      cm_kq_block b;
      spread(t, row + i * t->bytes, &b);
      acc = add_block(t, &b, &act[i], acc);
    }
    out[r] = acc;
  }
}

void cm_kq_panel_head(const cm_kq_block *b, int sub_blocks, size_t r, cm_panel256 *p) {
  p->d[r] = b->d;
  p->dm[r] = b->dm;
  for (int s = 0; s < sub_blocks; s++) {
    p->scale[s][r] = b->scale[s];
    p->min[s][r] = b->min[s];
  }
}

void cm_kq_unpack(const cm_kq *t, const void *w, size_t row_bytes, size_t rows, size_t first,
                  size_t blocks, void *panels) {
  cm_panel256 *p = panels;
  for (size_t i = 0; i < blocks; i++, p++) {
    memset(p, 0, sizeof *p);
    for (size_t r = 0; r < rows; r++) {
      cm_kq_block b;
      spread(t, (const uint8_t *)w + r * row_bytes + (first + i) * t->bytes, &b);
      cm_kq_panel_head(&b, t->sub_blocks, r, p);
      for (int g = 0; g < CM_KQ_VALUES / 4; g++) memcpy(p->q[g][r], b.u + 4 * g, 4);
    }
  }
}

/* --- quantizing ---
 * Per sub-block a scale (and min) is searched that keeps the weighted error small: round with a
 * trial step, solve the least squares problem for these codes, keep the best of about twenty
 * trials. Then the scales are quantized themselves, and the codes chosen anew for what the scales
 * have become. Large weights count more. The search is ggml's, step for step, so that a file
 * quantized here equals the peer's. */

/* To even; for |f| < 2^22, far beyond what is clipped. */
static float nearest(float f) { return (f + 12582912.0f) - 12582912.0f; }

/* NaN gives lo. */
static float clip(float v, float lo, float hi) { return v > lo ? (v < hi ? v : hi) : lo; }

static float largest(const float *x, int n) {
  float peak = 0.0f;
  for (int i = 0; i < n; i++)
    if (fabsf(x[i]) > fabsf(peak)) peak = x[i];
  return peak;
}

/* The search over one sub-block; low is the best lower end so far. */
typedef struct fit {
  const float *x;
  float weight[32];
  int n;
  bool absolute;
  float max_u, low, high, sum_w, sum_x;
} fit;

/* Codes as if u went up to max_u + more. */
CM_INLINE void round_codes(const fit *f, float more, float *u) {
  float inverse = (f->max_u + more) / (f->high - f->low);
  for (int i = 0; i < f->n; i++)
    u[i] = clip(nearest(inverse * (f->x[i] - f->low)), 0.0f, f->max_u);
}

CM_INLINE float misfit(const fit *f, const float *u, float scale, float low) {
  float sum = 0.0f;
  for (int i = 0; i < f->n; i++) {
    float e = scale * u[i] + low - f->x[i];
    sum += f->weight[i] * (f->absolute ? fabsf(e) : e * e);
  }
  return sum;
}

/* The scale and lower end that suit the codes best; false when all codes are equal. */
CM_INLINE bool least_squares(const fit *f, const float *u, float *scale, float *low) {
  float su = 0.0f, suu = 0.0f, sxu = 0.0f;
  for (int i = 0; i < f->n; i++) {
    float wu = f->weight[i] * u[i];
    su += wu;
    suu += wu * u[i];
    sxu += wu * f->x[i];
  }
  float det = f->sum_w * suu - su * su;
  if (!(det > 0.0f)) return false;
  *scale = (f->sum_w * sxu - f->sum_x * su) / det;
  *low = (suu * f->sum_x - su * sxu) / det;
  if (*low > 0.0f) { /* the format has no positive lower end */
    *low = 0.0f;
    *scale = sxu / suu;
  }
  return true;
}

CM_INLINE void fit_begin(const cm_kq *t, const float *x, int n, fit *f) {
  *f = (fit){.x = x, .n = n, .absolute = t->absolute};
  f->max_u = (float)t->max_u;
  f->high = x[0];
  float squares = 0.0f;
  for (int i = 0; i < f->n; i++) {
    squares += x[i] * x[i];
    if (x[i] < f->low) f->low = x[i];
    if (x[i] > f->high) f->high = x[i];
  }
  float base = t->absolute ? 0.0f : sqrtf(squares / (float)f->n);
  for (int i = 0; i < f->n; i++) {
    f->weight[i] = base + fabsf(x[i]);
    f->sum_w += f->weight[i];
    f->sum_x += f->weight[i] * x[i];
  }
}

/* Scale and min (>= 0) of n values. */
CM_INLINE void search_affine_n(const cm_kq *t, const float *x, int n, float *scale, float *min) {
  fit f;
  fit_begin(t, x, n, &f);
  *scale = 0.0f;
  *min = -f.low;
  if (!(f.high > f.low)) return;
  float u[32], trial_scale, trial_low;
  round_codes(&f, 0.0f, u);
  *scale = (f.high - f.low) / f.max_u;
  float best = misfit(&f, u, *scale, f.low);
  for (int i = 0; i <= t->tries; i++) {
    round_codes(&f, t->first_step + 0.1f * (float)i, u);
    if (!least_squares(&f, u, &trial_scale, &trial_low)) continue;
    float error = misfit(&f, u, trial_scale, trial_low);
    if (error >= best) continue;
    best = error;
    *scale = trial_scale;
    f.low = trial_low;
  }
  *min = -f.low;
}

static void search_affine(const cm_kq *t, const float *x, float *scale, float *min) {
  if (t->sub_blocks == 8) search_affine_n(t, x, 32, scale, min);
  else search_affine_n(t, x, 16, scale, min);
}

/* Codes of a sub-block of a symmetric type for w = scale * q, -offset <= q < offset, and the sums
 * that give their best scale (sxq / sqq) and its merit (sxq * sxq / sqq: the larger, the less
 * error). The weight of a value is its square. */
typedef struct codes {
  float q[16], sxq, sqq;
} codes;

static void round_symmetric(const float *x, float inverse, float offset, codes *c) {
  c->sxq = c->sqq = 0.0f;
  for (int i = 0; i < 16; i++) {
    float w = x[i] * x[i];
    c->q[i] = clip(nearest(inverse * x[i]), -offset, offset - 1.0f);
    c->sxq += w * x[i] * c->q[i];
    c->sqq += w * c->q[i] * c->q[i];
  }
}

/* Tries longer and shorter steps. */
static float search_steps(const float *x, float peak, float offset) {
  float best = -1.0f, scale = 0.0f;
  for (int i = 0; i < 19; i++) {
    int step = i == 0 ? 0 : i < 10 ? i - 10 : i - 9; /* 0, -9 .. -1, 1 .. 9 */
    codes c;
    round_symmetric(x, -(offset + 0.1f * (float)step) / peak, offset, &c);
    if (!(c.sqq > 0.0f) || c.sxq * c.sxq <= best * c.sqq) continue;
    scale = c.sxq / c.sqq;
    best = scale * c.sxq;
  }
  return scale;
}

/* Moves one code after the other to where the others would have it. */
static float search_codes(const float *x, float peak, float offset) {
  codes c;
  round_symmetric(x, -offset / peak, offset, &c);
  bool changed = true;
  for (int round = 0; changed && round < 5; round++) {
    changed = false;
    for (int i = 0; i < 16; i++) {
      float w = x[i] * x[i];
      float sxq = c.sxq - w * x[i] * c.q[i], sqq = c.sqq - w * c.q[i] * c.q[i];
      if (!(sxq > 0.0f)) continue;
      float q = clip(nearest(x[i] * sqq / sxq), -offset, offset - 1.0f);
      if (q == c.q[i]) continue;
      sxq += w * x[i] * q;
      sqq += w * q * q;
      if (!(sqq > 0.0f) || sxq * sxq * c.sqq <= c.sxq * c.sxq * sqq) continue;
      c.q[i] = q;
      c.sxq = sxq;
      c.sqq = sqq;
      changed = true;
    }
  }
  return c.sqq > 0.0f ? c.sxq / c.sqq : 0.0f;
}

/* The sign of the scale is such that the largest weight gets the code -offset, since there is one
 * code more on that side. With few codes, moving single ones finds more than changing the step. */
static float search_symmetric(const cm_kq *t, const float *x) {
  float peak = largest(x, 16), offset = (float)t->offset;
  if (fabsf(peak) < 1e-15f) return 0.0f;
  return t->max_u > 7 ? search_steps(x, peak, offset) : search_codes(x, peak, offset);
}

/* As the value that the file can hold. */
static float as_f16(float f) { return cm_f16_to_f32(cm_f32_to_f16(f)); }

/* Quantizes n numbers >= 0 to 0 .. max; returns the step. */
static float quantize_scales(const float *v, int n, int max, int16_t *out) {
  float peak = largest(v, n);
  float inverse = peak > 0.0f ? (float)max / peak : 0.0f;
  for (int i = 0; i < n; i++) out[i] = (int16_t)clip(nearest(inverse * v[i]), 0.0f, (float)max);
  return as_f16(peak > 0.0f ? peak / (float)max : 0.0f);
}

/* The same for either sign, to -max-1 .. max. */
static float quantize_signed(const float *v, int n, int max, int16_t *out) {
  float peak = largest(v, n), low = (float)(-max - 1);
  float inverse = peak == 0.0f ? 0.0f : low / peak;
  for (int i = 0; i < n; i++) out[i] = (int16_t)clip(nearest(inverse * v[i]), low, (float)max);
  return as_f16(peak == 0.0f ? 0.0f : 1.0f / inverse);
}

static void choose_scales(const cm_kq *t, const float *x, cm_kq_block *b) {
  float scale[16], min[16];
  int n = t->sub_blocks, width = CM_KQ_VALUES / n;
  for (int s = 0; s < n; s++) {
    if (t->offset) scale[s] = search_symmetric(t, x + s * width);
    else search_affine(t, x + s * width, &scale[s], &min[s]);
  }
  if (t->offset) {
    b->d = quantize_signed(scale, n, t->max_scale, b->scale);
  } else {
    b->d = quantize_scales(scale, n, t->max_scale, b->scale);
    b->dm = quantize_scales(min, n, t->max_scale, b->min);
  }
}

/* u for the scales as they are now. */
static void choose_codes(const cm_kq *t, const float *x, cm_kq_block *b) {
  int width = CM_KQ_VALUES / t->sub_blocks;
  for (int k = 0; k < CM_KQ_VALUES; k++) {
    int s = k / width;
    float d = b->d * (float)b->scale[s], m = b->dm * (float)b->min[s], zero = (float)t->offset;
    float q = d != 0.0f ? nearest((x[k] + m) / d) : 0.0f;
    b->u[k] = (uint8_t)clip(q + zero, 0.0f, (float)t->max_u);
  }
}

void cm_kq_from_f32(const cm_kq *t, const float *x, void *blocks, size_t n) {
  uint8_t *block = blocks;
  for (; n; n -= CM_KQ_VALUES, x += CM_KQ_VALUES, block += t->bytes) {
    cm_kq_block b = {0};
    choose_scales(t, x, &b);
    choose_codes(t, x, &b);
    t->pack(&b, block);
  }
}
