#include "yoneda/linear/davidson.hpp"

#include <doctest/doctest.h>

#include <Eigen/SparseCore>
#include <limits>

#include "linear/pencils.hpp"

using namespace yoneda;

namespace {

SparseRows sparse(const Eigen::MatrixXd& matrix) {
  return SparseRows(matrix.sparseView());
}

/// The eigenvalues of planted pencils' A lie between 1 and 9.
SparsePencil sparse(const Pencil& pencil) {
  return {sparse(pencil.B), sparse(pencil.A), 1, 9};
}

struct Within {
  double tolerance;
  bool operator()(const Eigen::VectorXd& values, double residual, Index) const {
    return residual <= tolerance * std::abs(values[0]);
  }
};

constexpr Within closely{1e-11};

SparsePencil diagonal(const Eigen::VectorXd& values) {
  return {sparse(Eigen::MatrixXd(values.asDiagonal())), {}};
}

}  // namespace

TEST_CASE("planted values are found with their copies") {
  const Eigen::VectorXd expected = with_copies();
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Pencil pencil = planted(expected, seed);
    const SparsePencil matrices = sparse(pencil);
    for (const Index k : counts_of_copies) {
      CAPTURE(k);
      const auto found = davidson_eigenpairs(matrices, {k, seed}, closely);
      REQUIRE(found);
      check_pairs(pencil, *found, expected);
    }
  }
}

TEST_CASE("negative values are values like any other, and A may be the identity") {
  const Index n = 150;
  const Eigen::VectorXd values = Eigen::VectorXd::LinSpaced(n, -1, -3);
  const auto found = davidson_eigenpairs(diagonal(values), {6}, closely);
  REQUIRE(found);
  const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(n, n);
  check_pairs({Eigen::MatrixXd(values.asDiagonal()), identity}, *found, values);
}

TEST_CASE("a matrix of few values, whose Krylov spaces end early") {
  const Index n = 200;
  Eigen::VectorXd values = Eigen::VectorXd::Constant(n, 1.0);
  values.head(5).setConstant(3);
  values.segment(5, 60).setConstant(2);
  const Pencil whole{Eigen::MatrixXd(values.asDiagonal()), Eigen::MatrixXd::Identity(n, n)};
  for (const Index k : {3, 5, 6, 12, 40}) {
    CAPTURE(k);
    const auto found = davidson_eigenpairs(diagonal(values), {k}, closely);
    REQUIRE(found);
    check_pairs(whole, *found, values);
  }
  const auto same = davidson_eigenpairs(diagonal(Eigen::VectorXd::Constant(n, 4.0)), {7}, closely);
  REQUIRE(same);
  CHECK((same->values.array() - 4).abs().maxCoeff() < 1e-12);
}

TEST_CASE("random pencils agree with the dense solver and with largest_eigenpairs") {
  for (const std::uint64_t seed : {11, 12, 13}) {
    const Index n = 90;
    const Eigen::MatrixXd G = dense_normals(n, n, seed), H = dense_normals(n, 4 * n, seed + 100);
    const Pencil pencil{G + G.transpose(), H * H.transpose() / static_cast<double>(n)};
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> of_A(pencil.A);
    const SparsePencil matrices{sparse(pencil.B), sparse(pencil.A), of_A.eigenvalues()[0],
                                of_A.eigenvalues()[n - 1]};
    const auto found = davidson_eigenpairs(matrices, {7, seed}, closely);
    REQUIRE(found);
    const Eigen::GeneralizedSelfAdjointEigenSolver<Eigen::MatrixXd> dense(pencil.B, pencil.A);
    check_pairs(pencil, *found, dense.eigenvalues().reverse());

    EigenpairOptions options;
    options.count = 7;
    options.dense_up_to = 0;
    const Eigenpairs krylov = largest_eigenpairs(
        [&](const Eigen::VectorXd& x) -> Eigen::VectorXd { return pencil.B * x; },
        [&](const Eigen::VectorXd& x) -> Eigen::VectorXd { return pencil.A * x; }, n, options);
    CHECK((found->vectors - krylov.vectors).cwiseAbs().maxCoeff() < 1e-6);
  }
}

TEST_CASE("pairs are as close as asked for, and no closer than it takes") {
  const Index n = 400;
  const Pencil pencil = planted(with_crowd({3.0, 2.0, 1.5}, n), 21);
  const SparsePencil matrices = sparse(pencil);
  double before = 0;
  for (const double tolerance : {1e-2, 1e-4, 1e-6}) {
    const auto found = davidson_eigenpairs(matrices, {5}, Within{tolerance});
    REQUIRE(found);
    const Eigen::MatrixXd AV = pencil.A * found->vectors;
    const Eigen::MatrixXd R = pencil.B * found->vectors - AV * found->values.asDiagonal();
    const double worst =
        (R.colwise().norm().array() / AV.colwise().norm().array()).maxCoeff() / found->values[0];
    CHECK(worst <= tolerance * (1 + 1e-6));
    if (before > 0) CHECK(worst < before / 10);
    before = worst;
  }
}

TEST_CASE("the same bits for any number of threads") {
#if defined(_OPENMP)
  const Index n = 10'000;  // several blocks of rows
  Random random(31);
  std::vector<Eigen::Triplet<double, Index>> entries;
  for (Index e = 0; e < 4 * n; ++e) {
    const Index i = random.below(n), j = random.below(n);
    const double value = random.normal();
    entries.emplace_back(i, j, value);
    entries.emplace_back(j, i, value);
  }
  SparsePencil pencil;
  pencil.B = SparseRows(n, n);
  pencil.B.setFromTriplets(entries.begin(), entries.end());
  const auto first = davidson_eigenpairs(pencil, {4}, Within{1e-3});
  REQUIRE(first);
  const int threads = omp_get_max_threads();
  for (const int count : {1, 3}) {
    omp_set_num_threads(count);
    const auto again = davidson_eigenpairs(pencil, {4}, Within{1e-3});
    REQUIRE(again);
    CHECK(again->values == first->values);
    CHECK(again->vectors == first->vectors);
  }
  omp_set_num_threads(threads);
#endif
}

TEST_CASE("nothing comes of too little room, too few iterations, or numbers that are none") {
  const Pencil pencil = planted(with_crowd({2}, 60), 8);
  const SparsePencil matrices = sparse(pencil);
  CHECK(davidson_eigenpairs(matrices, {22}, closely));
  CHECK_FALSE(davidson_eigenpairs(matrices, {23}, closely));
  CHECK_FALSE(davidson_eigenpairs(matrices, {3, 1, 2}, closely));

  Eigen::VectorXd values = Eigen::VectorXd::LinSpaced(60, 2, 1);
  values[30] = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(davidson_eigenpairs(diagonal(values), {3}, closely));
}

TEST_CASE("it can be interrupted") {
  const SparsePencil matrices = sparse(planted(with_crowd({2}, 60), 8));
  const Progress stop([](Stage, double) { return false; });
  CHECK_THROWS_AS(davidson_eigenpairs(matrices, {3}, closely, stop), Error);
}
