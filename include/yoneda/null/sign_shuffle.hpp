// The sign null: which edges are negative is drawn again.
#pragma once

#include <cmath>
#include <cstdint>

#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/null/null.hpp"
#include "yoneda/null/shuffled_edges.hpp"

namespace yoneda {

/// The graph with its signs permuted over its edges, every permutation equally likely. Cost: m log
/// m.
inline SignedGraph sign_shuffled(const SignedGraph& graph, std::uint64_t seed) {
  return detail::shuffled_over_edges(
      graph, seed, [](float weight) { return std::copysign(1.0f, weight); },
      [](float weight, float sign) { return std::copysign(weight, sign); });
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
