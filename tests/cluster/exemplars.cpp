#include "yoneda/cluster/exemplars.hpp"

#include <doctest/doctest.h>

#include "cluster/groupings.hpp"

using namespace yoneda;

TEST_CASE("exemplars have the largest sums of weights to the rest of their group") {
  const SignedGraph graph = weighted_graph(40, 0.9, 3);
  Partition partition{std::vector<Id>(40), 4};
  for (Id i = 0; i < 40; ++i) partition.label[i] = i < 4 ? -1 : i % 4;
  const auto found = exemplars(graph, partition, 5);
  REQUIRE(found.size() == 4);
  for (Id c = 0; c < 4; ++c) {
    const auto sum = [&](Id i) {
      double total = 0;
      for (Id j = 0; j < 40; ++j)
        if (partition.label[j] == c) total += static_cast<double>(graph.weight(i, j));
      return total;
    };
    REQUIRE(found[c].size() == 5);
    for (std::size_t i = 1; i < 5; ++i) CHECK(sum(found[c][i - 1]) >= sum(found[c][i]));
    Index larger = 0;  // than the last that was taken
    for (Id i = 4; i < 40; ++i)
      if (partition.label[i] == c) larger += sum(i) > sum(found[c][4]);
    CHECK(larger == 4);
  }
}

TEST_CASE("of a small group all are exemplars, and ties go to the smaller node") {
  const auto graph =
      SignedGraph::from_edges(5, {{0, 1, 1}, {3, 4, -2}}, Direction::undirected, GraphKind::user);
  const auto found = exemplars(graph, {{0, 0, 1, 1, 1}, 2}, 3);
  CHECK(found[0] == std::vector<Id>{0, 1});
  CHECK(found[1] == std::vector<Id>{2, 3, 4});
  CHECK_THROWS_AS(exemplars(graph, {{0, 0}, 1}), Error);
}
