// The sign null: which edges are negative is drawn again.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "yoneda/core/random.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/null/null.hpp"

namespace yoneda {

/// The graph with its signs permuted over its edges, every permutation equally likely. Cost: m log
/// m.
inline SignedGraph sign_shuffled(const SignedGraph& graph, std::uint64_t seed) {
  std::vector<Edge> edges = graph.edges();
  std::vector<char> negative;
  negative.reserve(edges.size());
  for (const Edge& edge : edges) negative.push_back(edge.weight < 0);
  Random random(seed);
  shuffle(std::span<char>(negative), random);
  for (std::size_t i = 0; i < edges.size(); ++i)
    edges[i].weight = negative[i] ? -std::abs(edges[i].weight) : std::abs(edges[i].weight);
  return SignedGraph::from_edges(graph.node_count(), std::move(edges), graph.direction(),
                                 graph.kind());
}

/// The null of shuffled signs. Throws Error{value} unless the graph is a user's own: on a Gram
/// graph, random directions balance 99.5% of the triangles where shuffled signs balance 50%.
inline Null sign_shuffle(const SignedGraph& graph) {
  require_honest("sign", graph.kind());
  return {.kind = "sign",
          .keeps =
              "Keeps the edges, their absolute weights and the number of negative ones; loses "
              "which edges are negative.",
          .draw = [graph](std::uint64_t seed) { return sign_shuffled(graph, seed); }};
}

}  // namespace yoneda
