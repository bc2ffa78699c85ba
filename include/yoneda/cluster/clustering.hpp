// What every clustering method returns.
#pragma once

#include <string>
#include <vector>

#include "yoneda/graph/partition.hpp"

namespace yoneda {

/// A partition and how it came about.
struct Clustering {
  Partition partition;  ///< by_size's numbering; -1: no category
  std::vector<double>
      eigenvalues;  ///< that were computed, the telling ones first; empty for other methods
  std::vector<std::string> notes;
};

}  // namespace yoneda
