// How alike two directions are to a set of others: the correlation of their products with all.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/feature_map.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/graph/decoder.hpp"
#include "yoneda/linear/dot.hpp"
#include "yoneda/linear/gemm.hpp"
#include "yoneda/null/gaussian.hpp"
#include "yoneda/null/rotation.hpp"

namespace yoneda {

/// Of keys K [V, d], tokens or features of a third SAE: profiles x·K_t of directions x over all
/// keys, each less its mean and divided by its length. They are not made: as vectors of r = rank
/// coordinates, with root R R' = Cov(K), the profile of x is R'x / ‖R'x‖, and the inner product of
/// two is their correlation over the keys.
class KeyProfiles {
 public:
  /// Throws Error{value} for keys that are not finite, Error{shape} for none. Cost: V d² + d³.
  template <class = void>
  explicit KeyProfiles(const Matrix& keys, const Gemm& gemm = eigen_gemm()) : gemm_(gemm) {
    require_finite(keys, "keys of profiles");
    root_ = square_root(row_moments(keys).covariance);
  }

  /// [n, r] of directions [n, d]; zeros where a direction has the same product with all keys.
  /// Throws Error{shape} where d is not that of the keys.
  template <class = void>
  Matrix of(const Matrix& directions) const {
    if (directions.cols() != root_.rows())
      throw Error(ErrorKind::shape, "directions of dimension " + std::to_string(directions.cols()) +
                                        " with keys of dimension " + std::to_string(root_.rows()));
    return unit_rows(without_noise(detail::mapped(directions, root_, gemm_), directions));
  }

 private:
  // What is left of a direction that all keys see alike is rounding; of length 1 it would seem
  // real.
  Matrix without_noise(const Matrix& profiles, const Matrix& directions) const {
    std::vector<float> values = to_vector(profiles), scratch(directions.cols());
    const double rounding = 1e-6 * root_.norm();
    for (Index i = 0; i < profiles.rows(); ++i) {
      const auto row = std::span(values).subspan(i * profiles.cols(), profiles.cols());
      if (canonical_norm(row) <= rounding * canonical_norm(directions.row(i, scratch)))
        std::ranges::fill(row, 0.0f);
    }
    return Matrix::from(std::move(values), profiles.rows(), profiles.cols());
  }

  Eigen::MatrixXd root_;  // [d, r]
  Gemm gemm_;
};

/// For every feature f of A the inner product of its profile [n_a, r] with that of F(f) [n_b, r]:
/// the correlation of what both do to all keys. 1 less it says by how much the square of f, F(f)
/// and the keys fails to commute. Nothing where f goes nowhere or a profile is zero.
inline std::vector<std::optional<double>> profile_agreement(const FeatureMap& F,
                                                            const Matrix& profiles_a,
                                                            const Matrix& profiles_b) {
  if (F.size() != profiles_a.rows() || F.targets != profiles_b.rows() ||
      profiles_a.cols() != profiles_b.cols())
    throw Error(ErrorKind::shape, "a map between features that the profiles are not of");
  std::vector<std::optional<double>> agreement(F.size());
  std::vector<float> x(profiles_a.cols()), y(profiles_b.cols());
  for (Id f = 0; f < static_cast<Id>(F.size()); ++f) {
    if (F.target[f] < 0) continue;
    const auto own = profiles_a.row(f, x), other = profiles_b.row(F.target[f], y);
    if (canonical_norm(own) == 0 || canonical_norm(other) == 0) continue;
    agreement[f] = std::clamp(canonical_dot(own, other), -1.0, 1.0);
  }
  return agreement;
}

/// The mean over the features that have one; nothing where none has.
inline std::optional<double> mean_agreement(const std::vector<std::optional<double>>& agreement) {
  double sum = 0;
  Index count = 0;
  for (const auto& value : agreement)
    if (value) sum += *value, ++count;
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

}  // namespace yoneda
