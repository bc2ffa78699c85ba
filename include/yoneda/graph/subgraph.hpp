// A part of a graph.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// The graph between some of its nodes, ascending: node i of it is nodes[i]. Throws Error{value}
/// for nodes that do not ascend or are not the graph's. Cost: their degrees, times log of their
/// number, whatever the size of the whole.
inline SignedGraph induced_subgraph(const SignedGraph& graph, std::span<const Id> nodes) {
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i] < 0 || nodes[i] >= graph.node_count() || (i > 0 && nodes[i] <= nodes[i - 1]))
      throw Error(ErrorKind::value,
                  "node " + std::to_string(nodes[i]) +
                      " of a subgraph: they ascend, and are those of a graph of " +
                      std::to_string(graph.node_count()));
  std::vector<Edge> edges;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto neighbors = graph.neighbors(nodes[i]);
    for (std::size_t e = 0; e < neighbors.size(); ++e) {
      if (!graph.directed() && neighbors[e] < nodes[i]) continue;  // is there from the other end
      const auto found = std::ranges::lower_bound(nodes, neighbors[e]);
      if (found != nodes.end() && *found == neighbors[e])
        edges.push_back({static_cast<Id>(i), static_cast<Id>(found - nodes.begin()),
                         graph.weights(nodes[i])[e]});
    }
  }
  return SignedGraph::from_edges(static_cast<Index>(nodes.size()), std::move(edges),
                                 graph.direction(), graph.kind());
}

}  // namespace yoneda
