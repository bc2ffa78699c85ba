// Seeded normal numbers for tests.
#pragma once

#include <utility>
#include <vector>

#include "yoneda/core/matrix.hpp"
#include "yoneda/core/random.hpp"

inline std::vector<float> normals(yoneda::Index count, std::uint64_t seed) {
  yoneda::Random random(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

inline yoneda::Matrix random_matrix(yoneda::Index rows, yoneda::Index cols, std::uint64_t seed) {
  return yoneda::Matrix::from(normals(rows * cols, seed), rows, cols);
}
