/* Patches back to an image, and which of its pixels moved. Compiled without contraction, like search.c. */
#include "kernels.h"

enum { MOST_LANES = 16 };

/* What kernels.fold is given. lanes: floats of a packed pixel. last: the largest number that a field may hold. */
typedef struct {
  float *image;
  const float *pixels;
  const int32_t *field, *before;
  const float *weights, *row_sums, *column_sums, *confidence;
  const uint8_t *free;
  const float *least, *most;
  int64_t height, width, channels, lanes, patch, down, across, last;
} Ballot;

static inline float clipped(float value, float least, float most) {
  value = value > least ? value : least;
  return value < most ? value : most;
}

/* Which patches of a row of the field changed, do not continue their left neighbour, do not continue the one above. */
static int compare(const Ballot *b, int64_t row, uint8_t *moved, uint8_t *torn_across, uint8_t *torn_down) {
  const int64_t wide = b->width + b->patch - 1;
  const int32_t *field = b->field + row * wide, *below = row + 1 < b->height + b->patch - 1 ? field + wide : field;
  const int32_t last = (int32_t)b->last;
  const uint32_t down = (uint32_t)b->down, across = (uint32_t)b->across;
  int bad = 0;
  for (int64_t i = 0; i < wide; i++) bad |= (field[i] < 0) | (field[i] > last);
  if (bad) return BAD_NUMBER;
  if (b->before) {
    const int32_t *before = b->before + row * wide;
    for (int64_t i = 0; i < wide; i++) moved[i] = field[i] != before[i];
  } else {
    for (int64_t i = 0; i < wide; i++) moved[i] = 1;
  }
  for (int64_t i = 0; i + 1 < wide; i++) torn_across[i] = (uint32_t)field[i + 1] - (uint32_t)field[i] != across;
  for (int64_t i = 0; i < wide; i++) torn_down[i] = (uint32_t)below[i] - (uint32_t)field[i] != down;
  return FINE;
}

/* out[i] = whether any of `count` rows has a flag in [i, i + reach). line: room for a row. */
static void any_of(uint8_t *const rows[], int64_t count, int64_t reach, int64_t wide, int64_t width, uint8_t *line, uint8_t *out) {
  memcpy(line, rows[0], wide);
  for (int64_t row = 1; row < count; row++)
    for (int64_t i = 0; i < wide; i++) line[i] |= rows[row][i];
  memcpy(out, line, width);
  for (int64_t step = 1; step < reach; step++)
    for (int64_t i = 0; i < width; i++) out[i] |= line[i + step];
}

/* The weighted mean of the patches that cover a pixel, in the order of kernels.mix. */
static inline void mean(const Ballot *b, int64_t row, int64_t column, float *to) {
  const int64_t reach = b->patch - 1, wide = b->width + reach;
  float total[MOST_LANES] = {0}, trust = 0;
  four sum = {0};
  for (int64_t y = 0, at = 0; y < b->patch; y++) {
    const int64_t start = (row + reach - y) * wide + column + reach;
    for (int64_t x = 0; x < b->patch; x++, at++) {
      const int64_t position = start - x;
      const float *colour = b->pixels + (b->field[position] + y * b->down + x * b->across) * b->lanes;
      float weight = b->weights[at];
      if (b->confidence) trust += weight *= b->confidence[position];
      if (b->lanes == 4)
        sum += load4(colour) * weight;
      else
        for (int64_t lane = 0; lane < b->lanes; lane++) total[lane] += colour[lane] * weight;
    }
  }
  if (b->lanes == 4) memcpy(total, &sum, sizeof sum);
  if (!b->confidence) trust = b->row_sums[row] * b->column_sums[column];
  for (int64_t c = 0; c < b->channels; c++) to[c] = clipped(total[c] / trust, b->least[c], b->most[c]);
}

static void vote_row(const Ballot *b, int64_t row, const uint8_t *touched, const uint8_t *apart, const uint8_t *apart_below) {
  const int64_t reach = b->patch - 1, wide = b->width + reach;
  const int32_t *own = b->field + (row + reach) * wide + reach;
  const uint8_t *free = b->free ? b->free + row * b->width : NULL;
  float *to = b->image + row * b->width * b->channels;
  for (int64_t column = 0; column < b->width; column++, to += b->channels) {
    if (!touched[column] || (free && !free[column])) continue;
    if (apart[column] | apart_below[column])
      mean(b, row, column, to);
    else
      memcpy(to, b->pixels + own[column] * b->lanes, b->channels * sizeof(float));
  }
}

/* Vote on the rows from `first` to `end`: see kernels.fold. */
API int NAME(fold)(const Ballot *b, int64_t first, int64_t end) {
  const int64_t patch = b->patch, wide = b->width + patch - 1;
  /* Flags of as many rows of the field as a patch is high, in turn; then what is gathered from them. */
  uint8_t *room = malloc((3 * patch + 4) * wide), **rows = malloc(3 * patch * sizeof *rows);
  if (!room || !rows) return free(room), free(rows), NO_MEMORY;
  uint8_t **moved = rows, **across = rows + patch, **down = rows + 2 * patch;
  uint8_t *line = room + 3 * patch * wide, *touched = line + wide, *apart = touched + wide, *apart_below = apart + wide;
  for (int64_t i = 0; i < 3 * patch; i++) rows[i] = room + i * wide;
  memset(room, 0, 3 * patch * wide);
  int state = FINE;
  for (int64_t row = first; row < end && !state; row++) {
    for (int64_t next = row == first ? row : row + patch - 1; next < row + patch && !state; next++)
      state = compare(b, next, moved[next % patch], across[next % patch], down[next % patch]);
    if (state) break;
    any_of(moved, patch, patch, wide, b->width, line, touched);
    any_of(across, patch, patch - 1, wide, b->width, line, apart);
    /* The last row's lower neighbours belong to the next pixel's patches. */
    uint8_t *const left_out = down[(row + patch - 1) % patch];
    down[(row + patch - 1) % patch] = down[row % patch];
    any_of(down, patch, patch, wide, b->width, line, apart_below);
    down[(row + patch - 1) % patch] = left_out;
    vote_row(b, row, touched, apart, apart_below);
  }
  return free(room), free(rows), state;
}

/* Mark the pixels that moved by more than `least`, and copy these to `seen`: see kernels.changed. pitches: floats from a row to
 * the next. */
API int NAME(changed)(const float *new, int64_t pitch, float *seen, int64_t seen_pitch, int64_t height, int64_t width,
                      int64_t channels, float least, uint8_t *pixels) {
  for (int64_t row = 0; row < height; row++)
    for (int64_t column = 0; column < width; column++) {
      const float *now = new + row * pitch + column * channels;
      float *then = seen + row * seen_pitch + column * channels;
      int moved = 0;
      for (int64_t c = 0; c < channels; c++) moved |= __builtin_fabsf(now[c] - then[c]) > least;
      if (moved) memcpy(then, now, channels * sizeof(float));
      pixels[row * width + column] = (uint8_t)moved;
    }
  return FINE;
}
