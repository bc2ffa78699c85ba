#include "yoneda/graph/subgraph.hpp"

#include <doctest/doctest.h>

#include "graph/random_graph.hpp"

using namespace yoneda;

TEST_CASE("an induced subgraph has the edges between its nodes, and what the graph is") {
  for (const Direction direction : {Direction::undirected, Direction::directed}) {
    const SignedGraph graph = random_graph(30, direction, 4, GraphKind::virtual_);
    const std::vector<Id> nodes{2, 3, 7, 11, 12, 13, 20, 29};
    const SignedGraph part = induced_subgraph(graph, nodes);
    REQUIRE(part.node_count() == 8);
    CHECK(part.direction() == direction);
    CHECK(part.kind() == GraphKind::virtual_);
    for (Id i = 0; i < 8; ++i)
      for (Id j = 0; j < 8; ++j) CHECK(part.weight(i, j) == graph.weight(nodes[i], nodes[j]));
  }
}

TEST_CASE("a subgraph of no nodes is empty, and nodes that do not ascend are refused") {
  const SignedGraph graph = random_graph(30, Direction::undirected, 4);
  CHECK(induced_subgraph(graph, {}).node_count() == 0);
  for (const auto& wrong : {std::vector<Id>{1, 1}, {2, 1}, {-1}, {30}})
    CHECK_THROWS_AS(induced_subgraph(graph, wrong), Error);
}
