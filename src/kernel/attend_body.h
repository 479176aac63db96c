/* Attention, the part of ops_body.h that multiplies.
 *
 * Rows are the query heads of the columns that read one KV head of one sequence: for each tile of
 * 64 positions, its keys and values are converted from f16 once and used for all of the rows.
 * Scores (query x key) and sums of values (weight x value) are the same product: 4 rows times a
 * block of 16 outputs, the sum in order. Eight chains of additions are in flight, and a load of
 * the block serves 4 rows, so both of the machine's multipliers stay busy. For the scores the 16
 * outputs are positions, so keys are transposed on the way: a block holds [dim][16 positions]. For
 * the values they are elements of the head: a block holds [position][16 elements].
 * Columns of a prompt see one position more than the column before: what only the later ones may
 * see is added to one row at a time.
 */

enum { ROWS = CM_ATTN_QUAD, WIDE = CM_ATTN_WIDE };

/* One tile of positions, and all that a row carries from tile to tile. */
typedef struct rows {
  size_t n, dim, padded; /* rows (a multiple of ROWS with those that nobody wants), elements, and
                            elements with their padding to a multiple of WIDE */
  float q[CM_ATTN_FLOATS], sums[CM_ATTN_FLOATS]; /* [n][dim], scaled; [n][padded] */
  float max[CM_ATTN_ROWS], total[CM_ATTN_ROWS];
  float weights[CM_ATTN_ROWS][CM_ATTN_TILE]; /* scores, then e^(score - max) */
  float block[CM_HEAD_DIM_MAX * WIDE];
} rows;
_Static_assert(CM_HEAD_DIM_MAX >= CM_ATTN_TILE, "a block of values fits as well");
_Static_assert(CM_ATTN_FLOATS >= CM_GROUP_MAX * CM_HEAD_DIM_MAX, "one column fits at least");

/* Sums of one row, in variables: gcc keeps an array of them in memory. */
#define ROW_OF(r, c) \
  v8 lo##r, hi##r;   \
  LOAD(lo##r, c), LOAD(hi##r, (c) + 8)
#define ROW_ADD(r, a) lo##r += lo * (a), hi##r += hi * (a)
#define ROW_TO(r, c)  STORE(c, lo##r), STORE((c) + 8, hi##r)

/* c[r][j] += a[r][k] * b[k][j] for k = 0 .. n-1 in order, of ROWS rows and WIDE values j. */
static void add_products(const float *a, size_t lda, const float *b, size_t n, float *c,
                         size_t ldc) {
  v8 lo, hi;
  ROW_OF(0, c);
  ROW_OF(1, c + ldc);
  ROW_OF(2, c + 2 * ldc);
  ROW_OF(3, c + 3 * ldc);
  for (size_t k = 0; k < n; k++, a++, b += WIDE) {
    LOAD(lo, b), LOAD(hi, b + 8);
    ROW_ADD(0, a[0]);
    ROW_ADD(1, a[lda]);
    ROW_ADD(2, a[2 * lda]);
    ROW_ADD(3, a[3 * lda]);
  }
  ROW_TO(0, c);
  ROW_TO(1, c + ldc);
  ROW_TO(2, c + 2 * ldc);
  ROW_TO(3, c + 3 * ldc);
}

static void add_products_of_row(const float *a, const float *b, size_t n, float *c) {
  v8 lo, hi;
  ROW_OF(0, c);
  for (size_t k = 0; k < n; k++, b += WIDE) {
    LOAD(lo, b), LOAD(hi, b + 8);
    ROW_ADD(0, a[k]);
  }
  ROW_TO(0, c);
}

#define LOW(a, b)  __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)

/* to[j][p] = from[p][j] as floats, for 8 positions p and 8 elements j: three rounds of pairing. */
static void transpose_8x8(const uint16_t *const *from, size_t at, float *to) {
  h8 a[8], b[8];
  for (int p = 0; p < 8; p++) memcpy(&a[p], from[p] + at, sizeof(h8));
  for (int p = 0; p < 4; p++) b[2 * p] = LOW(a[p], a[p + 4]), b[2 * p + 1] = HIGH(a[p], a[p + 4]);
  for (int p = 0; p < 4; p++) a[2 * p] = LOW(b[p], b[p + 4]), a[2 * p + 1] = HIGH(b[p], b[p + 4]);
  for (int p = 0; p < 4; p++) b[2 * p] = LOW(a[p], a[p + 4]), b[2 * p + 1] = HIGH(a[p], a[p + 4]);
  for (int j = 0; j < 8; j++) {
    v8 f;
    F32_OF(f, b[j]);
    STORE(to + j * WIDE, f);
  }
}

/* block[i][p] = k[p][i] for the positions p < n, 0 for p >= n. */
static void block_of_keys(const uint16_t *k, size_t n, size_t dim, float *block) {
  static const uint16_t none[CM_HEAD_DIM_MAX];
  const uint16_t *from[WIDE];
  for (size_t p = 0; p < WIDE; p++) from[p] = p < n ? k + p * dim : none;
  for (size_t i = 0; i < dim; i += 8) {
    transpose_8x8(from, i, block + i * WIDE);
    transpose_8x8(from + 8, i, block + i * WIDE + 8);
  }
}

/* block[p][j] = v[p][j] for the positions p < n and j < 16; 0 for j >= dim. */
static void block_of_values(const uint16_t *v, size_t n, size_t stride, size_t dim, float *block) {
  for (size_t p = 0; p < n; p++) {
    v8 lo, hi = {0};
    LOAD_F16(lo, v + p * stride);
    if (dim > 8) LOAD_F16(hi, v + p * stride + 8);
    STORE(block + p * WIDE, lo), STORE(block + p * WIDE + 8, hi);
  }
}

/* Moves a row's largest score so far up to those of a tile, which it pads. */
static void raise_max(rows *rs, size_t r, size_t n) {
  float *w = rs->weights[r], *sums = rs->sums + r * rs->padded, max = rs->max[r];
  v8 top = {0}, a;
  top += max;
  for (size_t p = n; p % 8; p++) w[p] = LEAST;
  for (size_t p = 0; p < n; p += 8) {
    LOAD(a, w + p);
    i8x more = a > top;
    top = (v8)(((i8x)a & more) | ((i8x)top & ~more));
  }
  for (int j = 0; j < 8; j++) max = top[j] > max ? top[j] : max;
  float shrink = rs->max[r] - max;
  rs->max[r] = max;
  if (shrink == 0) return;
  exp_many(&shrink, 1);
  scale_by(sums, shrink, sums, rs->padded);
  rs->total[r] *= shrink;
}

/* Turns the n scores of a tile into weights below the largest score. */
static void weigh(rows *rs, size_t r, size_t n) {
  const float max = rs->max[r];
  float *w = rs->weights[r], total;
  v8 sum = {0}, zero = {0}, a;
  for (size_t p = 0; p < n; p += 8) {
    LOAD(a, w + p);
    a -= max;
    EXP8(a);
    sum += a;
    STORE(w + p, a);
  }
  TREE(sum, zero, zero, zero, total);
  rs->total[r] += total;
}

static size_t min(size_t a, size_t b) { return a < b ? a : b; }

/* The products of all rows with the n positions of a tile; the rows of the first column, `group`
 * of them, see `least` of those, those of the next one more, and so on. */
static void attend_tile(rows *rs, const uint16_t *k, const uint16_t *v, size_t n, size_t least,
                        size_t group, size_t cols) {
  const size_t dim = rs->dim;
  memset(rs->weights, 0, rs->n * sizeof *rs->weights);
  for (size_t p = 0; p < n; p += WIDE) {
    block_of_keys(k + p * dim, n - p, dim, rs->block);
    for (size_t r = 0; r < rs->n; r += ROWS)
      add_products(rs->q + r * dim, dim, rs->block, dim, rs->weights[r] + p, CM_ATTN_TILE);
  }
  for (size_t r = 0; r < cols * group; r++) raise_max(rs, r, min(n, least + r / group));
  for (size_t r = 0; r < cols * group; r++) weigh(rs, r, min(n, least + r / group));
  for (size_t i = 0; i < dim; i += WIDE) {
    block_of_values(v + i, n, dim, dim - i, rs->block);
    for (size_t r = 0; r < rs->n; r += ROWS)
      add_products(rs->weights[r], CM_ATTN_TILE, rs->block, least, rs->sums + r * rs->padded + i,
                   rs->padded);
    for (size_t r = group; least < n && r < cols * group; r++)
      add_products_of_row(rs->weights[r] + least, rs->block + least * WIDE, r / group,
                          rs->sums + r * rs->padded + i);
  }
}

static void take_queries(rows *rs, const cm_attn_col *cols, size_t ncols, size_t at,
                         size_t group) {
  const float scale = 1.0f / __builtin_sqrtf((float)rs->dim);
  const size_t n = group * rs->dim;
  for (size_t c = 0; c < ncols; c++) scale_by(cols[c].q + at, scale, rs->q + c * n, n);
  memset(rs->q + ncols * n, 0, (rs->n * rs->dim - ncols * n) * sizeof *rs->q);
  memset(rs->sums, 0, rs->n * rs->padded * sizeof *rs->sums);
  for (size_t r = 0; r < rs->n; r++) rs->max[r] = -1e30f, rs->total[r] = 0;
}

static void attend(const cm_attn_col *cols, size_t ncols, size_t head, size_t group, size_t dim,
                   size_t head_stride) {
  rows rs;
  rs.n = (ncols * group + ROWS - 1) / ROWS * ROWS;
  rs.dim = dim, rs.padded = (dim + WIDE - 1) / WIDE * WIDE;
  const size_t at = head * group * dim, count = cols[ncols - 1].count;
  const uint16_t *k = cols->k + head * head_stride, *v = cols->v + head * head_stride;
  take_queries(&rs, cols, ncols, at, group);
  for (size_t p = 0; p < count; p += CM_ATTN_TILE) {
    const size_t n = min(count - p, CM_ATTN_TILE), least = min(cols->count - p, n);
    attend_tile(&rs, k + p * dim, v + p * dim, n, least, group, ncols);
  }
  for (size_t r = 0; r < ncols * group; r++) {
    float *out = cols[r / group].out + at + r % group * dim;
    scale_by(rs.sums + r * rs.padded, 1.0f / rs.total[r], out, dim);
  }
}
