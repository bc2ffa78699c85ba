// A graph's weights as probabilities, for the bases Lawvere and Probability.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// The same edges with weights p in (0, 1]: |w| where undirected, for both ends must read the same;
/// |w| by the sum of |w| over its row where directed, the chance that a walker takes the edge.
/// Signs are lost. Throws Error{value} for an undirected edge with |w| > 1 (what rounding left
/// above 1 is 1). Cost: m log m.
inline SignedGraph probabilities(const SignedGraph& graph) {
  constexpr double least = std::numeric_limits<float>::denorm_min();  // an edge stays an edge
  std::vector<Edge> edges = graph.edges();
  std::vector<double> row(graph.node_count(), 0);
  for (const Edge& e : edges) row[e.source] += std::abs(static_cast<double>(e.weight));
  for (Edge& e : edges) {
    const double size = std::abs(static_cast<double>(e.weight));
    if (!graph.directed() && size > 1 + 1e-6)
      throw Error(ErrorKind::value,
                  "edge " + std::to_string(e.source) + " - " + std::to_string(e.target) +
                      " has weight " + std::to_string(e.weight) +
                      ", which is no probability: an undirected graph needs weights between -1 "
                      "and 1 (divide all by the largest); a directed graph's rows are scaled");
    const double p = graph.directed() ? size / row[e.source] : size;
    e.weight = static_cast<float>(std::clamp(p, least, 1.0));
  }
  return SignedGraph::from_edges(graph.node_count(), std::move(edges), graph.direction(),
                                 graph.kind());
}

}  // namespace yoneda
