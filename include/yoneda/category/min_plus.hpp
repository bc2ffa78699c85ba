// The cheapest way from everywhere to everywhere, or from one node.
#pragma once

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/base.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// d [n, n]: what it costs to go from one point to another; ∞ where there is no way, 0 to stay.
/// Going there may cost other than coming back.
class Distances {
 public:
  explicit Distances(Index n) : n_(n), values_(n * n, std::numeric_limits<double>::infinity()) {
    for (Index i = 0; i < n; ++i) (*this)(i, i) = 0;
  }

  Index size() const { return n_; }
  double& operator()(Index from, Index to) { return values_[from * n_ + to]; }
  double operator()(Index from, Index to) const { return values_[from * n_ + to]; }

 private:
  Index n_;
  std::vector<double> values_;
};

/// −log p of every arrow of a graph of probabilities (see probabilities). Throws Error{value} for a
/// weight above 1. Memory: 8 n² bytes.
inline Distances arrow_distances(const SignedGraph& probabilities) {
  const Lawvere base;
  Distances d(probabilities.node_count());
  for (Id u = 0; u < probabilities.node_count(); ++u) {
    const auto targets = probabilities.neighbors(u);
    for (std::size_t i = 0; i < targets.size(); ++i)
      d(u, targets[i]) = base.arrow(probabilities.weights(u)[i]);
  }
  return d;
}

namespace detail {

/// Rows [i0, i1) and columns [j0, j1) of d, by ways through [k0, k1).
inline void relax(Distances& d, std::pair<Index, Index> rows, std::pair<Index, Index> columns,
                  std::pair<Index, Index> through) {
  for (Index k = through.first; k < through.second; ++k)
    for (Index i = rows.first; i < rows.second; ++i) {
      const double first = d(i, k);
      if (first == std::numeric_limits<double>::infinity()) continue;
      for (Index j = columns.first; j < columns.second; ++j)
        d(i, j) = std::min(d(i, j), first + d(k, j));
    }
}

}  // namespace detail

/// The closure: the largest d' <= d with d'(a, c) <= d'(a, b) + d'(b, c), which is what the
/// cheapest path costs. It repairs every defect of enrichment (enrichment_defects.hpp), and says
/// what a category enriched over [0, ∞] makes of the arrows. In blocks of 64 (Floyd 1962, Algorithm
/// 97: shortest path), those that do not need each other in parallel: the same for any number of
/// threads. Throws Error{cancelled} where progress asks to stop. Cost: n³.
inline Distances min_plus_closure(Distances d, const Progress& progress = {}) {
  constexpr Index size = 64;
  const Index blocks = (d.size() + size - 1) / size;
  const auto range = [&](Index b) {
    return std::pair(b * size, std::min(d.size(), (b + 1) * size));
  };
  for (Index k = 0; k < blocks; ++k) {
    progress.check("cheapest paths", static_cast<double>(k) / static_cast<double>(blocks));
    detail::relax(d, range(k), range(k), range(k));
    parallel_for(2 * blocks, [&](Index at) {
      if (at / 2 == k) return;
      if (at % 2 == 0)
        detail::relax(d, range(k), range(at / 2), range(k));
      else
        detail::relax(d, range(at / 2), range(k), range(k));
    });
    parallel_for(blocks, [&](Index i) {
      if (i == k) return;
      for (Index j = 0; j < blocks; ++j)
        if (j != k) detail::relax(d, range(i), range(j), range(k));
    });
  }
  return d;
}

/// What the cheapest path from `source` costs to every node, and the node before each on it: of
/// graphs too large for their closure.
struct CheapestPaths {
  std::vector<double> cost;  ///< [n], ∞: not reached
  std::vector<Id> before;    ///< [n], -1 of the source and of what is not reached
};

/// Of a graph of probabilities, each arrow at −log p. Ties go to the node of smaller id. Throws
/// Error{value} for a source that is no node, or a weight above 1. Cost: m log n. Source: Dijkstra
/// 1959, A note on two problems in connexion with graphs.
inline CheapestPaths cheapest_paths(const SignedGraph& probabilities, Id source) {
  const Index n = probabilities.node_count();
  if (source < 0 || source >= n)
    throw Error(ErrorKind::value, "node " + std::to_string(source) + " is none of a graph of " +
                                      std::to_string(n) + " nodes");
  const Lawvere base;
  CheapestPaths result{std::vector<double>(n, std::numeric_limits<double>::infinity()),
                       std::vector<Id>(n, -1)};
  using Waiting = std::pair<double, Id>;
  std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>> waiting;
  result.cost[source] = 0;
  waiting.emplace(0, source);
  while (!waiting.empty()) {
    const auto [cost, u] = waiting.top();
    waiting.pop();
    if (cost > result.cost[u]) continue;  // reached cheaper since
    const auto targets = probabilities.neighbors(u);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const double there = base.compose(cost, base.arrow(probabilities.weights(u)[i]));
      if (there >= result.cost[targets[i]]) continue;
      result.cost[targets[i]] = there;
      result.before[targets[i]] = u;
      waiting.emplace(there, targets[i]);
    }
  }
  return result;
}

}  // namespace yoneda
