// Graphs from "keep the strongest neighbours of every node".
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

struct NeighborOptions {
  Index neighbors = 16;  ///< m, kept per node before symmetrising
  double floor = 0;      ///< weights with |w| <= floor are no edges
};

/// A possible neighbour and its signed similarity.
struct Neighbor {
  Id id;
  double weight;
};

/// The m strongest |weight| above the floor, ties by smaller id. Reorders `candidates`.
inline std::span<const Neighbor> strongest(std::span<Neighbor> candidates,
                                           const NeighborOptions& options) {
  const auto end = std::partition(candidates.begin(), candidates.end(), [&](const Neighbor& c) {
    return std::abs(c.weight) > options.floor && static_cast<float>(c.weight) != 0;
  });
  const Index kept = std::min<Index>(options.neighbors, end - candidates.begin());
  std::partial_sort(candidates.begin(), candidates.begin() + kept, end,
                    [](const Neighbor& a, const Neighbor& b) {
                      const double x = std::abs(a.weight), y = std::abs(b.weight);
                      return x != y ? x > y : a.id < b.id;
                    });
  return candidates.first(kept);
}

/// The undirected graph that has an edge wherever either end chose the other (union). The weight of
/// an edge must not depend on which end chose it.
inline SignedGraph symmetrised(const std::vector<std::vector<Neighbor>>& chosen, GraphKind kind) {
  std::vector<Edge> edges;
  for (Id f = 0; f < static_cast<Id>(chosen.size()); ++f)
    for (const auto& [g, weight] : chosen[f])
      edges.push_back({std::min(f, g), std::max(f, g), static_cast<float>(weight)});
  const auto ends = [](const Edge& e) { return std::pair(e.source, e.target); };
  std::ranges::sort(edges, {}, ends);
  const auto twice = std::ranges::unique(edges, {}, ends);
  edges.erase(twice.begin(), twice.end());
  return SignedGraph::from_edges(static_cast<Index>(chosen.size()), std::move(edges),
                                 Direction::undirected, kind);
}

/// Throws Error{value} unless neighbors >= 1 and the floor is a number >= 0.
inline void require_valid(const NeighborOptions& options) {
  if (options.neighbors < 1)
    throw Error(ErrorKind::value, "a graph needs at least 1 neighbour per node, not " +
                                      std::to_string(options.neighbors));
  if (!(options.floor >= 0))
    throw Error(ErrorKind::value, "the floor of edge weights must not be negative");
}

}  // namespace yoneda
