/* Distances between features, and a pass of PatchMatch. Compiled without contraction to fused multiply-adds, so that every
 * machine gets the same sums. */
#include "kernels.h"

#include <math.h>

/* A candidate must score clearly below the best so far: see clearly_below in patchnn/engine/kernels.py. */
static const float MARGIN = (float)(1 - 1e-3);
static const float TRACE = (float)1e-9;
enum { ANYWHERE = -1, USUAL = 24 };

static inline eight wide8(const int16_t *from) {
  eight_shorts value;
  memcpy(&value, from, sizeof value);
  return __builtin_convertvector(value, eight);
}

/* The squared distance of `length` values, which count what `weights` says, or alike if it is NULL. */
static inline float squared(const int16_t *mine, const int16_t *key, const float *weights, int64_t length) {
  eight sum = {0};
  float rest = 0;
  int64_t at = 0;
  for (; at + 8 <= length; at += 8) {
    const eight step = wide8(mine + at) - wide8(key + at);
    sum += weights ? step * step * load8(weights + at) : step * step;
  }
  for (; at < length; at++) {
    const float step = (float)(mine[at] - key[at]);
    rest += weights ? step * step * weights[at] : step * step;
  }
  return sum8(sum) + rest;
}

/* For the usual length, the compiler unrolls everything; leaving early was slower than adding all up. */
static inline float distance_to(const int16_t *mine, const int16_t *key, const float *weights, const float *key_weights,
                                int64_t length) {
  if (key[0] == NEVER) return INFINITY;
  if (length == USUAL && !weights && !key_weights) return squared(mine, key, NULL, USUAL);
  return squared(mine, key, weights ? weights : key_weights, length);
}

/* Whether any of these numbers is outside of an array. */
static inline int outside(const int64_t *numbers, int64_t n, int64_t count) {
  int bad = 0;
  for (int64_t i = 0; i < n; i++) bad |= (numbers[i] < 0) | (numbers[i] >= count);
  return bad;
}

/* distance[index] = the squared distance of each patch to its match. rows: of `features` and `weights`, or NULL: all, in order. */
API int NAME(measure)(const int64_t *index, int64_t n, int64_t numbers, const int16_t *features, const int64_t *rows, int64_t row_count,
                      const int16_t *keys, int64_t key_numbers, int64_t length, const int32_t *field, float *distance, float unit,
                      const float *weights, const float *key_weights) {
  if (outside(index, n, numbers) || (rows && outside(rows, n, row_count))) return BAD_NUMBER;
  for (int64_t i = 0; i < n; i++)
    if (field[index[i]] < 0 || field[index[i]] >= key_numbers) return BAD_NUMBER;
  for (int64_t i = 0; i < n; i++) {
    const int64_t row = rows ? rows[i] : i, match = field[index[i]];
    distance[index[i]] = unit * distance_to(features + row * length, keys + match * length, weights ? weights + row * length : NULL,
                                            key_weights ? key_weights + match * length : NULL, length);
  }
  return FINE;
}

/* One side's arrays and the other's, as kernels.improve describes them. */
typedef struct {
  const int16_t *features, *keys;
  const int64_t *rows;
  const float *weights, *key_weights, *scale;
  const int32_t *allowed, *before;
  int32_t *field;
  float *distance;
  uint8_t *moved;
  int64_t numbers, row_count, key_numbers, allowed_numbers, length;
  int64_t strides[2], key_strides[2];
  float unit;
} Sides;

/* What a patch has found so far. */
typedef struct {
  const int16_t *mine;
  const float *weights;
  int64_t match;
  float best, limit;
} Found;

static inline void offer(const Sides *s, Found *found, int64_t candidate) {
  if (candidate == found->match) return;
  const float scale = s->scale ? s->scale[candidate] * s->unit : s->unit;
  const float *key_weights = s->key_weights ? s->key_weights + candidate * s->length : NULL;
  const float score = scale * distance_to(found->mine, s->keys + candidate * s->length, found->weights, key_weights, s->length);
  if (score < found->limit) {
    found->match = candidate;
    found->best = score;
    found->limit = score * MARGIN - TRACE;
  }
}

static inline int64_t between(int64_t number, int64_t count) {
  number = number < 0 ? 0 : number;
  return number < count ? number : count - 1;
}

/* A random number for a patch: a hash of its number, so that chunks do not matter. */
static inline uint32_t chance(int64_t number, uint32_t salt) {
  uint32_t value = (uint32_t)number * 0x9E3779B1u + salt;
  value ^= value >> 15;
  value *= 0x85EBCA6Bu;
  value ^= value >> 13;
  value *= 0xC2B2AE35u;
  return value ^ value >> 16;
}

/* A step to a random place up to `radius` away along both axes. */
static inline int64_t near_by(uint32_t random, int64_t radius, const int64_t strides[2]) {
  const int64_t span = 2 * radius + 1;
  return (((int64_t)(random & 0xFFFF) * span >> 16) - radius) * strides[0] + (((int64_t)(random >> 16) * span >> 16) - radius) * strides[1];
}

/* Offer a patch its neighbours' matches and random keys; keep what scores best. */
static inline void visit(const Sides *s, int64_t me, int64_t row, const int64_t *steps, int64_t step_count, const int64_t *radii,
                         const uint32_t *salts, int64_t radius_count) {
  const int64_t start = s->before[me];
  Found found = {s->features + row * s->length, s->weights ? s->weights + row * s->length : NULL, start, s->distance[me], 0};
  if (s->scale) found.best *= s->scale[start];
  found.limit = found.best * MARGIN - TRACE;
  for (int64_t at = 0; at < step_count; at++)
    for (int axis = 0; axis < 2; axis++)
      for (int64_t way = steps[at], turn = 0; turn < 2; way = -way, turn++) {
        const int64_t neighbour = between(me - way * s->strides[axis], s->numbers);
        offer(s, &found, between(s->before[neighbour] + way * s->key_strides[axis], s->key_numbers));
      }
  for (int64_t at = 0; at < radius_count; at++) {
    const uint32_t random = chance(me, salts[at]);
    const int64_t candidate =
        radii[at] == ANYWHERE ? s->allowed[random % s->allowed_numbers] : found.match + near_by(random, radii[at], s->key_strides);
    offer(s, &found, between(candidate, s->key_numbers));
  }
  s->distance[me] = s->scale ? found.best / s->scale[found.match] : found.best;
  s->field[me] = (int32_t)found.match;
  s->moved[me] = found.match != start;
}

/* One pass over some patches: see kernels.improve. salts: of the random numbers, one for each radius. */
API int NAME(improve)(const Sides *s, const int64_t *index, int64_t n, const int64_t *steps, int64_t step_count, const int64_t *radii,
                      const uint32_t *salts, int64_t radius_count) {
  if (outside(index, n, s->numbers) || (s->rows && outside(s->rows, n, s->row_count))) return BAD_NUMBER;
  for (int64_t i = 0; i < n; i++)
    if (s->before[index[i]] < 0 || s->before[index[i]] >= s->key_numbers) return BAD_NUMBER;
  for (int64_t at = 0; at < radius_count; at++)
    if (radii[at] == ANYWHERE && !s->allowed_numbers) return BAD_NUMBER;
  for (int64_t i = 0; i < n; i++) visit(s, index[i], s->rows ? s->rows[i] : i, steps, step_count, radii, salts, radius_count);
  return FINE;
}
