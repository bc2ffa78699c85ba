// Structural balance: do the signs multiply to +1 round every cycle?
#pragma once

#include <utility>
#include <vector>

#include "yoneda/category/spanning_forest.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

struct Balance {
  /// ±1 for each node. Where balanced: positive edges join nodes of one side, negative edges nodes
  /// of both. The smallest node of a component is on side +1.
  std::vector<signed char> side;

  /// A cycle whose signs multiply to −1, as nodes v0, v1, ..., v0; empty where balanced.
  std::vector<Id> certificate;

  bool balanced() const { return certificate.empty(); }
};

/// Decides balance by a spanning forest (Harary, Kabell 1980, A simple algorithm to detect balance
/// in signed graphs): a graph is balanced when no edge contradicts the sides that the forest gives.
/// The certificate is the cycle of the contradicting edge whose ends lie least deep together, ties
/// to the smaller ids: short, though not always the shortest. Throws Error{value} for a directed
/// graph. Cost: n + m.
inline Balance balance(const SignedGraph& graph) {
  require_undirected(graph, "structural balance");
  SpanningForest forest = spanning_forest(graph);
  Id from = -1, to = -1, least = 0;
  for (Id u = 0; u < graph.node_count(); ++u) {
    const auto neighbors = graph.neighbors(u);
    const auto weights = graph.weights(u);
    for (std::size_t i = 0; i < neighbors.size(); ++i) {
      const Id v = neighbors[i];
      const bool consistent = (weights[i] < 0) == (forest.side[u] != forest.side[v]);
      if (v < u || consistent) continue;
      const Id depth = forest.depth[u] + forest.depth[v];
      if (from >= 0 && depth >= least) continue;
      from = u, to = v, least = depth;
    }
  }
  Balance result;
  if (from >= 0) result.certificate = fundamental_cycle(forest, from, to);
  result.side = std::move(forest.side);
  return result;
}

}  // namespace yoneda
