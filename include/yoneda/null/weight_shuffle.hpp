// The weights null: which edge has which weight is drawn again.
#pragma once

#include <cstdint>

#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/null/null.hpp"
#include "yoneda/null/shuffled_edges.hpp"

namespace yoneda {

/// The graph with its weights, signs included, permuted over its edges, every permutation equally
/// likely. Its paths are those of the graph. Cost: m log m.
inline SignedGraph weights_shuffled(const SignedGraph& graph, std::uint64_t seed) {
  return detail::shuffled_over_edges(
      graph, seed, [](float weight) { return weight; }, [](float, float drawn) { return drawn; });
}

/// The null of shuffled weights: of equations between values of paths, which shuffled signs keep in
/// part. Throws Error{value} unless the graph is a user's own: weights that a product made are no
/// more free than its signs (see sign_shuffle).
inline Null weight_shuffle(const SignedGraph& graph) {
  require_honest("weights", graph.kind());
  return {.kind = "weights",
          .keeps = "Keeps the edges and all weights; loses which edge has which weight.",
          .draw = [graph](std::uint64_t seed) { return weights_shuffled(graph, seed); }};
}

}  // namespace yoneda
