// The gaussian null: random directions with the decoder's second moment, through the same
// construction.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/linear/gemm.hpp"
#include "yoneda/null/null.hpp"

namespace yoneda {

/// C = W'W / n [d, d], the raw second moment (about 0, not about the mean) of the rows of W [n, d],
/// in double and in a fixed order. Throws Error{shape} for a matrix without rows or columns. Cost:
/// n d² / 2.
template <class = void>
Eigen::MatrixXd second_moment(const Matrix& W) {
  if (W.empty()) throw Error(ErrorKind::shape, "the second moment of a matrix without values");
  constexpr Index block = 1024, tile = 64;
  const Index n = W.rows(), d = W.cols();
  Eigen::MatrixXd C = Eigen::MatrixXd::Zero(d, d);
  std::vector<float> scratch(std::min(n, block) * d);
  for (Index first = 0; first < n; first += block) {
    const Index count = std::min(block, n - first);
    const auto values = W.rows_as_float(first, count, scratch);
    // a row of W is a column of B
    const Eigen::MatrixXd B =
        Eigen::Map<const Eigen::MatrixXf>(values.data(), d, count).cast<double>();
    parallel_for((d + tile - 1) / tile, [&](Index t) {
      const Index at = t * tile, width = std::min(tile, d - at);
      C.block(at, at, d - at, width).noalias() +=
          B.bottomRows(d - at) * B.middleRows(at, width).transpose();
    });
  }
  C.triangularView<Eigen::StrictlyUpper>() = C.transpose();
  return C / static_cast<double>(n);
}

/// Mean and covariance (population) of the rows of a matrix.
struct RowMoments {
  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;

  /// A variance along a direction of length 1 that rounding alone can give.
  double rounding() const { return 1e-12 * (covariance.trace() + mean.squaredNorm()); }
};

/// The mean [d] of the rows of a matrix [n, d], in double and in order. Cost: n d.
template <class = void>
Eigen::VectorXd mean_row(const Matrix& rows) {
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(rows.cols());
  std::vector<float> scratch(rows.cols());
  for (Index i = 0; i < rows.rows(); ++i)
    sum +=
        Eigen::Map<const Eigen::VectorXf>(rows.row(i, scratch).data(), rows.cols()).cast<double>();
  return sum / static_cast<double>(rows.rows());
}

/// Of the rows of a matrix [n, d]. Throws as second_moment. Cost: n d² / 2.
template <class = void>
RowMoments row_moments(const Matrix& rows) {
  RowMoments made{mean_row(rows), second_moment(rows)};
  made.covariance -= made.mean * made.mean.transpose();
  return made;
}

namespace detail {

template <class = void>
Matrix as_matrix(const Eigen::MatrixXd& values) {
  std::vector<float> rows;
  rows.reserve(values.size());
  for (Index i = 0; i < values.rows(); ++i)
    for (Index j = 0; j < values.cols(); ++j) rows.push_back(static_cast<float>(values(i, j)));
  return Matrix::from(std::move(rows), values.rows(), values.cols());
}

/// Standard normals [n, r], row i from stream i of the seed.
inline Matrix normal_rows(Index n, Index r, std::uint64_t seed) {
  constexpr Index tile = 64;
  std::vector<float> values(n * r);
  parallel_for((n + tile - 1) / tile, [&](Index t) {
    for (Index i = t * tile; i < std::min(n, (t + 1) * tile); ++i) {
      Random random(seed, static_cast<std::uint64_t>(i));
      for (Index j = 0; j < r; ++j) values[i * r + j] = static_cast<float>(random.normal());
    }
  });
  return Matrix::from(std::move(values), n, r);
}

}  // namespace detail

/// R [d, r] with R R' = C, for a positive semidefinite C: Cholesky's factor (r = d) where C is
/// safely of full rank, else eigenvectors scaled by the roots of their eigenvalues. Directions with
/// less than 1e-12 of the largest second moment are left out: rows of floats cannot hold them.
/// Throws Error{numeric} where the eigenvalues do not converge. Cost: d³.
template <class = void>
Eigen::MatrixXd square_root(const Eigen::MatrixXd& C) {
  constexpr double smallest = 1e-12;
  const Eigen::LLT<Eigen::MatrixXd> cholesky(C);
  if (cholesky.info() == Eigen::Success) {
    const Eigen::MatrixXd L = cholesky.matrixL();
    const Eigen::ArrayXd pivots = L.diagonal().array().square();
    if (pivots.minCoeff() > smallest * pivots.maxCoeff()) return L;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> eigen(C);
  if (eigen.info() != Eigen::Success)
    throw Error(ErrorKind::numeric, "the eigenvalues of a second moment did not converge");
  const Eigen::VectorXd& values = eigen.eigenvalues();  // ascending
  const double floor = smallest * std::max(values(C.rows() - 1), 0.0);
  const Index kept = (values.array() > floor).count();
  return eigen.eigenvectors().rightCols(kept) * values.tail(kept).cwiseSqrt().asDiagonal();
}

/// R [d, r] with R R' = W'W / n and r <= n. Where W [n, d] has no more rows than columns, R is W'
/// itself, scaled. Throws as its parts do. Cost: n d² / 2 + d³, or n d.
template <class = void>
Eigen::MatrixXd second_moment_root(const Matrix& W) {
  const Index n = W.rows(), d = W.cols();
  if (n > d || W.empty()) return square_root(second_moment(W));
  const std::vector<float> values = to_vector(W);
  return Eigen::Map<const Eigen::MatrixXf>(values.data(), d, n).cast<double>() /
         std::sqrt(static_cast<double>(n));
}

/// n gaussian rows X [n, d] whose second moment X'X / n is exactly C = R R' (up to rounding to
/// float), with R [d, r], r <= n. Plain draws from N(0, C) would not do: C, taken from a decoder,
/// already holds the chance of one draw, and theirs comes on top. They are less isotropic than any
/// decoder they stand for; at n = 2048, d = 100 truly gaussian directions came out 4.5 standard
/// deviations more frustrated than such a null. So X = G L⁻ᵀ R', with G standard normal [n, r] and
/// L L' = G'G / n. Given its second moment a gaussian matrix has exactly this law, whatever the
/// covariance, so that p is exact where the rows of W are gaussian (Lindqvist, Taraldsen 2005,
/// Monte Carlo conditioning on a sufficient statistic).
///
/// The same for any number of threads. Throws Error{value} for r > n. Cost: n r (d + r / 2) + r³.
template <class = void>
Matrix gaussian_rows(const Eigen::MatrixXd& R, Index n, std::uint64_t seed,
                     const Gemm& gemm = eigen_gemm()) {
  constexpr Index tile = 64;
  const Index d = R.rows(), r = R.cols();
  if (r > n)
    throw Error(ErrorKind::value, std::to_string(n) + " rows cannot have a second moment of rank " +
                                      std::to_string(r));
  std::vector<float> drawn(n * d, 0);
  if (r == 0) return Matrix::from(std::move(drawn), n, d);
  const Matrix G = detail::normal_rows(n, r, seed);
  const Eigen::LLT<Eigen::MatrixXd> cholesky(second_moment(G));
  if (cholesky.info() != Eigen::Success)
    throw Error(ErrorKind::numeric, "gaussian rows turned out linearly dependent");
  Eigen::MatrixXd turned(d, r);  // R L⁻¹
  parallel_for((d + tile - 1) / tile, [&](Index t) {
    const Index first = t * tile, rows = std::min(tile, d - first);
    turned.middleRows(first, rows) =
        cholesky.matrixU().solve(R.middleRows(first, rows).transpose()).transpose();
  });
  const Matrix root = detail::as_matrix(turned);
  std::vector<float> unused;
  const auto normals = G.rows_as_float(0, n, unused), loadings = root.rows_as_float(0, d, unused);
  parallel_for((n + tile - 1) / tile, [&](Index t) {
    const Index first = t * tile, rows = std::min(tile, n - first);
    gemm.multiply({normals.data() + first * r, rows, r, r}, {loadings.data(), d, r, r},
                  {drawn.data() + first * d, rows, d, d});
  });
  return Matrix::from(std::move(drawn), n, d);
}

/// The null for graphs made from the rows of W_dec [n, d]: gaussian rows with the decoder's own
/// second moment, and a graph made from them by the very construction that made the graph in
/// question, floor and all. What a Gram matrix of such directions forces, this null shows. Throws
/// Error{value} for values that are not finite, Error{shape} for no rows. Cost: n d² + d³ here; the
/// same and the construction for each draw.
template <class = void>
Null gaussian(const Matrix& W_dec, std::function<SignedGraph(const Matrix& W_dec)> construction,
              const Gemm& gemm = eigen_gemm()) {
  require_finite(W_dec, "W_dec");
  return {.kind = "gaussian",
          .keeps =
              "Keeps the decoder's second moment and the whole construction after it; loses "
              "norms, clusters and skew.",
          .draw = [root = second_moment_root(W_dec), n = W_dec.rows(),
                   construction = std::move(construction), gemm](std::uint64_t seed) {
            return construction(gaussian_rows(root, n, seed, gemm));
          }};
}

}  // namespace yoneda
