// A matrix as Eigen has it, for oracles in dense algebra.
#pragma once

#include <Eigen/Core>

#include "yoneda/core/matrix.hpp"
#include "yoneda/core/random.hpp"

inline Eigen::MatrixXd dense(const yoneda::Matrix& matrix) {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto values = yoneda::to_vector(matrix);
  return Eigen::Map<const Rows>(values.data(), matrix.rows(), matrix.cols()).cast<double>();
}

/// Seeded normal numbers, column after column.
inline Eigen::MatrixXd dense_normals(yoneda::Index rows, yoneda::Index cols, std::uint64_t seed) {
  yoneda::Random random(seed);
  Eigen::MatrixXd values(rows, cols);
  for (yoneda::Index j = 0; j < cols; ++j)
    for (yoneda::Index i = 0; i < rows; ++i) values(i, j) = random.normal();
  return values;
}
