// Connected components, and the order in which groups are numbered.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "yoneda/core/disjoint_sets.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// The same groups numbered by size, largest first, ties by smallest member; empty groups are
/// dropped and -1 stays -1. Cost: n + count log count.
inline Partition by_size(const Partition& partition) {
  const Index n = static_cast<Index>(partition.label.size());
  std::vector<Index> size(partition.count, 0);
  std::vector<Index> first(partition.count, n);  // smallest member
  for (Index i = n - 1; i >= 0; --i) {
    const Id label = partition.label[i];
    if (label < 0) continue;
    ++size[label];
    first[label] = i;
  }
  std::vector<Id> order(partition.count);
  std::iota(order.begin(), order.end(), Id{0});
  std::ranges::sort(order, [&](Id a, Id b) {
    return size[a] != size[b] ? size[a] > size[b] : first[a] < first[b];
  });
  std::vector<Id> rank(partition.count);
  Partition result{partition.label, 0};
  for (const Id group : order) {
    rank[group] = static_cast<Id>(result.count);
    if (size[group] > 0) ++result.count;
  }
  for (Id& label : result.label)
    if (label >= 0) label = rank[label];
  return result;
}

/// Groups of nodes joined by edges of either sign, whichever way they point, numbered as by_size
/// does; a node without any edge is a group of its own. Cost: n + m.
inline Partition connected_components(const SignedGraph& graph) {
  DisjointSets sets(graph.node_count());
  for (Id node = 0; node < graph.node_count(); ++node)
    for (const Id neighbor : graph.neighbors(node)) sets.join(node, neighbor);
  Partition components{std::vector<Id>(graph.node_count(), -1), 0};
  for (Id node = 0; node < graph.node_count(); ++node) {
    const Id smallest = sets.find(node);
    if (smallest == node) components.label[node] = static_cast<Id>(components.count++);
    components.label[node] = components.label[smallest];
  }
  return by_size(components);
}

}  // namespace yoneda
