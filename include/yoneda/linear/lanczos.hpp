// What a few products tell of a symmetric matrix: Lanczos' tridiagonal matrix and its quadrature.
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/linear/conjugate_gradients.hpp"

namespace yoneda {

/// A symmetric tridiagonal matrix.
struct Tridiagonal {
  std::vector<double> diagonal, below;  ///< [s], [s − 1]

  Index size() const { return static_cast<Index>(diagonal.size()); }
};

/// At most `steps` steps of the recurrence of Lanczos (1950, An iteration method for the solution
/// of the eigenvalue problem) for a symmetric A, known by its products, from the direction of
/// `start`; fewer where the space that start generates is exhausted. Without reorthogonalisation:
/// once an extreme eigenvalue has converged, copies of it appear, which harm neither the extreme
/// values nor the quadrature below. Throws Error{value} for a start without direction. Cost: steps
/// products; memory 3 n.
template <LinearOperator Operator>
Tridiagonal lanczos(const Operator& A, const Eigen::VectorXd& start, Index steps) {
  const double size = start.norm();
  if (!(size > 0)) throw Error(ErrorKind::value, "a Lanczos recurrence that starts from 0");
  Tridiagonal T;
  Eigen::VectorXd current = start / size, previous = Eigen::VectorXd::Zero(start.size());
  double below = 0, scale = 0;
  while (T.size() < steps) {
    Eigen::VectorXd next = A(current);
    next -= below * previous;
    const double diagonal = next.dot(current);
    next -= diagonal * current;
    T.diagonal.push_back(diagonal);
    scale = std::max({scale, std::abs(diagonal), below});
    below = next.norm();
    if (T.size() == steps || below <= 1e-14 * scale) break;
    T.below.push_back(below);
    previous = std::move(current);
    current = next / below;
  }
  return T;
}

/// Gauss' rule for the measure of a start vector q of norm 1: q'f(A)q ≈ Σ_i weight_i f(node_i),
/// exact for polynomials below degree 2s. The outermost nodes approach the outermost eigenvalues
/// from inside.
struct Quadrature {
  Eigen::VectorXd nodes, weights;  ///< [s], nodes ascending; weights sum to 1
};

/// The eigenvalues of T and the squares of the first entries of its eigenvectors (Golub, Welsch
/// 1969, Calculation of Gauss quadrature rules). Throws Error{numeric} where they do not converge.
/// Cost: s³.
template <class = void>
Quadrature gauss_quadrature(const Tridiagonal& T) {
  using Vector = Eigen::VectorXd;
  const Index s = T.size();
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  solver.computeFromTridiagonal(Eigen::Map<const Vector>(T.diagonal.data(), s),
                                Eigen::Map<const Vector>(T.below.data(), s - 1));
  if (solver.info() != Eigen::Success)
    throw Error(ErrorKind::numeric, "the eigenvalues of a tridiagonal matrix did not converge");
  return {solver.eigenvalues(), solver.eigenvectors().row(0).transpose().cwiseAbs2()};
}

}  // namespace yoneda
