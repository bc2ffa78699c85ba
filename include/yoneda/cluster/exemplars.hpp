// The features that stand for a category.
#pragma once

#include <algorithm>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/scores.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// Of every group the `most` nodes with the largest sum of weights to the rest of the group,
/// descending, ties by node: those that most of it is like. Throws as require_fits does. Cost: n +
/// m and sorting the groups.
inline std::vector<std::vector<Id>> exemplars(const SignedGraph& graph, const Partition& partition,
                                              Index most = 3) {
  require_fits(partition, graph);
  std::vector<double> within(graph.node_count(), 0);
  for (Id i = 0; i < graph.node_count(); ++i) {
    const auto neighbors = graph.neighbors(i);
    for (std::size_t e = 0; e < neighbors.size(); ++e)
      if (partition.label[i] == partition.label[neighbors[e]])
        within[i] += static_cast<double>(graph.weights(i)[e]);
  }
  auto groups = members(partition);
  for (auto& group : groups) {
    std::ranges::stable_sort(group, [&](Id a, Id b) { return within[a] > within[b]; });
    if (static_cast<Index>(group.size()) > most) group.resize(most);
  }
  return groups;
}

}  // namespace yoneda
