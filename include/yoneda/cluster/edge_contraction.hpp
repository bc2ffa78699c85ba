// Correlation clustering by contracting the heaviest edge again and again.
#pragma once

#include <algorithm>
#include <cstdint>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "yoneda/cluster/clustering.hpp"
#include "yoneda/cluster/local_moves.hpp"
#include "yoneda/cluster/lone_nodes.hpp"
#include "yoneda/cluster/pair_objective.hpp"
#include "yoneda/core/disjoint_sets.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

namespace detail {

/// An edge between two groups, heaviest first, ties by nodes.
struct HeavyEdge {
  double weight;
  Id a, b;  // a < b

  bool operator<(const HeavyEdge& other) const {
    return std::tuple(weight, other.a, other.b) < std::tuple(other.weight, a, b);
  }
};

/// Joins the two groups with the most weight between them while that is positive; weights of edges
/// that become parallel add up. Of the two, the one with more neighbours takes the other's.
inline DisjointSets contracted(const SignedGraph& graph) {
  const Index n = graph.node_count();
  std::vector<std::unordered_map<Id, double>> around(n);
  std::priority_queue<HeavyEdge> heaviest;
  for (const Edge& edge : graph.edges()) {
    const auto weight = static_cast<double>(edge.weight);
    around[edge.source][edge.target] = around[edge.target][edge.source] = weight;
    if (weight > 0) heaviest.push({weight, edge.source, edge.target});
  }
  DisjointSets sets(n);
  while (!heaviest.empty()) {
    auto [weight, keep, gone] = heaviest.top();
    heaviest.pop();
    const auto found = around[keep].find(gone);
    if (found == around[keep].end() || found->second != weight) continue;  // no longer so
    if (around[keep].size() < around[gone].size()) std::swap(keep, gone);
    around[keep].erase(gone);
    around[gone].erase(keep);
    sets.join(keep, gone);
    for (const auto& [other, more] : around[gone]) {
      double& sum = around[keep][other];
      sum += more;
      around[other].erase(gone);
      around[other][keep] = sum;
      if (sum > 0) heaviest.push({sum, std::min(keep, other), std::max(keep, other)});
    }
    around[gone].clear();
  }
  return sets;
}

}  // namespace detail

/// Correlation clustering: a grouping of little positive weight between groups and little negative
/// weight within, by greedy additive edge contraction and moves of single nodes until none helps.
/// The number of categories is the graph's to say. Nodes without edges get no category.
///
/// The same seed gives the same partition. Throws Error{value} for a directed graph. Cost: about m
/// log² m; memory: some 100 bytes an edge. Source: Keuper et al. 2015, Efficient decomposition of
/// image and mesh graphs by lifted multicuts (contraction); Bansal, Blum, Chawla 2004, Correlation
/// clustering (the objective).
inline Clustering correlation_clustering(const SignedGraph& graph, std::uint64_t seed = 1) {
  const PairObjective objective = constant_potts(graph, 0);
  require_groupable(graph, objective);
  DisjointSets sets = detail::contracted(graph);
  Partition partition{std::vector<Id>(graph.node_count()), graph.node_count()};
  for (Id i = 0; i < graph.node_count(); ++i) partition.label[i] = sets.find(i);
  Clustering made;
  made.partition =
      detail::without_lone_nodes(graph, moved(graph, objective, partition, seed), made.notes);
  return made;
}

}  // namespace yoneda
