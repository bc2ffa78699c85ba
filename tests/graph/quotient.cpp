#include "yoneda/graph/quotient.hpp"

#include <doctest/doctest.h>

#include "yoneda/core/random.hpp"

using namespace yoneda;

namespace {

struct Case {
  SignedGraph graph;
  Partition partition;
};

Case random_case(Index n, Index count, Direction direction, std::uint64_t seed) {
  Random random(seed);
  std::vector<Edge> edges;
  for (Id i = 0; i < n; ++i)
    for (Id j = direction == Direction::directed ? 0 : i + 1; j < n; ++j)
      if (i != j && random.uniform() < 0.1)
        edges.push_back({i, j, static_cast<float>(random.normal())});
  Partition partition{{}, count};
  for (Index i = 0; i < n; ++i)
    partition.label.push_back(static_cast<Id>(random.below(count + 1) - 1));
  return {SignedGraph::from_edges(n, std::move(edges), direction, GraphKind::profile), partition};
}

/// Sum and number of edges from category a to b, pair by pair.
CategoryArrow from_definition(const Case& given, Id a, Id b) {
  CategoryArrow arrow{a, b, 0, 0, 0};
  Index pairs = 0;
  const bool half = !given.graph.directed() && a == b;
  const Index n = given.graph.node_count();
  for (Id i = 0; i < n; ++i)
    for (Id j = half ? i + 1 : 0; j < n; ++j) {
      if (i == j || given.partition.label[i] != a || given.partition.label[j] != b) continue;
      ++pairs;
      const double weight = given.graph.weight(i, j);
      arrow.edges += weight != 0;
      arrow.sum += weight;
    }
  arrow.weight = pairs > 0 ? arrow.sum / static_cast<double>(pairs) : 0;
  return arrow;
}

void check_same(const CategoryArrow& found, const CategoryArrow& expected) {
  CHECK(found.source == expected.source);
  CHECK(found.target == expected.target);
  CHECK(found.edges == expected.edges);
  CHECK(found.sum == doctest::Approx(expected.sum).epsilon(1e-12));
  CHECK(found.weight == doctest::Approx(expected.weight).epsilon(1e-12));
}

}  // namespace

TEST_CASE("arrows and cohesion are means over all pairs of nodes") {
  for (const Direction direction : {Direction::undirected, Direction::directed})
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const Case given = random_case(30, 6, direction, seed);
      const Quotient found = quotient(given.graph, given.partition);
      CHECK(found.count == 6);
      CHECK(found.offsets.back() == static_cast<Index>(found.arrows.size()));
      for (Id a = 0; a < 6; ++a) {
        CHECK(found.size[a] == std::ranges::count(given.partition.label, a));
        check_same(found.cohesion[a], from_definition(given, a, a));
        const auto row = found.arrows_from(a);
        auto next = row.begin();
        for (Id b = 0; b < 6; ++b) {
          const CategoryArrow expected = from_definition(given, a, b);
          if (a == b || expected.edges == 0) continue;
          REQUIRE(next != row.end());
          check_same(*next++, expected);
        }
        CHECK(next == row.end());
      }
    }
}

TEST_CASE("the nearest are the largest positive arrows") {
  const Case given = random_case(60, 8, Direction::undirected, 3);
  const Quotient found = quotient(given.graph, given.partition);
  for (Id a = 0; a < 8; ++a) {
    std::vector<double> positive;
    for (const CategoryArrow& arrow : found.arrows_from(a))
      if (arrow.weight > 0) positive.push_back(arrow.weight);
    std::ranges::sort(positive, std::greater{});
    positive.resize(std::min<std::size_t>(2, positive.size()));
    const auto near = nearest(found, a, 2);
    REQUIRE(near.size() == positive.size());
    for (std::size_t i = 0; i < near.size(); ++i) CHECK(near[i].weight == positive[i]);
  }
}

TEST_CASE("the opposite is the most negative arrow, or none") {
  const auto graph =
      SignedGraph::from_edges(6, {{0, 1, -1}, {0, 2, -2}, {0, 3, -2}, {1, 2, 3}, {4, 5, 1}},
                              Direction::undirected, GraphKind::user);
  const Quotient found = quotient(graph, {{0, 1, 2, 3, 4, 4}, 5});
  CHECK(opposite(found, 0)->target == 2);  // a tie with 3
  CHECK(opposite(found, 1)->target == 0);
  CHECK(opposite(found, 3)->weight == -2);
  CHECK_FALSE(opposite(found, 4));
  CHECK(found.cohesion[4].weight == 1);
}

TEST_CASE("the quotient as a graph") {
  for (const Direction direction : {Direction::undirected, Direction::directed}) {
    const Case given = random_case(30, 5, direction, 9);
    const Quotient found = quotient(given.graph, given.partition);
    const SignedGraph graph = to_graph(found);
    CHECK(graph.node_count() == 5);
    CHECK(graph.direction() == direction);
    CHECK(graph.columns().size() == found.arrows.size());
    for (const CategoryArrow& arrow : found.arrows)
      CHECK(graph.weight(arrow.source, arrow.target) == static_cast<float>(arrow.weight));
  }
  const auto cancelling =
      SignedGraph::from_edges(3, {{0, 1, 1}, {0, 2, -1}}, Direction::undirected, GraphKind::user);
  const Quotient zero = quotient(cancelling, {{0, 1, 1}, 2});
  CHECK(zero.arrows.size() == 2);
  CHECK(zero.arrows[0].edges == 2);
  CHECK(to_graph(zero).edge_count() == 0);
}

TEST_CASE("empty quotients, empty categories, and partitions that do not fit") {
  const auto graph =
      SignedGraph::from_edges(2, {{0, 1, 1}}, Direction::undirected, GraphKind::user);
  const Quotient none = quotient(graph, {{-1, -1}, 0});
  CHECK(none.count == 0);
  CHECK(none.arrows.empty());
  const Quotient sparse = quotient(graph, {{2, 2}, 4});
  CHECK(sparse.size == std::vector<Index>{0, 0, 2, 0});
  CHECK(sparse.cohesion[0].edges == 0);
  CHECK(sparse.cohesion[2].weight == 1);
  CHECK(sparse.arrows_from(3).empty());
  CHECK_THROWS_AS(quotient(graph, {{0}, 1}), Error);
  CHECK_THROWS_AS(quotient(graph, {{0, 1}, 1}), Error);
}
