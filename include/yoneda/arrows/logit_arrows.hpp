// The tokens each feature raises and lowers most: exact, both ends in one pass.
#pragma once

#include <span>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/model/convention.hpp"

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
  std::vector<float> skewness, kurtosis;    ///< [n], E[z³], E[z⁴] of the standardised logits
  std::vector<float> min, max;              ///< [n]
  std::vector<Id> histogram;                ///< [n, 52]: below, 50 bins, above
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

}  // namespace yoneda
