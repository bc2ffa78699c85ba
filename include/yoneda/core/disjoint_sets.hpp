// Sets that are joined and never parted.
#pragma once

#include <algorithm>
#include <numeric>
#include <vector>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// 0, ..., count - 1 as sets of one each, joined pair by pair (union-find with path halving).
class DisjointSets {
 public:
  explicit DisjointSets(Index count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), Id{0});
  }

  /// The smallest member of the set that x is in.
  Id find(Id x) {
    while (parent_[x] != x) x = parent_[x] = parent_[parent_[x]];
    return x;
  }

  void join(Id a, Id b) {
    a = find(a);
    b = find(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<Id> parent_;
};

}  // namespace yoneda
