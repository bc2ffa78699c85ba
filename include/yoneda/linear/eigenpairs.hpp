// The largest eigenpairs of a generalised symmetric problem, with none missing.
#pragma once

#include <Spectra/SymGEigsSolver.h>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <exception>
#include <string>

#include "yoneda/core/error.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/linear/conjugate_gradients.hpp"
#include "yoneda/linear/spectrum.hpp"

namespace yoneda {

struct EigenpairOptions {
  Index count = 1;          ///< k, how many of the largest
  double tolerance = 1e-8;  ///< of ‖Bv − μAv‖ / (|μ| ‖Av‖)
  std::uint64_t seed = 1;   ///< of the start vectors
  Index dense_up_to = 300;  ///< problems of this size or smaller are solved densely
  Index rounds = 100;       ///< restarts from a new vector before giving up
  Index restarts = 1000;    ///< of the Krylov space within a round
};

namespace detail {

/// AX, column by column.
template <LinearOperator Operator>
Eigen::MatrixXd image(const Operator& A, const Eigen::MatrixXd& X) {
  Eigen::MatrixXd result(X.rows(), X.cols());
  for (Index j = 0; j < X.cols(); ++j) result.col(j) = Eigen::VectorXd(A(X.col(j)));
  return result;
}

template <LinearOperator OpB, LinearOperator OpA>
Eigenpairs dense_eigenpairs(const OpB& B, const OpA& A, Index n, Index count) {
  const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(n, n);
  const Eigen::MatrixXd dense_A = image(A, identity), dense_B = image(B, identity);
  // The solver below factors A as well, but does not say when it cannot.
  if (Eigen::LLT<Eigen::MatrixXd>(dense_A).info() != Eigen::Success)
    throw Error(ErrorKind::numeric, "the eigenproblem's A is not positive definite");
  const Eigen::GeneralizedSelfAdjointEigenSolver<Eigen::MatrixXd> solver(dense_B, dense_A);
  if (solver.info() != Eigen::Success || !solver.eigenvalues().allFinite())
    throw Error(ErrorKind::numeric, "the dense eigenproblem was not solved");
  return {solver.eigenvalues().tail(count).reverse(),
          solver.eigenvectors().rightCols(count).rowwise().reverse()};
}

/// What has been found so far. B′ = B − Σ_i (μ_i − floor)(Av_i)(Av_i)ᵀ has the same eigenvectors
/// as B; the found ones sit at `floor`, out of the way below the values that are kept.
struct Deflation {
  Eigenpairs pairs;
  Eigen::MatrixXd A_vectors;  // A v_i as columns [n, p]

  Index count() const { return pairs.values.size(); }

  double floor() const {
    if (count() == 0) return 0;
    const double highest = pairs.values[0], lowest = pairs.values[count() - 1];
    return lowest - std::max(highest - lowest, 0.5 * std::abs(highest));
  }

  template <class = void>
  Eigen::VectorXd subtracted_from(Eigen::VectorXd Bx, const Eigen::VectorXd& x) const {
    if (count() == 0) return Bx;
    const Eigen::VectorXd along =
        (pairs.values.array() - floor()) * (A_vectors.transpose() * x).array();
    Bx.noalias() -= A_vectors * along;
    return Bx;
  }
};

// What Spectra wants of its operators.
template <LinearOperator OpB>
struct SpectraProduct {
  using Scalar = double;
  const OpB& B;
  Index n;

  Index rows() const { return n; }
  Index cols() const { return n; }
  void perform_op(const double* x, double* y) const {
    Eigen::Map<Eigen::VectorXd>(y, n) = Eigen::VectorXd(B(Eigen::Map<const Eigen::VectorXd>(x, n)));
  }
};

template <LinearOperator OpA>
struct SpectraMetric : SpectraProduct<OpA> {
  ConjugateGradientOptions options;

  void solve(const double* x, double* y) const {
    const Eigen::VectorXd right = Eigen::Map<const Eigen::VectorXd>(x, this->n);
    Eigen::Map<Eigen::VectorXd>(y, this->n) = conjugate_gradients(this->B, right, options);
  }
};

/// Vectors [n, count] that Spectra takes for the top of Bv = μAv, from one random start; none
/// where it gives up.
template <LinearOperator OpB, LinearOperator OpA>
Eigen::MatrixXd krylov_candidates(const OpB& B, const OpA& A, Index n, Index count, Index round,
                                  const EigenpairOptions& options) {
  using Product = SpectraProduct<OpB>;
  using Metric = SpectraMetric<OpA>;
  Product product{B, n};
  // What the solves leave moves residuals by as much; whether pairs are pairs is seen without them.
  const double solved = std::max(1e-12, 0.01 * options.tolerance);
  Metric metric{{A, n}, {solved}};
  Spectra::SymGEigsSolver<Product, Metric, Spectra::GEigsMode::RegularInverse> solver(
      product, metric, count, std::min(n, 2 * count + 20));
  Random random(options.seed, static_cast<std::uint64_t>(round));
  Eigen::VectorXd start(n);
  for (double& x : start) x = random.normal();
  try {
    solver.init(start.data());
    solver.compute(Spectra::SortRule::LargestAlge, options.restarts, 0.01 * options.tolerance);
  } catch (const Error&) {
    throw;
  } catch (const std::exception&) {  // its small tridiagonal problem failed: try another start
    return Eigen::MatrixXd(n, 0);
  }
  if (solver.info() != Spectra::CompInfo::Successful) return Eigen::MatrixXd(n, 0);
  return solver.eigenvectors();
}

/// The eigenpairs of B within the span of the columns of X (Rayleigh, Ritz): VᵀAV = 1 and VᵀBV
/// diagonal, descending. Directions that A cannot tell from the others are dropped.
template <LinearOperator OpB, LinearOperator OpA>
Deflation ritz_pairs(const OpB& B, const OpA& A, const Eigen::MatrixXd& X) {
  const Eigen::MatrixXd AX = image(A, X);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> gram(X.transpose() * AX);
  const Eigen::VectorXd& sizes = gram.eigenvalues();
  const double least = 1e-10 * sizes[sizes.size() - 1];
  const Index rank = (sizes.array() > least).count();
  const Eigen::MatrixXd whitened = gram.eigenvectors().rightCols(rank) *
                                   sizes.tail(rank).cwiseSqrt().cwiseInverse().asDiagonal();
  const Eigen::MatrixXd Q = X * whitened;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> small(Q.transpose() * image(B, Q));
  const Eigen::MatrixXd rotation = small.eigenvectors().rowwise().reverse();
  return {{small.eigenvalues().reverse(), Q * rotation}, AX * (whitened * rotation)};
}

/// The pairs that are pairs: ‖Bv − μAv‖ ≤ tolerance ‖Av‖ max|μ|.
template <LinearOperator OpB>
Deflation with_small_residuals(const OpB& B, Deflation found, double tolerance) {
  const double scale = found.pairs.values.cwiseAbs().maxCoeff();
  Index kept = 0;
  for (Index j = 0; j < found.count(); ++j) {
    const double value = found.pairs.values[j];
    const Eigen::VectorXd v = found.pairs.vectors.col(j), Av = found.A_vectors.col(j);
    const Eigen::VectorXd residual = Eigen::VectorXd(B(v)) - value * Av;
    if (!(residual.norm() <= tolerance * scale * Av.norm())) continue;
    found.pairs.values[kept] = value;
    found.pairs.vectors.col(kept) = v;
    found.A_vectors.col(kept++) = Av;
  }
  found.pairs.values.conservativeResize(kept);
  found.pairs.vectors.conservativeResize(Eigen::NoChange, kept);
  found.A_vectors.conservativeResize(Eigen::NoChange, kept);
  return found;
}

template <class = void>
Eigen::MatrixXd side_by_side(const Eigen::MatrixXd& left, const Eigen::MatrixXd& right) {
  Eigen::MatrixXd both(right.rows(), left.cols() + right.cols());
  if (left.cols() > 0) both.leftCols(left.cols()) = left;
  both.rightCols(right.cols()) = right;
  return both;
}

template <LinearOperator OpB, LinearOperator OpA>
Eigenpairs krylov_eigenpairs(const OpB& B, const OpA& A, Index n, const EigenpairOptions& options) {
  constexpr Index more = 4;  // pairs beyond those asked for
  const Index k = options.count;
  Deflation found;
  for (Index round = 0; round < options.rounds; ++round) {
    const bool complete = found.count() >= k;
    const auto deflated = [&](const Eigen::VectorXd& x) { return found.subtracted_from(B(x), x); };
    const Index wanted = complete ? 2 : k - found.count() + more;
    const Eigen::MatrixXd X = krylov_candidates(deflated, A, n, wanted, round, options);
    if (X.cols() == 0) continue;
    const Deflation fresh =
        with_small_residuals(deflated, ritz_pairs(deflated, A, X), options.tolerance);
    if (fresh.count() == 0) continue;
    if (complete) {
      const double slack = options.tolerance * std::abs(found.pairs.values[0]);
      const bool nothing_above = fresh.pairs.values[0] <= found.pairs.values[k - 1] + slack;
      if (nothing_above && fresh.count() == X.cols())
        return {found.pairs.values.head(k), found.pairs.vectors.leftCols(k)};
    }
    const Eigen::MatrixXd all = side_by_side(found.pairs.vectors, fresh.pairs.vectors);
    found = with_small_residuals(B, ritz_pairs(B, A, all), options.tolerance);
  }
  throw Error(ErrorKind::numeric,
              "the " + std::to_string(k) + " largest eigenpairs did not settle in " +
                  std::to_string(options.rounds) +
                  " rounds; ask for a few more or fewer (a cluster of near-equal values may sit at "
                  "the last one), another seed, or a looser tolerance");
}

}  // namespace detail

/// The k largest μ, with vectors, of Bv = μAv. A and B are symmetric [n, n], known by their
/// products (each a function of an Eigen::VectorXd); A is positive definite and well conditioned,
/// because every step solves with it by conjugate gradients.
///
/// One run of a Krylov method may miss copies of a repeated value, miss a value altogether, or
/// report success with wrong ones (Spectra 1.0.1 does all three), and small residuals show only
/// that pairs are eigenpairs. So the found ones are deflated, the rest is searched again from
/// another random vector, and so on until a search whose own residuals are small meets nothing
/// above the smallest kept value. A start vector orthogonal to what is missing has probability 0;
/// still this is strong evidence, not a proof. Small problems are solved densely, exactly.
///
/// Throws Error{value} unless 1 <= count <= n, Error{numeric} where no certain answer is reached,
/// and whatever A and B throw. Cost: for SPONGE_sym at n = 2000 about 330 products with B for k =
/// 5, 800 for k = 50 and 1,240 for k = 100, each with 15 to 20 products with A; memory n (5k + 40).
/// Its own loops run on the calling thread.
///
/// Source: Sorensen 1992, Implicit application of polynomial filters in
/// a k-step Arnoldi method; Saad 2011, Numerical methods for large eigenvalue problems, section 4.2
/// (deflation).
template <LinearOperator OpB, LinearOperator OpA>
Eigenpairs largest_eigenpairs(const OpB& B, const OpA& A, Index n,
                              const EigenpairOptions& options = {}) {
  const Index k = options.count;
  if (k < 1 || k > n)
    throw Error(ErrorKind::value,
                std::to_string(k) + " eigenpairs of a problem of dimension " + std::to_string(n));
  // A Krylov space of about the whole dimension has no advantage over the dense solver.
  const bool dense = n <= options.dense_up_to || 2 * k + 20 >= n;
  Eigenpairs pairs =
      dense ? detail::dense_eigenpairs(B, A, n, k) : detail::krylov_eigenpairs(B, A, n, options);
  detail::fix_signs(pairs.vectors);
  return pairs;
}

}  // namespace yoneda
