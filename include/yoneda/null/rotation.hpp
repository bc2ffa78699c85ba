// The rotation nulls: the same rows, turned at random, so that what they are to each other stays
// and where they point does not.
#pragma once

#include <Eigen/Core>
#include <Eigen/QR>
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
#include "yoneda/null/gaussian.hpp"
#include "yoneda/null/null.hpp"

namespace yoneda {

/// Q [d, d], Haar in O(d): every orthogonal matrix, reflections too, is as likely as any other. The
/// QR factors of a gaussian matrix, with Q's columns signed so that R's diagonal is positive;
/// without the signs Q is not Haar (Mezzadri 2007, How to generate random matrices from the
/// classical compact groups). In double, on one thread. Cost: d³.
template <class = void>
Eigen::MatrixXd haar_rotation(Index d, std::uint64_t seed) {
  Eigen::MatrixXd G(d, d);
  for (Index i = 0; i < d; ++i) {
    Random random(seed, static_cast<std::uint64_t>(i));
    for (Index j = 0; j < d; ++j) G(i, j) = random.normal();
  }
  const Eigen::HouseholderQR<Eigen::MatrixXd> factors(G);
  Eigen::MatrixXd Q = factors.householderQ();
  for (Index j = 0; j < d; ++j)
    if (factors.matrixQR()(j, j) < 0) Q.col(j) *= -1;
  return Q;
}

namespace detail {

/// rows · map, of rows [n, r] and a map [r, d]: tiles of fixed size go through `gemm`.
template <class = void>
Matrix mapped(const Matrix& rows, const Eigen::MatrixXd& map, const Gemm& gemm) {
  constexpr Index tile = 64;
  const Index n = rows.rows(), r = rows.cols(), d = map.cols();
  std::vector<float> out(n * d, 0.0f);
  if (r == 0) return Matrix::from(std::move(out), n, d);
  const Matrix columns = as_matrix(map.transpose());
  std::vector<float> unused;
  const auto B = columns.rows_as_float(0, d, unused);
  parallel_for((n + tile - 1) / tile, [&](Index t) {
    const Index first = t * tile, count = std::min(tile, n - first);
    std::vector<float> scratch(count * r);
    const auto A = rows.rows_as_float(first, count, scratch);
    gemm.multiply({A.data(), count, r, r}, {B.data(), d, r, r},
                  {out.data() + first * d, count, d, d});
  });
  return Matrix::from(std::move(out), n, d);
}

/// The same in double until the result is rounded: for maps that enlarge some directions a
/// thousandfold.
template <class = void>
Matrix mapped_in_double(const Matrix& rows, const Eigen::MatrixXd& map) {
  constexpr Index tile = 64;
  const Index n = rows.rows(), r = rows.cols(), d = map.cols();
  std::vector<float> out(n * d);
  parallel_for((n + tile - 1) / tile, [&](Index t) {
    using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const Index first = t * tile, count = std::min(tile, n - first);
    std::vector<float> scratch(count * r);
    const auto values = rows.rows_as_float(first, count, scratch);
    const Eigen::MatrixXd A = Eigen::Map<const Rows>(values.data(), count, r).cast<double>();
    const Eigen::MatrixXd made = A * map;
    Eigen::Map<Rows>(out.data() + first * d, count, d) = made.cast<float>();
  });
  return Matrix::from(std::move(out), n, d);
}

/// (R⁺)' [d, r] of what square_root returns: a lower triangle, or orthogonal columns. (A general
/// solver would cost whoever includes this seconds of compilation.)
template <class = void>
Eigen::MatrixXd root_inverse(const Eigen::MatrixXd& R) {
  const Index d = R.rows(), r = R.cols();
  Eigen::MatrixXd inverse = Eigen::MatrixXd::Zero(d, r);
  bool triangular = d == r;
  for (Index j = 1; triangular && j < r; ++j) triangular = R.col(j).head(j).isZero(0);
  for (Index j = 0; j < r; ++j) {
    if (!triangular) {
      inverse.col(j) = R.col(j) / R.col(j).squaredNorm();
      continue;
    }
    Eigen::VectorXd column = Eigen::VectorXd::Unit(d, j);  // of R⁻¹, a row of its transpose
    for (Index k = j; k < d; ++k) {
      column(k) /= R(k, k);
      column.tail(d - k - 1) -= column(k) * R.col(k).tail(d - k - 1);
    }
    inverse.row(j) = column.transpose();
  }
  return inverse;
}

}  // namespace detail

/// W · Q [n, d], of rows W [n, d] and Q [d, d]. The same bits for any number of threads. Throws
/// Error{shape} where they do not fit. Cost: n d².
template <class = void>
Matrix rotated(const Matrix& W, const Eigen::MatrixXd& Q, const Gemm& gemm = eigen_gemm()) {
  if (Q.rows() != W.cols() || Q.cols() != W.cols())
    throw Error(ErrorKind::shape, "a rotation of " + std::to_string(Q.rows()) + " x " +
                                      std::to_string(Q.cols()) + " for rows of " +
                                      std::to_string(W.cols()) + " values");
  return detail::mapped(W, Q, gemm);
}

/// Draws W · C^{-1/2} · Q · C^{1/2}, C = W'W / n, Q Haar in O(r), on the range of C, of dimension
/// r: rows with exactly W's second moment (up to rounding to float) and exactly W's Mahalanobis
/// products w_i' C⁺ w_j, and no other tie to W. With any root R R' = C and W = X R', rows X being
/// white, a draw is X Q R'; which root is the same, for Q is as likely as Q times any rotation.
///
/// Where the rows of W come from such a draw themselves, they and further draws are exchangeable,
/// so that p is exact.
class WhitenedRotation {
 public:
  /// Throws Error{value} for values that are not finite, Error{shape} for no rows. X is made in
  /// double: whitening enlarges weak directions, and with them any rounding. Cost: n d² + d³;
  /// memory: 4 n r bytes.
  template <class = void>
  explicit WhitenedRotation(const Matrix& W, const Gemm& gemm = eigen_gemm()) : gemm_(gemm) {
    require_finite(W, "a matrix to be rotated");
    root_ = square_root(second_moment(W));
    white_ = detail::mapped_in_double(W, detail::root_inverse(root_));
  }

  /// The dimension r of the rows' range.
  Index rank() const { return root_.cols(); }

  /// [n, d]; the same for the same seed and any number of threads. Cost: n r d + r³.
  template <class = void>
  Matrix draw(std::uint64_t seed) const {
    const Eigen::MatrixXd Q = haar_rotation(rank(), seed);
    const Eigen::MatrixXd map = Q * root_.transpose();
    return detail::mapped(white_, map, gemm_);
  }

 private:
  Matrix white_;          // X [n, r]
  Eigen::MatrixXd root_;  // R [d, r]
  Gemm gemm_;
};

/// What an SAE writes and what it reads, one row a feature.
struct EncoderDecoder {
  Matrix W_dec;  ///< [n, d]
  Matrix W_enc;  ///< [n, d_in]
};

/// Draws encoder and decoder together: with J = [W_dec | W_enc] [n, d + d_in] and C = J'J / n,
/// J · C^{-1/2} · R · C^{1/2}, R Haar in O(d + d_in) (on the range of C). It keeps all second
/// moments, so also W_enc'·W_dec, which is what all features together make of what they read; it
/// loses which directions single features have. Both blocks are brought to one scale first, and
/// back afterwards: in exact numbers that changes nothing, but a short encoder beside a long
/// decoder would count as no direction at all.
class JointRotation {
 public:
  /// Throws Error{shape} where encoder and decoder have not as many rows, and as WhitenedRotation
  /// does. Cost as there, of d + d_in.
  template <class = void>
  JointRotation(const Matrix& W_dec, const Matrix& W_enc, const Gemm& gemm = eigen_gemm())
      : d_(W_dec.cols()),
        decoder_(scale_of(W_dec)),
        encoder_(scale_of(W_enc)),
        rotation_(side_by_side(W_dec, 1 / decoder_, W_enc, 1 / encoder_), gemm) {}

  template <class = void>
  EncoderDecoder draw(std::uint64_t seed) const {
    const Matrix J = rotation_.draw(seed);
    return {columns(J, 0, d_, decoder_), columns(J, d_, J.cols() - d_, encoder_)};
  }

 private:
  /// The root mean square of the values, 1 where all are 0; a power of two, so that no bit is lost.
  static float scale_of(const Matrix& W) {
    std::vector<float> scratch(W.cols());
    double square = 0;
    for (Index i = 0; i < W.rows(); ++i)
      for (const float x : W.row(i, scratch))
        square += static_cast<double>(x) * static_cast<double>(x);
    if (!(square > 0) || !std::isfinite(square))
      return 1;  // values that are not finite are refused
    const double mean = square / static_cast<double>(W.rows() * W.cols());
    return static_cast<float>(std::exp2(std::round(std::log2(mean) / 2)));
  }

  static Matrix side_by_side(const Matrix& W_dec, float dec_factor, const Matrix& W_enc,
                             float enc_factor) {
    if (W_dec.rows() != W_enc.rows())
      throw Error(ErrorKind::shape,
                  "a decoder of " + std::to_string(W_dec.rows()) + " features and an encoder of " +
                      std::to_string(W_enc.rows()) + " cannot be rotated together");
    const Index n = W_dec.rows(), d = W_dec.cols(), d_in = W_enc.cols();
    std::vector<float> values(n * (d + d_in)), scratch(std::max(d, d_in));
    auto out = values.begin();
    for (Index i = 0; i < n; ++i) {
      for (const float x : W_dec.row(i, scratch)) *out++ = x * dec_factor;
      for (const float x : W_enc.row(i, scratch)) *out++ = x * enc_factor;
    }
    return Matrix::from(std::move(values), n, d + d_in);
  }

  static Matrix columns(const Matrix& J, Index first, Index count, float factor) {
    std::vector<float> values(J.rows() * count), scratch(J.cols());
    auto out = values.begin();
    for (Index i = 0; i < J.rows(); ++i)
      for (const float x : J.row(i, scratch).subspan(first, count)) *out++ = x * factor;
    return Matrix::from(std::move(values), J.rows(), count);
  }

  Index d_;
  float decoder_, encoder_;  // scales
  WhitenedRotation rotation_;
};

/// The null of rotated decoder rows, for graphs of what they do to something that is not rotated:
/// profile graphs. Throws as require_finite does. Cost of a draw: n d² + d³ and the construction.
template <class = void>
Null rotation(const Matrix& W_dec, std::function<SignedGraph(const Matrix& W_dec)> construction,
              const Gemm& gemm = eigen_gemm()) {
  require_finite(W_dec, "W_dec");
  return {.kind = "rotation",
          .keeps =
              "Keeps all norms and cosines of decoder rows and the whole construction after them; "
              "loses where they point among the tokens.",
          .draw = [W_dec, construction = std::move(construction), gemm](std::uint64_t seed) {
            return construction(rotated(W_dec, haar_rotation(W_dec.cols(), seed), gemm));
          }};
}

/// The null of whitened rotations, for profile and decoder graphs. Throws as WhitenedRotation does.
template <class = void>
Null whitened_rotation(const Matrix& W_dec,
                       std::function<SignedGraph(const Matrix& W_dec)> construction,
                       const Gemm& gemm = eigen_gemm()) {
  return {
      .kind = "whitened-rotation",
      .keeps =
          "Keeps the decoder's second moment, the rows' products relative to it and the whole "
          "construction after it; loses norms and cosines.",
      .draw = [rotation = WhitenedRotation(W_dec, gemm), construction = std::move(construction)](
                  std::uint64_t seed) { return construction(rotation.draw(seed)); }};
}

/// The null of an SAE whose encoder and decoder are rotated together, for graphs of what is written
/// to one and read by the other (see virtual_construction). Throws as JointRotation does.
template <class = void>
Null joint_rotation(const Matrix& W_dec, const Matrix& W_enc,
                    std::function<SignedGraph(const EncoderDecoder&)> construction,
                    const Gemm& gemm = eigen_gemm()) {
  return {.kind = "joint-rotation",
          .keeps =
              "Keeps all second moments of the SAE's encoder and decoder, so what its features "
              "together make of what they read, and the whole construction after them; loses the "
              "directions of single features.",
          .draw = [rotation = JointRotation(W_dec, W_enc, gemm),
                   construction = std::move(construction)](std::uint64_t seed) {
            return construction(rotation.draw(seed));
          }};
}

}  // namespace yoneda
