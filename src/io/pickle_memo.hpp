// The memo of a pickle: values by the places its writer gave them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "io/pickle_values.hpp"

namespace yoneda::io::pickle {

/// Writers number from 0 upwards, and such places lie side by side; any others are looked up in a
/// tree, whose cost no choice of places can raise.
class Memo {
 public:
  std::uint64_t size() const { return dense_.size() + sparse_.size(); }

  void put(std::uint64_t place, Ref ref) {
    if (place < dense_.size()) {
      dense_[place] = ref;
    } else if (place == dense_.size()) {
      dense_.push_back(ref);
      sparse_.erase(place);
    } else {
      sparse_[place] = ref;
    }
  }

  std::optional<Ref> get(std::uint64_t place) const {
    if (place < dense_.size()) return dense_[place];
    const auto found = sparse_.find(place);
    return found == sparse_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::vector<Ref> dense_;
  std::map<std::uint64_t, Ref> sparse_;
};

}  // namespace yoneda::io::pickle
