// A matrix as Eigen has it, for oracles in dense algebra.
#pragma once

#include <Eigen/Core>

#include "yoneda/core/matrix.hpp"

inline Eigen::MatrixXd dense(const yoneda::Matrix& matrix) {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto values = yoneda::to_vector(matrix);
  return Eigen::Map<const Rows>(values.data(), matrix.rows(), matrix.cols()).cast<double>();
}
