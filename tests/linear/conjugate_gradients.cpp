#include "yoneda/linear/conjugate_gradients.hpp"

#include <doctest/doctest.h>

#include <Eigen/Dense>

#include "dense.hpp"
#include "yoneda/core/random.hpp"

using namespace yoneda;

namespace {

auto product(const Eigen::MatrixXd& A) {
  return [&A](const Eigen::VectorXd& x) -> Eigen::VectorXd { return A * x; };
}

}  // namespace

TEST_CASE("conjugate gradients agree with the dense solver") {
  for (const Index n : {1, 2, 10, 100}) {
    const Eigen::MatrixXd G = dense_normals(n, 2 * n, 1);
    const Eigen::MatrixXd A =
        G * G.transpose() / static_cast<double>(n) + Eigen::MatrixXd::Identity(n, n);
    const Eigen::VectorXd b = dense_normals(n, 1, 2).col(0);
    const Eigen::VectorXd x = conjugate_gradients(product(A), b);
    CHECK((A * x - b).norm() <= 1e-11 * b.norm());
    CHECK((x - A.llt().solve(b)).norm() <= 1e-10 * b.norm());
  }
}

TEST_CASE("a zero right-hand side has the zero solution") {
  const Eigen::MatrixXd A = Eigen::MatrixXd::Identity(4, 4);
  CHECK(conjugate_gradients(product(A), Eigen::VectorXd::Zero(4)).isZero(0));
}

TEST_CASE("a condition number of 3 takes the number of products that theory says") {
  const Index n = 500;
  const Eigen::VectorXd diagonal = Eigen::VectorXd::LinSpaced(n, 1, 3);
  Index products = 0;
  const auto A = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd {
    ++products;
    return diagonal.cwiseProduct(x);
  };
  conjugate_gradients(A, dense_normals(n, 1, 3).col(0));
  CHECK(products >= 15);
  CHECK(products <= 24);
}

TEST_CASE("what conjugate gradients cannot solve is an error") {
  const auto kind_of = [](const Eigen::MatrixXd& A, const Eigen::VectorXd& b,
                          const ConjugateGradientOptions& options) {
    try {
      conjugate_gradients(product(A), b, options);
    } catch (const Error& error) {
      return error.kind;
    }
    return ErrorKind::file;  // no error at all
  };
  const Eigen::VectorXd b = Eigen::VectorXd::Ones(50);
  const Eigen::MatrixXd hard = Eigen::VectorXd::LinSpaced(50, 1, 1e6).asDiagonal();
  CHECK(kind_of(hard, b, {1e-12, 5}) == ErrorKind::numeric);
  CHECK(kind_of(-hard, b, {}) == ErrorKind::numeric);
  CHECK(kind_of(hard, b / 0.0, {}) == ErrorKind::numeric);
  CHECK(kind_of(hard, b, {}) == ErrorKind::file);
}
