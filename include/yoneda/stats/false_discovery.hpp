// p-values of many tests at once.
#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Adjusted p-values: calling significant all tests whose adjusted p is at most q keeps the
/// expected share of false discoveries at most q, for independent or positively dependent tests.
/// With p sorted ascending and n tests, adjusted p_(i) = min over j >= i of p_(j) n / j, at most 1
/// (Benjamini, Hochberg 1995, Controlling the false discovery rate). In the order given. Throws
/// Error{value} for a p outside [0, 1]. Cost: n log n.
///
/// A p-value from N draws is at least 1 / (N + 1): over n tests nothing can reach q with fewer than
/// n / (q · expected discoveries) draws.
inline std::vector<double> false_discovery_rate(std::span<const double> p) {
  for (std::size_t i = 0; i < p.size(); ++i)
    if (!(p[i] >= 0 && p[i] <= 1))
      throw Error(ErrorKind::value, "p-value " + std::to_string(i) + " is " + std::to_string(p[i]) +
                                        ", not in [0, 1]");
  std::vector<Index> order(p.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::ranges::stable_sort(order, {}, [&](Index i) { return p[i]; });
  std::vector<double> adjusted(p.size());
  const auto n = static_cast<double>(p.size());
  double smallest = 1;
  for (Index rank = static_cast<Index>(p.size()); rank > 0; --rank) {
    const Index i = order[rank - 1];
    smallest = std::min(smallest, p[i] * n / static_cast<double>(rank));
    adjusted[i] = smallest;
  }
  return adjusted;
}

}  // namespace yoneda
