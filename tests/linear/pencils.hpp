// Eigenproblems whose answers are known.
#pragma once

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <Eigen/QR>
#include <array>
#include <cstdint>
#include <vector>

#include "dense.hpp"
#include "yoneda/linear/eigenpairs.hpp"

namespace yoneda {

struct Pencil {
  Eigen::MatrixXd B, A;
};

/// A pencil with exactly the given eigenvalues: A = CCᵀ, B = C Q diag(μ) Qᵀ Cᵀ, A of condition
/// number about 10.
inline Pencil planted(const Eigen::VectorXd& values, std::uint64_t seed) {
  const Index n = values.size();
  const Eigen::MatrixXd Q =
      Eigen::HouseholderQR<Eigen::MatrixXd>(dense_normals(n, n, seed)).householderQ() *
      Eigen::MatrixXd::Identity(n, n);
  const Eigen::MatrixXd P =
      Eigen::HouseholderQR<Eigen::MatrixXd>(dense_normals(n, n, seed + 1)).householderQ() *
      Eigen::MatrixXd::Identity(n, n);
  const Eigen::MatrixXd C = P * Eigen::VectorXd::LinSpaced(n, 1, 3).asDiagonal() * P.transpose();
  const Eigen::MatrixXd half = C * Q;
  return {half * values.asDiagonal() * half.transpose(), C * C.transpose()};
}

/// Values descending: the given ones, then a crowd between -1 and 0.9.
inline Eigen::VectorXd with_crowd(std::vector<double> top, Index n) {
  Eigen::VectorXd values(n);
  const auto kept = static_cast<Index>(top.size());
  for (Index i = 0; i < kept; ++i) values[i] = top[i];
  values.tail(n - kept) = Eigen::VectorXd::LinSpaced(n - kept, 0.9, -1);
  return values;
}

/// Values with copies, and counts of which some end among them.
inline Eigen::VectorXd with_copies() {
  return with_crowd({3.0, 2.5, 2.5, 2.5, 2.0, 1.5, 1.5, 1.5, 1.5, 1.5, 1.2}, 120);
}
inline constexpr std::array<Index, 9> counts_of_copies{1, 2, 3, 4, 5, 8, 10, 11, 14};

inline void check_pairs(const Pencil& pencil, const Eigenpairs& pairs,
                        const Eigen::VectorXd& expected) {
  const Index k = pairs.values.size();
  CHECK((pairs.values - expected.head(k)).cwiseAbs().maxCoeff() < 1e-9);
  const Eigen::MatrixXd& V = pairs.vectors;
  CHECK((V.transpose() * pencil.A * V - Eigen::MatrixXd::Identity(k, k)).cwiseAbs().maxCoeff() <
        1e-9);
  const Eigen::MatrixXd residual = pencil.B * V - pencil.A * V * pairs.values.asDiagonal();
  CHECK(residual.colwise().norm().maxCoeff() < 1e-6);
  for (Index j = 0; j < k; ++j) {
    Index at = 0;
    V.col(j).cwiseAbs().maxCoeff(&at);
    CHECK(V(at, j) > 0);
  }
}

}  // namespace yoneda
