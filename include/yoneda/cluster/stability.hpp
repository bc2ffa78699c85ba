// Whether categories come back where a part of the features is all there is.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "yoneda/cluster/agreement.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/scores.hpp"

namespace yoneda {

struct StabilityOptions {
  Index samples = 20;
  double share = 0.8;  ///< of the nodes, in each sample
  std::uint64_t seed = 1;
};

/// How far categories come back when a part of the nodes is grouped again.
struct Stability {
  double agreement = 0;          ///< mean adjusted Rand index with what the samples give
  std::vector<double> category;  ///< of each, the mean Jaccard index with the most similar one; NaN
                                 ///< for a category of which no sample has a node
};

/// A grouping of some nodes, ascending: label[i] is that of nodes[i].
using GroupSome = std::function<Partition(std::span<const Id> nodes, std::uint64_t seed)>;

/// Draws `samples` times a share of the nodes without replacement, groups them again, and compares
/// with the given partition of the same nodes. A sample without a node of a category says nothing
/// of it. Hennig calls categories below 0.6 not to be trusted and those from 0.85 on highly stable.
/// What always comes back is not yet real: one group of everything does.
///
/// Throws Error{value} for no samples, a share outside (0, 1), a label beyond the count, and
/// whatever the grouping throws. Cost: the groupings, one after another. Source: Hennig 2007,
/// Cluster-wise assessment of cluster stability; Ben-Hur, Elisseeff, Guyon 2002, A stability based
/// method for discovering structure in clustered data.
inline Stability stability(const Partition& partition, const GroupSome& group,
                           const StabilityOptions& options = {}, const Progress& progress = {}) {
  const auto n = static_cast<Index>(partition.label.size());
  if (options.samples < 1) throw Error(ErrorKind::value, "stability needs at least one sample");
  if (!(options.share > 0 && options.share < 1))
    throw Error(ErrorKind::value, "samples of a share of " + std::to_string(options.share) +
                                      " of the nodes; between 0 and 1 there is something to test");
  require_labels(partition);
  const Index kept = std::llround(options.share * static_cast<double>(n));
  Stability made{0, std::vector<double>(partition.count, 0)};
  std::vector<Index> met(partition.count, 0);
  for (Index s = 0; s < options.samples; ++s) {
    progress.check("stability", static_cast<double>(s) / static_cast<double>(options.samples));
    Random random(options.seed, static_cast<std::uint64_t>(s));
    const std::vector<Id> nodes = sample_sorted(n, kept, random);
    const Partition again = group(nodes, options.seed + static_cast<std::uint64_t>(s));
    Partition before{{}, partition.count};
    std::vector<char> here(partition.count, false);
    for (const Id node : nodes) {
      before.label.push_back(partition.label[node]);
      if (partition.label[node] >= 0) here[partition.label[node]] = true;
    }
    made.agreement += adjusted_rand_index(before, again);
    const std::vector<GroupMatch> matches = best_matches(before, again);
    for (Id c = 0; c < partition.count; ++c) {
      if (!here[c]) continue;
      made.category[c] += matches[c].jaccard;
      ++met[c];
    }
  }
  made.agreement /= static_cast<double>(options.samples);
  for (Id c = 0; c < partition.count; ++c) made.category[c] /= static_cast<double>(met[c]);
  return made;
}

struct CountStability {
  Index count;
  double agreement;  ///< as in Stability
};

/// How far groupings into each of several counts of all n nodes come back. group(nodes, count,
/// seed) is as GroupSome. Throws and costs as stability does, for every count.
template <class Group>
std::vector<CountStability> stability_of_counts(Index n, std::span<const Index> counts,
                                                const Group& group,
                                                const StabilityOptions& options = {},
                                                const Progress& progress = {}) {
  std::vector<Id> all(n);
  std::iota(all.begin(), all.end(), Id{0});
  std::vector<CountStability> made;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const GroupSome some = [&](std::span<const Id> nodes, std::uint64_t seed) {
      return group(nodes, counts[i], seed);
    };
    const Progress part([&](Stage stage, double share) {
      return progress(stage, (static_cast<double>(i) + share) / static_cast<double>(counts.size()));
    });
    const Stability found = stability(some(all, options.seed), some, options, part);
    made.push_back({counts[i], found.agreement});
  }
  return made;
}

/// Counts from 2 to `most`, each about the same times the one before: `steps` of them, fewer where
/// whole numbers coincide. Throws Error{value} for most < 2 or no steps.
inline std::vector<Index> spread_counts(Index most, Index steps = 10) {
  if (most < 2 || steps < 1)
    throw Error(ErrorKind::value, std::to_string(steps) + " counts from 2 to " +
                                      std::to_string(most) + " cannot be chosen from");
  std::vector<Index> counts;
  for (Index i = 0; i < steps; ++i) {
    const double share = steps > 1 ? static_cast<double>(i) / static_cast<double>(steps - 1) : 0;
    const Index count = std::llround(2 * std::pow(static_cast<double>(most) / 2, share));
    if (counts.empty() || count > counts.back()) counts.push_back(count);
  }
  return counts;
}

}  // namespace yoneda
