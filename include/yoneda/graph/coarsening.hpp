// A graph in ever coarser pictures of itself: nodes that pull each other most become one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda::detail {

/// The undirected graph of edges given in any order and direction: those of one pair become one of
/// their sum, loops and sums of 0 are dropped. Cost: m log m.
inline SignedGraph summed_graph(Index n, std::vector<Edge> edges) {
  for (Edge& e : edges)
    if (e.source > e.target) std::swap(e.source, e.target);
  // Stable, so that the weights of a pair are summed in one order.
  std::ranges::stable_sort(edges, {}, [](const Edge& e) { return std::pair(e.source, e.target); });
  std::size_t kept = 0;
  for (std::size_t begin = 0; begin < edges.size();) {
    const Edge& first = edges[begin];
    Edge sum{first.source, first.target, 0};
    for (; begin < edges.size() && edges[begin].source == sum.source &&
           edges[begin].target == sum.target;
         ++begin)
      sum.weight += edges[begin].weight;
    if (sum.source != sum.target && sum.weight != 0) edges[kept++] = sum;
  }
  edges.resize(kept);
  return SignedGraph::from_edges(n, std::move(edges), Direction::undirected, GraphKind::user);
}

/// A graph whose nodes stand for several.
struct Level {
  SignedGraph graph;
  std::vector<double> mass;  ///< how many nodes each stands for
  std::vector<Id> group;     ///< a category that a node may not leave, -1: none
};

/// For every node the coarser one it becomes part of: the node's own, or that of the neighbour
/// which pulls it most for its mass, while that has fewer than four parts and the same category.
/// Nodes choose in a random order. Cost: n + m.
inline std::vector<Id> aggregates(const Level& level, std::uint64_t seed) {
  const Index n = level.graph.node_count();
  constexpr Index most = 4;
  std::vector<Id> part(n, -1);
  std::vector<Index> size;
  Random random(seed);
  for (const Id i : permutation(n, random)) {
    if (part[i] >= 0) continue;
    const auto neighbors = level.graph.neighbors(i);
    const auto weights = level.graph.weights(i);
    Id best = -1;
    double most_pull = 0;
    for (std::size_t e = 0; e < neighbors.size(); ++e) {
      const Id j = neighbors[e];
      const double pull = static_cast<double>(weights[e]) / level.mass[j];
      const bool open = part[j] < 0 || size[part[j]] < most;
      if (open && level.group[i] == level.group[j] && pull > most_pull) best = j, most_pull = pull;
    }
    if (best >= 0 && part[best] >= 0) {
      part[i] = part[best];
      ++size[part[i]];
      continue;
    }
    part[i] = static_cast<Id>(size.size());
    size.push_back(1);
    if (best < 0) continue;
    part[best] = part[i];
    ++size[part[i]];
  }
  return part;
}

/// The graph of the aggregates. Cost: m log m.
inline Level coarser(const Level& level, std::span<const Id> part) {
  const Index count = part.empty() ? 0 : *std::ranges::max_element(part) + 1;
  Level made{{}, std::vector<double>(count, 0.0), std::vector<Id>(count, -1)};
  for (std::size_t i = 0; i < part.size(); ++i) {
    made.mass[part[i]] += level.mass[i];
    made.group[part[i]] = level.group[i];
  }
  std::vector<Edge> edges = level.graph.edges();
  for (Edge& e : edges) e = {part[e.source], part[e.target], e.weight};
  made.graph = summed_graph(count, std::move(edges));
  return made;
}

}  // namespace yoneda::detail
