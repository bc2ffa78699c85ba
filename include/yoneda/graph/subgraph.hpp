// A part of a graph.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// The graph between some of its nodes, ascending: node i of it is nodes[i]. Throws Error{value}
/// for nodes that do not ascend or are not the graph's. Cost: n + m.
inline SignedGraph induced_subgraph(const SignedGraph& graph, std::span<const Id> nodes) {
  std::vector<Id> place(graph.node_count(), -1);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i] < 0 || nodes[i] >= graph.node_count() || (i > 0 && nodes[i] <= nodes[i - 1]))
      throw Error(ErrorKind::value,
                  "node " + std::to_string(nodes[i]) +
                      " of a subgraph: they ascend, and are those of a graph of " +
                      std::to_string(graph.node_count()));
    place[nodes[i]] = static_cast<Id>(i);
  }
  std::vector<Edge> edges;
  for (const Edge& edge : graph.edges())
    if (place[edge.source] >= 0 && place[edge.target] >= 0)
      edges.push_back({place[edge.source], place[edge.target], edge.weight});
  return SignedGraph::from_edges(static_cast<Index>(nodes.size()), std::move(edges),
                                 graph.direction(), graph.kind());
}

}  // namespace yoneda
