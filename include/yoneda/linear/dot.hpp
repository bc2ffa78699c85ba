// The canonical dot product: float inputs, double arithmetic, one fixed order of summation.
#pragma once

#include <array>
#include <cmath>
#include <span>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// Σ_j x_j y_j in double: eight interleaved partial sums (j mod 8), added in order 0, ..., 7. A
/// product of two floats is exact in double, so contraction to fused multiply-adds changes nothing
/// and the result is the same on every machine. x and y have the same length.
inline double canonical_dot(std::span<const float> x, std::span<const float> y) {
  std::array<double, 8> partial{};
  const std::size_t size = x.size(), blocked = size - size % 8;
  for (std::size_t j = 0; j < blocked; j += 8)
    for (std::size_t lane = 0; lane < 8; ++lane)
      partial[lane] += static_cast<double>(x[j + lane]) * static_cast<double>(y[j + lane]);
  for (std::size_t j = blocked; j < size; ++j)
    partial[j % 8] += static_cast<double>(x[j]) * static_cast<double>(y[j]);
  double sum = 0;
  for (const double part : partial) sum += part;
  return sum;
}

/// Euclidean norm, with the same order of summation.
inline double canonical_norm(std::span<const float> x) {
  return std::sqrt(canonical_dot(x, x));
}

}  // namespace yoneda
