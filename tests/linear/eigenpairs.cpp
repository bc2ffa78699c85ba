#include "yoneda/linear/eigenpairs.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "linear/pencils.hpp"

using namespace yoneda;

namespace {

Eigenpairs largest(const Pencil& pencil, const EigenpairOptions& options) {
  const auto B = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd { return pencil.B * x; };
  const auto A = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd { return pencil.A * x; };
  return largest_eigenpairs(B, A, pencil.A.rows(), options);
}

}  // namespace

TEST_CASE("repeated eigenvalues are all found, by the dense and by the Krylov method") {
  const Eigen::VectorXd expected = with_copies();
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Pencil pencil = planted(expected, seed);
    for (const Index k : counts_of_copies) {
      CAPTURE(k);
      EigenpairOptions options;
      options.count = k;
      options.seed = seed;
      options.dense_up_to = expected.size();
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
