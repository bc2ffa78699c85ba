// The value of a path, and of all paths through sets of mediators, in a base.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/base.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// A function arrow_of(u, v) that returns the value of the arrow from u to v: looked up in a graph,
/// or computed from matrices where a sparse graph dropped it.
template <class F, class B>
concept ArrowsIn = Base<B> && requires(const F f, Id x) {
  { f(x, x) } -> std::convertible_to<typename B::value>;
};

namespace detail {

inline void require_node(const SignedGraph& graph, Id node) {
  if (node < 0 || node >= graph.node_count())
    throw Error(ErrorKind::value, "node " + std::to_string(node) + " of a path is not one of the " +
                                      std::to_string(graph.node_count()) + " of the graph");
}

/// The weight of a step, 0 where it is no edge. Throws for nodes outside the graph.
inline float step_weight(const SignedGraph& graph, Id u, Id v) {
  require_node(graph, u);
  require_node(graph, v);
  return graph.weight(u, v);
}

}  // namespace detail

/// The arrows of a graph as a function of two nodes. It keeps references to both arguments, and
/// throws Error{value} for a node outside the graph and for two nodes that no edge joins. Cost of a
/// call: log degree.
template <Base B>
auto arrows_of(const B& base, const SignedGraph& graph) {
  return [&base, &graph](Id u, Id v) -> typename B::value {
    const float weight = detail::step_weight(graph, u, v);
    if (weight == 0)
      throw Error(ErrorKind::value, "step " + std::to_string(u) + " - " + std::to_string(v) +
                                        " of a path is no edge");
    return base.arrow(weight);
  };
}

/// The same, with zero() for two nodes that no edge joins: no arrow adds nothing to a join.
template <JoinBase B>
auto arrows_or_zero(const B& base, const SignedGraph& graph) {
  return [&base, &graph](Id u, Id v) -> typename B::value {
    const float weight = detail::step_weight(graph, u, v);
    return weight == 0 ? base.zero() : base.arrow(weight);
  };
}

/// The value of a path given by its nodes, v0 → v1 → ... ; of one node, its unit. Throws
/// Error{value} for no nodes, and what arrow_of throws. Cost: one arrow and one compose a step.
template <Base B, ArrowsIn<B> Arrows>
typename B::value composite(const B& base, const Arrows& arrow_of, std::span<const Id> path) {
  if (path.empty()) throw Error(ErrorKind::value, "a path without nodes");
  if (path.size() == 1) return base.unit(path.front());
  typename B::value value = arrow_of(path[0], path[1]);
  for (std::size_t i = 2; i < path.size(); ++i)
    value = base.compose(value, arrow_of(path[i - 1], path[i]));
  return value;
}

/// The same along the edges of a graph. Throws Error{value} also for a node outside the graph and a
/// step that is no edge. Cost: steps · log degree.
template <Base B>
typename B::value composite(const B& base, const SignedGraph& graph, std::span<const Id> path) {
  for (const Id node : path) detail::require_node(graph, node);
  return composite(base, arrows_of(base, graph), path);
}

/// The join over every path that takes one node of each step in turn: of {f}, M, {h} it is
/// ⋁_{g ∈ M} (f → g → h). With Real that is Σ over mediators, an entry of a matrix product, which
/// is what composition of arrows means; the product along one path is not. A step without nodes
/// leaves no path: zero(). Throws Error{value} for no steps and for a node given twice in a step,
/// and what arrow_of throws. Cost: Σ |step| · |next step| arrows.
template <JoinBase B, ArrowsIn<B> Arrows>
typename B::value joined_composite(const B& base, const Arrows& arrow_of,
                                   std::span<const std::vector<Id>> steps) {
  if (steps.empty()) throw Error(ErrorKind::value, "a path without nodes");
  for (std::vector<Id> step : steps) {
    std::ranges::sort(step);
    const auto twice = std::ranges::adjacent_find(step);
    if (twice != step.end())
      throw Error(ErrorKind::value, "node " + std::to_string(*twice) +
                                        " is given twice in one step of a path, and its paths "
                                        "would be joined twice");
  }
  // reached[i]: all paths to the i-th node of the step. Joins start at the first value, not at
  // zero(), so that rectangular matrices may be joined.
  const auto join_all = [&base](std::size_t count, const auto& value_of) {
    if (count == 0) return base.zero();
    typename B::value joined = value_of(0);
    for (std::size_t i = 1; i < count; ++i) joined = base.join(joined, value_of(i));
    return joined;
  };
  std::vector<typename B::value> reached;
  for (std::size_t s = 1; s < steps.size(); ++s) {
    const std::vector<Id>& from = steps[s - 1];
    std::vector<typename B::value> next;
    next.reserve(steps[s].size());
    for (const Id target : steps[s])
      next.push_back(join_all(from.size(), [&](std::size_t i) -> typename B::value {
        if (s == 1) return arrow_of(from[i], target);
        return base.compose(reached[i], arrow_of(from[i], target));
      }));
    reached = std::move(next);
  }
  if (steps.size() == 1)
    return join_all(steps[0].size(), [&](std::size_t i) { return base.unit(steps[0][i]); });
  return join_all(reached.size(), [&](std::size_t i) { return reached[i]; });
}

/// The same along the edges of a graph: where no edge joins two nodes no path goes. Throws
/// Error{value} also for a node outside the graph.
template <JoinBase B>
typename B::value joined_composite(const B& base, const SignedGraph& graph,
                                   std::span<const std::vector<Id>> steps) {
  for (const std::vector<Id>& step : steps)
    for (const Id node : step) detail::require_node(graph, node);
  return joined_composite(base, arrows_or_zero(base, graph), steps);
}

}  // namespace yoneda
