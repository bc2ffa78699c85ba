// Features in the order of a statistic, and the features that act on a token.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda {

/// What features can be ordered by. All but id and norm are of a feature's logits over the
/// vocabulary.
enum class FeatureStatistic {
  id,
  norm,  ///< ‖W_dec[f]‖
  mean,
  std,
  skewness,  ///< above 0: raises few tokens much; below 0: lowers few tokens much
  kurtosis,  ///< above 3: acts on few tokens
  min,
  max,
  range,   ///< max − min
  peak,    ///< (max − mean) / std: how far the strongest raised token stands out
  trough,  ///< (mean − min) / std: the same for the lowered end
};

inline constexpr std::array feature_statistics{
    FeatureStatistic::id,   FeatureStatistic::norm,     FeatureStatistic::mean,
    FeatureStatistic::std,  FeatureStatistic::skewness, FeatureStatistic::kurtosis,
    FeatureStatistic::min,  FeatureStatistic::max,      FeatureStatistic::range,
    FeatureStatistic::peak, FeatureStatistic::trough};

constexpr std::string_view name(FeatureStatistic statistic) {
  constexpr std::array<std::string_view, feature_statistics.size()> names{
      "id", "norm", "mean", "std", "skewness", "kurtosis", "min", "max", "range", "peak", "trough"};
  return names[static_cast<std::size_t>(statistic)];
}

constexpr std::optional<FeatureStatistic> feature_statistic_from(std::string_view text) {
  for (const FeatureStatistic statistic : feature_statistics)
    if (text == name(statistic)) return statistic;
  return std::nullopt;
}

/// (logit − mean) / std of a feature, 0 where its logits do not vary.
inline double standardised_logit(const LogitArrows& arrows, Id f, float logit) {
  const auto std = static_cast<double>(arrows.std[f]);
  if (!(std > 0)) return 0;
  return (static_cast<double>(logit) - static_cast<double>(arrows.mean[f])) / std;
}

/// The statistic of one feature.
inline double value_of(const LogitArrows& arrows, FeatureStatistic statistic, Id f) {
  const auto at = [f](const std::vector<float>& values) { return static_cast<double>(values[f]); };
  switch (statistic) {
    case FeatureStatistic::id:
      return f;
    case FeatureStatistic::norm:
      return at(arrows.decoder_norm);
    case FeatureStatistic::mean:
      return at(arrows.mean);
    case FeatureStatistic::std:
      return at(arrows.std);
    case FeatureStatistic::skewness:
      return at(arrows.skewness);
    case FeatureStatistic::kurtosis:
      return at(arrows.kurtosis);
    case FeatureStatistic::min:
      return at(arrows.min);
    case FeatureStatistic::max:
      return at(arrows.max);
    case FeatureStatistic::range:
      return at(arrows.max) - at(arrows.min);
    case FeatureStatistic::peak:
      return standardised_logit(arrows, f, arrows.max[f]);
    case FeatureStatistic::trough:
      return -standardised_logit(arrows, f, arrows.min[f]);
  }
  return 0;
}

/// All features, the largest value first, or the smallest; ties go to the smaller id. Cost: n log
/// n.
inline std::vector<Id> features_by(const LogitArrows& arrows, FeatureStatistic statistic,
                                   bool ascending = false) {
  std::vector<std::pair<double, Id>> order;
  for (Id f = 0; f < arrows.n; ++f) {
    const double value = value_of(arrows, statistic, f);
    order.emplace_back(ascending ? value : -value, f);
  }
  std::ranges::sort(order);
  std::vector<Id> features;
  for (const auto& [value, f] : order) features.push_back(f);
  return features;
}

/// What one feature does to one token.
struct TokenArrow {
  Id feature;
  Index rank;    ///< of the token among those the feature raises, or lowers: 1 is the strongest
  double logit;  ///< as the arrows have it
  double z;      ///< standardised by the feature's mean and std
};

struct TokenArrows {
  std::vector<TokenArrow> raised;   ///< by these features, the largest z first
  std::vector<TokenArrow> lowered;  ///< by these features, the most negative z first
};

/// The features among whose k raised or k lowered tokens a token is. Compared in standard
/// deviations, because logits grow with the norm of a decoder row; ties go to the smaller id.
/// Throws Error{value} for a token that is not in [0, V). Cost: n k.
inline TokenArrows arrows_of_token(const LogitArrows& arrows, Id token) {
  if (token < 0 || token >= arrows.V)
    throw Error(ErrorKind::value, "token " + std::to_string(token) +
                                      " is not in the vocabulary of " + std::to_string(arrows.V));
  TokenArrows found;
  const auto look = [&](Id f, std::span<const Id> tokens, std::span<const float> logits,
                        std::vector<TokenArrow>& list) {
    const auto at = std::ranges::find(tokens, token) - tokens.begin();
    if (at < arrows.k)
      list.push_back(
          {f, at + 1, static_cast<double>(logits[at]), standardised_logit(arrows, f, logits[at])});
  };
  for (Id f = 0; f < arrows.n; ++f) {
    look(f, arrows.positive(f), arrows.positive_values(f), found.raised);
    look(f, arrows.negative(f), arrows.negative_values(f), found.lowered);
  }
  std::ranges::stable_sort(found.raised, std::ranges::greater{}, &TokenArrow::z);
  std::ranges::stable_sort(found.lowered, std::ranges::less{}, &TokenArrow::z);
  return found;
}

}  // namespace yoneda
