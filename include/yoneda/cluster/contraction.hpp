// Joining two groups at a time, the pair worth most first.
#pragma once

#include <algorithm>
#include <queue>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda::detail {

/// A pair of groups, worth most first, ties by nodes.
struct WorthyPair {
  double worth;
  Id a, b;  // a < b

  bool operator<(const WorthyPair& other) const {
    return std::tuple(worth, other.a, other.b) < std::tuple(other.worth, a, b);
  }
};

/// The sum of the weights between two groups, neither of which need be an edge of a graph.
struct GroupEdge {
  Id a, b;
  double weight;
};

/// Joins the pair of n groups that is worth most, again and again while that is positive, and calls
/// joined(kept, gone, worth): of the two the one with more neighbours takes the other's edges, and
/// weights that become parallel add up. worth(weight, a, b) may fall as groups grow, and where it
/// is positive must not rise but by weight that a join brings. Pairs without weight between them
/// are never joined. Cost: about m log² m where worth does not fall, else up to m² where a group
/// has most of the others for neighbours; memory: some 100 bytes an edge.
template <class Worth, class Joined>
void contract(Index n, const std::vector<GroupEdge>& edges, const Worth& worth,
              const Joined& joined) {
  std::vector<std::unordered_map<Id, double>> around(n);
  std::priority_queue<WorthyPair> best;
  const auto offer = [&](Id a, Id b, double weight) {
    const auto [first, second] = std::minmax(a, b);
    if (const double now = worth(weight, a, b); now > 0) best.push({now, first, second});
  };
  for (const GroupEdge& edge : edges) {
    around[edge.a][edge.b] = around[edge.b][edge.a] = edge.weight;
    offer(edge.a, edge.b, edge.weight);
  }
  while (!best.empty()) {
    auto [offered, keep, gone] = best.top();
    best.pop();
    const auto found = around[keep].find(gone);
    if (found == around[keep].end()) continue;  // joined since
    if (const double now = worth(found->second, keep, gone); now != offered) {
      if (now < offered) offer(keep, gone, found->second);
      continue;  // where it rose, a later offer says so
    }
    if (around[keep].size() < around[gone].size()) std::swap(keep, gone);
    around[keep].erase(gone);
    around[gone].erase(keep);
    joined(keep, gone, offered);
    for (const auto& [other, more] : around[gone]) {
      double& sum = around[keep][other];
      sum += more;
      around[other].erase(gone);
      around[other][keep] = sum;
      offer(keep, other, sum);
    }
    around[gone].clear();
  }
}

}  // namespace yoneda::detail
