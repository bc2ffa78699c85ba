// Least squares with a matrix known by its products alone.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <concepts>
#include <string>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// A matrix A [m, n] by what it and its transpose do to a vector: apply(x [n]) is Ax [m],
/// apply_transposed(u [m]) is A'u [n].
template <class Apply, class ApplyTransposed>
concept TransposablePair = requires(const Apply& A, const ApplyTransposed& At,
                                    const Eigen::VectorXd& x) {
  { A(x) } -> std::convertible_to<Eigen::VectorXd>;
  { At(x) } -> std::convertible_to<Eigen::VectorXd>;
};

struct LsqrOptions {
  /// Stops where ‖A'r‖ <= tolerance · ‖A‖ ‖r‖, no better x is near, or where ‖r‖ <= tolerance ·
  /// ‖b‖, b is met. ‖A‖ is the Frobenius norm of what of A was seen.
  double tolerance = 1e-11;
  Index iterations = 20'000;  ///< at most
};

struct LeastSquares {
  Eigen::VectorXd x;    ///< [n]; of all that are as good, the shortest
  double residual = 0;  ///< ‖b − Ax‖, computed from x
  double normal = 0;    ///< ‖A'(b − Ax)‖, computed from x; 0 at the minimum
  double relative = 0;  ///< normal / (‖A‖ ‖b‖), what of b could still be met
  Index iterations = 0;
};

/// x that minimises ‖Ax − b‖, for any A [m, n] and b [m]: rank and shape do not matter. Both
/// residuals returned are computed anew at the end, not taken from the recurrence.
///
/// The error shrinks by (κ − 1)/(κ + 1) an iteration, κ the ratio of the extreme singular values
/// that are not 0. The same bits for any number of threads where the products have them.
///
/// Throws Error{numeric} where b is not finite, where the tolerance is not met in time, or where
/// rounding keeps x from what the recurrence says of it. Cost: a product with A and one with A' an
/// iteration. Source: Paige, Saunders 1982, LSQR: an algorithm for sparse linear equations and
/// sparse least squares.
template <class Apply, class ApplyTransposed>
requires TransposablePair<Apply, ApplyTransposed> LeastSquares
lsqr(const Apply& apply, const ApplyTransposed& apply_transposed, const Eigen::VectorXd& b,
     const LsqrOptions& options = {}) {
  LeastSquares result;
  const double size = b.norm();
  if (!std::isfinite(size))
    throw Error(ErrorKind::numeric, "least squares: the right-hand side is not finite");
  // Golub and Kahan's bidiagonalisation: β u = A v − α u, α v = A' u − β v, u and v of length 1.
  Eigen::VectorXd u = b;
  if (size > 0) u /= size;
  Eigen::VectorXd v = apply_transposed(u);
  double alpha = v.norm();
  result.x = Eigen::VectorXd::Zero(v.size());
  double norm = alpha * alpha;  // ‖A‖² so far
  double residual = size;
  bool done = size == 0 || alpha == 0;
  if (!done) v /= alpha;
  Eigen::VectorXd direction = v;
  double diagonal = alpha;
  while (!done && result.iterations < options.iterations) {
    ++result.iterations;
    u = apply(v) - alpha * u;
    const double beta = u.norm();
    if (beta > 0) u /= beta;
    v = apply_transposed(u) - beta * v;
    alpha = beta > 0 ? v.norm() : 0;
    if (alpha > 0) v /= alpha;
    // A rotation makes the bidiagonal matrix triangular.
    const double rho = std::hypot(diagonal, beta);
    const double cosine = diagonal / rho, sine = beta / rho;
    const double next = sine * alpha;
    diagonal = -cosine * alpha;
    result.x += (cosine * residual / rho) * direction;
    direction = v - (next / rho) * direction;
    residual *= sine;
    norm += alpha * alpha + beta * beta;
    const double normal = residual * alpha * std::abs(cosine);
    done = normal <= options.tolerance * std::sqrt(norm) * residual ||
           residual <= options.tolerance * size;
  }
  if (!done)
    throw Error(ErrorKind::numeric,
                "least squares did not converge in " + std::to_string(options.iterations) +
                    " iterations: the matrix is badly conditioned (of a graph: it has long chains "
                    "or nearly separate parts); allow more iterations or a larger tolerance");
  const Eigen::VectorXd rest = b - apply(result.x);
  result.residual = rest.norm();
  result.normal = apply_transposed(rest).norm();
  if (size > 0 && norm > 0) result.relative = result.normal / (std::sqrt(norm) * size);
  constexpr double slack = 1e3;  // rounding of the recurrence, of the order of κ·1e-16
  if (!(result.relative <= slack * std::max(options.tolerance, 1e-15)))
    throw Error(ErrorKind::numeric,
                "least squares lost what it had found to rounding: the matrix is too badly "
                "conditioned for the tolerance; ask for a larger one");
  return result;
}

}  // namespace yoneda
