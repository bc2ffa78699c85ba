// A breadth-first tree in every component, with the side each node falls on.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// Throws Error{value} for a directed graph; `what` begins the message.
inline void require_undirected(const SignedGraph& graph, const std::string& what) {
  if (graph.directed())
    throw Error(ErrorKind::value,
                what +
                    " needs an undirected graph: round a cycle it multiplies the signs of edges "
                    "without regard to their direction");
}

/// A tree in every component, grown in breadth from its smallest node, neighbours ascending.
struct SpanningForest {
  std::vector<Id> parent;         ///< of a root: itself
  std::vector<Id> depth;          ///< edges up to the root
  std::vector<signed char> side;  ///< ±1: the product of signs down from the root
};

/// Every tree edge is consistent with the sides: its sign is the product of its ends' sides. Throws
/// Error{value} for a directed graph. Cost: n + m.
inline SpanningForest spanning_forest(const SignedGraph& graph) {
  require_undirected(graph, "a spanning forest");
  const Index n = graph.node_count();
  SpanningForest forest{std::vector<Id>(n, -1), std::vector<Id>(n, 0),
                        std::vector<signed char>(n, 1)};
  std::vector<Id> queue;
  queue.reserve(n);
  for (Id root = 0; root < n; ++root) {
    if (forest.parent[root] >= 0) continue;
    forest.parent[root] = root;
    queue.assign(1, root);
    for (std::size_t next = 0; next < queue.size(); ++next) {
      const Id u = queue[next];
      const auto neighbors = graph.neighbors(u);
      const auto weights = graph.weights(u);
      for (std::size_t i = 0; i < neighbors.size(); ++i) {
        const Id v = neighbors[i];
        if (forest.parent[v] >= 0) continue;
        forest.parent[v] = u;
        forest.depth[v] = forest.depth[u] + 1;
        forest.side[v] =
            weights[i] < 0 ? static_cast<signed char>(-forest.side[u]) : forest.side[u];
        queue.push_back(v);
      }
    }
  }
  return forest;
}

/// The cycle that the edge (u, v), not of the forest, closes: u up to the lowest common ancestor,
/// down to v, and back to u. First node and last are the same. Cost: its length.
inline std::vector<Id> fundamental_cycle(const SpanningForest& forest, Id u, Id v) {
  std::vector<Id> up{u}, down{v};
  while (up.back() != down.back()) {
    auto& deeper = forest.depth[up.back()] >= forest.depth[down.back()] ? up : down;
    deeper.push_back(forest.parent[deeper.back()]);
  }
  up.insert(up.end(), down.rbegin() + 1, down.rend());
  up.push_back(u);
  return up;
}

}  // namespace yoneda
