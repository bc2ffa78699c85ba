#include "yoneda/null/gaussian.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <cstring>
#include <limits>

#include "category/graphs.hpp"
#include "dense.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/stats/moments.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

using FloatRows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// n rows of d values: rank `rank`, a mean that is not 0, directions of very different strength.
Matrix decoder(Index n, Index d, Index rank, std::uint64_t seed) {
  Random random(seed);
  Eigen::MatrixXd factor(n, rank), loading(rank, d);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < rank; ++j) factor(i, j) = 0.3 + random.normal();
  for (Index i = 0; i < rank; ++i)
    for (Index j = 0; j < d; ++j) loading(i, j) = random.normal() / static_cast<double>(1 + i);
  const FloatRows W = (factor * loading).cast<float>();
  return Matrix::from(std::vector<float>(W.data(), W.data() + n * d), n, d);
}

bool same_bits(const Matrix& a, const Matrix& b) {
  return a.bytes().size() == b.bytes().size() &&
         std::memcmp(a.bytes().data(), b.bytes().data(), a.bytes().size()) == 0;
}

}  // namespace

TEST_CASE("the second moment is W'W / n, over several blocks and tiles") {
  const Matrix W = decoder(2100, 70, 70, 1);
  const Eigen::MatrixXd expected = dense(W).transpose() * dense(W) / 2100;
  CHECK((second_moment(W) - expected).norm() < 1e-10 * expected.norm());
  CHECK_THROWS_AS(second_moment(Matrix{}), Error);
}

TEST_CASE("a root squares to the second moment, whatever its rank") {
  for (const Index rank : {12, 5, 1}) {
    const Eigen::MatrixXd C = second_moment(decoder(300, 12, rank, 2));
    const Eigen::MatrixXd R = square_root(C);
    CHECK(R.rows() == 12);
    CHECK(R.cols() == rank);
    CHECK((R * R.transpose() - C).norm() < 1e-10 * C.norm());
  }
  // a coordinate that is always 0 has no Cholesky factor; neither has a matrix of zeros
  Eigen::MatrixXd C = Eigen::MatrixXd::Identity(3, 3);
  C(1, 1) = 0;
  CHECK(square_root(C).cols() == 2);
  CHECK(square_root(Eigen::MatrixXd::Zero(3, 3)).cols() == 0);
}

TEST_CASE("rows drawn have the decoder's second moment, also of low rank and with few rows") {
  for (const Index rank : {8, 3})
    for (const Index n : {500, 9, 8}) {
      const Eigen::MatrixXd C = second_moment(decoder(500, 8, rank, 3));
      const Matrix drawn = gaussian_rows(square_root(C), n, 7);
      CHECK(drawn.rows() == n);
      CHECK(drawn.cols() == 8);
      CHECK((second_moment(drawn) - C).norm() < 1e-4 * C.norm());
    }
}

TEST_CASE("rows drawn are gaussian: mean 0, kurtosis 3, and a new direction for every seed") {
  const Eigen::MatrixXd C = second_moment(decoder(500, 8, 8, 3));
  const Eigen::MatrixXd drawn = dense(gaussian_rows(square_root(C), 40000, 7));
  for (Index j = 0; j < 8; ++j) {
    const Moments m = moments(std::span<const double>(drawn.col(j).data(), 40000));
    CHECK(std::abs(m.mean) < 4 * m.std / 200);
    CHECK(std::abs(m.skewness) < 4 * std::sqrt(6.0) / 200);
    CHECK(std::abs(m.kurtosis - 3) < 4 * std::sqrt(24.0) / 200);
  }
  // over the seeds the first of 8 rows is spread as C, too
  Eigen::MatrixXd sum = Eigen::MatrixXd::Zero(8, 8);
  for (std::uint64_t seed = 0; seed < 4000; ++seed) {
    const Eigen::VectorXd row = dense(gaussian_rows(square_root(C), 8, seed)).row(0);
    sum += row * row.transpose() / 4000;
  }
  CHECK((sum - C).norm() < 0.1 * C.norm());
}

TEST_CASE("a decoder with fewer rows than columns is drawn from, too") {
  const Matrix W = decoder(5, 12, 5, 6);
  const Eigen::MatrixXd C = second_moment(W);
  for (const Eigen::MatrixXd& R : {square_root(C), second_moment_root(W)}) {
    CHECK(R.cols() == 5);
    CHECK((R * R.transpose() - C).norm() < 1e-10 * C.norm());
    CHECK((second_moment(gaussian_rows(R, 5, 1)) - C).norm() < 1e-3 * C.norm());
  }
  const Matrix wide = decoder(200, 230, 200, 7);
  const Eigen::MatrixXd moment = second_moment(wide);
  const Matrix drawn = gaussian_rows(second_moment_root(wide), 200, 1);
  CHECK((second_moment(drawn) - moment).norm() < 1e-3 * moment.norm());
}

TEST_CASE("of a decoder of zeros only zeros are drawn, and rank needs rows") {
  const Matrix drawn = gaussian_rows(square_root(Eigen::MatrixXd::Zero(3, 3)), 4, 1);
  CHECK(to_vector(drawn) == std::vector<float>(12, 0.0f));
  CHECK_THROWS_AS(gaussian_rows(Eigen::MatrixXd::Identity(3, 3), 2, 1), Error);
}

TEST_CASE("draws depend on the seed alone, not on the threads") {
  const Matrix W = decoder(300, 70, 70, 4);
  const Eigen::MatrixXd root = square_root(second_moment(W));
  const Matrix drawn = gaussian_rows(root, 150, 9);
  CHECK(same_bits(drawn, gaussian_rows(root, 150, 9)));
  CHECK_FALSE(same_bits(drawn, gaussian_rows(root, 150, 10)));
#if defined(_OPENMP)
  const int threads = omp_get_max_threads();
  for (const int count : {1, 2, 5}) {
    omp_set_num_threads(count);
    CHECK(same_bits(drawn, gaussian_rows(root, 150, 9)));
    CHECK(root == square_root(second_moment(W)));
  }
  omp_set_num_threads(threads);
#endif
}

TEST_CASE("the null hands rows of the decoder's shape to the construction") {
  const Matrix W = decoder(50, 6, 6, 5);
  const Null null = gaussian(W, [&](const Matrix& drawn) {
    CHECK(drawn.rows() == 50);
    CHECK(drawn.cols() == 6);
    CHECK_FALSE(same_bits(drawn, W));
    return user_graph(2, {{0, 1, drawn(0, 0)}});
  });
  CHECK(null.kind == "gaussian");
  CHECK(null.draw(1).weight(0, 1) == null.draw(1).weight(0, 1));
  CHECK(null.draw(1).weight(0, 1) != null.draw(2).weight(0, 1));
}

TEST_CASE("decoders that cannot be drawn from are refused") {
  const auto nothing = [](const Matrix&) { return SignedGraph{}; };
  CHECK_THROWS_AS(gaussian(Matrix{}, nothing), Error);
  const float infinite = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(gaussian(Matrix::from(std::vector<float>{1, infinite}, 1, 2), nothing), Error);
}
