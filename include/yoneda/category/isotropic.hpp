// How balanced the triangles of a decoder graph would be if its directions had none preferred.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <string>

#include "yoneda/category/cycle_balance.hpp"
#include "yoneda/category/triangles.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/decoder.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/null/gaussian.hpp"

namespace yoneda {

/// P(balanced | |a|, |b|, |c|) for the cosines of three isotropic directions in d dimensions:
///
///   D₊^q / (D₊^q + D₋^q),  D± = 1 − a² − b² − c² ± 2|abc|,  q = (d − 4) / 2,
///
/// for three unit vectors have their Gram matrix G with density proportional to det(G)^q (the null
/// law of correlations; Wishart 1928, The generalised product moment distribution), and given the
/// |cosines| the sign of abc decides which of D± the determinant is. 1 where D₋ ≤ 0: no three
/// directions make such an unbalanced triangle. Throws Error{value} unless |cosines| <= 1 (up to
/// the rounding of floats) and d > 2.
inline double isotropic_balance(double a, double b, double c, double d) {
  for (const double cosine : {a, b, c})
    if (!(std::abs(cosine) <= 1 + 1e-6))
      throw Error(ErrorKind::value, "a cosine of " + std::to_string(cosine));
  if (!(d > 2) || !std::isfinite(d))
    throw Error(ErrorKind::value,
                "the isotropic prediction needs more than 2 dimensions, not " + std::to_string(d));
  const double rest = 1 - a * a - b * b - c * c, twice = 2 * std::abs(a * b * c);
  if (rest - twice <= 0) return 1;
  const double log_odds = (d - 4) / 2 * (std::log(rest + twice) - std::log(rest - twice));
  return 1 / (1 + std::exp(-log_odds));
}

/// d_eff = (tr C)² / tr C² of a second moment C [d, d]: d where it is isotropic, 1 where all rows
/// lie on a line. Throws Error{value} for C = 0.
template <class = void>
double effective_dimension(const Eigen::MatrixXd& C) {
  const double trace = C.trace(), square = C.squaredNorm();
  if (!(square > 0)) throw Error(ErrorKind::value, "the effective dimension of a decoder of zeros");
  return trace * trace / square;
}

/// The balanced share of a decoder graph's triangles, and what isotropic directions with the same
/// |cosines| would have, in the effective dimension of the unit rows of W_dec [n, d], whose cosines
/// they are. Without triangles, or in no more than two dimensions, only `dimension` is set. Only
/// decoder graphs: the weights must be cosines of directions. Throws
/// Error{value} for graphs of another kind, with the reason, and as its parts do. Cost: n d² / 2 +
/// m^1.5.
template <class = void>
IsotropicExcess isotropic_excess(const SignedGraph& graph, const Matrix& W_dec) {
  if (graph.kind() != GraphKind::decoder)
    throw Error(ErrorKind::value,
                "the isotropic prediction is refused for a " + std::string(name(graph.kind())) +
                    " graph: it holds for cosines of directions, as a decoder graph has; " +
                    (graph.kind() == GraphKind::profile
                         ? "profiles keep a few tokens of each feature, and it foretells .52 of "
                           "their triangles balanced where random directions balance .995"
                         : "these weights are none"));
  if (W_dec.rows() != graph.node_count())
    throw Error(ErrorKind::shape, "a decoder of " + std::to_string(W_dec.rows()) +
                                      " rows for a graph of " + std::to_string(graph.node_count()) +
                                      " features");
  IsotropicExcess result;
  result.dimension = effective_dimension(second_moment(unit_rows(W_dec)));
  if (!(result.dimension > 2)) return result;  // the law of the cosines has none there
  double predicted = 0;
  Index even = 0;
  for_each_triangle(graph, [&](const Triangle& t) {
    predicted += isotropic_balance(t.ab, t.ac, t.bc, result.dimension);
    even += balanced(t);
    ++result.triangles;
  });
  if (result.triangles == 0) return result;
  result.predicted = predicted / static_cast<double>(result.triangles);
  result.observed = static_cast<double>(even) / static_cast<double>(result.triangles);
  return result;
}

}  // namespace yoneda
