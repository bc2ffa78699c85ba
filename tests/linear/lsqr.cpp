#include "yoneda/linear/lsqr.hpp"

#include <doctest/doctest.h>

#include <Eigen/Dense>
#include <limits>

#include "dense.hpp"
#include "yoneda/core/random.hpp"

using namespace yoneda;

namespace {

LeastSquares solve(const Eigen::MatrixXd& A, const Eigen::VectorXd& b,
                   const LsqrOptions& options = {}) {
  return lsqr([&A](const Eigen::VectorXd& x) -> Eigen::VectorXd { return A * x; },
              [&A](const Eigen::VectorXd& u) -> Eigen::VectorXd { return A.transpose() * u; }, b,
              options);
}

}  // namespace

TEST_CASE("LSQR agrees with the dense pseudo-inverse, whatever rank and shape") {
  for (const auto& [m, n, rank] : {std::tuple<Index, Index, Index>{30, 12, 12},
                                   {12, 30, 12},
                                   {40, 25, 9},
                                   {25, 40, 3},
                                   {1, 1, 1},
                                   {7, 1, 1}}) {
    CAPTURE(m);
    const Eigen::MatrixXd A = dense_normals(m, rank, 1) * dense_normals(rank, n, 2);
    const Eigen::VectorXd b = dense_normals(m, 1, 3).col(0);
    const LeastSquares found = solve(A, b);
    const Eigen::VectorXd x = A.completeOrthogonalDecomposition().solve(b);
    CHECK((found.x - x).norm() <= 1e-8 * (1 + x.norm()));
    CHECK(found.residual == doctest::Approx((b - A * x).norm()).epsilon(1e-9));
    CHECK(found.normal <= 1e-8 * A.norm() * b.norm());
  }
}

TEST_CASE("what cannot be met at all, and what is met exactly") {
  Eigen::MatrixXd A = Eigen::MatrixXd::Zero(4, 2);
  A(0, 0) = 2;
  A(1, 1) = 3;
  const LeastSquares none = solve(A, Eigen::Vector4d(0, 0, 1, 2));
  CHECK(none.x.norm() == 0);
  CHECK(none.residual == doctest::Approx(std::sqrt(5.0)));
  CHECK(none.iterations == 0);
  const LeastSquares exact = solve(A, Eigen::Vector4d(4, 9, 0, 0));
  CHECK((exact.x - Eigen::Vector2d(2, 3)).norm() < 1e-10);
  CHECK(exact.residual < 1e-9);
  CHECK(solve(A, Eigen::Vector4d::Zero()).x.norm() == 0);
}

TEST_CASE("LSQR says so where it does not converge, and refuses what is not finite") {
  Eigen::MatrixXd A = Eigen::MatrixXd::Identity(40, 40);
  for (Index i = 0; i < 40; ++i) A(i, i) = std::pow(10.0, -static_cast<double>(i) / 5);
  LsqrOptions few;
  few.iterations = 5;
  CHECK_THROWS_WITH(solve(A, Eigen::VectorXd::Ones(40), few),
                    "least squares did not converge in 5 iterations: the matrix is badly "
                    "conditioned (of a graph: it has long chains or nearly separate parts); allow "
                    "more iterations or a larger tolerance");
  Eigen::VectorXd b = Eigen::VectorXd::Ones(40);
  b[3] = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(solve(A, b), Error);
}
