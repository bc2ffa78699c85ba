#include "yoneda/linear/lanczos.hpp"

#include <doctest/doctest.h>

#include "yoneda/core/random.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

Eigen::MatrixXd random_symmetric(Index n, std::uint64_t seed) {
  Random random(seed);
  Eigen::MatrixXd A(n, n);
  for (double& x : A.reshaped()) x = random.normal();
  return (A + A.transpose()) / std::sqrt(static_cast<double>(8 * n));
}

}  // namespace

TEST_CASE("Gauss' rule is exact for polynomials below degree 2s") {
  const Eigen::MatrixXd A = random_symmetric(40, 1);
  const auto product = [&](const Eigen::VectorXd& x) { return Eigen::VectorXd(A * x); };
  Eigen::VectorXd q = Eigen::VectorXd::LinSpaced(40, -1, 2);
  const Quadrature rule = gauss_quadrature(lanczos(product, q, 5));
  REQUIRE(rule.nodes.size() == 5);
  q.normalize();
  Eigen::VectorXd power = q;
  for (int degree = 0; degree < 10; ++degree, power = A * power)
    CHECK((rule.weights.array() * rule.nodes.array().pow(degree)).sum() ==
          Approx(q.dot(power)).epsilon(1e-9));
}

TEST_CASE("the outermost nodes approach the outermost eigenvalues from inside") {
  const Eigen::MatrixXd A = random_symmetric(200, 2);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(A);
  const auto product = [&](const Eigen::VectorXd& x) { return Eigen::VectorXd(A * x); };
  const Quadrature rule = gauss_quadrature(lanczos(product, Eigen::VectorXd::Ones(200), 80));
  const double lowest = solver.eigenvalues()[0];
  CHECK(rule.nodes[0] >= lowest - 1e-12);
  CHECK(rule.nodes[0] < lowest + 1e-3);
}

TEST_CASE("an exhausted space ends the recurrence; a start of 0 is refused") {
  const auto product = [](const Eigen::VectorXd& x) { return Eigen::VectorXd(3 * x); };
  const Tridiagonal T = lanczos(product, Eigen::VectorXd::Ones(7), 20);
  CHECK(T.size() == 1);
  CHECK(T.diagonal[0] == Approx(3));
  CHECK_THROWS_AS(lanczos(product, Eigen::VectorXd::Zero(7), 20), Error);
}
