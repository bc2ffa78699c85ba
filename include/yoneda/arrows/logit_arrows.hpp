// The tokens each feature raises and lowers most: exact, both ends in one pass.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "yoneda/arrows/extremes.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/model/unembedding.hpp"

namespace yoneda {

/// For n features, the k largest and k smallest logits over the vocabulary, and the moments of all.
struct LogitArrows {
  Index n = 0, k = 0;
  Index V = 0;                              ///< size of the vocabulary
  Convention convention = Convention::raw;  ///< never `automatic`
  std::vector<Id> positive_tokens;          ///< [n, k], largest logit first
  std::vector<float> positive_logits;       ///< [n, k], descending
  std::vector<Id> negative_tokens;          ///< [n, k], most negative logit first
  std::vector<float> negative_logits;       ///< [n, k], ascending
  std::vector<float> mean, std;             ///< [n], over the vocabulary (population)
  std::vector<float> skewness, kurtosis;    ///< [n], E[z³], E[z⁴] of standardised logits
  std::vector<float> min, max;              ///< [n]
  std::vector<Id> histogram;                ///< [n, 52]: below, 50 bins, above; or empty
  std::vector<float> histogram_low, histogram_high;  ///< [n], the range of the 50 bins
  std::vector<float> decoder_norm;                   ///< [n], ‖W_dec[f]‖ as read

  std::span<const Id> positive(Id f) const { return row(positive_tokens, f); }
  std::span<const Id> negative(Id f) const { return row(negative_tokens, f); }
  std::span<const float> positive_values(Id f) const { return row(positive_logits, f); }
  std::span<const float> negative_values(Id f) const { return row(negative_logits, f); }

 private:
  template <class T>
  std::span<const T> row(const std::vector<T>& values, Id f) const {
    return std::span(values).subspan(f * k, k);
  }
};

/// Adds the features of `more` behind those of `arrows`, which may be empty. Throws Error{value}
/// where the two were not made alike.
inline void append(LogitArrows& arrows, LogitArrows more) {
  if (arrows.n == 0) {
    arrows = std::move(more);
    return;
  }
  if (arrows.k != more.k || arrows.V != more.V || arrows.convention != more.convention ||
      arrows.histogram.empty() != more.histogram.empty())
    throw Error(ErrorKind::value, "arrows of different k, vocabulary, convention or histograms");
  const auto add = [&](auto LogitArrows::*column) {
    auto& values = arrows.*column;
    values.insert(values.end(), (more.*column).begin(), (more.*column).end());
  };
  add(&LogitArrows::positive_tokens);
  add(&LogitArrows::positive_logits);
  add(&LogitArrows::negative_tokens);
  add(&LogitArrows::negative_logits);
  for (auto column :
       {&LogitArrows::mean, &LogitArrows::std, &LogitArrows::skewness, &LogitArrows::kurtosis,
        &LogitArrows::min, &LogitArrows::max, &LogitArrows::histogram_low,
        &LogitArrows::histogram_high, &LogitArrows::decoder_norm})
    add(column);
  add(&LogitArrows::histogram);
  arrows.n += more.n;
}

struct ArrowOptions {
  Index k = 50;
  Convention convention = Convention::automatic;
  std::span<const Id> excluded;  ///< tokens treated as though the vocabulary lacked them
  bool histogram = true;         ///< without: no histogram arrays
  Index feature_tile = 0, token_tile = 0;
  Index memory = ExtremesOptions{}.memory;  ///< for features that meet all tokens together
};

/// The canonical direction w' whose product with W_U[t] is the logit, d floats into `out`:
/// raw w_j; folded float(w_j · γ_j); centred float((w_j − mean w) · γ_j), computed in double.
inline void logit_direction(std::span<const float> w, const Unembedding& model,
                            Convention convention, std::span<float> out) {
  const bool centre = convention == Convention::centered ||
                      (convention == Convention::transformer_lens && model.norm == Norm::layer);
  double mean = 0;
  if (centre) {
    for (const float value : w) mean += static_cast<double>(value);
    mean /= static_cast<double>(w.size());
  }
  for (std::size_t j = 0; j < w.size(); ++j) {
    const double gain = convention == Convention::raw ? 1.0 : static_cast<double>(model.gain[j]);
    out[j] = static_cast<float>((static_cast<double>(w[j]) - mean) * gain);
  }
}

/// logit_direction() of all rows of W_dec [n, d]. Cost: n d, and 4 n d bytes.
inline Matrix logit_directions(const Matrix& W_dec, const Unembedding& model,
                               Convention convention) {
  const Index n = W_dec.rows(), d = W_dec.cols();
  std::vector<float> directions(n * d);
  parallel_for(n, [&](Index f) {
    std::vector<float> scratch(d);
    logit_direction(W_dec.row(f, scratch), model, convention,
                    std::span(directions).subspan(f * d, d));
  });
  return Matrix::from(std::move(directions), n, d);
}

/// Throws Error{shape} where decoder and unembedding do not belong to one residual stream.
inline void require_same_stream(const Matrix& W_dec, const Unembedding& model) {
  if (W_dec.cols() != model.d())
    throw Error(ErrorKind::shape, "the SAE writes to a space of dimension " +
                                      std::to_string(W_dec.cols()) +
                                      ", the unembedding reads one of dimension " +
                                      std::to_string(model.d()) + ": they are not of one model");
  if (!model.gain.empty() && static_cast<Index>(model.gain.size()) != model.d())
    throw Error(ErrorKind::shape, "the norm's gain has " + std::to_string(model.gain.size()) +
                                      " values, d_model is " + std::to_string(model.d()));
}

/// Exact arrows of every feature. W_dec [n, d], W_U [V, d], both finite.
/// `transformer-lens` subtracts the mean over tokens from every value unless the model soft-caps
/// its logits. Ids, kept values, min, max and mean are canonical: the same for every Gemm, tile and
/// number of threads. Std (within 1e-3), skewness and kurtosis (within 1e-2) and the histogram come
/// from the products of the pass. Throws
/// Error{shape} where d differs, Error{value} for a convention the model cannot have, for k < 1,
/// and where the two ends would overlap (2k > V). Cost: see for_each_extremes.
template <class = void>
LogitArrows logit_arrows(const Matrix& W_dec, const Unembedding& model,
                         const ArrowOptions& options = {}, const Gemm& gemm = eigen_gemm(),
                         const Progress& progress = {}) {
  require_same_stream(W_dec, model);
  const Index n = W_dec.rows(), k = options.k;
  const Index kept = model.V() - static_cast<Index>(options.excluded.size());
  if (2 * k > kept)
    throw Error(ErrorKind::value, "k = " + std::to_string(k) +
                                      " arrows at each end need at least " + std::to_string(2 * k) +
                                      " tokens; there are " + std::to_string(kept));
  LogitArrows arrows;
  arrows.n = n;
  arrows.k = k;
  arrows.V = model.V();
  arrows.convention = resolve(options.convention, model);
  arrows.positive_tokens.resize(n * k);
  arrows.negative_tokens.resize(n * k);
  arrows.positive_logits.resize(n * k);
  arrows.negative_logits.resize(n * k);
  for (auto* column : {&arrows.mean, &arrows.std, &arrows.skewness, &arrows.kurtosis, &arrows.min,
                       &arrows.max, &arrows.decoder_norm})
    column->resize(n);
  if (options.histogram) {
    arrows.histogram.resize(n * (histogram_bins + 2));
    arrows.histogram_low.resize(n);
    arrows.histogram_high.resize(n);
  }
  const bool remove_mean = arrows.convention == Convention::transformer_lens && !model.soft_cap;

  const auto fill = [&](Index f, std::span<float> out) {
    std::vector<float> scratch(W_dec.cols());
    const auto w = W_dec.row(f, scratch);
    arrows.decoder_norm[f] = static_cast<float>(canonical_norm(w));
    logit_direction(w, model, arrows.convention, out);
  };
  const auto sink = [&](Index f, const Extremes& found) {
    const double shift = remove_mean ? found.mean : 0.0;
    const auto store = [&](double value) { return static_cast<float>(value - shift); };
    for (Index i = 0; i < k; ++i) {
      arrows.positive_tokens[f * k + i] = found.largest[i].id;
      arrows.positive_logits[f * k + i] = store(found.largest[i].value);
      arrows.negative_tokens[f * k + i] = found.smallest[i].id;
      arrows.negative_logits[f * k + i] = store(found.smallest[i].value);
    }
    arrows.max[f] = store(found.largest.front().value);
    arrows.min[f] = store(found.smallest.front().value);
    arrows.mean[f] = store(found.mean);
    arrows.std[f] = static_cast<float>(found.std);
    arrows.skewness[f] = static_cast<float>(found.skewness);
    arrows.kurtosis[f] = static_cast<float>(found.kurtosis);
    if (!options.histogram) return;
    std::ranges::copy(found.histogram, arrows.histogram.begin() + f * (histogram_bins + 2));
    arrows.histogram_low[f] = store(found.histogram_low);
    arrows.histogram_high[f] = store(found.histogram_high);
  };
  const ExtremesOptions extremes{.k = k,
                                 .histogram = options.histogram,
                                 .query_tile = options.feature_tile,
                                 .key_tile = options.token_tile,
                                 .excluded = options.excluded,
                                 .memory = options.memory};
  for_each_extremes(n, fill, model.W_U, sink, extremes, gemm, progress, "logit arrows");
  return arrows;
}

}  // namespace yoneda
