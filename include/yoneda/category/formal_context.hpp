// A formal context: which features raise (or lower) which tokens, yes or no, and what a set of the
// ones has in common in the others.
//
// A' are the tokens that all features of A have, B' the features that have all tokens of B. The two
// maps are a Galois connection: A ⊆ B' exactly where B ⊆ A', so A'' is a closure (Ganter, Wille
// 1999, Formal Concept Analysis: Mathematical Foundations, with objects for features and attributes
// for tokens).
#pragma once

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// n features, V tokens and which feature has which token, from both sides.
class FormalContext {
 public:
  FormalContext() = default;

  /// `rows` holds the tokens of each feature, ascending, each once. Throws Error{value} otherwise,
  /// and for tokens outside [0, V). Cost: their number.
  static FormalContext from_rows(const std::vector<std::vector<Id>>& rows, Index V) {
    FormalContext context;
    context.by_feature_.offsets.assign(1, 0);
    for (std::size_t f = 0; f < rows.size(); ++f) {
      require_ascending(rows[f], V, f);
      context.by_feature_.add_row(rows[f]);
    }
    context.by_token_ = context.by_feature_.transposed(V);
    return context;
  }

  Index n() const { return by_feature_.rows(); }
  Index V() const { return by_token_.rows(); }
  Index pairs() const { return static_cast<Index>(by_feature_.ids.size()); }

  std::span<const Id> tokens_of(Id feature) const { return by_feature_.row(feature); }
  std::span<const Id> features_of(Id token) const { return by_token_.row(token); }

  std::vector<std::vector<Id>> rows() const {
    std::vector<std::vector<Id>> all;
    for (Id f = 0; f < n(); ++f) all.emplace_back(tokens_of(f).begin(), tokens_of(f).end());
    return all;
  }

  /// A': the tokens that all of these features have, ascending; of no features, all tokens.
  std::vector<Id> common_tokens(std::span<const Id> features) const {
    return common(by_feature_, features, V());
  }

  /// B': the features that have all of these tokens, ascending; of no tokens, all features.
  std::vector<Id> common_features(std::span<const Id> tokens) const {
    return common(by_token_, tokens, n());
  }

 private:
  struct Lists {
    std::vector<Index> offsets;
    std::vector<Id> ids;

    Index rows() const { return std::max<Index>(0, static_cast<Index>(offsets.size()) - 1); }
    std::span<const Id> row(Id i) const {
      return std::span(ids).subspan(offsets[i], offsets[i + 1] - offsets[i]);
    }
    void add_row(std::span<const Id> row) {
      ids.insert(ids.end(), row.begin(), row.end());
      offsets.push_back(static_cast<Index>(ids.size()));
    }
    Lists transposed(Index columns) const {
      Lists made{std::vector<Index>(columns + 1, 0), std::vector<Id>(ids.size())};
      for (const Id id : ids) ++made.offsets[id + 1];
      std::partial_sum(made.offsets.begin(), made.offsets.end(), made.offsets.begin());
      auto next = made.offsets;
      for (Id i = 0; i < rows(); ++i)
        for (const Id id : row(i)) made.ids[next[id]++] = i;
      return made;
    }
  };

  static void require_ascending(std::span<const Id> row, Index V, std::size_t f) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i] < 0 || row[i] >= V)
        throw Error(ErrorKind::value, "feature " + std::to_string(f) + " has token " +
                                          std::to_string(row[i]) + ", which is not one of " +
                                          std::to_string(V));
      if (i > 0 && row[i] <= row[i - 1])
        throw Error(ErrorKind::value, "the tokens of feature " + std::to_string(f) +
                                          " are not in ascending order, each once");
    }
  }

  static std::vector<Id> common(const Lists& lists, std::span<const Id> of, Index all) {
    std::vector<Id> kept(of.empty() ? all : 0), next;
    std::iota(kept.begin(), kept.end(), Id{0});
    for (std::size_t i = 0; i < of.size(); ++i) {
      const auto row = lists.row(of[i]);
      next.clear();
      if (i == 0) next.assign(row.begin(), row.end());
      if (i > 0) std::ranges::set_intersection(kept, row, std::back_inserter(next));
      kept.swap(next);
    }
    return kept;
  }

  Lists by_feature_, by_token_;
};

/// Which end of a feature's logits: the tokens it raises or those it lowers.
enum class ArrowEnd { positive, negative };

inline constexpr std::array<std::string_view, 2> arrow_end_names{"positive", "negative"};

constexpr std::string_view name(ArrowEnd end) {
  return arrow_end_names[static_cast<std::size_t>(end)];
}

/// The context of one end: feature f has token t where t is among the first k that the arrows keep
/// at that end, and z_ft lies on that side of the mean of f's logits, as the sign of an arrow is
/// that of z − mean. (Only where k is about half the vocabulary can a token fail that.) A feature
/// whose logits do not vary has no tokens. Raised and lowered tokens are never mixed: to share what
/// one raises and another lowers is no likeness. Throws Error{value} for k < 1 or more than the
/// arrows keep. Cost: n k log k.
inline FormalContext token_context(const LogitArrows& arrows, ArrowEnd end, Index k) {
  if (k < 1 || k > arrows.k)
    throw Error(ErrorKind::value, "the arrows keep " + std::to_string(arrows.k) +
                                      " tokens at each end of a feature; a context takes from 1 to "
                                      "so many of them, not " +
                                      std::to_string(k));
  const bool raised = end == ArrowEnd::positive;
  std::vector<std::vector<Id>> rows(arrows.n);
  for (Id f = 0; f < arrows.n; ++f) {
    if (!(arrows.std[f] > 0)) continue;
    const auto tokens = raised ? arrows.positive(f) : arrows.negative(f);
    const auto logits = raised ? arrows.positive_values(f) : arrows.negative_values(f);
    for (Index i = 0; i < k; ++i)
      if (raised ? logits[i] > arrows.mean[f] : logits[i] < arrows.mean[f])
        rows[f].push_back(tokens[i]);
    std::ranges::sort(rows[f]);
  }
  return FormalContext::from_rows(rows, arrows.V);
}

}  // namespace yoneda
