// Nodes that no grouping can place.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda::detail {

/// Numbered as by_size does, without a group for nodes that have no edges. Appends to `notes` how
/// many there are, and how many nodes are groups of one because all their edges are negative.
inline Partition without_lone_nodes(const SignedGraph& graph, Partition partition,
                                    std::vector<std::string>& notes) {
  std::vector<Index> size(partition.count, 0);
  for (const Id label : partition.label)
    if (label >= 0) ++size[label];
  Index lone = 0, repelled = 0;
  for (Id i = 0; i < graph.node_count(); ++i) {
    if (graph.degree(i) == 0) {
      partition.label[i] = -1;
      ++lone;
    } else if (partition.label[i] >= 0 && size[partition.label[i]] == 1 &&
               std::ranges::max(graph.weights(i)) < 0) {
      ++repelled;
    }
  }
  if (lone > 0) notes.push_back(std::to_string(lone) + " nodes without edges have no category");
  if (repelled > 0)
    notes.push_back(std::to_string(repelled) +
                    " nodes have negative edges alone, and each is a category of its own");
  return by_size(partition);
}

}  // namespace yoneda::detail
