// An observed value beside the values a null model gave.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Both one-sided p-values of a permutation test.
struct TailP {
  double upper = 1;  ///< of a value at least this large
  double lower = 1;  ///< of a value at least this small
};

/// p = (1 + #{null >= value}) / (1 + N), and the same with <=. The observed value counts as one of
/// the draws, so that p is never 0 and the test is valid at every N (Phipson, Smyth 2010,
/// Permutation p-values should never be zero). Without draws both are 1. Throws Error{value} for a
/// NaN. Cost: N.
inline TailP permutation_p(double value, std::span<const double> null) {
  Index above = 0, below = 0;
  for (const double draw : null) {
    if (std::isnan(draw) || std::isnan(value))
      throw Error(ErrorKind::value, "a permutation test of a value that is not a number");
    above += draw >= value;
    below += draw <= value;
  }
  const double count = 1 + static_cast<double>(null.size());
  return {.upper = (1 + static_cast<double>(above)) / count,
          .lower = (1 + static_cast<double>(below)) / count};
}

/// What a null sample looks like. All 0 where there are no draws.
struct NullSummary {
  Index samples = 0;
  double mean = 0;
  double sd = 0;  ///< of a sample: divided by N − 1; 0 for one draw
  double min = 0;
  double max = 0;
};

/// Cost: N.
inline NullSummary null_summary(std::span<const double> null) {
  if (null.empty()) return {};
  const auto [low, high] = std::ranges::minmax(null);
  NullSummary summary{
      .samples = static_cast<Index>(null.size()), .mean = low, .min = low, .max = high};
  if (low == high) return summary;
  const auto n = static_cast<double>(null.size());
  double mean = 0, square = 0;
  for (const double draw : null) mean += draw / n;
  for (const double draw : null) square += (draw - mean) * (draw - mean) / (n - 1);
  summary.mean = mean;
  summary.sd = std::sqrt(square);
  return summary;
}

}  // namespace yoneda
