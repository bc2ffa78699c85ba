// Where a spectrum stops speaking of categories.
#pragma once

#include <span>
#include <string>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// How many values lie before the largest gap of a spectrum, descending; ties go to fewer. So many
/// vectors tell categories apart: as many as there are categories where these have nothing to do
/// with each other, one fewer where each repels all others, for then the vectors of the categories
/// add up to one that is nothing like a category. Throws Error{value} for fewer than two values.
/// Source: von Luxburg 2007, A tutorial on spectral clustering, section 8.3.
inline Index values_before_gap(std::span<const double> values) {
  const auto size = static_cast<Index>(values.size());
  if (size < 2)
    throw Error(ErrorKind::value, "a gap among " + std::to_string(size) + " eigenvalues");
  Index best = 1;
  double largest = 0;
  for (Index j = 1; j < size; ++j)
    if (const double gap = values[j - 1] - values[j]; gap > largest) best = j, largest = gap;
  return best;
}

}  // namespace yoneda
