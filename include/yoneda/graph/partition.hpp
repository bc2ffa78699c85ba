// A grouping of graph nodes.
#pragma once

#include <vector>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// label[i] in {0, ..., count - 1} is the group of node i; -1: none.
struct Partition {
  std::vector<Id> label;
  Index count = 0;
};

/// The nodes of every group, ascending.
inline std::vector<std::vector<Id>> members(const Partition& partition) {
  std::vector<std::vector<Id>> groups(partition.count);
  for (std::size_t i = 0; i < partition.label.size(); ++i)
    if (partition.label[i] >= 0) groups[partition.label[i]].push_back(static_cast<Id>(i));
  return groups;
}

}  // namespace yoneda
