/* Patches to features, without writing the patches out. */
#include "kernels.h"

enum { COMPONENTS = 24, TOGETHER = 4 };

/* Features of four patches. Every value is read once for all 24 components, whose sums stay in registers: 12 of AVX2's 16. */
static inline void four_patches(const float *const patch[TOGETHER], int64_t pitch, int64_t rows, int64_t length,
                                const float *basis, float out[TOGETHER][COMPONENTS]) {
  eight a0 = {0}, a1 = {0}, a2 = {0}, b0 = {0}, b1 = {0}, b2 = {0}, c0 = {0}, c1 = {0}, c2 = {0}, d0 = {0}, d1 = {0}, d2 = {0};
  for (int64_t row = 0; row < rows; row++) {
    const float *a = patch[0] + row * pitch, *b = patch[1] + row * pitch;
    const float *c = patch[2] + row * pitch, *d = patch[3] + row * pitch;
    for (int64_t i = 0; i < length; i++, basis += COMPONENTS) {
      const eight e0 = load8(basis), e1 = load8(basis + 8), e2 = load8(basis + 16);
      a0 += a[i] * e0, a1 += a[i] * e1, a2 += a[i] * e2;
      b0 += b[i] * e0, b1 += b[i] * e1, b2 += b[i] * e2;
      c0 += c[i] * e0, c1 += c[i] * e1, c2 += c[i] * e2;
      d0 += d[i] * e0, d1 += d[i] * e1, d2 += d[i] * e2;
    }
  }
  store8(out[0], a0), store8(out[0] + 8, a1), store8(out[0] + 16, a2);
  store8(out[1], b0), store8(out[1] + 8, b1), store8(out[1] + 16, b2);
  store8(out[2], c0), store8(out[2] + 8, c1), store8(out[2] + 16, c2);
  store8(out[3], d0), store8(out[3] + 8, d1), store8(out[3] + 16, d2);
}

static inline eight choose(eight_ints which, eight yes, eight no) {
  return (eight)(((eight_ints)yes & which) | ((eight_ints)no & ~which));
}

/* Round features as kernels.whole does. */
static inline void write_whole(const float features[COMPONENTS], int16_t *to) {
  /* Numbers as large as the first have no bits behind the point. */
  const eight zero = {0}, large = zero + (3 << 22), most = zero + (-NEVER - 1);
  for (int64_t at = 0; at < COMPONENTS; at += 8) {
    eight value = load8(features + at);
    value = choose(value > -most, value, -most);
    value = choose(value < most, value, most);
    const eight_ints rounded = __builtin_convertvector((value + large) - large, eight_ints);
    const eight_shorts whole = __builtin_convertvector(rounded, eight_shorts);
    memcpy(to + at, &whole, sizeof whole);
  }
}

/* out[rows] = patches @ basis, or whole[rows]: rounded to whole numbers. One of the two is NULL.
 *
 * canvas: (., width, channels). index: (n,), each below `numbers`. basis: (patch * patch * channels, 24). out, whole:
 * (row_count, 24). rows: (n,), or NULL where they are all, in order.
 */
API int NAME(project)(const float *canvas, int64_t width, int64_t channels, int64_t patch, int64_t numbers,
                      const int64_t *index, int64_t n, const float *basis, float *out, int16_t *whole, const int64_t *rows,
                      int64_t row_count) {
  for (int64_t i = 0; i < n; i++)
    if (index[i] < 0 || index[i] >= numbers || (rows && (rows[i] < 0 || rows[i] >= row_count))) return BAD_NUMBER;
  for (int64_t i = 0; i < n; i += TOGETHER) {
    const float *from[TOGETHER];
    float features[TOGETHER][COMPONENTS];
    /* The last patch is done several times, so that a patch's sum never depends on its neighbours. */
    for (int64_t j = 0; j < TOGETHER; j++) from[j] = canvas + index[i + j < n ? i + j : n - 1] * channels;
    four_patches(from, width * channels, patch, patch * channels, basis, features);
    for (int64_t j = 0; j < TOGETHER && i + j < n; j++) {
      const int64_t row = rows ? rows[i + j] : i + j;
      if (whole)
        write_whole(features[j], whole + row * COMPONENTS);
      else
        memcpy(out + row * COMPONENTS, features[j], sizeof features[j]);
    }
  }
  return FINE;
}
