#include "yoneda/category/category_frustration.hpp"

#include <doctest/doctest.h>

#include "category/graphs.hpp"

using namespace yoneda;
using doctest::Approx;

TEST_CASE("categories count what brute force counts, and add up to the graph") {
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    const bool weighted = round % 2 == 1;
    const Index n = 2 + random.below(30);
    const SignedGraph graph = random_graph(n, 0.4, 0.4, random);
    Partition partition{std::vector<Id>(n), 4};
    for (Id& label : partition.label) label = static_cast<Id>(random.below(4));
    if (round % 3 == 0) partition.label[0] = -1;
    std::vector<signed char> side(n);
    for (auto& s : side) s = random.below(2) == 0 ? -1 : 1;
    const auto found = category_frustration(graph, partition, side, weighted);
    double inside = 0, between = 0;
    for (Id c = 0; c < 4; ++c) {
      CategoryFrustration expected;
      for (const Edge& e : graph.edges()) {
        const int ends = (partition.label[e.source] == c) + (partition.label[e.target] == c);
        if (ends == 0) continue;
        auto& edges = ends == 2 ? expected.inside : expected.between;
        const double size = weighted ? std::abs(static_cast<double>(e.weight)) : 1;
        edges.all += size;
        edges.frustrated += (side[e.source] * side[e.target] > 0) == (e.weight < 0) ? size : 0;
      }
      REQUIRE(found[c].inside.all == Approx(expected.inside.all));
      REQUIRE(found[c].inside.frustrated == Approx(expected.inside.frustrated));
      REQUIRE(found[c].between.all == Approx(expected.between.all));
      REQUIRE(found[c].between.frustrated == Approx(expected.between.frustrated));
      inside += found[c].inside.frustrated, between += found[c].between.frustrated;
    }
    if (partition.label[0] >= 0)
      CHECK(inside + between / 2 == Approx(frustration_of(graph, side, weighted)));
  }
}

TEST_CASE("planted: the category that is at odds with itself is found") {
  std::vector<Edge> edges;
  Partition partition{std::vector<Id>(30), 3};
  for (Id u = 0; u < 30; ++u) {
    partition.label[u] = u / 10;
    for (Id v = u + 1; v < 30; ++v)
      if (u / 10 == v / 10) edges.push_back({u, v, u / 10 == 1 ? -1.0f : 1.0f});
  }
  edges.push_back({0, 10, 1});
  edges.push_back({10, 20, -1});
  const SignedGraph graph = user_graph(30, edges);
  const auto found = category_frustration(graph, partition, best_switching(graph).side);
  CHECK(found[0].inside.share() == 0.0);
  CHECK(*found[1].inside.share() == Approx(20.0 / 45));  // 2 · C(5, 2) of C(10, 2)
  CHECK(found[2].inside.share() == 0.0);
  CHECK(found[1].between.all == 2);
  CHECK_FALSE(
      category_frustration(user_graph(2, {}), {{0, 0}, 1}, std::vector<signed char>{1, 1})[0]
          .inside.share()
          .has_value());
}

TEST_CASE("what does not fit is refused") {
  const SignedGraph graph = user_graph(3, {{0, 1, 1}});
  const std::vector<signed char> side(3, 1);
  CHECK_THROWS_AS(category_frustration(graph, {{0, 0}, 1}, side), Error);
  CHECK_THROWS_AS(category_frustration(graph, {{0, 0, 5}, 1}, side), Error);
  CHECK_THROWS_AS(category_frustration(graph, {{0, 0, 0}, 1}, std::vector<signed char>{1}), Error);
}
