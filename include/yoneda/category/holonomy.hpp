// What the values of a graph multiply to round its cycles, edges walked back as inverses.
#pragma once

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "yoneda/category/base.hpp"
#include "yoneda/category/selection.hpp"
#include "yoneda/category/spanning_forest.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// A cycle that does not multiply to the unit.
template <GroupBase B>
struct CycleFailure {
  std::vector<Id> cycle;    ///< v0, v1, ..., v0; the last step walks the edge v0 → v(k−1) back
  typename B::value value;  ///< of the cycle
  double discrepancy = 0;   ///< from the unit
};

template <GroupBase B>
struct Holonomy {
  std::vector<typename B::value> potential;  ///< [n] of the path from the root of the component
  Index cycles = 0;                          ///< edges outside the forest: independent cycles
  Index nontrivial = 0;                      ///< of those, beyond the tolerance
  std::vector<CycleFailure<B>> failures;     ///< the worst of those

  bool trivial() const { return nontrivial == 0; }
};

/// Gives every node the value of its path in a spanning forest, and compares every other edge u → v
/// with it: φ(u) · w ≠ φ(v) is a cycle that does not multiply to the unit. There are none exactly
/// where every cycle does, directions aside (up to rounding, which the
/// tolerance is for): w(u → v) = φ(u)⁻¹ φ(v) for every edge. For the base Sign
/// on an undirected graph that is balance (balance.hpp), with φ the sides.
///
/// A step of the forest goes along an edge where the graph has one that way, else an edge is walked
/// back. An undirected edge can be walked both ways with one weight, so its value must be its own
/// inverse: in the base Weight that leaves ±1, and anything else is refused, as undirected weights
/// are in a Hodge decomposition. Failures: the `keep` of largest discrepancy, ties by the edge.
///
/// Throws Error{value} for an undirected edge whose value is not its own inverse, a negative
/// tolerance, or keep < 1. Cost: n + m log m.
template <GroupBase B>
Holonomy<B> holonomy(const SignedGraph& graph, const B& base, double tolerance = 1e-9,
                     Index keep = 100) {
  if (!(tolerance >= 0))
    throw Error(ErrorKind::value, "the tolerance of a holonomy cannot be negative");
  const Index n = graph.node_count();
  std::vector<Edge> edges = graph.edges();
  std::vector<Edge> joined;  // either way, once
  for (const Edge& e : edges) {
    if (!graph.directed() &&
        base.discrepancy(base.compose(base.arrow(e.weight), base.arrow(e.weight)),
                         base.unit(e.source)) > tolerance)
      throw Error(ErrorKind::value,
                  "edge " + std::to_string(e.source) + " - " + std::to_string(e.target) +
                      " of weight " + std::to_string(e.weight) +
                      " is undirected and not inverse to itself in this base; give a directed "
                      "graph, or use the base Sign");
    if (e.source < e.target || graph.weight(e.target, e.source) == 0)
      joined.push_back({e.source, e.target, 1});
  }
  const SpanningForest forest = spanning_forest(
      SignedGraph::from_edges(n, std::move(joined), Direction::undirected, GraphKind::user));

  const auto is_step = [&](const Edge& e) {  // of the forest, as it is walked down
    if (forest.parent[e.target] == e.source) return true;
    return forest.parent[e.source] == e.target && graph.weight(e.target, e.source) == 0;
  };
  std::vector<Id> order(n);
  std::iota(order.begin(), order.end(), Id{0});
  std::ranges::stable_sort(order, {}, [&](Id u) { return forest.depth[u]; });
  Holonomy<B> result;
  for (Id u = 0; u < n; ++u) result.potential.push_back(base.unit(u));
  for (const Id v : order) {
    const Id u = forest.parent[v];
    if (u == v) continue;
    const float along = graph.weight(u, v);
    const auto step = along != 0 ? base.arrow(along) : base.inverse(base.arrow(graph.weight(v, u)));
    result.potential[v] = base.compose(result.potential[u], step);
  }

  const auto round = [&](const Edge& e) {  // down the forest from source to target, and back
    const auto down =
        base.compose(base.inverse(result.potential[e.source]), result.potential[e.target]);
    return base.compose(down, base.inverse(base.arrow(e.weight)));
  };
  detail::Selector<Index> worst(Selection::strongest(keep));
  for (Index i = 0; i < static_cast<Index>(edges.size()); ++i) {
    const Edge& e = edges[i];
    if (is_step(e) || (!graph.directed() && is_step({e.target, e.source, e.weight}))) continue;
    ++result.cycles;
    const double apart = detail::apart(base, round(e), base.unit(e.source));
    if (apart <= tolerance) continue;
    ++result.nontrivial;
    worst.consider({apart, i});
  }
  for (const auto& [apart, place] : std::move(worst).take()) {
    const Edge& e = edges[place];
    result.failures.push_back({fundamental_cycle(forest, e.source, e.target), round(e), apart});
  }
  return result;
}

}  // namespace yoneda
