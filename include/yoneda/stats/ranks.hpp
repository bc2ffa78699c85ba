// Ranks, and correlation of numbers and of ranks.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/stats/moments.hpp"

namespace yoneda {

/// Rank of every value among all, from 1 (smallest); equal values share the mean of their ranks.
/// Throws Error{value} for a NaN. Cost: n log n.
inline std::vector<double> average_ranks(std::span<const double> values) {
  if (std::ranges::any_of(values, [](double x) { return std::isnan(x); }))
    throw Error(ErrorKind::value, "ranks of values that are not all numbers");
  std::vector<Index> order(values.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::ranges::stable_sort(order, {}, [&](Index i) { return values[i]; });
  std::vector<double> ranks(values.size());
  const auto size = static_cast<Index>(values.size());
  for (Index first = 0, last = 0; first < size; first = last) {
    while (last < size && values[order[last]] == values[order[first]]) ++last;
    // the mean of the ranks first + 1, ..., last
    const double shared = static_cast<double>(first + 1 + last) / 2;
    for (Index i = first; i < last; ++i) ranks[order[i]] = shared;
  }
  return ranks;
}

/// Pearson's correlation; nothing where one side does not vary (or there are no values). Throws
/// Error{shape} for lists of different length. Cost: n.
inline std::optional<double> correlation(std::span<const double> x, std::span<const double> y) {
  if (x.size() != y.size())
    throw Error(ErrorKind::shape, "correlation of " + std::to_string(x.size()) + " values with " +
                                      std::to_string(y.size()));
  if (x.empty()) return std::nullopt;
  const Moments of_x = moments(x), of_y = moments(y);
  if (of_x.std == 0 || of_y.std == 0) return std::nullopt;
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    sum += (x[i] - of_x.mean) / of_x.std * ((y[i] - of_y.mean) / of_y.std);
  return std::clamp(sum / static_cast<double>(x.size()), -1.0, 1.0);
}

/// Spearman's correlation: Pearson's of the average ranks, which stays right with ties. Nothing
/// where one side does not vary. Throws Error{shape} and Error{value} as its parts do. Cost: n log
/// n.
inline std::optional<double> rank_correlation(std::span<const double> x,
                                              std::span<const double> y) {
  return correlation(average_ranks(x), average_ranks(y));
}

}  // namespace yoneda
