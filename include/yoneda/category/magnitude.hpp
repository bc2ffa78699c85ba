// The magnitude of a metric space: how many points it is worth.
#pragma once

#include <Eigen/LU>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/min_plus.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

struct Magnitude {
  double value = 0;
  double scale = 1;               ///< t
  double condition = 1;           ///< an estimate of that of Z, in the 1-norm
  std::vector<double> weighting;  ///< [n], w with Zw = 1: what each point adds
};

/// Two points that cannot be told apart, the first such pair; nothing where there is none.
inline std::optional<std::pair<Index, Index>> one_point(const Distances& d) {
  for (Index i = 0; i < d.size(); ++i)
    for (Index j = i + 1; j < d.size(); ++j)
      if (d(i, j) == 0 && d(j, i) == 0) return std::pair(i, j);
  return std::nullopt;
}

namespace detail {

inline void require_costs(const Distances& d, double scale) {
  if (!(scale > 0) || !std::isfinite(scale))
    throw Error(ErrorKind::value, "the scale of a magnitude is a positive number");
  for (Index i = 0; i < d.size(); ++i)
    for (Index j = 0; j < d.size(); ++j)
      if (!(d(i, j) >= 0) || (i == j && d(i, j) != 0))
        throw Error(ErrorKind::value, "the distance from point " + std::to_string(i) + " to " +
                                          std::to_string(j) +
                                          " is no cost: those are at least 0, and 0 to itself");
}

}  // namespace detail

/// |tX| = Σ w with Zw = 1, Z_ij = exp(−t d_ij): between 1, where all points are together, and n,
/// where all are far apart; spaces without a way between them add up. It is of the metric given:
/// close one that has defects first (min_plus_closure). d need not be symmetric, and even where it
/// is Z need not be positive definite, so this is LU with partial pivoting, not Cholesky. Then a
/// value below 1 or above n is possible at scales where Z has lost its definiteness.
///
/// Throws Error{value} for values that are no costs and t <= 0, Error{numeric} where Z is singular
/// or so near it (condition above 1e12) that no digit would be left. Cost: n³. Source: Leinster
/// 2013, The magnitude of metric spaces.
template <class = void>
Magnitude magnitude(const Distances& d, double scale = 1) {
  detail::require_costs(d, scale);
  const Index n = d.size();
  Magnitude result;
  result.scale = scale;
  if (n == 0) return result;
  Eigen::MatrixXd Z(n, n);
  for (Index j = 0; j < n; ++j)
    for (Index i = 0; i < n; ++i) Z(i, j) = std::exp(-scale * d(i, j));
  const Eigen::PartialPivLU<Eigen::MatrixXd> solver(Z);
  const double reciprocal = solver.rcond();
  if (!(reciprocal > 1e-12)) {
    const auto same = one_point(d);
    throw Error(ErrorKind::numeric,
                same ? "points " + std::to_string(same->first) + " and " +
                           std::to_string(same->second) +
                           " are at distance 0 both ways, so they are one point: join them first"
                     : "the similarities at this scale are as good as singular, so the magnitude "
                       "has no digit; try a larger scale");
  }
  const Eigen::VectorXd w = solver.solve(Eigen::VectorXd::Ones(n));
  result.condition = 1 / reciprocal;
  result.weighting.assign(w.data(), w.data() + n);
  for (const double of_point : result.weighting) result.value += of_point;
  return result;
}

}  // namespace yoneda
