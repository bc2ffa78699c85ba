// Two ids in order.
#pragma once

#include <compare>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// a is to b: one arrow of a relation between words, rows or nodes.
struct IdPair {
  Id a = 0, b = 0;

  friend auto operator<=>(const IdPair&, const IdPair&) = default;
};

}  // namespace yoneda
