// The graphs that scripts hand to benchmarks: raw numbers in a file.
#pragma once

#include <cstdint>
#include <fstream>
#include <vector>

#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// Throws Error{file}.
template <class T>
std::vector<T> numbers(std::ifstream& file, Index count) {
  std::vector<T> values(count);
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
  if (!file) throw Error(ErrorKind::file, "the graph's file is too short");
  return values;
}

/// Number of nodes, number of edges, then sources, targets and weights, as the scripts write them.
inline SignedGraph read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const auto sizes = numbers<std::int64_t>(file, 2);
  const auto sources = numbers<Id>(file, sizes[1]), targets = numbers<Id>(file, sizes[1]);
  const auto weights = numbers<float>(file, sizes[1]);
  std::vector<Edge> edges;
  for (std::size_t e = 0; e < weights.size(); ++e)
    edges.push_back({sources[e], targets[e], weights[e]});
  return SignedGraph::from_edges(sizes[0], std::move(edges), Direction::undirected,
                                 GraphKind::user);
}

}  // namespace yoneda
