// One batch through a TopK SAE and back: what the loss and its gradient are made of.
//
// The gradient is never held as a whole. A feature's rows of it are summed from the inputs on which
// it fired, handed to whoever asked, and forgotten: training applies them while they are in the
// cache (train.hpp), topk_loss() stores them.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>
#include <span>
#include <vector>

#include "yoneda/core/parallel.hpp"
#include "yoneda/core/vector_unit.hpp"
#include "yoneda/linear/float_rows.hpp"
#include "yoneda/linear/gemm.hpp"
#include "yoneda/sae/pre_activations.hpp"

namespace yoneda {

/// What is trained; also the shape of its gradient and of the optimiser's moments.
struct TopkParameters {
  Index n = 0, d = 0;
  std::vector<float> W_dec, W_enc;  ///< [n, d], one row a feature
  std::vector<float> b_enc;         ///< [n]
  std::vector<float> b_dec;         ///< [d]
};

inline TopkParameters zero_parameters(Index n, Index d) {
  const auto zeros = [](Index count) { return std::vector<float>(count, 0.0f); };
  return {n, d, zeros(n * d), zeros(n * d), zeros(n), zeros(d)};
}

struct TopkObjective {
  Index k = 32;                   ///< features kept per row
  Index k_aux = 0;                ///< dead features that explain what is left
  double aux_weight = 1.0 / 32;   ///< α
  std::span<const Id> dead = {};  ///< ascending
};

namespace detail {

/// Input i of a batch is factor · values[order[i]], or values[i] where there is no order.
struct BatchRows {
  const float* values;  ///< [rows, d]
  Index count, d;
  const Id* order = nullptr;
  float factor = 1;

  const float* row(Index i) const { return values + (order ? order[i] : i) * d; }
};

/// Which features fire on which row and how strongly: at most k on row r < B, which is input r, and
/// at most k_aux on row B + r, its residual, there only with dead features.
class RowCodes {
 public:
  void start(Index inputs, Index k, Index k_aux) {
    inputs_ = inputs;
    k_ = k;
    k_aux_ = k_aux;
    const Index rows = k_aux > 0 ? 2 * inputs : inputs;
    counts_.assign(rows, 0);
    features_.resize(begin(rows));
    values_.resize(begin(rows));
  }

  void set(Index row, std::span<const ScoredFeature> firing) {
    Index at = begin(row);
    for (const auto& [value, feature] : firing) {
      features_[at] = feature;
      values_[at++] = value;
    }
    counts_[row] = static_cast<Id>(firing.size());
  }

  Index rows() const { return static_cast<Index>(counts_.size()); }
  std::span<const Id> features(Index row) const {
    return std::span(features_).subspan(begin(row), counts_[row]);
  }
  std::span<const float> values(Index row) const {
    return std::span(values_).subspan(begin(row), counts_[row]);
  }
  std::span<float> values(Index row) {
    return std::span(values_).subspan(begin(row), counts_[row]);
  }

 private:
  Index begin(Index row) const {
    return row < inputs_ ? row * k_ : inputs_ * k_ + (row - inputs_) * k_aux_;
  }

  Index inputs_ = 0, k_ = 0, k_aux_ = 0;
  std::vector<Id> counts_, features_;
  std::vector<float> values_;
};

/// Where each feature fires: for feature f the entries starts[f], ..., starts[f + 1] - 1 of `rows`
/// and `values`, in order of the rows. What RowCodes hold, turned over.
struct Firings {
  std::vector<Index> starts;
  std::vector<Id> rows;
  std::vector<float> values;

  void turn_over(const RowCodes& codes, Index n) {
    starts.assign(n + 1, 0);
    for (Index row = 0; row < codes.rows(); ++row)
      for (const Id feature : codes.features(row)) ++starts[feature + 1];
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    next_.assign(starts.begin(), starts.end());
    rows.resize(starts.back());
    values.resize(starts.back());
    for (Index row = 0; row < codes.rows(); ++row) {
      const auto features = codes.features(row);
      const auto strengths = codes.values(row);
      for (std::size_t i = 0; i < features.size(); ++i) {
        const Index to = next_[features[i]]++;
        rows[to] = static_cast<Id>(row);
        values[to] = strengths[i];
      }
    }
  }

 private:
  std::vector<Index> next_;
};

/// out = factor · x − b_dec.
[[gnu::always_inline]] inline void centre_row(float* __restrict out, const float* __restrict x,
                                              float factor, const float* __restrict b_dec,
                                              Index d) {
  for (Index j = 0; j < d; ++j) out[j] = factor * x[j] - b_dec[j];
}

/// error += Σ values · W_dec[features]; its entries are added to `sum`, and its square returned.
[[gnu::always_inline]] inline double finish_error(float* __restrict error, const Id* features,
                                                  const float* values, Index count,
                                                  const float* W_dec, double* __restrict sum,
                                                  Index d) {
  add_weighted_rows(error, features, values, count, W_dec, d);
  for (Index j = 0; j < d; ++j) sum[j] += static_cast<double>(error[j]);
  return static_cast<double>(float_dot(error, error, d));
}

/// ∂L/∂z of a term of the loss that reads codes and reconstructs nothing (relation_loss.hpp), of
/// the features that fire: for feature f the entries starts[f], ..., starts[f + 1] - 1.
struct CodeSlopes {
  const Index* starts = nullptr;  ///< [n + 1]; none: there is no such term
  const Id* rows = nullptr;
  const float* slopes = nullptr;
  const float* centred = nullptr;  ///< [rows, d], x − b_dec
};

/// All that the gradient of one feature depends on.
struct GradientInputs {
  const float *W_dec, *W_enc;
  const float *error, *centred;
  const Index* starts;
  const Id* rows;
  const float* values;
  Index inputs, d;
  float main_slope, aux_slope;  ///< ∂L/∂x̂ over the stored error, of inputs and of residuals
  CodeSlopes more;

  /// The input that a row of the error belongs to.
  Index input_of(Index row) const { return row < inputs ? row : row - inputs; }
};

/// What the gradient says of one feature.
struct FeatureGradient {
  const float *W_dec, *W_enc;  ///< ∂W_dec[f], ∂W_enc[f]
  float b_enc;                 ///< ∂b_enc[f]
  float along;                 ///< ∂W_dec[f] · W_dec[f]
};

/// With g = ∂L/∂x̂ of a row in which feature f fires with strength z: ∂W_dec += z g, and through
/// z = W_enc(x − b_dec) + b_enc, with p = g·W_dec[f]: ∂W_enc += p (x − b_dec), ∂b_enc += p. What
/// else the loss has to say of z comes as p directly. `scratch` [2 d] holds the rows.
[[gnu::always_inline]] inline FeatureGradient feature_gradient(const GradientInputs& in, Index f,
                                                               float* scratch) {
  const Index d = in.d;
  float *to_dec = scratch, *to_enc = scratch + d, to_bias = 0, along = 0;
  std::fill_n(scratch, 2 * d, 0.0f);
  for (Index at = in.starts[f]; at < in.starts[f + 1]; ++at) {
    const Index row = in.rows[at], input = in.input_of(row);
    const float slope = row == input ? in.main_slope : in.aux_slope;
    const float *error = in.error + row * d, strength = in.values[at];
    const float through = slope * float_dot(error, in.W_dec + f * d, d);
    add_scaled(to_dec, slope * strength, error, d);
    add_scaled(to_enc, through, in.centred + input * d, d);
    to_bias += through;
    along += strength * through;
  }
  if (in.more.starts)
    for (Index at = in.more.starts[f]; at < in.more.starts[f + 1]; ++at) {
      add_scaled(to_enc, in.more.slopes[at], in.more.centred + in.more.rows[at] * d, d);
      to_bias += in.more.slopes[at];
    }
  return {to_dec, to_enc, to_bias, along};
}

/// visit(f, its FeatureGradient) for features [first, last); `sum` += Σ ∂b_enc[f] W_enc[f] of the
/// encoder as it was before the visit. `scratch`: 2 d.
template <class Visit>
[[gnu::always_inline]] inline void visit_gradients(const GradientInputs& in, Index first,
                                                   Index last, float* scratch, float* sum,
                                                   const Visit& visit) {
  for (Index f = first; f < last; ++f) {
    const FeatureGradient gradient = feature_gradient(in, f, scratch);
    if (gradient.b_enc != 0) add_scaled(sum, gradient.b_enc, in.W_enc + f * in.d, in.d);
    visit(f, gradient);
  }
}

inline constexpr Index feature_block = 64;  ///< features whose gradient one task computes

struct TopkValue {
  double reconstruction = 0, auxiliary = 0;  ///< see TopkLoss
};

/// The two passes; keeps its memory from one batch to the next.
class TopkPass {
 public:
  TopkPass(Index n, Index d) : n_(n), d_(d), bound_(n, 0.0f) {}

  TopkValue forward(const TopkParameters& now, const BatchRows& batch,
                    const TopkObjective& objective, const Gemm& gemm) {
    inputs_ = batch.count;
    k_aux_ = std::min(objective.k_aux, static_cast<Index>(objective.dead.size()));
    revive_ = k_aux_ > 0;
    centred_.resize(inputs_ * d_);
    error_.resize(inputs_ * d_ * (revive_ ? 2 : 1));
    codes_.start(inputs_, objective.k, k_aux_);
    const Index block_rows = rows_per_block(inputs_), blocks = blocks_of(inputs_, block_rows);
    sums_.assign(blocks * sums_per_block(), 0.0);
    scratches_.resize(std::max<std::size_t>(scratches_.size(), thread_count()));
    parallel_for(blocks, [&](Index block) {
      const Index first = block * block_rows, count = std::min(block_rows, inputs_ - first);
      encode_block(now, batch, objective, gemm, first, count);
      reconstruct_block(now, first, count, &sums_[block * sums_per_block()]);
    });
    firings_.turn_over(codes_, n_);
    return value(objective, blocks);
  }

  /// Whether feature f fired on any input of the batch; firing on a residual does not count.
  bool fired(Index f) const {
    const Index first = firings_.starts[f];
    return first < firings_.starts[f + 1] && firings_.rows[first] < inputs_;
  }

  /// Visits every feature once with its rows of the gradient (see visit_gradients), from several
  /// threads; a visit may change what belongs to its feature. `more` is of the same parameters.
  /// Returns the gradient of b_dec.
  template <class Visit>
  std::vector<float> backward(const TopkParameters& now, const Visit& visit,
                              const CodeSlopes& more = {}) {
    const GradientInputs in{.W_dec = now.W_dec.data(),
                            .W_enc = now.W_enc.data(),
                            .error = error_.data(),
                            .centred = centred_.data(),
                            .starts = firings_.starts.data(),
                            .rows = firings_.rows.data(),
                            .values = firings_.values.data(),
                            .inputs = inputs_,
                            .d = d_,
                            .main_slope = main_slope_,
                            .aux_slope = aux_slope_,
                            .more = more};
    const Index blocks = blocks_of(n_, feature_block);
    through_encoder_.assign(blocks * d_, 0.0f);
    parallel_for(blocks, [&](Index block) {
      std::vector<float>& gradients = scratches_[thread_index()].gradients;
      gradients.resize(2 * d_);
      const Index first = block * feature_block, last = std::min(first + feature_block, n_);
      with_simd<visit_gradients<Visit>>(in, first, last, gradients.data(),
                                        &through_encoder_[block * d_], visit);
    });
    // b_dec is added to x̂ and taken from x; the residual e counts as given.
    std::vector<float> gradient(d_);
    for (Index j = 0; j < d_; ++j)
      gradient[j] = main_slope_ * static_cast<float>(sum_of_errors_[j]);
    for (Index block = 0; block < blocks; ++block)
      for (Index j = 0; j < d_; ++j) gradient[j] -= through_encoder_[block * d_ + j];
    return gradient;
  }

 private:
  /// What one thread needs, kept from block to block.
  struct Scratch {
    std::vector<float> products, dead_products, dead_bias, gradients;
    FiringRows main, aux;
  };

  /// Codes of consecutive inputs and of their residuals.
  void encode_block(const TopkParameters& now, const BatchRows& batch,
                    const TopkObjective& objective, const Gemm& gemm, Index first, Index count) {
    Scratch& scratch = scratches_[thread_index()];
    for (Index i = first; i < first + count; ++i)
      with_simd<centre_row>(&centred_[i * d_], batch.row(i), batch.factor, now.b_dec.data(), d_);
    scratch.main.start(count, objective.k);
    scratch.aux.start(count, k_aux_);
    for_each_tile({now.W_enc.data(), now.b_enc.data(), bound_.data(), n_, d_},
                  &centred_[first * d_], count, gemm, scratch.products, [&](const Tile& tile) {
                    scratch.main.meet(tile);
                    if (revive_) scratch.aux.meet(dead_part(tile, objective.dead, scratch));
                  });
    for (Index i = 0; i < count; ++i) {
      codes_.set(first + i, scratch.main.row(i));
      if (revive_) codes_.set(inputs_ + first + i, scratch.aux.row(i));
    }
  }

  /// The dead features of a tile as a tile of their own.
  static Tile dead_part(const Tile& tile, std::span<const Id> dead, Scratch& scratch) {
    const auto begin = std::ranges::lower_bound(dead, tile.first);
    const auto end = std::ranges::lower_bound(dead, tile.first + static_cast<Id>(tile.features));
    const Index count = end - begin;
    scratch.dead_products.resize(count * tile.stride);
    scratch.dead_bias.resize(count);
    for (Index i = 0; i < count; ++i) {
      const Index at = begin[i] - tile.first;
      std::copy_n(tile.values + at * tile.stride, tile.stride,
                  &scratch.dead_products[i * tile.stride]);
      scratch.dead_bias[i] = tile.bias[at];
    }
    return {scratch.dead_products.data(), count,      tile.stride,
            scratch.dead_bias.data(),     tile.bound, tile.first,
            std::to_address(begin)};
  }

  /// Sums over a block of rows: Σ e_j for each column, Σ‖e‖², and the same of ê − e.
  Index sums_per_block() const { return 2 * (d_ + 1); }

  /// x̂ − x, and ê − e = ê + (x̂ − x), of consecutive inputs.
  void reconstruct_block(const TopkParameters& now, Index first, Index count, double* sums) {
    const auto finish = [&](Index row, double* sum) {
      sum[d_] += with_simd<finish_error>(
          &error_[row * d_], codes_.features(row).data(), codes_.values(row).data(),
          static_cast<Index>(codes_.features(row).size()), now.W_dec.data(), sum, d_);
    };
    for (Index i = first; i < first + count; ++i) {
      const auto error = error_.begin() + i * d_;
      std::transform(centred_.begin() + i * d_, centred_.begin() + (i + 1) * d_, error,
                     std::negate<>());
      finish(i, sums);
      if (!revive_) continue;
      std::copy_n(error, d_, error_.begin() + (inputs_ + i) * d_);
      finish(inputs_ + i, sums + d_ + 1);
    }
  }

  TopkValue value(const TopkObjective& objective, Index blocks) {
    std::vector<double> total(sums_per_block(), 0.0);
    for (Index block = 0; block < blocks; ++block)
      for (Index j = 0; j < sums_per_block(); ++j) total[j] += sums_[block * sums_per_block() + j];
    sum_of_errors_.assign(total.begin(), total.begin() + d_);
    const auto rows = static_cast<double>(inputs_);
    const double squares = total[d_], aux_squares = total[2 * d_ + 1];
    double spread = 0;  // Σ‖e − ē‖²
    if (revive_)
      spread = squares - std::inner_product(sum_of_errors_.begin(), sum_of_errors_.end(),
                                            sum_of_errors_.begin(), 0.0) /
                             rows;
    if (spread <= 1e-6 * squares) spread = 0;  // nothing but rounding is left of it
    main_slope_ = static_cast<float>(2 / rows);
    aux_slope_ = spread > 0 ? static_cast<float>(2 * objective.aux_weight / spread) : 0;
    return {squares / rows, spread > 0 ? aux_squares / spread : 0};
  }

  Index n_, d_, inputs_ = 0, k_aux_ = 0;
  bool revive_ = false;         // dead features take part
  std::vector<float> bound_;    // zeros: whatever is positive may fire
  std::vector<float> centred_;  // [B, d], x − b_dec
  std::vector<float> error_;    // [B or 2B, d]: x̂ − x, then ê − e with e = x − x̂
  RowCodes codes_;
  Firings firings_;
  std::vector<double> sums_, sum_of_errors_;
  std::vector<float> through_encoder_;  // Σ_f ∂b_enc[f] W_enc[f] of each block of features
  float main_slope_ = 0, aux_slope_ = 0;
  std::vector<Scratch> scratches_;  // one a thread
};

}  // namespace detail
}  // namespace yoneda
