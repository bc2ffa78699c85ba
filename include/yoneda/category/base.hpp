// What a weight means, and how weights compose along a path.
#pragma once

#include <cmath>
#include <concepts>
#include <limits>
#include <span>
#include <string>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// A base must provide: a type of values; the value of an edge of weight w; the value of the path
/// that stays at x; the value of a path, first v, then v; and how far two values are apart, 0 where
/// they are equal. compose is associative and unit is neutral on both sides (up to rounding).
template <class B>
concept Base = requires(const B b, typename B::value v, float w, Id x) {
  { b.arrow(w) } -> std::same_as<typename B::value>;
  { b.unit(x) } -> std::same_as<typename B::value>;
  { b.compose(v, v) } -> std::same_as<typename B::value>;
  { b.discrepancy(v, v) } -> std::same_as<double>;
};

/// ({−1, +1}, ×): only the sign of an edge counts.
struct Sign {
  using value = int;
  value arrow(float weight) const { return weight < 0 ? -1 : 1; }
  value unit(Id) const { return 1; }
  value compose(value first, value then) const { return first * then; }
  /// 1 where the signs differ.
  double discrepancy(value f, value g) const { return f == g ? 0 : 1; }
};

/// (ℝ∖0, ×), in double: room for paths of several steps, not for hundreds.
struct Weight {
  using value = double;
  value arrow(float weight) const { return static_cast<double>(weight); }
  value unit(Id) const { return 1; }
  value compose(value first, value then) const { return first * then; }
  /// |log|f| − log|g||, plus 1 where the signs differ.
  double discrepancy(value f, value g) const {
    if (f == g) return 0;
    const double size = std::abs(std::log(std::abs(f)) - std::log(std::abs(g)));
    return std::signbit(f) == std::signbit(g) ? size : size + 1;
  }
};

/// The value of a path given by its nodes, v0 → v1 → ... ; of one node, its unit. Throws
/// Error{value} for no nodes, a node outside the graph, or a step that is no edge. Cost: steps ·
/// log degree.
template <Base B>
typename B::value composite(const B& base, const SignedGraph& graph, std::span<const Id> path) {
  if (path.empty()) throw Error(ErrorKind::value, "a path without nodes");
  for (const Id node : path)
    if (node < 0 || node >= graph.node_count())
      throw Error(ErrorKind::value, "node " + std::to_string(node) +
                                        " of a path is not one of the " +
                                        std::to_string(graph.node_count()) + " of the graph");
  auto value = base.unit(path.front());
  for (std::size_t i = 1; i < path.size(); ++i) {
    const float weight = graph.weight(path[i - 1], path[i]);
    if (weight == 0)
      throw Error(ErrorKind::value, "step " + std::to_string(path[i - 1]) + " - " +
                                        std::to_string(path[i]) + " of a path is no edge");
    value = base.compose(value, base.arrow(weight));
  }
  return value;
}

}  // namespace yoneda
