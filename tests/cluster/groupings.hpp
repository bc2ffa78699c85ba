// Signed graphs with a known grouping, and groupings by brute force.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "yoneda/core/random.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

struct Planted {
  std::vector<Edge> edges;
  Partition truth;

  SignedGraph graph() const {
    return SignedGraph::from_edges(static_cast<Index>(truth.label.size()), edges,
                                   Direction::undirected, GraphKind::user);
  }
};

/// The signed block model: node i in group i mod k; `draws` uniformly random pairs, of which those
/// with i < j are kept once; positive within a group and negative across, a share of signs flipped.
inline Planted block_model(Index n, Index k, Index draws, double flips, std::uint64_t seed) {
  Random random(seed);
  Planted planted{{}, {{}, k}};
  for (Index i = 0; i < n; ++i) planted.truth.label.push_back(static_cast<Id>(i % k));
  std::set<std::pair<Id, Id>> seen;
  for (Index draw = 0; draw < draws; ++draw) {
    const Id i = static_cast<Id>(random.below(n)), j = static_cast<Id>(random.below(n));
    const bool flip = random.uniform() < flips;
    if (i >= j || !seen.emplace(i, j).second) continue;
    const bool same = planted.truth.label[i] == planted.truth.label[j];
    planted.edges.push_back({i, j, same != flip ? 1.0f : -1.0f});
  }
  return planted;
}

/// Normal weights on random pairs.
inline SignedGraph weighted_graph(Index n, double density, std::uint64_t seed) {
  Random random(seed);
  std::vector<Edge> edges;
  for (Id i = 0; i < n; ++i)
    for (Id j = i + 1; j < n; ++j)
      if (random.uniform() < density) edges.push_back({i, j, static_cast<float>(random.normal())});
  return SignedGraph::from_edges(n, std::move(edges), Direction::undirected, GraphKind::user);
}

/// visit(partition) for every grouping of n nodes, each once (restricted growth strings).
template <class Visit>
void for_each_grouping(Index n, const Visit& visit) {
  Partition partition{std::vector<Id>(n, 0), n};
  const auto grow = [&](auto&& self, Index i, Id used) -> void {
    if (i == n) return visit(partition);
    for (Id label = 0; label <= used; ++label) {
      partition.label[i] = label;
      self(self, i + 1, std::max<Id>(used, label + 1));
    }
  };
  grow(grow, 0, 0);
}

}  // namespace yoneda
