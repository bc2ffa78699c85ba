// Sparse matrices to multiply with.
#pragma once

#include <cstdint>
#include <vector>

#include "yoneda/core/random.hpp"
#include "yoneda/linear/sparse_product.hpp"

namespace yoneda {

/// About four entries a row, some rows empty.
inline SparseRows random_rows(Index rows, Index columns, std::uint64_t seed) {
  Random random(seed);
  std::vector<Eigen::Triplet<double, Index>> entries;
  for (Index e = 0; e < 4 * rows; ++e)
    entries.emplace_back(random.below(rows), random.below(columns), random.normal());
  SparseRows matrix(rows, columns);
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

}  // namespace yoneda
