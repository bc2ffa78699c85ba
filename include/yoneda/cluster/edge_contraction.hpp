// Correlation clustering by contracting the heaviest edge again and again.
#pragma once

#include <cstdint>
#include <vector>

#include "yoneda/cluster/clustering.hpp"
#include "yoneda/cluster/contraction.hpp"
#include "yoneda/cluster/local_moves.hpp"
#include "yoneda/cluster/lone_nodes.hpp"
#include "yoneda/cluster/pair_objective.hpp"
#include "yoneda/core/disjoint_sets.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

namespace detail {

/// Joins the two groups with the most weight between them while that is positive.
inline DisjointSets contracted(const SignedGraph& graph) {
  std::vector<GroupEdge> edges;
  for (const Edge& edge : graph.edges())
    edges.push_back({edge.source, edge.target, static_cast<double>(edge.weight)});
  DisjointSets sets(graph.node_count());
  contract(
      graph.node_count(), edges, [](double weight, Id, Id) { return weight; },
      [&](Id kept, Id gone, double) { sets.join(kept, gone); });
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
