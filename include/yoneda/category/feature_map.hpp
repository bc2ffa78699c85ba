// Maps from the features of one SAE to the features of another, by what they write.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/arrows/extremes.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/graph/decoder.hpp"
#include "yoneda/linear/assignment.hpp"
#include "yoneda/linear/gemm.hpp"

namespace yoneda {

/// Where each of n features goes.
struct FeatureMap {
  Index targets = 0;          ///< features of the other SAE
  std::vector<Id> target;     ///< [n], -1: nowhere
  std::vector<float> cosine;  ///< [n], of the two decoder rows; 0 where there is no target

  Index size() const { return static_cast<Index>(target.size()); }
};

/// The share of the other SAE's features that something goes to. Cost: n.
inline double coverage(const FeatureMap& map) {
  std::vector<char> reached(map.targets, 0);
  for (const Id g : map.target)
    if (g >= 0) reached[g] = 1;
  const auto count = std::ranges::count(reached, char{1});
  return map.targets > 0 ? static_cast<double>(count) / static_cast<double>(map.targets) : 0;
}

namespace detail {

/// Throws Error{shape} where decoder rows cannot be compared.
inline void require_one_space(const Matrix& from, const Matrix& to) {
  if (from.cols() != to.cols())
    throw Error(ErrorKind::shape, "one SAE writes to a space of dimension " +
                                      std::to_string(from.cols()) + ", the other to one of " +
                                      std::to_string(to.cols()) +
                                      ": only features of one space can be matched");
  if (from.empty() || to.empty())
    throw Error(ErrorKind::shape, "an SAE without features has nothing to match");
}

/// nearest_features() of rows that have length 1 already.
template <class = void>
PairWeights nearest_unit_rows(const Matrix& from, const Matrix& to, Index count, const Gemm& gemm,
                              const Progress& progress, Stage stage) {
  std::vector<std::vector<Neighbor>> nearest(from.rows());
  const auto fill = [&](Index f, std::span<float> out) {
    const auto row = from.row(f, out);
    if (row.data() != out.data()) std::ranges::copy(row, out.begin());
  };
  const auto sink = [&](Index f, const Extremes& found) {
    for (const Extreme& extreme : found.largest)
      if (static_cast<float>(extreme.value) > 0) nearest[f].push_back({extreme.id, extreme.value});
  };
  ExtremesOptions options{.k = std::min(count, to.rows()), .histogram = false};
  for_each_extremes(from.rows(), fill, to, sink, options, gemm, progress, stage);

  PairWeights pairs{.columns = to.rows()};
  for (const auto& row : nearest) {
    for (const auto& [g, cosine] : row) {
      pairs.column.push_back(g);
      pairs.weight.push_back(static_cast<float>(cosine));
    }
    pairs.offsets.push_back(static_cast<Index>(pairs.column.size()));
  }
  return pairs;
}

}  // namespace detail

/// The `count` features of `to` [m, d] whose decoder rows have the largest cosine with each row of
/// `from` [n, d], largest first, ties by smaller id; of these only positive ones, for a feature
/// that writes the opposite is not the same feature. Norms do not matter: they are folded into how
/// strongly a feature fires (as Mechanistic Permutability, Balagansky et al. 2024, folds them
/// before matching). Exact; the same bits for any Gemm and number of threads. Throws Error{shape}
/// for SAEs of different spaces or without features, Error{value} for count < 1 and for weights
/// that are not finite. Cost: that of for_each_extremes; memory: 24 count bytes a row and 4 (n + m)
/// d bytes.
template <class = void>
PairWeights nearest_features(const Matrix& from, const Matrix& to, Index count,
                             const Gemm& gemm = eigen_gemm(), const Progress& progress = {},
                             Stage stage = "matching features") {
  detail::require_one_space(from, to);
  if (count < 1)
    throw Error(ErrorKind::value,
                "every feature needs at least 1 candidate, not " + std::to_string(count));
  require_finite(from, "a decoder");
  require_finite(to, "a decoder");
  return detail::nearest_unit_rows(unit_rows(from), unit_rows(to), count, gemm, progress, stage);
}

/// Every feature to the nearest of its candidates, whoever else goes there: many to one.
inline FeatureMap best_match(const PairWeights& candidates) {
  FeatureMap map{candidates.columns, {}, {}};
  for (Id f = 0; f < static_cast<Id>(candidates.rows()); ++f) {
    const bool any = !candidates.columns_of(f).empty();
    map.target.push_back(any ? candidates.columns_of(f).front() : -1);
    map.cosine.push_back(any ? candidates.weights_of(f).front() : 0.0f);
  }
  return map;
}

/// No two features to the same: the pairing of greatest total cosine among the candidates. See
/// assignment().
inline FeatureMap one_to_one(const PairWeights& candidates) {
  FeatureMap map{candidates.columns, assignment(candidates).column, {}};
  for (Id f = 0; f < static_cast<Id>(map.target.size()); ++f) {
    const auto columns = candidates.columns_of(f);
    const auto at = std::ranges::find(columns, map.target[f]);
    map.cosine.push_back(at == columns.end() ? 0.0f
                                             : candidates.weights_of(f)[at - columns.begin()]);
  }
  return map;
}

}  // namespace yoneda
