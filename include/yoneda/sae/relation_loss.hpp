// A term of the loss that asks relations to hold in the codes: of all pairs (a_i, b_i) of a
// relation the differences D_i = z(b_i) − z(a_i) should be one and the same.
//
// With D̄ their mean, S = Σ‖D_i − D̄‖² and T = Σ‖D_i‖², a relation costs
//     alignment:  S / T       0 where the squares commute, (m − 1) / m where they are orthogonal;
//     spread:     S / m       the same in units of the variance of the data.
// Either is a mean over pairs and free of the units of the activations, which training divides by
// their spread. The spread falls where codes shrink or where what tells the pairs apart stops
// firing, whether or not the relation holds any better; the alignment does not change with the
// length of the codes, and S = T − m‖D̄‖² shows that all it asks for is a longer mean at the same
// length of the differences.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "yoneda/core/parallel.hpp"
#include "yoneda/sae/relation.hpp"
#include "yoneda/sae/topk_pass.hpp"

namespace yoneda {

enum class RelationPenalty { alignment, spread };

namespace detail {

/// Codes of the rows that relations name, what the relations cost, and the slope of that cost at
/// every feature that fires. Which features fire counts as given, as in the loss itself. Keeps its
/// memory from one step to the next.
class RelationPass {
 public:
  RelationPass() = default;

  /// `rows` [R, d]: the activations of rows_of(relations), in that order. Both are copied.
  RelationPass(std::vector<float> rows, std::span<const Relation> relations,
               RelationPenalty penalty, double lambda)
      : rows_(std::move(rows)), penalty_(penalty), lambda_(lambda) {
    const std::vector<Id> names = rows_of(relations);
    const auto place = [&](Id row) {
      return static_cast<Id>(std::ranges::lower_bound(names, row) - names.begin());
    };
    count_ = static_cast<Index>(names.size());
    for (const Relation& relation : relations) {
      auto& pairs = relations_.emplace_back();
      for (const IdPair& pair : relation.pairs) pairs.push_back({place(pair.a), place(pair.b)});
    }
  }

  bool empty() const { return relations_.empty(); }

  /// λ Σ over relations. Inputs are factor · rows. Cost: 2 · R · n · d, and the relations times n.
  double forward(const TopkParameters& now, Index k, float factor, const Gemm& gemm) {
    const BatchRows batch{rows_.data(), count_, now.d, nullptr, factor};
    centred_.resize(count_ * now.d);
    codes_.start(count_, k, 0);
    scratches_.resize(std::max<std::size_t>(scratches_.size(), thread_count()));
    bound_.assign(now.n, 0.0f);
    const Index block_rows = rows_per_block(count_);
    parallel_for(blocks_of(count_, block_rows), [&](Index block) {
      const Index first = block * block_rows;
      encode_block(now, batch, k, gemm, first, std::min(block_rows, count_ - first));
    });
    slopes_ = codes_;
    for (Id row = 0; row < count_; ++row) std::ranges::fill(slopes_.values(row), 0.0f);
    difference_.assign(now.n, 0.0);
    double cost = 0;
    for (const auto& pairs : relations_) cost += lambda_ * add_relation(pairs, now.n);
    turned_.turn_over(slopes_, now.n);
    return cost;
  }

  /// Of the last forward pass.
  CodeSlopes slopes() const {
    if (empty()) return {};
    return {turned_.starts.data(), turned_.rows.data(), turned_.values.data(), centred_.data()};
  }

 private:
  struct Scratch {
    std::vector<float> products;
    FiringRows firing;
  };

  void encode_block(const TopkParameters& now, const BatchRows& batch, Index k, const Gemm& gemm,
                    Index first, Index count) {
    Scratch& scratch = scratches_[thread_index()];
    float* centred = &centred_[first * now.d];
    for (Index i = 0; i < count; ++i)
      with_simd<centre_row>(centred + i * now.d, batch.row(first + i), batch.factor,
                            now.b_dec.data(), now.d);
    scratch.firing.start(count, k);
    for_each_tile({now.W_enc.data(), now.b_enc.data(), bound_.data(), now.n, now.d}, centred, count,
                  gemm, scratch.products, [&](const Tile& tile) { scratch.firing.meet(tile); });
    for (Index i = 0; i < count; ++i) codes_.set(first + i, scratch.firing.row(i));
  }

  /// The cost of one relation; its slopes are added to those of the codes.
  double add_relation(const std::vector<IdPair>& pairs, Index n) {
    const auto m = static_cast<double>(pairs.size());
    mean_.assign(n, 0.0);
    double squares = 0;
    for (const IdPair& pair : pairs) {
      add_difference(pair, mean_);
      add_difference(pair, difference_);
      squares += cleared_square(pair);
    }
    double mean_square = 0;
    for (double& value : mean_) {
      value /= m;
      mean_square += value * value;
    }
    const double spread = std::max(0.0, squares - m * mean_square);
    // No code differs from its partner's: nothing holds, and no slope leads away from there.
    if (!(squares > 0)) return penalty_ == RelationPenalty::alignment ? 1.0 : 0.0;
    // ∂S/∂D_i = 2 (D_i − D̄), ∂(S/T)/∂D_i = 2 (D_i − D̄ − S/T · D_i) / T.
    if (penalty_ == RelationPenalty::spread) {
      add_slopes(pairs, 2 * lambda_ / m, 1);
      return spread / m;
    }
    add_slopes(pairs, 2 * lambda_ / squares, 1 - spread / squares);
    return spread / squares;
  }

  /// factor · (keep · D_i − D̄), at b_i with this sign and at a_i with the other.
  void add_slopes(const std::vector<IdPair>& pairs, double factor, double keep) {
    for (const IdPair& pair : pairs) {
      add_difference(pair, difference_);
      const auto add = [&](Id row, double sign) {
        const auto features = codes_.features(row);
        const auto slopes = slopes_.values(row);
        for (std::size_t i = 0; i < features.size(); ++i) {
          const Id f = features[i];
          slopes[i] += static_cast<float>(sign * factor * (keep * difference_[f] - mean_[f]));
        }
      };
      add(pair.b, 1);
      add(pair.a, -1);
      cleared_square(pair);
    }
  }

  /// sum += z(b) − z(a).
  void add_difference(const IdPair& pair, std::vector<double>& sum) const {
    const auto add = [&](Id row, double sign) {
      const auto features = codes_.features(row);
      const auto values = codes_.values(row);
      for (std::size_t i = 0; i < features.size(); ++i)
        sum[features[i]] += sign * static_cast<double>(values[i]);
    };
    add(pair.b, 1);
    add(pair.a, -1);
  }

  /// ‖difference_‖², which holds the difference of this pair and is zero again afterwards.
  double cleared_square(const IdPair& pair) {
    double square = 0;
    for (const Id row : {pair.b, pair.a})
      for (const Id f : codes_.features(row)) {
        square += difference_[f] * difference_[f];
        difference_[f] = 0;
      }
    return square;
  }

  std::vector<float> rows_;
  std::vector<std::vector<IdPair>> relations_;  // of places among the rows
  RelationPenalty penalty_ = RelationPenalty::alignment;
  double lambda_ = 0;
  Index count_ = 0;
  std::vector<float> bound_, centred_;  // [n] zeros; [R, d]
  RowCodes codes_, slopes_;
  Firings turned_;
  std::vector<double> mean_, difference_;  // [n]
  std::vector<Scratch> scratches_;         // one a thread
};

}  // namespace detail
}  // namespace yoneda
