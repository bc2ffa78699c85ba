// Parts of a graph too small for a spectrum to speak of.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/cluster/clustering.hpp"
#include "yoneda/cluster/edge_contraction.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/graph/subgraph.hpp"

namespace yoneda::detail {

/// The nodes of components that hold a tenth of an even category or more, and of the largest;
/// ascending. Smaller ones have eigenvalues as large as any, and would take the vectors that tell
/// the categories of large ones apart. Where that leaves fewer nodes than categories, all nodes
/// with an edge.
inline std::vector<Id> nodes_of_large_components(const SignedGraph& graph, Index count) {
  const Partition components = connected_components(graph);
  std::vector<Index> size(components.count, 0);
  Index joined = 0;
  for (Id i = 0; i < graph.node_count(); ++i) {
    ++size[components.label[i]];
    joined += graph.degree(i) > 0;
  }
  std::vector<Id> all, large;
  for (Id i = 0; i < graph.node_count(); ++i) {
    if (graph.degree(i) == 0) continue;
    const Id component = components.label[i];
    all.push_back(i);
    if (component == 0 || 10 * count * size[component] >= joined) large.push_back(i);
  }
  return static_cast<Index>(large.size()) < count ? all : large;
}

/// cluster(part) on the large components alone. Nodes that have edges and come out without a
/// category, and those of small components, are grouped by correlation clustering, into categories
/// beyond those; nodes without edges get none. Notes count both. Throws Error{value} for more
/// categories than there are nodes with edges.
template <class Cluster>
Clustering with_small_components(const SignedGraph& graph, Index count, const std::string& method,
                                 const Cluster& cluster) {
  const std::vector<Id> large = nodes_of_large_components(graph, count);
  if (static_cast<Index>(large.size()) < count)
    throw Error(ErrorKind::value, method + ": " + std::to_string(count) + " categories, but only " +
                                      std::to_string(large.size()) + " nodes have an edge");
  const bool whole = static_cast<Index>(large.size()) == graph.node_count();
  Clustering made = whole ? cluster(graph) : cluster(induced_subgraph(graph, large));
  Partition all{std::vector<Id>(graph.node_count(), -1), made.partition.count};
  for (std::size_t i = 0; i < large.size(); ++i) all.label[large[i]] = made.partition.label[i];
  std::vector<Id> rest;
  Index lone = 0;
  for (Id i = 0; i < graph.node_count(); ++i) {
    lone += graph.degree(i) == 0;
    if (graph.degree(i) > 0 && all.label[i] < 0) rest.push_back(i);
  }
  if (!rest.empty()) {
    const SignedGraph part = induced_subgraph(graph, rest);
    const Partition apart = with_singletons(correlation_clustering(part).partition);
    for (std::size_t i = 0; i < rest.size(); ++i)
      all.label[rest[i]] = static_cast<Id>(all.count) + apart.label[i];
    all.count += apart.count;
    made.notes.push_back(std::to_string(rest.size()) +
                         " nodes in small components, or in ones that none of the eigenvectors "
                         "reaches, are in " +
                         std::to_string(apart.count) +
                         " categories of their own, by correlation clustering");
  }
  if (lone > 0)
    made.notes.push_back(std::to_string(lone) + " nodes without edges have no category");
  made.partition = by_size(all);
  return made;
}

}  // namespace yoneda::detail
