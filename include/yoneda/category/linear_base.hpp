// The base whose values are matrices.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <string>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Matrices under + and ×. Rows are vectors of the source, so that x F G is first F, then G, as in
/// V_ab · V_bc. Matrices need not be square where they fit each other; an edge of weight w alone
/// stands for w times the identity of r dimensions.
struct Linear {
  using value = Eigen::MatrixXd;
  Index r = 1;

  value arrow(float weight) const { return static_cast<double>(weight) * value::Identity(r, r); }
  value unit(Id) const { return value::Identity(r, r); }
  value zero() const { return value::Zero(r, r); }

  /// Throws Error{shape} where first has not as many columns as then has rows. Cost: the product.
  template <class = void>
  value compose(const value& first, const value& then) const {
    if (first.cols() != then.rows()) throw misfit("composed", first, then);
    return first * then;
  }

  /// Throws Error{shape} for matrices of different shapes.
  template <class = void>
  value join(const value& f, const value& g) const {
    require_same_shape("joined", f, g);
    return f + g;
  }

  /// ‖f − g‖ / max(‖f‖, ‖g‖) in Frobenius norms: 0 where both are 0, at most 2. Throws Error{shape}
  /// for matrices of different shapes.
  template <class = void>
  double discrepancy(const value& f, const value& g) const {
    require_same_shape("compared", f, g);
    const double apart = (f - g).norm();
    return apart == 0 ? 0 : apart / std::max(f.norm(), g.norm());
  }

 private:
  static std::string shape(const value& f) {
    return std::to_string(f.rows()) + " x " + std::to_string(f.cols());
  }
  static Error misfit(const std::string& what, const value& f, const value& g) {
    return Error(ErrorKind::shape,
                 "matrices of " + shape(f) + " and " + shape(g) + " cannot be " + what);
  }
  static void require_same_shape(const std::string& what, const value& f, const value& g) {
    if (f.rows() != g.rows() || f.cols() != g.cols()) throw misfit(what, f, g);
  }
};

}  // namespace yoneda
