// Where a spectrum stops speaking of categories.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// The largest gap of a spectrum.
struct Eigengap {
  Index before;   ///< how many values lie before it
  double margin;  ///< how many times the next largest gap it is; infinite where there is no other
};

/// The largest gap of a spectrum, descending; ties go to fewer values before it. So many vectors
/// tell categories apart: as many as there are categories where these have nothing to do with each
/// other, one fewer where each repels all others, for then the vectors of the categories add up to
/// one that is nothing like a category. Values that are equal but for rounding have no gap: 1
/// before it, of margin 1. A margin near 1 says that no gap stands out, and the spectrum does not
/// count the categories. Throws Error{value} for fewer than two values. Source: von Luxburg 2007, A
/// tutorial on spectral clustering, section 8.3.
inline Eigengap eigengap(std::span<const double> values) {
  const auto size = static_cast<Index>(values.size());
  if (size < 2)
    throw Error(ErrorKind::value, "a gap among " + std::to_string(size) + " eigenvalues");
  Eigengap found{1, 0};
  double largest = values[0] - values[1], next = 0;
  for (Index j = 2; j < size; ++j) {
    const double gap = values[j - 1] - values[j];
    if (gap > largest)
      next = largest, largest = gap, found.before = j;
    else
      next = std::max(next, gap);
  }
  const double rounding = 1e-8 * std::max(std::abs(values.front()), std::abs(values.back()));
  if (largest <= rounding)
    found = {1, 1};
  else
    found.margin = next > 0 ? largest / next : std::numeric_limits<double>::infinity();
  return found;
}

}  // namespace yoneda
