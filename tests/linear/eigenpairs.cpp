#include "yoneda/linear/eigenpairs.hpp"

#include <doctest/doctest.h>

#include <Eigen/QR>
#include <vector>

#include "dense.hpp"

using namespace yoneda;

namespace {

struct Pencil {
  Eigen::MatrixXd B, A;
};

/// A pencil with exactly the given eigenvalues: A = CCᵀ, B = C Q diag(μ) Qᵀ Cᵀ, A of condition
/// number about 10.
Pencil planted(const Eigen::VectorXd& values, std::uint64_t seed) {
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

Eigenpairs largest(const Pencil& pencil, const EigenpairOptions& options) {
  const auto B = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd { return pencil.B * x; };
  const auto A = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd { return pencil.A * x; };
  return largest_eigenpairs(B, A, pencil.A.rows(), options);
}

/// Values descending: the given ones, then a crowd between -1 and 0.9.
Eigen::VectorXd with_crowd(std::vector<double> top, Index n) {
  Eigen::VectorXd values(n);
  const auto kept = static_cast<Index>(top.size());
  for (Index i = 0; i < kept; ++i) values[i] = top[i];
  values.tail(n - kept) = Eigen::VectorXd::LinSpaced(n - kept, 0.9, -1);
  return values;
}

void check_pairs(const Pencil& pencil, const Eigenpairs& pairs, const Eigen::VectorXd& expected) {
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

}  // namespace

TEST_CASE("repeated eigenvalues are all found, by the dense and by the Krylov method") {
  const Index n = 120;
  const Eigen::VectorXd expected =
      with_crowd({3.0, 2.5, 2.5, 2.5, 2.0, 1.5, 1.5, 1.5, 1.5, 1.5, 1.2}, n);
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Pencil pencil = planted(expected, seed);
    for (const Index k : {1, 2, 3, 4, 5, 8, 10, 11, 14}) {
      CAPTURE(k);
      EigenpairOptions options;
      options.count = k;
      options.seed = seed;
      options.dense_up_to = n;
      check_pairs(pencil, largest(pencil, options), expected);
      options.dense_up_to = 0;
      check_pairs(pencil, largest(pencil, options), expected);
    }
  }
}

TEST_CASE("one value repeated by more vectors than are asked for") {
  const Index n = 100;
  Eigen::VectorXd expected = with_crowd(std::vector<double>(20, 2.0), n);
  const Pencil pencil = planted(expected, 5);
  EigenpairOptions options;
  options.dense_up_to = 0;
  for (const Index k : {3, 20, 21}) {
    options.count = k;
    check_pairs(pencil, largest(pencil, options), expected);
  }
}

TEST_CASE("negative and tiny values are eigenvalues like any other") {
  const Index n = 100;
  const Eigen::VectorXd expected =
      Eigen::VectorXd::LinSpaced(n, -1, -3) + 1e-3 * Eigen::VectorXd::Ones(n);
  const Pencil pencil = planted(expected, 6);
  EigenpairOptions options;
  options.count = 6;
  options.dense_up_to = 0;
  check_pairs(pencil, largest(pencil, options), expected);
}

TEST_CASE("random pencils agree with the dense solver") {
  for (const std::uint64_t seed : {11, 12, 13}) {
    const Index n = 90;
    const Eigen::MatrixXd G = dense_normals(n, n, seed), H = dense_normals(n, 4 * n, seed + 100);
    const Pencil pencil{G + G.transpose(), H * H.transpose() / static_cast<double>(n)};
    const Eigen::GeneralizedSelfAdjointEigenSolver<Eigen::MatrixXd> dense(pencil.B, pencil.A);
    EigenpairOptions options;
    options.count = 7;
    options.dense_up_to = 0;
    check_pairs(pencil, largest(pencil, options), dense.eigenvalues().reverse());
  }
}

TEST_CASE("all pairs of a small problem, and the same bits twice") {
  const Eigen::VectorXd expected = with_crowd({2, 2}, 40);
  const Pencil pencil = planted(expected, 7);
  EigenpairOptions options;
  options.count = 40;
  check_pairs(pencil, largest(pencil, options), expected);
  options.count = 5;
  options.dense_up_to = 0;
  const Eigenpairs first = largest(pencil, options), second = largest(pencil, options);
  CHECK(first.values == second.values);
  CHECK(first.vectors == second.vectors);
}

TEST_CASE("what cannot be computed is refused") {
  const Pencil pencil = planted(with_crowd({2}, 60), 8);
  EigenpairOptions options;
  for (const Index k : {-1, 0, 61}) {
    options.count = k;
    CHECK_THROWS_AS(largest(pencil, options), Error);
  }
  const auto kind = [&](const Pencil& p) {
    try {
      largest(p, options);
    } catch (const Error& error) {
      return error.kind;
    }
    return ErrorKind::file;
  };
  options.count = 3;
  options.dense_up_to = 0;
  options.restarts = 1;  // too few to converge
  options.rounds = 3;
  options.tolerance = 1e-13;
  CHECK(kind(pencil) == ErrorKind::numeric);
  options = {};
  options.count = 3;
  CHECK(kind({pencil.B, -pencil.A}) == ErrorKind::numeric);
  options.dense_up_to = 0;
  CHECK(kind({pencil.B, -pencil.A}) == ErrorKind::numeric);
}
