// p-values of single features, against pooled null features of like degree.
#pragma once

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/stats/false_discovery.hpp"

namespace yoneda {

/// A feature of a graph or of a null draw: its degree, and a value that is the more remarkable the
/// larger; NaN where it is undefined, and then the feature is left out.
struct FeatureValue {
  double degree = 0, value = 0;
};

struct FeaturePOptions {
  double likeness = 1.25;  ///< degrees are alike within this factor
  double rate = 0.05;      ///< false discoveries among those called significant
};

struct FeatureP {
  std::vector<double>
      p;  ///< one a feature; NaN where its value, or a large enough pool, is missing
  std::vector<double> q;    ///< adjusted (Benjamini, Hochberg); NaN likewise
  std::vector<Index> pool;  ///< null features of like degree that each was compared with
  Index tested = 0;         ///< features with a p
  Index untested = 0;       ///< features with a value, and too few null features of like degree
  double smallest_p = 1;    ///< that any of the pools allows, 1 / (M + 1)
  Index needed = 0;         ///< pool without which a lone feature cannot reach q <= rate
  std::string floor;        ///< what the size of the pools allows, in a sentence
};

/// A null draw has no "feature f", so each feature is compared with the features of all draws
/// together whose degree is within `likeness` of its own: p = (1 + #{value >= own}) / (1 + M) over
/// M such null features. Where M is too small for p to reach `rate` at all, the feature has a rank
/// only. Features of one draw depend on each other, so that M of N draws hold less than M
/// independent ones, and p is right on average over draws rather than within each.
///
/// With n features tested a lone one reaches q <= rate only where its p <= rate / n, so where M >=
/// n / rate − 1; h that are equally remarkable help each other, n / (h · rate) − 1. What the pools
/// allow is said in `floor`. Throws Error{value} for a likeness below 1, a rate outside (0, 1), and
/// draws < 1. Cost: (n + N) log N.
inline FeatureP feature_p(std::span<const FeatureValue> features,
                          std::span<const FeatureValue> null, Index draws,
                          const FeaturePOptions& options = {}) {
  if (!(options.likeness >= 1))
    throw Error(ErrorKind::value, "degrees cannot be alike within a factor of " +
                                      std::to_string(options.likeness) + ", which is below 1");
  if (!(options.rate > 0 && options.rate < 1))
    throw Error(ErrorKind::value,
                "a false discovery rate of " + std::to_string(options.rate) + ", not in (0, 1)");
  if (draws < 1)
    throw Error(ErrorKind::value, "a pool of " + std::to_string(draws) + " null draws");
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  std::vector<FeatureValue> pooled;
  std::ranges::copy_if(null, std::back_inserter(pooled),
                       [](const FeatureValue& f) { return !std::isnan(f.value); });
  std::ranges::sort(pooled, {}, &FeatureValue::degree);
  FeatureP result;
  result.p.assign(features.size(), undefined);
  result.q.assign(features.size(), undefined);
  result.pool.assign(features.size(), 0);
  std::vector<Index> order;  // of the tested
  std::vector<double> p;
  std::vector<Index> pools;  // of the tested
  // Features of one degree share a pool, which is sorted once.
  std::vector<Index> by_degree;
  for (std::size_t f = 0; f < features.size(); ++f)
    if (!std::isnan(features[f].value)) by_degree.push_back(static_cast<Index>(f));
  std::ranges::stable_sort(by_degree, {}, [&](Index f) { return features[f].degree; });
  std::vector<double> values;
  double degree = undefined;
  for (const Index f : by_degree) {
    if (features[f].degree != degree) {
      degree = features[f].degree;
      const auto first =
          std::ranges::lower_bound(pooled, degree / options.likeness, {}, &FeatureValue::degree);
      const auto last =
          std::ranges::upper_bound(pooled, degree * options.likeness, {}, &FeatureValue::degree);
      values.clear();
      for (auto at = first; at < last; ++at) values.push_back(at->value);
      std::ranges::sort(values);
    }
    const auto size = static_cast<Index>(values.size());
    result.pool[f] = size;
    if (1 / (1 + static_cast<double>(size)) > options.rate) {
      ++result.untested;
      continue;
    }
    const auto above = values.end() - std::ranges::lower_bound(values, features[f].value);
    result.p[f] = (1 + static_cast<double>(above)) / (1 + static_cast<double>(size));
    result.smallest_p = std::min(result.smallest_p, 1 / (1 + static_cast<double>(size)));
    pools.push_back(size);
    order.push_back(f);
    p.push_back(result.p[f]);
  }
  result.tested = static_cast<Index>(order.size());
  const std::vector<double> q = false_discovery_rate(p);
  for (std::size_t i = 0; i < order.size(); ++i) result.q[order[i]] = q[i];

  const auto middle = pools.begin() + static_cast<std::ptrdiff_t>(pools.size() / 2);
  std::ranges::nth_element(pools, middle);  // hubs have few like them, so the smallest says little
  const Index usual = pools.empty() ? 0 : *middle;
  result.needed = std::max<Index>(
      0, static_cast<Index>(std::ceil(static_cast<double>(result.tested) / options.rate)) - 1);
  if (result.tested == 0) {
    result.floor = "no feature has enough null features of like degree for a p-value: ranks only";
  } else if (usual >= result.needed) {
    result.floor = "half of " + std::to_string(result.tested) + " features have at least " +
                   std::to_string(usual) +
                   " null features of like degree, enough for a single one to stand out";
  } else {
    const double times = static_cast<double>(result.needed) / static_cast<double>(usual);
    result.floor =
        "p cannot be below 1 / (pool + 1), and half of the pools have at most " +
        std::to_string(usual) + " null features of like degree; for a single one of " +
        std::to_string(result.tested) + " features to stand out it takes " +
        std::to_string(result.needed) + ", about " +
        std::to_string(static_cast<Index>(std::ceil(static_cast<double>(draws) * times))) +
        " draws instead of " + std::to_string(draws);
  }
  return result;
}

}  // namespace yoneda
