// Inner loops over rows of floats, in single precision: for training, where speed counts and the
// last bit does not. See dot.hpp for the product that results are stated in.
//
// Kernels: call them from a kernel of your own, or through with_simd (core/vector_unit.hpp).
#pragma once

#include <cstring>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// Σ_j x_j y_j: four vectors of eight partial sums while 32 numbers are left, one while eight are,
/// then one by one; in that order whatever the processor's vectors hold.
[[gnu::always_inline]] inline float float_dot(const float* x, const float* y, Index size) {
  Index j = 0;
  float sum = 0;
#if defined(__GNUC__)
  // Compilers keep the order of a sum, and so make vectors of it only where it is written so.
  using Floats [[gnu::vector_size(32)]] = float;
  Floats sums[4] = {};
  const auto add = [&](Floats & to, Index at) __attribute__((always_inline)) {
    Floats a, b;
    std::memcpy(&a, x + at, sizeof a);
    std::memcpy(&b, y + at, sizeof b);
    to += a * b;
  };
  for (; j + 32 <= size; j += 32)
    for (Index i = 0; i < 4; ++i) add(sums[i], j + 8 * i);
  for (; j + 8 <= size; j += 8) add(sums[0], j);
  const Floats all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  sum = ((all[0] + all[4]) + (all[1] + all[5])) + ((all[2] + all[6]) + (all[3] + all[7]));
#endif
  for (; j < size; ++j) sum += x[j] * y[j];
  return sum;
}

/// out += weight · x.
[[gnu::always_inline]] inline void add_scaled(float* __restrict out, float weight,
                                              const float* __restrict x, Index size) {
  for (Index j = 0; j < size; ++j) out[j] += weight * x[j];
}

/// out += Σ_i weights[i] · rows[ids[i]], in that order, for rows [n, size]. Four at a time, so that
/// `out` is read and written once for four.
[[gnu::always_inline]] inline void add_weighted_rows(float* __restrict out, const Id* ids,
                                                     const float* weights, Index count,
                                                     const float* __restrict rows, Index size) {
  Index i = 0;
  for (; i + 4 <= count; i += 4) {
    const float *a = rows + ids[i] * size, *b = rows + ids[i + 1] * size,
                *c = rows + ids[i + 2] * size, *d = rows + ids[i + 3] * size;
    const float wa = weights[i], wb = weights[i + 1], wc = weights[i + 2], wd = weights[i + 3];
    for (Index j = 0; j < size; ++j)
      out[j] = (((out[j] + wa * a[j]) + wb * b[j]) + wc * c[j]) + wd * d[j];
  }
  for (; i < count; ++i) add_scaled(out, weights[i], rows + ids[i] * size, size);
}

}  // namespace yoneda
