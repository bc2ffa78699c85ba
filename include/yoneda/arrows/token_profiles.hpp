// What a feature does to tokens, in units that compare across features.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "yoneda/arrows/logit_arrows.hpp"

namespace yoneda {

/// Sparse rows over tokens, CSR, columns ascending.
struct TokenProfiles {
  Index n = 0, V = 0;
  std::vector<std::int64_t> offsets;  ///< [n+1]
  std::vector<Id> tokens;
  std::vector<float> values;

  std::span<const Id> tokens_of(Id f) const { return row(tokens, f); }
  std::span<const float> values_of(Id f) const { return row(values, f); }

 private:
  template <class T>
  std::span<const T> row(const std::vector<T>& all, Id f) const {
    return std::span(all).subspan(offsets[f], offsets[f + 1] - offsets[f]);
  }
};

/// The standardised arrows: a_ft = (z_ft − mean_f) / std_f on the 2k tokens kept for f, 0
/// elsewhere. The sign of an arrow is that of z − mean because softmax does not see a shift. A
/// feature whose logits do not vary has an empty row. Cost: n k log k.
inline TokenProfiles token_profiles(const LogitArrows& arrows) {
  TokenProfiles profiles{arrows.n, arrows.V, {0}, {}, {}};
  profiles.tokens.reserve(2 * arrows.n * arrows.k);
  profiles.values.reserve(2 * arrows.n * arrows.k);
  std::vector<std::pair<Id, float>> row;
  for (Id f = 0; f < arrows.n; ++f) {
    row.clear();
    const double mean = static_cast<double>(arrows.mean[f]),
                 std = static_cast<double>(arrows.std[f]);
    const auto add = [&](std::span<const Id> tokens, std::span<const float> logits) {
      for (std::size_t i = 0; i < tokens.size(); ++i)
        row.emplace_back(tokens[i],
                         static_cast<float>((static_cast<double>(logits[i]) - mean) / std));
    };
    if (std > 0) {
      add(arrows.positive(f), arrows.positive_values(f));
      add(arrows.negative(f), arrows.negative_values(f));
    }
    std::ranges::sort(row, {}, [](const auto& entry) { return entry.first; });
    for (const auto& [token, value] : row) {
      profiles.tokens.push_back(token);
      profiles.values.push_back(value);
    }
    profiles.offsets.push_back(static_cast<std::int64_t>(profiles.tokens.size()));
  }
  return profiles;
}

/// Every row divided by its Euclidean norm; empty and zero rows stay as they are.
inline TokenProfiles normalized(TokenProfiles profiles) {
  for (Id f = 0; f < profiles.n; ++f) {
    const auto row =
        std::span(profiles.values)
            .subspan(profiles.offsets[f], profiles.offsets[f + 1] - profiles.offsets[f]);
    const double norm = canonical_norm(row);
    if (norm == 0) continue;
    for (float& value : row) value = static_cast<float>(static_cast<double>(value) / norm);
  }
  return profiles;
}

}  // namespace yoneda
