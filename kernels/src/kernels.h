/* What all kernels share. Every file is compiled once for the machine's baseline and, on x86-64, once for AVX2 and FMA; NAME
 * gives each its own symbols.
 *
 * Kernels trust their pointers and shapes, which library.py checks before every call. They do not trust numbers that are read
 * from arrays: before one leads outside an array, the call ends with BAD_NUMBER.
 */
#ifndef PATCHNN_KERNELS_H
#define PATCHNN_KERNELS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#define API __declspec(dllexport)
#else
#define API __attribute__((visibility("default")))
#endif

#ifndef VARIANT
#define VARIANT plain
#endif
#define JOIN_(name, variant) patchnn_##name##_##variant
#define JOIN(name, variant) JOIN_(name, variant)
#define NAME(name) JOIN(name, VARIANT)

enum { FINE = 0, BAD_NUMBER = 1, NO_MEMORY = 2 };

/* The first feature of a patch that must not be matched: kernels.NEVER. */
enum { NEVER = INT16_MIN };

/* Eight floats: one AVX register, or two of SSE or NEON. */
typedef float eight __attribute__((vector_size(32)));
typedef float four __attribute__((vector_size(16)));
typedef int32_t eight_ints __attribute__((vector_size(32)));
typedef int16_t eight_shorts __attribute__((vector_size(16)));

static inline eight load8(const float *from) {
  eight value;
  memcpy(&value, from, sizeof value);
  return value;
}

static inline void store8(float *to, eight value) { memcpy(to, &value, sizeof value); }

static inline four load4(const float *from) {
  four value;
  memcpy(&value, from, sizeof value);
  return value;
}

/* Sum in an order that never varies. Of values >= 0, it cannot be less than the sum of smaller ones. */
static inline float sum8(eight value) {
  four half[2];
  memcpy(half, &value, sizeof half);
  const four sum = half[0] + half[1];
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

#endif
