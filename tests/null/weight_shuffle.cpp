#include "yoneda/null/weight_shuffle.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "category/graphs.hpp"

using namespace yoneda;

TEST_CASE("shuffled weights are the same weights on the same edges, evenly") {
  const SignedGraph graph = SignedGraph::from_edges(4, {{0, 1, -1}, {1, 2, 2}, {3, 0, 3}},
                                                    Direction::directed, GraphKind::user);
  std::map<std::vector<float>, int> seen;
  constexpr int draws = 6000;
  for (int seed = 0; seed < draws; ++seed) {
    const SignedGraph drawn = weights_shuffled(graph, static_cast<std::uint64_t>(seed));
    REQUIRE(drawn.directed());
    REQUIRE(drawn.edge_count() == 3);
    ++seen[{drawn.weight(0, 1), drawn.weight(1, 2), drawn.weight(3, 0)}];
  }
  REQUIRE(seen.size() == 6);  // all permutations; a third weight is what the two others leave
  for (const auto& [weights, count] : seen) {
    CHECK(std::ranges::is_permutation(weights, std::vector<float>{-1, 2, 3}));
    CHECK(std::abs(count - draws / 6) < 5 * std::sqrt(draws / 6.0));
  }
}

TEST_CASE("refused for a graph that was made from directions") {
  for (const GraphKind kind : {GraphKind::profile, GraphKind::decoder, GraphKind::virtual_})
    CHECK_THROWS_AS(
        weight_shuffle(SignedGraph::from_edges(2, {{0, 1, 1}}, Direction::undirected, kind)),
        Error);
  Random random(1);
  CHECK(weight_shuffle(random_graph(5, 0.5, 0.5, random)).kind == "weights");
}
