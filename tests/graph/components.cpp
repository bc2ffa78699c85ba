#include "yoneda/graph/components.hpp"

#include <doctest/doctest.h>

#include "yoneda/core/random.hpp"

using namespace yoneda;

TEST_CASE("groups are numbered by size, then by smallest member") {
  const Partition given{{3, 0, 0, -1, 2, 2, 3, 2}, 5};
  const Partition expected{{1, 2, 2, -1, 0, 0, 1, 0}, 3};
  const Partition found = by_size(given);
  CHECK(found.label == expected.label);
  CHECK(found.count == expected.count);
  CHECK(by_size({{}, 0}).count == 0);
  CHECK(by_size({{-1, -1}, 2}).count == 0);
}

TEST_CASE("components follow edges of either sign and direction") {
  const std::vector<Edge> edges{{5, 1, -1.0f}, {1, 3, 2.0f}, {4, 2, 1.0f}};
  for (const Direction direction : {Direction::undirected, Direction::directed}) {
    const auto graph = SignedGraph::from_edges(7, edges, direction, GraphKind::user);
    const Partition found = connected_components(graph);
    CHECK(found.count == 4);
    CHECK(found.label == std::vector<Id>{2, 0, 1, 0, 1, 0, 3});
  }
  CHECK(connected_components(SignedGraph{}).count == 0);
}

TEST_CASE("components of random graphs equal the transitive closure") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Random random(seed);
    const Index n = 40;
    std::vector<std::vector<bool>> joined(n, std::vector<bool>(n, false));
    std::vector<Edge> edges;
    for (Id i = 0; i < n; ++i) {
      joined[i][i] = true;
      for (Id j = i + 1; j < n; ++j)
        if (random.uniform() < 0.03) {
          edges.push_back({j, i, random.uniform() < 0.5 ? 1.0f : -1.0f});
          joined[i][j] = joined[j][i] = true;
        }
    }
    for (Id via = 0; via < n; ++via)
      for (Id i = 0; i < n; ++i)
        for (Id j = 0; j < n; ++j)
          if (joined[i][via] && joined[via][j]) joined[i][j] = true;
    const Partition found = connected_components(
        SignedGraph::from_edges(n, edges, Direction::undirected, GraphKind::user));
    for (Id i = 0; i < n; ++i)
      for (Id j = 0; j < n; ++j) REQUIRE((found.label[i] == found.label[j]) == joined[i][j]);
    CHECK(by_size(found).label == found.label);
  }
}
