/* Seams, one after another: see kernels.seams. */
#include "kernels.h"

enum { RIM = 3 };
static const float RIM_COST = 10;

/* What is left of an image. Rows keep their length, so that a seam is removed from each by itself. */
typedef struct {
  float *planes, *costs;
  int64_t *columns;
  int64_t channels, height, pitch, width;
} Rest;

/* What it costs to come to the pixels of a row: from above left, straight, from above right. */
static void row_steps(const Rest *r, int64_t row, float *restrict left, float *restrict straight, float *restrict right) {
  const int64_t width = r->width, last = width - 1, size = width * sizeof(float), rim = last / 2 < RIM ? last / 2 : RIM;
  memset(left, 0, size), memset(straight, 0, size), memset(right, 0, size);
  for (int64_t c = 0; c < r->channels; c++) {
    const float *here = r->planes + (c * r->height + row) * r->pitch, *above = row ? here - r->pitch : here;
    for (int64_t x = 1; x < last; x++) {
      straight[x] += __builtin_fabsf(here[x + 1] - here[x - 1]);
      left[x] += __builtin_fabsf(above[x] - here[x - 1]);
      right[x] += __builtin_fabsf(above[x] - here[x + 1]);
    }
    /* The pixels at both ends are their own neighbours. */
    for (int64_t x = 0; x < width; x += last ? last : 1) {
      const float before = here[x ? x - 1 : 0], after = here[x < last ? x + 1 : last];
      straight[x] += __builtin_fabsf(after - before);
      left[x] += __builtin_fabsf(above[x] - before);
      right[x] += __builtin_fabsf(above[x] - after);
    }
  }
  const float *costs = r->costs + row * r->pitch, channels = (float)r->channels;
  for (int64_t x = 0; x < width; x++) straight[x] = straight[x] / channels + costs[x];
  for (int64_t x = 0; x < rim; x++) straight[x] += RIM_COST, straight[last - x] += RIM_COST;
  for (int64_t x = 0; x < width; x++) left[x] = straight[x] + left[x] / channels, right[x] = straight[x] + right[x] / channels;
}

/* Add to the costs of the ways what the cheapest path to their beginnings costs; return the cheapest and the way that it takes. */
static void join(const float *restrict before, const float *restrict left, const float *restrict straight,
                 const float *restrict right, float *restrict total, int32_t *restrict turns, int64_t width) {
  for (int64_t x = 0; x < width; x++) {
    const float a = left[x] + before[x - 1], b = straight[x] + before[x], c = right[x] + before[x + 1];
    const float least = a < b ? a : b;
    turns[x] = c < least ? 1 : b < a ? 0 : -1;
    total[x] = c < least ? c : least;
  }
}

/* Find `count` seams in (C, H, W) planes: their pixels, and what each costs for a pixel. */
API int NAME(seams)(const float *planes, const float *costs, int64_t channels, int64_t height, int64_t width, int64_t count,
                    uint8_t *found, float *prices) {
  const int64_t size = height * width;
  Rest r = {malloc(channels * size * sizeof(float)), malloc(size * sizeof(float)), malloc(size * sizeof(int64_t)),
            channels, height, width, width};
  /* Two rows of totals, each between borders that no path crosses, and a row of each way. */
  const int64_t room = width + 2;
  float *totals = malloc((2 * room + 3 * width) * sizeof(float)), *ways = totals + 2 * room;
  int32_t *turns = malloc(size * sizeof(int32_t));
  const int fine = r.planes && r.costs && r.columns && totals && turns;
  if (fine) {
    memcpy(r.planes, planes, channels * size * sizeof(float));
    memcpy(r.costs, costs, size * sizeof(float));
    for (int64_t i = 0; i < size; i++) r.columns[i] = i % width;
  }
  for (int64_t number = 0; fine && number < count; number++, r.width--) {
    for (int64_t row = 0; row < height; row++) {
      float *now = totals + row % 2 * room + 1, *before = totals + (row + 1) % 2 * room + 1;
      row_steps(&r, row, ways, ways + width, ways + 2 * width);
      if (row)
        join(before, ways, ways + width, ways + 2 * width, now, turns + row * width, r.width);
      else
        memcpy(now, ways + width, r.width * sizeof(float));
      now[-1] = now[r.width] = __builtin_inff();
    }
    const float *end = totals + (height - 1) % 2 * room + 1;
    int64_t column = 0;
    for (int64_t x = 1; x < r.width; x++) column = end[x] < end[column] ? x : column;
    prices[number] = end[column] / (float)height;
    for (int64_t row = height - 1; row >= 0; row--) {
      const int64_t at = row * width + column, behind = r.width - column - 1;
      found[row * width + r.columns[at]] = 1;
      const int64_t turn = row ? turns[at] : 0;
      for (int64_t c = 0; c < channels; c++) memmove(r.planes + c * size + at, r.planes + c * size + at + 1, behind * sizeof(float));
      memmove(r.costs + at, r.costs + at + 1, behind * sizeof(float));
      memmove(r.columns + at, r.columns + at + 1, behind * sizeof(int64_t));
      column += turn;
    }
  }
  free(r.planes), free(r.costs), free(r.columns), free(totals), free(turns);
  return fine ? FINE : NO_MEMORY;
}
