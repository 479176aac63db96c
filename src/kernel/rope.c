/* Rotary position embeddings with our own exp, log, sin and cos in float64: the C library's differ
 * between systems in the last bits, and an answer must not. All series run to below 1e-16 on their
 * reduced ranges. */
#include "kernel/kernel.h"

static const double LN2 = 0.693147180559945309417232121458;
static const double HALF_PI_HI = 1.57079632673412561417e+00; /* first 33 bits of pi/2 */
static const double HALF_PI_LO = 6.07710050650619224932e-11;

/* ln x for x >= 1, by halving to [1, 2) and 2 artanh((m-1)/(m+1)). */
static double ln(double x) {
  int e = 0;
  while (x >= 2) x *= 0.5, e++;
  double t = (x - 1) / (x + 1), t2 = t * t, term = t, sum = 0;
  for (int i = 1; i < 40; i += 2, term *= t2) sum += term / i;
  return 2 * sum + e * LN2;
}

/* e^x for x <= 0, by e^x = 2^-n e^r. */
static double exp_neg(double x) {
  int n = (int)(-x / LN2);
  double r = x + n * LN2, term = 1, sum = 1;
  for (int i = 1; i < 24; i++) term *= r / i, sum += term;
  while (n-- > 0) sum *= 0.5;
  return sum;
}

/* sin and cos of |r| <= pi/4. */
static void sin_cos_small(double r, double *s, double *c) {
  double r2 = r * r, st = r, ct = 1;
  *s = r, *c = 1;
  for (int i = 1; i < 12; i++) {
    ct *= -r2 / ((2 * i - 1) * (2 * i));
    st *= -r2 / ((2 * i) * (2 * i + 1));
    *c += ct, *s += st;
  }
}

static void sin_cos(double x, double *s, double *c) {
  uint64_t q = (uint64_t)(x / (HALF_PI_HI + HALF_PI_LO) + 0.5); /* x >= 0 */
  double a, b, r = (x - (double)q * HALF_PI_HI) - (double)q * HALF_PI_LO;
  sin_cos_small(r, &a, &b);
  switch (q % 4) {
    case 0: *s = a, *c = b; return;
    case 1: *s = b, *c = -a; return;
    case 2: *s = -a, *c = -b; return;
    default: *s = -b, *c = a; return;
  }
}

void cm_rope_angles(uint32_t pos, double theta, size_t dim, float *cs) {
  double log_theta = ln(theta);
  for (size_t i = 0; i < dim / 2; i++) {
    double s, c, freq = exp_neg(-2.0 * (double)i / (double)dim * log_theta);
    sin_cos((double)pos * freq, &s, &c);
    cs[i] = (float)c;
    cs[dim / 2 + i] = (float)s;
  }
}
