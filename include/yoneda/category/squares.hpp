// Every 4-cycle of a signed graph, and how many of them balance: the shortest diagrams of a
// bipartite graph, which has no triangles.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "yoneda/category/cycle_balance.hpp"
#include "yoneda/category/spanning_forest.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

namespace detail {

/// Paths of two edges between one pair of nodes, by sign: how many, Σ|w|, and Σw² of their weights.
struct TwoPaths {
  Index positive = 0, negative = 0;
  double positive_sum = 0, negative_sum = 0, positive_square = 0, negative_square = 0;

  void add(double weight) {
    ++(weight > 0 ? positive : negative);
    (weight > 0 ? positive_sum : negative_sum) += std::abs(weight);
    (weight > 0 ? positive_square : negative_square) += weight * weight;
  }

  /// Any two of the paths are a square: balanced where their signs agree.
  void count_squares(CycleBalance& counts) const {
    counts.balanced += (positive * (positive - 1) + negative * (negative - 1)) / 2;
    counts.unbalanced += positive * negative;
    counts.balanced_weight += (positive_sum * positive_sum - positive_square +
                               negative_sum * negative_sum - negative_square) /
                              2;
    counts.unbalanced_weight += positive_sum * negative_sum;
  }
};

/// Calls visit(middle, end, first, then) for every path top – middle – end of two edges, of weights
/// first and then, whose middle and end lie below top: of lower degree, or of the same and a lower
/// id. So every 4-cycle is two paths from one of its corners, and no node of high degree is a
/// middle of long rows.
template <class Visitor>
void for_each_path_below(const SignedGraph& graph, Id top, Visitor&& visit) {
  const auto is_below_top = [&graph, top](Id u) {
    return std::pair(graph.degree(u), u) < std::pair(graph.degree(top), top);
  };
  const auto middles = graph.neighbors(top);
  for (std::size_t i = 0; i < middles.size(); ++i) {
    const Id middle = middles[i];
    if (!is_below_top(middle)) continue;
    const auto ends = graph.neighbors(middle);
    for (std::size_t j = 0; j < ends.size(); ++j)
      if (ends[j] != top && is_below_top(ends[j]))
        visit(middle, ends[j], graph.weights(top)[i], graph.weights(middle)[j]);
  }
}

/// Calls visit(middle, end, first, then) for every path source → middle → end of three different
/// nodes along directed edges.
template <class Visitor>
void for_each_path_from(const SignedGraph& graph, Id source, Visitor&& visit) {
  const auto middles = graph.neighbors(source);
  for (std::size_t i = 0; i < middles.size(); ++i) {
    const auto ends = graph.neighbors(middles[i]);
    for (std::size_t j = 0; j < ends.size(); ++j)
      if (ends[j] != source)
        visit(middles[i], ends[j], graph.weights(source)[i], graph.weights(middles[i])[j]);
  }
}

}  // namespace detail

/// Cycles of four different nodes, each counted once, at the corner of highest degree (ties: the
/// higher id), from the paths of two edges between that corner and the opposite one (Chiba,
/// Nishizeki 1985, Arboricity and subgraph listing algorithms). Squares may have chords. Throws
/// Error{value} for a directed graph. Cost: Σ over edges of the smaller degree, at most m^1.5;
/// memory: n.
inline CycleBalance square_balance(const SignedGraph& graph) {
  require_undirected(graph, "balance of squares");
  CycleBalance counts;
  std::vector<detail::TwoPaths> paths(graph.node_count());
  std::vector<Id> opposite;
  for (Id top = 0; top < graph.node_count(); ++top) {
    opposite.clear();
    detail::for_each_path_below(graph, top, [&](Id, Id end, float first, float then) {
      detail::TwoPaths& between = paths[end];
      if (between.positive + between.negative == 0) opposite.push_back(end);
      between.add(static_cast<double>(first) * static_cast<double>(then));
    });
    for (const Id end : opposite) {
      paths[end].count_squares(counts);
      paths[end] = {};
    }
  }
  return counts;
}

}  // namespace yoneda
