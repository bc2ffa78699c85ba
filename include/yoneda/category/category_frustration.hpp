// What sides leave frustrated inside each category, and between it and the others.
#pragma once

#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include "yoneda/category/frustration.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/scores.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// Edges, and those of them that are frustrated: by their number, or by their weight.
struct FrustratedEdges {
  double all = 0, frustrated = 0;

  /// Nothing where there are no edges.
  std::optional<double> share() const {
    if (all == 0) return std::nullopt;
    return frustrated / all;
  }
};

struct CategoryFrustration {
  FrustratedEdges inside;   ///< both ends in the category
  FrustratedEdges between;  ///< one end in it, the other in another category or in none
};

/// Of every category, for the sides of the whole graph (Frustration::side). Over all categories the
/// inner edges and half the outer ones add up to the graph's where every node has a category. Sides
/// that frustrate as few may frustrate others, so that a category's share is no bound, and small
/// differences between categories mean nothing. Throws Error{value} for a directed graph,
/// Error{shape} unless there is one side a node, and as require_fits does. Cost: n + m.
inline std::vector<CategoryFrustration> category_frustration(const SignedGraph& graph,
                                                             const Partition& partition,
                                                             std::span<const signed char> side,
                                                             bool weighted = false) {
  require_undirected(graph, "frustration");
  require_fits(partition, graph);
  require_one_each(graph, side);
  std::vector<CategoryFrustration> result(partition.count);
  for (Id u = 0; u < graph.node_count(); ++u) {
    const Id category = partition.label[u];
    if (category < 0) continue;
    const auto neighbors = graph.neighbors(u);
    const auto weights = graph.weights(u);
    for (std::size_t i = 0; i < neighbors.size(); ++i) {
      const Id v = neighbors[i];
      const bool within = partition.label[v] == category;
      if (within && v < u) continue;
      FrustratedEdges& edges = within ? result[category].inside : result[category].between;
      const double size = weighted ? std::abs(static_cast<double>(weights[i])) : 1;
      edges.all += size;
      if ((weights[i] < 0) == (side[u] == side[v])) edges.frustrated += size;
    }
  }
  return result;
}

}  // namespace yoneda
