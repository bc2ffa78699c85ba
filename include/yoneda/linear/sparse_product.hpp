// Products of a sparse matrix with a vector, in parallel.
#pragma once

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <algorithm>

#include "yoneda/core/parallel.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// A matrix in memory row after row, compressed.
using SparseRows = Eigen::SparseMatrix<double, Eigen::RowMajor, Index>;

/// Ax for A [m, n], x [n] -> [m]. Blocks of rows run in parallel; the sum of a row is added by one
/// thread, in order, so the bits are the same for any number of threads. Cost: the entries of A.
inline Eigen::VectorXd sparse_product(const SparseRows& A, const Eigen::VectorXd& x) {
  constexpr Index block = 4096;  // some tens of microseconds, well above what a thread costs
  Eigen::VectorXd result(A.rows());
  const Index* start = A.outerIndexPtr();
  const Index* column = A.innerIndexPtr();
  const double* value = A.valuePtr();
  const auto rows = [&](Index b) {
    for (Index i = b * block; i < std::min(A.rows(), (b + 1) * block); ++i) {
      double sum = 0;
      for (Index e = start[i]; e < start[i + 1]; ++e) sum += value[e] * x[column[e]];
      result[i] = sum;
    }
  };
  const Index blocks = (A.rows() + block - 1) / block;
  if (blocks == 1)
    rows(0);  // no thread is woken for little
  else
    parallel_for(blocks, rows);
  return result;
}

}  // namespace yoneda
