// How far a fast product may lie from the true one.
#pragma once

#include <algorithm>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// Of one query w against any key u: |ẑ − z| ≤ slope · ‖u‖ + per_residue · ‖δu‖ + floor, where δu
/// is what rounding took from u. Floats, rounded up.
struct ErrorBound {
  float slope = 0, per_residue = 0, floor = 0;

  float operator()(float norm, float residue) const {
    return slope * norm + per_residue * residue + floor;
  }
};

/// A vector as a fast product sees it: ŵ = w − δw.
struct RoundedNorms {
  double norm = 0;     ///< ‖w‖
  double rounded = 0;  ///< ‖ŵ‖
  double residue = 0;  ///< ‖δw‖
};

/// The least float that is surely not below `value` >= 0, give or take a few sums of floats.
inline float rounded_up(double value) {
  return static_cast<float>(value * (1 + 0x1p-20)) + 0x1p-149f;
}

/// With z = w·u canonical and ẑ = ŵ·û summed in float32 in any order,
///     |ẑ − z| ≤ ‖δw‖‖u‖ + ‖ŵ‖‖δu‖ + γ‖ŵ‖‖û‖ + 2d · 2⁻¹²⁶ + (d + 8) 2⁻⁵³ ‖w‖‖u‖,
///     γ = (d + 4) v / (1 − (d + 4) v),   v = 2⁻²³
/// (Higham 2002, Accuracy and stability of numerical algorithms, 3.1): v allows for hardware that
/// does not round to nearest, 4 instead of 1 for the sums taken of ẑ and its bound, 2⁻¹²⁶ for
/// flushed subnormals, the last term for the canonical product itself. δw is measured, not bounded:
/// that halves the number of candidates.
inline ErrorBound error_bound(const RoundedNorms& w, Index dimension) {
  const auto d = static_cast<double>(dimension);
  const double gamma = (d + 4) * 0x1p-23 / (1 - (d + 4) * 0x1p-23);
  const double canonical = (d + 8) * 0x1p-53 * w.norm;
  return {.slope = rounded_up(w.residue + gamma * w.rounded + canonical),
          .per_residue = rounded_up((1 + gamma) * w.rounded),
          .floor = rounded_up(2 * d * 0x1p-126)};
}

}  // namespace yoneda
