// Every triangle of a signed graph, and how many of them balance.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "yoneda/category/cycle_balance.hpp"
#include "yoneda/category/spanning_forest.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// Nodes a < b < c and the weights of the three edges.
struct Triangle {
  Id a, b, c;
  float ab, ac, bc;
};

/// A triangle balances where an even number of its edges is negative.
constexpr bool balanced(const Triangle& t) {
  return ((t.ab < 0) == (t.ac < 0)) == (t.bc > 0);
}

/// |ab · ac · bc|. With this weight the signed sum over all triangles at a node is (A³)_ff / 2.
inline double weight(const Triangle& t) {
  return std::abs(static_cast<double>(t.ab) * static_cast<double>(t.ac) *
                  static_cast<double>(t.bc));
}

namespace detail {

inline Triangle in_order(Triangle t) {
  const auto swap_first = [&t] { std::swap(t.a, t.b), std::swap(t.ac, t.bc); };
  const auto swap_last = [&t] { std::swap(t.b, t.c), std::swap(t.ab, t.ac); };
  if (t.a > t.b) swap_first();
  if (t.b > t.c) swap_last();
  if (t.a > t.b) swap_first();
  return t;
}

}  // namespace detail

/// Calls visit(triangle) once for each, always in the same order. Each edge points to its end of
/// higher degree (ties to the higher id); a triangle is found at the node that both its edges leave
/// (Latapy 2008, Main-memory triangle computations for very large graphs). Throws Error{value} for
/// a directed graph. Cost: m^1.5.
template <class Visitor>
void for_each_triangle(const SignedGraph& graph, Visitor&& visit) {
  require_undirected(graph, "triangle balance");
  const Index n = graph.node_count();
  std::vector<Index> offsets(n + 1, 0);
  std::vector<Id> targets;
  std::vector<float> weights;
  targets.reserve(graph.edge_count());
  weights.reserve(graph.edge_count());
  for (Id u = 0; u < n; ++u) {
    const auto neighbors = graph.neighbors(u);
    for (std::size_t i = 0; i < neighbors.size(); ++i) {
      const Id v = neighbors[i];
      if (std::pair(graph.degree(v), v) < std::pair(graph.degree(u), u)) continue;
      targets.push_back(v);
      weights.push_back(graph.weights(u)[i]);
    }
    offsets[u + 1] = static_cast<Index>(targets.size());
  }
  std::vector<float> to(n, 0);  // weight of the edge from u, 0 where there is none
  for (Id u = 0; u < n; ++u) {
    for (Index i = offsets[u]; i < offsets[u + 1]; ++i) to[targets[i]] = weights[i];
    for (Index i = offsets[u]; i < offsets[u + 1]; ++i) {
      const Id v = targets[i];
      for (Index j = offsets[v]; j < offsets[v + 1]; ++j) {
        const Id w = targets[j];
        if (to[w] != 0) visit(detail::in_order({u, v, w, weights[i], to[w], weights[j]}));
      }
    }
    for (Index i = offsets[u]; i < offsets[u + 1]; ++i) to[targets[i]] = 0;
  }
}

/// Triangles by sign, counted and weighed. Throws Error{value} for a directed graph. Cost: m^1.5.
inline CycleBalance triangle_balance(const SignedGraph& graph) {
  CycleBalance counts;
  for_each_triangle(graph, [&counts](const Triangle& t) {
    ++(balanced(t) ? counts.balanced : counts.unbalanced);
    (balanced(t) ? counts.balanced_weight : counts.unbalanced_weight) += weight(t);
  });
  return counts;
}

}  // namespace yoneda
