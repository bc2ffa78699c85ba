// Words for a category: what its features do to tokens that other features do not.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "yoneda/arrows/token_profiles.hpp"
#include "yoneda/graph/partition.hpp"

namespace yoneda {

struct LabelToken {
  Id token;
  double contrast;  ///< in standard deviations of a feature's logits
};

/// What a category raises and lowers more than all other features do, strongest first.
struct CategoryLabel {
  std::vector<LabelToken> raised, lowered;
};

/// contrast_ct = mean_{f in c} a_ft − mean_{f not in c} a_ft of the standardised arrows a (0 where
/// a token is not kept), so that a token most features raise names no category. Up to `words`
/// tokens at either end, ties by smaller id; `raised` has positive contrast only, `lowered`
/// negative only. Tokens that are `excluded` name nothing. `profiles` are
/// token_profiles(), not normalised. Throws Error{shape} where the partition has another number of
/// features, Error{value} for an excluded token that is none. Cost: entries of the profiles, and a
/// sort per category.
inline std::vector<CategoryLabel> category_labels(const Partition& partition,
                                                  const TokenProfiles& profiles, Index words = 8,
                                                  std::span<const Id> excluded = {}) {
  if (static_cast<Index>(partition.label.size()) != profiles.n)
    throw Error(ErrorKind::shape, std::to_string(partition.label.size()) +
                                      " features are in categories, " + std::to_string(profiles.n) +
                                      " have arrows");
  std::vector<double> total(profiles.V, 0.0);
  for (std::size_t i = 0; i < profiles.tokens.size(); ++i)
    total[profiles.tokens[i]] += static_cast<double>(profiles.values[i]);

  std::vector<CategoryLabel> labels;
  std::vector<double> sum(profiles.V, 0.0);
  std::vector<char> met(profiles.V, 0);
  for (const Id token : excluded) {
    if (token < 0 || token >= profiles.V)
      throw Error(ErrorKind::value, "token " + std::to_string(token) + " of " +
                                        std::to_string(profiles.V) + " is to be left out");
    met[token] = 1;  // so that it is never listed
  }
  for (const auto& features : members(partition)) {
    std::vector<Id> tokens;
    for (const Id f : features)
      for (std::size_t i = 0; i < profiles.tokens_of(f).size(); ++i) {
        const Id token = profiles.tokens_of(f)[i];
        if (!met[token]) tokens.push_back(token);
        met[token] = 1;
        sum[token] += static_cast<double>(profiles.values_of(f)[i]);
      }
    const auto inside = static_cast<double>(features.size());
    const auto outside = static_cast<double>(profiles.n) - inside;
    std::vector<LabelToken> contrasts;
    for (const Id token : tokens) {
      const double others = outside > 0 ? (total[token] - sum[token]) / outside : 0.0;
      contrasts.push_back({token, sum[token] / inside - others});
      sum[token] = 0;
      met[token] = 0;
    }
    const auto strongest = [&](double sign) {
      std::ranges::sort(contrasts, [sign](const LabelToken& a, const LabelToken& b) {
        if (a.contrast != b.contrast) return sign * a.contrast > sign * b.contrast;
        return a.token < b.token;
      });
      std::vector<LabelToken> best;
      for (const LabelToken& entry : contrasts) {
        if (static_cast<Index>(best.size()) == words || sign * entry.contrast <= 0) break;
        best.push_back(entry);
      }
      return best;
    };
    labels.push_back({strongest(1), strongest(-1)});
  }
  return labels;
}

}  // namespace yoneda
