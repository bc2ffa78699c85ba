// Eigenvalues with their vectors, as all solvers return them.
#pragma once

#include <Eigen/Core>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// Eigenvalues descending, eigenvectors as columns with VᵀAV = 1. The entry of the largest
/// magnitude of each vector is positive (ties: the first such entry).
struct Eigenpairs {
  Eigen::VectorXd values;   ///< [k]
  Eigen::MatrixXd vectors;  ///< [n, k]
};

namespace detail {

template <class = void>
void fix_signs(Eigen::MatrixXd& vectors) {
  for (Index j = 0; j < vectors.cols(); ++j) {
    Index largest = 0;
    vectors.col(j).cwiseAbs().maxCoeff(&largest);
    if (vectors(largest, j) < 0) vectors.col(j) *= -1;
  }
}

}  // namespace detail
}  // namespace yoneda
