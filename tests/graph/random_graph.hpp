// Graphs without structure.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "yoneda/core/random.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// About three in ten of the pairs, with normal weights.
inline SignedGraph random_graph(Index n, Direction direction, std::uint64_t seed,
                                GraphKind kind = GraphKind::user) {
  Random random(seed);
  std::vector<Edge> edges;
  for (Id i = 0; i < n; ++i)
    for (Id j = direction == Direction::directed ? 0 : i + 1; j < n; ++j)
      if (i != j && random.uniform() < 0.3)
        edges.push_back({i, j, static_cast<float>(random.normal())});
  return SignedGraph::from_edges(n, std::move(edges), direction, kind);
}

}  // namespace yoneda
