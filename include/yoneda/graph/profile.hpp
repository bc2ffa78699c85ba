// The profile graph: features joined by what they do to the same tokens.
#pragma once

#include <vector>

#include "yoneda/arrows/token_profiles.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/graph/neighbors.hpp"

namespace yoneda {

/// S = ÂÂᵀ of the normalised token profiles, row by row and never whole; every row keeps its m
/// strongest |S|. Positive: two features raise and lower the same tokens. Negative: one raises what
/// the other lowers. Undirected, weights in [-1, 1]. Cost: Σ_f Σ_{t of f} (features that keep t);
/// memory n doubles per thread.
inline SignedGraph profile_graph(const LogitArrows& arrows, const NeighborOptions& options = {},
                                 const Progress& progress = {}) {
  require_valid(options);
  const TokenProfiles profiles = normalized(token_profiles(arrows));
  const Index n = profiles.n;

  // The same entries by token: which features keep it, ascending.
  std::vector<std::int64_t> offsets(profiles.V + 1, 0);
  for (const Id token : profiles.tokens) ++offsets[token + 1];
  for (Index t = 0; t < profiles.V; ++t) offsets[t + 1] += offsets[t];
  std::vector<Id> features(profiles.tokens.size());
  std::vector<float> values(profiles.tokens.size());
  auto next = offsets;
  for (Id f = 0; f < n; ++f)
    for (std::int64_t i = profiles.offsets[f]; i < profiles.offsets[f + 1]; ++i) {
      const auto at = next[profiles.tokens[i]]++;
      features[at] = f;
      values[at] = profiles.values[i];
    }

  // Common tokens are met in ascending order from either end, so S_fg and S_gf have the same bits.
  std::vector<std::vector<Neighbor>> chosen(n);
  constexpr Index block = 32;
  parallel_for((n + block - 1) / block,
               [&](Index b) {
                 std::vector<double> similarity(n, 0.0);
                 std::vector<char> met(n, 0);
                 std::vector<Neighbor> candidates;
                 for (Index f = b * block; f < std::min(n, (b + 1) * block); ++f) {
                   candidates.clear();
                   for (std::int64_t i = profiles.offsets[f]; i < profiles.offsets[f + 1]; ++i) {
                     const Id token = profiles.tokens[i];
                     const double value = static_cast<double>(profiles.values[i]);
                     for (std::int64_t j = offsets[token]; j < offsets[token + 1]; ++j) {
                       const Id g = features[j];
                       if (!met[g]) {
                         met[g] = 1;
                         candidates.push_back({g, 0.0});
                       }
                       similarity[g] += value * static_cast<double>(values[j]);
                     }
                   }
                   for (Neighbor& candidate : candidates) {
                     candidate.weight = candidate.id == f ? 0.0 : similarity[candidate.id];
                     similarity[candidate.id] = 0;
                     met[candidate.id] = 0;
                   }
                   const auto best = strongest(candidates, options);
                   chosen[f].assign(best.begin(), best.end());
                 }
               },
               progress, "profile graph");
  return symmetrised(chosen, GraphKind::profile);
}

}  // namespace yoneda
