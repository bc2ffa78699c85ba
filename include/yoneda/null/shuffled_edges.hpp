// What the nulls of a user's own graph share: edges stay, and what they carry is dealt out again.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "yoneda/core/random.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda::detail {

/// The graph with taken(weight), a float, permuted over its edges, every permutation equally
/// likely; put(weight, value) is the new weight of an edge that gets `value`. Cost: m log m.
template <class Taken, class Put>
SignedGraph shuffled_over_edges(const SignedGraph& graph, std::uint64_t seed, const Taken& taken,
                                const Put& put) {
  std::vector<Edge> edges = graph.edges();
  std::vector<float> values;
  values.reserve(edges.size());
  for (const Edge& edge : edges) values.push_back(taken(edge.weight));
  Random random(seed);
  shuffle(std::span<float>(values), random);
  for (std::size_t i = 0; i < edges.size(); ++i) edges[i].weight = put(edges[i].weight, values[i]);
  return SignedGraph::from_edges(graph.node_count(), std::move(edges), graph.direction(),
                                 graph.kind());
}

}  // namespace yoneda::detail
