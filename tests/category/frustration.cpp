#include "yoneda/category/frustration.hpp"

#include <doctest/doctest.h>

#include "category/graphs.hpp"
#include "yoneda/core/parallel.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

double frustrated_by(const SignedGraph& graph, const std::vector<signed char>& side,
                     bool weighted) {
  double sum = 0;
  for (const Edge& e : graph.edges())
    if ((e.weight > 0) != (side[e.source] == side[e.target]))
      sum += weighted ? std::abs(static_cast<double>(e.weight)) : 1;
  return sum;
}

}  // namespace

TEST_CASE("the exact frustration index lies between the bounds") {
  Random random(1);
  int exact_upper = 0, exact_lower = 0, rounds = 0;
  for (int round = 0; round < 300; ++round) {
    const bool weighted = round % 2 == 1;
    const SignedGraph graph =
        random_graph(1 + random.below(11), random.uniform(), 0.2 + 0.6 * random.uniform(), random);
    const Frustration found = frustration(graph, {.weighted = weighted});
    const double exact = exact_frustration(graph, weighted);
    REQUIRE(found.lower <= exact + 1e-9);
    REQUIRE(found.upper >= exact - 1e-9);
    REQUIRE(found.upper == Approx(frustrated_by(graph, found.side, weighted)));
    exact_upper += found.upper <= exact + 1e-9;
    exact_lower += found.lower >= exact - 1e-9;
    ++rounds;
  }
  CHECK(exact_upper >= rounds - 3);
  CHECK(exact_lower > rounds / 3);
}

TEST_CASE("fourteen nodes, dense: the search finds the best sides") {
  Random random(2);
  for (int round = 0; round < 5; ++round) {
    const SignedGraph graph = random_graph(14, 0.9, 0.5, random);
    CHECK(best_switching(graph).frustrated == exact_frustration(graph, false));
  }
}

TEST_CASE("any sides give a valid packing") {
  Random random(3);
  for (int round = 0; round < 100; ++round) {
    const SignedGraph graph = random_graph(10, 0.6, 0.5, random);
    std::vector<signed char> side(10);
    for (auto& s : side) s = random.below(2) == 0 ? -1 : 1;
    REQUIRE(negative_cycle_packing(graph, side) <= exact_frustration(graph, false));
    REQUIRE(negative_cycle_packing(graph, side, true) <= exact_frustration(graph, true) + 1e-9);
  }
}

TEST_CASE("closed forms: a negative ring, disjoint negative triangles, all of K_n negative") {
  std::vector<Edge> edges;
  for (Id i = 0; i < 9; ++i) edges.push_back({i, (i + 1) % 9, i == 4 ? -1.0f : 1.0f});
  const Frustration ring = frustration(user_graph(9, edges));
  CHECK(ring.lower == 1);
  CHECK(ring.upper == 1);
  CHECK(*ring.share_upper == Approx(1.0 / 9));
  edges.clear();
  for (Id i = 0; i < 30; i += 3) {
    edges.push_back({i, i + 1, -2});
    edges.push_back({i + 1, i + 2, -1});
    edges.push_back({i, i + 2, -0.5f});
  }
  CHECK(frustration(user_graph(30, edges)).lower == 10);
  CHECK(frustration(user_graph(30, edges)).upper == 10);
  const Frustration weighted = frustration(user_graph(30, edges), {.weighted = true});
  CHECK(weighted.lower == 5);
  CHECK(weighted.upper == 5);
  CHECK(*weighted.share_lower == Approx(5.0 / 35));
  edges.clear();
  for (Id u = 0; u < 20; ++u)
    for (Id v = u + 1; v < 20; ++v) edges.push_back({u, v, -1});
  CHECK(frustration(user_graph(20, edges)).upper == 90);  // two halves: 2 · C(10, 2)
}

TEST_CASE("planted: nothing is frustrated, then exactly what was flipped") {
  Random random(4);
  const SignedGraph graph = balanced_graph(300, 0.08, random);
  CHECK(frustration(graph).upper == 0);
  CHECK(frustration(graph).lower == 0);
  auto edges = graph.edges();
  for (std::size_t i = 0; i < edges.size(); i += 40) edges[i].weight = -edges[i].weight;
  const auto flipped = static_cast<double>((edges.size() + 39) / 40);
  const Frustration found = frustration(user_graph(300, std::move(edges)));
  CHECK(found.upper == flipped);
  CHECK(found.lower == flipped);
}

TEST_CASE("switching nodes changes nothing") {
  Random random(5);
  const SignedGraph graph = random_graph(60, 0.2, 0.5, random);
  auto edges = graph.edges();
  for (Edge& e : edges)
    if ((e.source % 3 == 0) != (e.target % 3 == 0)) e.weight = -e.weight;
  CHECK(best_switching(graph).frustrated ==
        best_switching(user_graph(60, std::move(edges))).frustrated);
}

TEST_CASE("without edges there is no share; directed graphs are refused") {
  CHECK(frustration(SignedGraph{}).upper == 0);
  const Frustration none = frustration(user_graph(4, {}));
  CHECK(none.upper == 0);
  CHECK_FALSE(none.share_upper.has_value());
  CHECK_FALSE(frustrated_share(user_graph(4, {})).has_value());
  const SignedGraph directed =
      SignedGraph::from_edges(2, {{0, 1, 1}}, Direction::directed, GraphKind::user);
  CHECK_THROWS_AS(frustration(directed), Error);
  CHECK_THROWS_AS(negative_cycle_packing(directed, std::vector<signed char>{1, 1}), Error);
  CHECK_THROWS_AS(negative_cycle_packing(user_graph(4, {}), std::vector<signed char>{1}), Error);
}

TEST_CASE("the same in every thread") {
  Random random(6);
  const SignedGraph graph = random_graph(120, 0.2, 0.5, random);
  const Frustration alone = frustration(graph);
  std::vector<Frustration> together(8);
  parallel_for(8, [&](Index i) { together[i] = frustration(graph); });
  for (const Frustration& each : together) {
    CHECK(each.side == alone.side);
    CHECK(each.lower == alone.lower);
  }
}
