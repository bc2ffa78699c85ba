// The largest eigenpairs of a sparse symmetric pencil, as closely as they are wanted.
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "yoneda/core/buffer.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/linear/block_vectors.hpp"
#include "yoneda/linear/sparse_product.hpp"
#include "yoneda/linear/spectrum.hpp"

namespace yoneda {

/// Bv = μAv, both symmetric [n, n]. A is positive definite; empty: the identity.
struct SparsePencil {
  SparseRows B, A;
  double lowest = 1, highest = 1;  ///< bounds of A's eigenvalues, 0 < lowest <= highest
};

struct DavidsonOptions {
  Index count = 1;          ///< k, how many of the largest
  std::uint64_t seed = 1;   ///< of the start vectors
  Index iterations = 5000;  ///< at most
};

/// Whether pair j is close enough: of the values so far (descending, k of them) and of residuals
/// ‖Bv − μAv‖/‖Av‖, infinite where none was seen yet.
template <class Settled>
concept SettledPair = requires(const Settled& settled, const Eigen::VectorXd& values, Index j,
                               double residual) {
  { settled(values, residual, j) } -> std::convertible_to<bool>;
};

namespace detail {

/// Y = A⁻¹R but for about a hundredth, and AY: Chebyshev's iteration, whose residuals tell AY
/// without a product. (Golub, Varga 1961, Chebyshev semi-iterative methods.)
struct Solved {
  VectorBlock Y, AY;
};

template <class = void>
Solved roughly_solved(const SparsePencil& pencil, const VectorBlock& R) {
  if (pencil.A.size() == 0) return {R, R};
  constexpr Index steps = 3;
  const double middle = (pencil.highest + pencil.lowest) / 2,
               half = std::max((pencil.highest - pencil.lowest) / 2, 1e-12 * middle);
  double ratio = half / middle;
  VectorBlock residual = R, step = R / middle;
  Solved solved{step, {}};
  for (Index s = 1;; ++s) {
    residual -= block_product(pencil.A, step);
    if (s == steps) break;
    const double next = 1 / (2 * middle / half - ratio);
    step = (next * ratio) * step + (2 * next / half) * residual;
    ratio = next;
    solved.Y += step;
  }
  solved.AY = R - residual;
  return solved;
}

template <SettledPair Settled>
class Davidson {
 public:
  Davidson(const SparsePencil& pencil, const DavidsonOptions& options, const Settled& settled)
      : pencil_(pencil),
        options_(options),
        settled_(settled),
        n_(pencil.B.rows()),
        kept_(options.count + block_width),
        room_(2 * kept_ + 2 * block_width),
        memory_(3 * n_ * room_),
        Q_(memory_.data(), n_, room_),
        AQ_(Q_.data() + Q_.size(), n_, room_),
        BQ_(AQ_.data() + AQ_.size(), n_, room_),
        inside_(Eigen::MatrixXd::Zero(room_, room_)),
        residuals_(Eigen::VectorXd::Constant(options.count, infinity)),
        random_(options.seed, 0) {}

  /// Whether the basis has room in a problem of this size.
  static bool fits(Index n, Index count) { return 2 * (count + 2 * block_width) <= n; }

  std::optional<Eigenpairs> run(const Progress& progress) {
    while (size_ < kept_)
      if (!append(random_block())) return std::nullopt;
    Index first = 0;
    for (Index i = 0; i < options_.iterations; ++i) {
      progress.check("spectrum", 0);
      solve_inside();
      VectorBlock R = residual_block(first);
      for (Index next; (next = first_unsettled(first)) > first;) {
        first = next < options_.count ? next : first_unsettled_anew();
        if (first == options_.count) return pairs();
        R = residual_block(first);
      }
      if (size_ + block_width > Q_.cols()) restart();
      if (!append(roughly_solved(pencil_, R))) return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  Solved random_block() {
    VectorBlock X(n_, block_width);
    for (Index i = 0; i < X.size(); ++i) X.data()[i] = random_.normal();
    return {X, times_A(X)};
  }

  VectorBlock times_A(const VectorBlock& X) const {
    return pencil_.A.size() == 0 ? X : block_product(pencil_.A, X);
  }

  /// Other columns, at random, for those that are marked.
  void replace(Solved& block, const std::array<bool, block_width>& marked) {
    const Solved random = random_block();
    for (Index j = 0; j < block_width; ++j) {
      if (!marked[j]) continue;
      block.Y.col(j) = random.Y.col(j);
      block.AY.col(j) = random.AY.col(j);
    }
  }

  /// Makes the block's columns A-orthonormal, to the basis and to each other; random ones take the
  /// place of those that the basis or the others hold already. False where that does not succeed.
  bool orthonormalise(Solved& block) {
    // Below `little` of its square, rounding is too much of what is left of a column; below `most`
    // the pass is not the last, for it leaves rounding of all that it takes away.
    constexpr double little = 1e-8, most = 1e-2;
    auto& [X, AX] = block;
    for (Index pass = 0; pass < 20; ++pass) {
      const Eigen::Array4d before = (X.array() * AX.array()).colwise().sum();
      if (size_ > 0) {
        const VectorBlock along = -inner_products(AQ_, size_, X);
        add_product(Q_, along, X);
        add_product(AQ_, along, AX);
      }
      const Eigen::Matrix4d gram = X.transpose() * AX;
      const Eigen::Array4d after = gram.diagonal();
      if (const auto lost = not_above(after, little * before); std::ranges::count(lost, true)) {
        replace(block, lost);
        continue;
      }
      const Eigen::Vector4d scale = after.sqrt().inverse();
      const Eigen::SelfAdjointEigenSolver<Eigen::Matrix4d> solver(scale.asDiagonal() * gram *
                                                                  scale.asDiagonal());
      const Eigen::Array4d shares = solver.eigenvalues();
      const Eigen::Matrix4d whitened = scale.asDiagonal() * solver.eigenvectors() *
                                       shares.max(little).sqrt().inverse().matrix().asDiagonal();
      X = X * whitened;
      AX = AX * whitened;
      if (const auto lost = not_above(shares, Eigen::Array4d::Constant(little));
          std::ranges::count(lost, true))
        replace(block, lost);
      else if ((shares > most).all() && (after > most * before).all())
        return true;
    }
    return false;
  }

  static std::array<bool, block_width> not_above(const Eigen::Array4d& sizes,
                                                 const Eigen::Array4d& least) {
    std::array<bool, block_width> marked;
    for (Index j = 0; j < block_width; ++j) marked[j] = !(sizes[j] > least[j]);
    return marked;
  }

  bool append(Solved block) {
    if (!orthonormalise(block)) return false;
    const VectorBlock BX = block_product(pencil_.B, block.Y);
    Q_.middleCols(size_, block_width) = block.Y;
    AQ_.middleCols(size_, block_width) = block.AY;
    BQ_.middleCols(size_, block_width) = BX;
    size_ += block_width;
    const VectorBlock column = inner_products(Q_, size_, BX);
    inside_.block(0, size_ - block_width, size_, block_width) = column;
    inside_.block(size_ - block_width, 0, block_width, size_) = column.transpose();
    return true;
  }

  /// The eigenpairs of B within the basis.
  void solve_inside() {
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(
        inside_.topLeftCorner(size_, size_));
    values_ = solver.eigenvalues().reverse();
    rotation_ = solver.eigenvectors().rowwise().reverse();
  }

  /// BX − AXμ of the four pairs from `first`; notes their sizes.
  VectorBlock residual_block(Index first) {
    const VectorBlock inside = rotation_.middleCols(first, block_width);
    const auto values = values_.segment(first, block_width);
    VectorBlock R = VectorBlock::Zero(n_, block_width), AX = R;
    add_product(BQ_, inside, R);
    add_product(AQ_, inside, AX);
    R -= AX * values.asDiagonal();
    for (Index j = 0; j < block_width && first + j < options_.count; ++j)
      residuals_[first + j] = R.col(j).norm() / AX.col(j).norm();
    return R;
  }

  Index first_unsettled(Index from) const {
    const Eigen::VectorXd top = values_.head(options_.count);
    while (from < options_.count && settled_(top, residuals_[from], from)) ++from;
    return from;
  }

  /// The same from the start: pairs may have changed places since they were looked at.
  Index first_unsettled_anew() {
    for (Index j = 0; j < options_.count; j += block_width) residual_block(j);
    return first_unsettled(0);
  }

  /// Keeps the best pairs of the basis alone.
  void restart() {
    const Basis best = rotation_.leftCols(kept_);
    for (Eigen::Map<Basis>* basis : {&Q_, &AQ_, &BQ_}) combine(*basis, best);
    inside_.setZero();
    inside_.diagonal().head(kept_) = values_.head(kept_);
    size_ = kept_;
  }

  Eigenpairs pairs() const {
    const Index k = options_.count;
    Eigenpairs found{values_.head(k), Eigen::MatrixXd(n_, k)};
    found.vectors.noalias() = Q_.leftCols(size_) * rotation_.leftCols(k);
    return found;
  }

  const SparsePencil& pencil_;
  const DavidsonOptions& options_;
  const Settled& settled_;
  Index n_, kept_, room_, size_ = 0;
  Buffer<double> memory_;
  Eigen::Map<Basis> Q_, AQ_, BQ_;  // A-orthonormal columns, and their products
  Eigen::MatrixXd inside_;         // QᵀBQ
  Eigen::VectorXd values_, residuals_;
  Eigen::MatrixXd rotation_;
  Random random_;
};

}  // namespace detail

/// The k largest μ, with vectors, of Bv = μAv, until settled(values, residual, j) holds for each of
/// them; nothing where that takes more iterations than allowed, or where n < 2k + 16. Vectors are
/// scaled to vᵀAv = 1, their signs fixed as in Eigenpairs.
///
/// Davidson's method, four vectors at a time: residuals, divided by A roughly, extend a basis, on
/// which the problem is solved; a full basis is cut down to its best pairs. Unlike
/// largest_eigenpairs, no system is solved closely, residuals need only be as small as the caller
/// wants, and there is no second search for what the first has missed: the first starts from k + 4
/// random vectors, so that values repeated so often have all their copies in it.
///
/// Throws Error{cancelled}. Cost: an iteration takes three products with A and one with B, of four
/// vectors each, and about 100 n k; memory 6 n (k + 8). For SPONGE_sym at n = 2000, k = 8 some 30
/// iterations. The same bits for any number of threads.
///
/// Source: Davidson 1975, The iterative calculation of a few of the lowest eigenvalues and
/// corresponding eigenvectors of large real-symmetric matrices; Crouzeix, Philippe, Sadkane 1994,
/// The Davidson method (blocks, restarts).
template <SettledPair Settled>
std::optional<Eigenpairs> davidson_eigenpairs(const SparsePencil& pencil,
                                              const DavidsonOptions& options,
                                              const Settled& settled,
                                              const Progress& progress = {}) {
  using Solver = detail::Davidson<Settled>;
  if (!Solver::fits(pencil.B.rows(), options.count)) return std::nullopt;
  std::optional<Eigenpairs> found = Solver(pencil, options, settled).run(progress);
  if (found) detail::fix_signs(found->vectors);
  return found;
}

}  // namespace yoneda
