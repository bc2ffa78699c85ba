#include "yoneda/graph/topological_order.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "category/graphs.hpp"
#include "yoneda/core/random.hpp"

using namespace yoneda;

namespace {

/// Whether some order of the nodes has every edge forward, by trying all.
bool has_an_order(const SignedGraph& graph) {
  std::vector<Id> place(graph.node_count());
  for (std::size_t i = 0; i < place.size(); ++i) place[i] = static_cast<Id>(i);
  const auto edges = graph.edges();
  do {
    if (std::ranges::all_of(edges,
                            [&](const Edge& e) { return place[e.source] < place[e.target]; }))
      return true;
  } while (std::ranges::next_permutation(place).found);
  return false;
}

}  // namespace

TEST_CASE("an order has every edge forward, or there is a cycle") {
  Random random(1);
  int acyclic = 0;
  for (int round = 0; round < 200; ++round) {
    const Index n = random.below(7);
    std::vector<Edge> edges;
    for (Id u = 0; u < n; ++u)
      for (Id v = 0; v < n; ++v)
        if (u != v && random.uniform() < 0.25) edges.push_back({u, v, 1});
    const SignedGraph graph = directed_graph(n, edges);
    const TopologicalOrder found = topological_order(graph);
    REQUIRE(found.acyclic() == has_an_order(graph));
    if (found.acyclic()) {
      ++acyclic;
      REQUIRE(static_cast<Index>(found.order.size()) == n);
      std::vector<Index> place(n, -1);
      for (Index i = 0; i < n; ++i) place[found.order[i]] = i;
      for (const Edge& e : edges) CHECK(place[e.source] < place[e.target]);
      CHECK(std::ranges::count(place, -1) == 0);
    } else {
      CHECK(found.order.empty());
      CHECK(found.cycle.front() == found.cycle.back());
      for (std::size_t i = 1; i < found.cycle.size(); ++i)
        CHECK(graph.weight(found.cycle[i - 1], found.cycle[i]) != 0);
      CHECK(std::set<Id>(found.cycle.begin(), found.cycle.end()).size() + 1 == found.cycle.size());
    }
  }
  CHECK(acyclic > 50);
  CHECK(acyclic < 150);
}

TEST_CASE("a cycle is named, a long one in part") {
  CHECK_THROWS_WITH_AS(
      require_acyclic(directed_graph(5, {{3, 0, 1}, {0, 1, 1}, {1, 2, 1}, {2, 1, 1}, {2, 4, 1}}),
                      "this"),
      "this needs a graph without directed cycles, and this one has 1 → 2 → 1", Error);
  std::vector<Edge> ring;
  for (Id i = 0; i < 100; ++i) ring.push_back({i, (i + 1) % 100, 1});
  CHECK_THROWS_WITH_AS(require_acyclic(directed_graph(100, ring), "this"),
                       "this needs a graph without directed cycles, and this one has 0 → 1 → 2 → 3 "
                       "→ 4 → 5 → 6 → 7 → 8 → 9 → 10 → 11 → … → 0",
                       Error);
  CHECK_THROWS_AS(topological_order(SignedGraph::from_edges(2, {{0, 1, 1}}, Direction::undirected,
                                                            GraphKind::user)),
                  Error);
  CHECK(topological_order(directed_graph(3, {{2, 0, 1}})).order == std::vector<Id>{1, 2, 0});
}
