// Numbers on a graph's edges that change sign where an edge is walked backwards.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// Where the numbers come from.
enum class CochainKind {
  ratios,  ///< ½ log(|w_fg| / |w_gf|), of nodes joined both ways
  layers,  ///< log|w| less its mean, of edges that lead from one layer to the next
};

constexpr std::string_view name(CochainKind kind) {
  return kind == CochainKind::ratios ? "ratios" : "layers";
}

/// A 1-cochain: `value` from `from` to `to`, −value the other way. Of ratios from < to; of layers
/// `from` is the node that the arrow leaves. By (from, to), every pair of nodes once.
struct Cochain {
  struct Edge {
    Id from, to;
    double value;
  };
  CochainKind kind = CochainKind::ratios;
  Index nodes = 0;  ///< of the graph, with those that have no edge here
  std::vector<Edge> edges;
  Index one_way = 0;         ///< arrows of the graph without one back, left out
  Index opposite_signs = 0;  ///< pairs of arrows of which one is negative, left out
  double constant = 0;       ///< of layers: the mean of log|w|, which was taken off

  Index size() const { return static_cast<Index>(edges.size()); }
};

/// Whether all arrows lead from one layer to the next: there are some, and no node has both one
/// that leaves it and one that leads to it.
inline bool leads_across(const SignedGraph& graph) {
  if (!graph.directed() || graph.edge_count() == 0) return false;
  return std::ranges::none_of(graph.columns(), [&](Id v) { return graph.degree(v) > 0; });
}

namespace detail {

inline Cochain ratios_of(const SignedGraph& graph) {
  Cochain made{CochainKind::ratios, graph.node_count(), {}};
  for (const auto& [u, v, weight] : graph.edges()) {
    const float back = graph.weight(v, u);
    if (back == 0) {
      ++made.one_way;
    } else if (u < v && (weight < 0) != (back < 0)) {
      ++made.opposite_signs;
    } else if (u < v) {
      const auto log_size = [](float w) { return std::log(std::abs(static_cast<double>(w))); };
      made.edges.push_back({u, v, (log_size(weight) - log_size(back)) / 2});
    }
  }
  return made;
}

inline Cochain layers_of(const SignedGraph& graph) {
  Cochain made{CochainKind::layers, graph.node_count(), {}};
  for (const auto& [u, v, weight] : graph.edges())
    made.edges.push_back({u, v, std::log(std::abs(static_cast<double>(weight)))});
  for (const Cochain::Edge& e : made.edges)
    made.constant += e.value / static_cast<double>(made.size());
  for (Cochain::Edge& e : made.edges) e.value -= made.constant;
  return made;
}

}  // namespace detail

/// The cochain that a directed graph's weights make, by its shape:
///   layers, where no node has both an arrow that leaves it and one that leads to it, as in a graph
///     of virtual weights: log|w|. Weights of one pair of layers have a unit that means nothing, a
///     constant on all edges, so the mean is taken off;
///   ratios, elsewhere: ½ log(|w_fg| / |w_gf|) where both arrows are there and have one sign. This
///     is a gradient exactly where the weights are in detailed balance (Kolmogorov's criterion). It
///     is so for any graph whose symmetric weights were scaled by rows: no discovery there.
///
/// Throws Error{value} with the reason for an undirected graph, for a directed one without a pair
/// of either kind, and where all numbers are 0, as if the weights had no direction. Cost: m log m.
inline Cochain cochain(const SignedGraph& graph) {
  if (!graph.directed())
    throw Error(ErrorKind::value,
                "a Hodge decomposition needs numbers that change sign where an edge is walked "
                "backwards; an undirected weight is the same both ways, so its \"gradient share\" "
                "would only tell how the ids are ordered. Give a directed graph with arrows both "
                "ways, or one whose arrows lead from one layer to the next");
  Cochain made = leads_across(graph) ? detail::layers_of(graph) : detail::ratios_of(graph);
  if (made.edges.empty())
    throw Error(ErrorKind::value,
                "no two nodes of this directed graph are joined both ways with one sign, so there "
                "is no ratio of two weights to decompose, and its arrows do not lead from one "
                "layer to the next, where log|w| could be");
  const double least = 1e-12;  // of a float's rounding
  if (std::ranges::none_of(made.edges, [&](const auto& e) { return std::abs(e.value) > least; }))
    throw Error(ErrorKind::value,
                made.kind == CochainKind::ratios
                    ? "every weight is the same both ways: as an undirected graph this one has "
                      "nothing to decompose"
                    : "all weights have one size: there is nothing to decompose");
  return made;
}

}  // namespace yoneda
