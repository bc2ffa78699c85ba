// Graphs to test on.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "yoneda/core/random.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

inline SignedGraph user_graph(Index n, std::vector<Edge> edges) {
  return SignedGraph::from_edges(n, std::move(edges), Direction::undirected, GraphKind::user);
}

inline SignedGraph directed_graph(Index n, std::vector<Edge> edges) {
  return SignedGraph::from_edges(n, std::move(edges), Direction::directed, GraphKind::user);
}

/// Every ordered pair is an edge with the given probability; weights are normal.
inline SignedGraph random_directed_graph(Index n, double density, std::uint64_t seed) {
  Random random(seed);
  std::vector<Edge> edges;
  for (Id u = 0; u < n; ++u)
    for (Id v = 0; v < n; ++v)
      if (u != v && random.uniform() < density)
        edges.push_back({u, v, static_cast<float>(random.normal())});
  return directed_graph(n, std::move(edges));
}

/// Edges along a hidden order of the nodes, with weights w(u → v) = φ(v) / φ(u) for a hidden φ of
/// powers of two and signs: all parallel paths agree. Products are exact.
inline SignedGraph commuting_graph(Index n, double density, Random& random) {
  const std::vector<Id> order = permutation(n, random);
  std::vector<float> potential;
  for (Index i = 0; i < n; ++i)
    potential.push_back(
        std::ldexp(random.below(2) == 0 ? -1.0f : 1.0f, static_cast<int>(random.below(5))));
  std::vector<Edge> edges;
  for (Index i = 0; i < n; ++i)
    for (Index j = i + 1; j < n; ++j)
      if (random.uniform() < density)
        edges.push_back({order[i], order[j], potential[order[j]] / potential[order[i]]});
  return directed_graph(n, std::move(edges));
}

/// Each pair is an edge with the given probability, each edge negative with probability `negative`;
/// absolute weights uniform on (0.1, 1.1).
inline SignedGraph random_graph(Index n, double density, double negative, Random& random) {
  std::vector<Edge> edges;
  for (Id u = 0; u < n; ++u)
    for (Id v = u + 1; v < n; ++v) {
      if (random.uniform() >= density) continue;
      const double size = 0.1 + random.uniform();
      edges.push_back({u, v, static_cast<float>(random.uniform() < negative ? -size : size)});
    }
  return user_graph(n, std::move(edges));
}

/// A random graph whose signs are those of two sides, drawn at random.
inline SignedGraph balanced_graph(Index n, double density, Random& random) {
  std::vector<int> side(n);
  for (int& s : side) s = random.below(2) == 0 ? -1 : 1;
  std::vector<Edge> edges = random_graph(n, density, 0, random).edges();
  for (Edge& e : edges)
    if (side[e.source] != side[e.target]) e.weight = -e.weight;
  return user_graph(n, std::move(edges));
}

/// By all 2^(n−1) sides, without any idea.
inline double exact_frustration(const SignedGraph& graph, bool weighted) {
  const auto edges = graph.edges();
  double least = std::numeric_limits<double>::infinity();
  for (Index sides = 0; sides < Index{1} << std::max<Index>(0, graph.node_count() - 1); ++sides) {
    double frustrated = 0;
    for (const Edge& e : edges) {
      const bool across = ((sides >> e.source) & 1) != ((sides >> e.target) & 1);
      if (across == (e.weight > 0))
        frustrated += weighted ? std::abs(static_cast<double>(e.weight)) : 1;
    }
    least = std::min(least, frustrated);
  }
  return least;
}

}  // namespace yoneda
