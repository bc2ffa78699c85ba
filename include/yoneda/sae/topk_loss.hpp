// The loss of a TopK SAE with the auxiliary loss that revives dead features, and its gradient (Gao,
// Dupré la Tour, Tillman, Goh, Troll, Radford, Sutskever, Leike, Wu 2024, Scaling and evaluating
// sparse autoencoders).
#pragma once

#include <numeric>
#include <ranges>
#include <span>
#include <vector>

#include "yoneda/linear/dot.hpp"
#include "yoneda/sae/encode.hpp"

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

struct TopkLoss {
  double reconstruction = 0;  ///< mean ‖x − x̂‖²
  double auxiliary = 0;  ///< mean ‖e − ê‖² / mean ‖e − ē‖²; 0 without dead features
  std::vector<Id> fired;    ///< features that fired, each once, ascending
  TopkParameters gradient;  ///< of reconstruction + α auxiliary
};

namespace detail {

/// The forward pass over B rows. Row r of `codes` and `error`, r < B, is the reconstruction of
/// input r; row B + r, there only with dead features, is what they make of its residual.
struct TopkForward {
  Index inputs = 0;            ///< B
  std::vector<float> centred;  ///< [B, d], x − b_dec
  Codes codes;                 ///< B or 2B rows
  std::vector<float> error;    ///< [B or 2B, d]: x̂ − x, then ê − e with e = x − x̂

  std::span<const float> main_error() const { return std::span(error).first(centred.size()); }
  std::span<const float> aux_error() const { return std::span(error).subspan(centred.size()); }
};

/// Rows `first`, ..., `first + count - 1` of the forward pass, as codes of the inputs and of their
/// residuals.
inline void forward_block(const TopkParameters& now, std::span<const float> batch,
                          const TopkObjective& objective, const Gemm& gemm, Index first,
                          Index count, TopkForward& forward, Codes& main, Codes& aux) {
  const Index n = now.n, d = now.d;
  for (Index i = first * d; i < (first + count) * d; ++i)
    forward.centred[i] = batch[i] - now.b_dec[i % d];
  std::vector<float> pre(count * n);
  pre_activations(&forward.centred[first * d], count, now.W_enc, now.b_enc, n, d, gemm, pre);
  std::vector<ScoredFeature> firing;
  for (Index i = 0; i < count; ++i) {
    const auto row_pre = std::span<const float>(pre).subspan(i * n, n);
    const auto error = std::span(forward.error).subspan((first + i) * d, d);
    keep_largest(row_pre, std::views::iota(Id{0}, static_cast<Id>(n)), objective.k, firing);
    append_row(main, firing);
    for (Index j = 0; j < d; ++j) error[j] = -forward.centred[(first + i) * d + j];
    add_decoded(main.active(i), main.strengths(i), now.W_dec, error);
    if (objective.dead.empty()) continue;

    const auto aux_error = std::span(forward.error).subspan((forward.inputs + first + i) * d, d);
    keep_largest(row_pre, objective.dead, objective.k_aux, firing);
    append_row(aux, firing);
    std::ranges::copy(error, aux_error.begin());  // ê − e = ê + (x̂ − x)
    add_decoded(aux.active(i), aux.strengths(i), now.W_dec, aux_error);
  }
}

inline TopkForward forward_pass(const TopkParameters& now, std::span<const float> batch,
                                const TopkObjective& objective, const Gemm& gemm) {
  const Index rows = static_cast<Index>(batch.size()) / now.d;
  TopkForward forward;
  forward.inputs = rows;
  forward.centred.resize(batch.size());
  forward.error.resize(batch.size() * (objective.dead.empty() ? 1 : 2));
  const Index block_rows = rows_per_block(now.n), blocks = blocks_of(rows, block_rows);
  std::vector<Codes> codes(2 * blocks);  // of the inputs, then of the residuals
  parallel_for(blocks, [&](Index block) {
    const Index first = block * block_rows, count = std::min(block_rows, rows - first);
    forward_block(now, batch, objective, gemm, first, count, forward, codes[block],
                  codes[blocks + block]);
  });
  forward.codes = joined(now.n, codes);
  return forward;
}

inline double sum_of_squares(std::span<const float> values) {
  return canonical_dot(values, values);
}

/// Σ‖e − ē‖² over rows of length d.
inline double scatter(std::span<const float> rows, Index d) {
  const Index count = static_cast<Index>(rows.size()) / d;
  std::vector<double> total(d, 0.0);
  for (Index i = 0; i < count * d; ++i) total[i % d] += static_cast<double>(rows[i]);
  double square_of_mean = 0;
  for (const double t : total) square_of_mean += t * t / static_cast<double>(count);
  return sum_of_squares(rows) - square_of_mean;
}

/// Where each feature fires: for feature f the entries starts[f], ..., starts[f + 1] - 1 of `rows`
/// and `values`, in order of the rows. What Codes hold, turned over.
struct Firings {
  std::vector<std::int64_t> starts;
  std::vector<Id> rows;
  std::vector<float> values;
};

inline Firings turned_over(const Codes& codes) {
  Firings firings;
  firings.starts.assign(codes.n + 1, 0);
  for (const Id feature : codes.features) ++firings.starts[feature + 1];
  std::partial_sum(firings.starts.begin(), firings.starts.end(), firings.starts.begin());
  firings.rows.resize(codes.features.size());
  firings.values.resize(codes.features.size());
  std::vector<std::int64_t> next = firings.starts;
  for (Index row = 0; row < codes.rows(); ++row)
    for (Index at = codes.offsets[row]; at < codes.offsets[row + 1]; ++at) {
      const std::int64_t to = next[codes.features[at]]++;
      firings.rows[to] = static_cast<Id>(row);
      firings.values[to] = codes.values[at];
    }
  return firings;
}

/// out += weight · x.
inline void add_scaled(std::span<float> out, float weight, std::span<const float> x) {
  for (std::size_t j = 0; j < out.size(); ++j) out[j] += weight * x[j];
}

/// Rows of the gradient that belong to feature f. With g = ∂L/∂x̂ of a row in which it fires with
/// strength z: ∂W_dec += z g, and through z = W_enc(x − b_dec) + b_enc, with p = g·W_dec[f]:
/// ∂W_enc += p (x − b_dec), ∂b_enc += p. `main` and `aux` are ∂L/∂x̂ over the stored error.
inline void feature_gradient(const TopkParameters& now, const TopkForward& forward,
                             const Firings& firings, Index f, float main, float aux,
                             TopkParameters& gradient) {
  const Index d = now.d;
  const auto direction = std::span(now.W_dec).subspan(f * d, d);
  const auto to_dec = std::span(gradient.W_dec).subspan(f * d, d);
  const auto to_enc = std::span(gradient.W_enc).subspan(f * d, d);
  for (Index at = firings.starts[f]; at < firings.starts[f + 1]; ++at) {
    const Index row = firings.rows[at];
    const float slope = row < forward.inputs ? main : aux;
    const auto error = std::span(forward.error).subspan(row * d, d);
    const float through = slope * static_cast<float>(canonical_dot(error, direction));
    add_scaled(to_dec, slope * firings.values[at], error);
    add_scaled(to_enc, through, std::span(forward.centred).subspan(row % forward.inputs * d, d));
    gradient.b_enc[f] += through;
  }
}

inline constexpr Index feature_block = 64;  ///< features whose gradient one task computes

inline TopkParameters backward_pass(const TopkParameters& now, const TopkForward& forward,
                                    float main, float aux) {
  const Index n = now.n, d = now.d, blocks = blocks_of(n, feature_block);
  const Firings firings = turned_over(forward.codes);
  TopkParameters gradient = zero_parameters(n, d);
  std::vector<float> through_encoder(blocks * d, 0.0f);  // Σ_f ∂b_enc[f] W_enc[f] of each block
  parallel_for(blocks, [&](Index block) {
    const auto sum = std::span(through_encoder).subspan(block * d, d);
    for (Index f = block * feature_block; f < std::min((block + 1) * feature_block, n); ++f) {
      feature_gradient(now, forward, firings, f, main, aux, gradient);
      add_scaled(sum, gradient.b_enc[f], std::span(now.W_enc).subspan(f * d, d));
    }
  });
  // b_dec is added to x̂ and taken from x; the residual e counts as given.
  for (Index row = 0; row < forward.inputs; ++row)
    add_scaled(gradient.b_dec, main, forward.main_error().subspan(row * d, d));
  for (Index block = 0; block < blocks; ++block)
    add_scaled(gradient.b_dec, -1.0f, std::span(through_encoder).subspan(block * d, d));
  return gradient;
}

}  // namespace detail

/// Loss and gradient over a batch [B, d]. With z the k largest of W_enc(x − b_dec) + b_enc, as far
/// as positive, x̂ = W_decᵀ z + b_dec and e = x − x̂:
///     L = mean ‖x − x̂‖² + α mean ‖e − ê‖² / mean ‖e − ē‖²,
/// where ê = W_decᵀ z' from the k_aux largest among dead features; e and its spread are taken as
/// given, so that the auxiliary loss moves dead features (and b_dec through them) only. Inputs are
/// expected with Σ‖x − mean‖² / rows = 1, which makes the first term the normalised one.
/// The same bits for any number of threads. Cost: 2 · B · n · d, and 8 · B · (k + k_aux) · d.
inline TopkLoss topk_loss(const TopkParameters& now, std::span<const float> batch,
                          const TopkObjective& objective, const Gemm& gemm = eigen_gemm()) {
  const detail::TopkForward forward = detail::forward_pass(now, batch, objective, gemm);
  const auto rows = static_cast<double>(forward.inputs);
  const double spread = objective.dead.empty() ? 0 : detail::scatter(forward.main_error(), now.d);
  TopkLoss loss;
  loss.reconstruction = detail::sum_of_squares(forward.main_error()) / rows;
  if (spread > 0) loss.auxiliary = detail::sum_of_squares(forward.aux_error()) / spread;
  const double aux_slope = spread > 0 ? 2 * objective.aux_weight / spread : 0;
  loss.gradient = detail::backward_pass(now, forward, static_cast<float>(2 / rows),
                                        static_cast<float>(aux_slope));
  const std::span all_fired = forward.codes.features;
  loss.fired.assign(all_fired.begin(), all_fired.begin() + forward.codes.offsets[forward.inputs]);
  std::ranges::sort(loss.fired);
  const auto repeated = std::ranges::unique(loss.fired);
  loss.fired.erase(repeated.begin(), repeated.end());
  return loss;
}

}  // namespace yoneda
