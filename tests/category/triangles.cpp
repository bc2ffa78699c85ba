#include "yoneda/category/triangles.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <algorithm>
#include <tuple>

#include "category/graphs.hpp"
#include "yoneda/category/feature_frustration.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

std::vector<Triangle> all_triples(const SignedGraph& graph) {
  std::vector<Triangle> found;
  const auto n = static_cast<Id>(graph.node_count());
  for (Id a = 0; a < n; ++a)
    for (Id b = a + 1; b < n; ++b)
      for (Id c = b + 1; c < n; ++c) {
        const Triangle t{a, b, c, graph.weight(a, b), graph.weight(a, c), graph.weight(b, c)};
        if (t.ab != 0 && t.ac != 0 && t.bc != 0) found.push_back(t);
      }
  return found;
}

auto tied(const Triangle& t) {
  return std::tie(t.a, t.b, t.c, t.ab, t.ac, t.bc);
}

Eigen::MatrixXd adjacency(const SignedGraph& graph) {
  Eigen::MatrixXd A = Eigen::MatrixXd::Zero(graph.node_count(), graph.node_count());
  for (const Edge& e : graph.edges())
    A(e.source, e.target) = A(e.target, e.source) = static_cast<double>(e.weight);
  return A;
}

}  // namespace

TEST_CASE("every triangle is visited once, with its weights") {
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    const SignedGraph graph = random_graph(random.below(22), random.uniform(), 0.5, random);
    std::vector<Triangle> found;
    for_each_triangle(graph, [&](const Triangle& t) { found.push_back(t); });
    std::ranges::sort(found, {}, [](const Triangle& t) { return tied(t); });
    const auto expected = all_triples(graph);
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) REQUIRE(tied(found[i]) == tied(expected[i]));
    const auto even =
        std::ranges::count_if(expected, [](const Triangle& t) { return t.ab * t.ac * t.bc > 0; });
    CHECK(triangle_balance(graph).balanced == even);
    CHECK(triangle_balance(graph).count() == static_cast<Index>(expected.size()));
  }
}

TEST_CASE("weighted triangle balance is a ratio of traces") {
  Random random(2);
  const SignedGraph graph = random_graph(30, 0.4, 0.3, random);
  const Eigen::MatrixXd A = adjacency(graph), B = A.cwiseAbs();
  const double expected = 0.5 * (1 + (A * A * A).trace() / (B * B * B).trace());
  CHECK(*triangle_balance(graph).weighted_share() == Approx(expected));
}

TEST_CASE("without triangles there is no share") {
  CHECK_FALSE(triangle_balance(SignedGraph{}).share().has_value());
  const auto square = triangle_balance(user_graph(4, {{0, 1, 1}, {1, 2, 1}, {2, 3, 1}, {0, 3, 1}}));
  CHECK_FALSE(square.share().has_value());
  CHECK_FALSE(square.weighted_share().has_value());
  CHECK(triangle_balance(user_graph(3, {{0, 1, -1}, {1, 2, -1}, {0, 2, 1}})).share() == 1.0);
  CHECK(triangle_balance(user_graph(3, {{0, 1, -1}, {1, 2, -1}, {0, 2, -1}})).share() == 0.0);
  CHECK_THROWS_AS(triangle_balance(SignedGraph::from_edges(2, {{0, 1, 1}}, Direction::directed,
                                                           GraphKind::user)),
                  Error);
}

TEST_CASE("a balanced graph has balanced triangles only") {
  Random random(3);
  const auto counts = triangle_balance(balanced_graph(60, 0.3, random));
  CHECK(counts.count() > 100);
  CHECK(counts.share() == 1.0);
  CHECK(counts.weighted_share() == 1.0);
}

TEST_CASE("feature frustration is the local ratio of cubes") {
  Random random(4);
  const SignedGraph graph = random_graph(40, 0.12, 0.4, random);
  const auto found = feature_frustration(graph);
  const Eigen::MatrixXd A = adjacency(graph), B = A.cwiseAbs();
  const Eigen::VectorXd signed_cube = (A * A * A).diagonal(), cube = (B * B * B).diagonal();
  Index without = 0;
  for (Id f = 0; f < 40; ++f) {
    if (found.triangles[f] == 0) {
      CHECK(std::isnan(found.share[f]));
      ++without;
      continue;
    }
    CHECK(found.share[f] == Approx(0.5 * (1 - signed_cube(f) / cube(f))));
    CHECK(found.unbalanced_weight[f] == Approx((cube(f) - signed_cube(f)) / 4));
  }
  CHECK(without > 0);
  CHECK(without < 40);
}

TEST_CASE("a feature with one bad triangle does not win") {
  // 0 lies in one triangle, unbalanced; 3 lies in the three triangles of a K4, two unbalanced
  const SignedGraph graph = user_graph(7, {{0, 1, 1},
                                           {1, 2, 1},
                                           {0, 2, -1},
                                           {3, 4, 1},
                                           {3, 5, 1},
                                           {3, 6, 1},
                                           {4, 5, 1},
                                           {4, 6, -2},
                                           {5, 6, 1}});
  const auto frustration = feature_frustration(graph);
  CHECK(frustration.share[0] == 1);
  CHECK(most_frustrated(frustration, 2) == std::vector<Id>{4, 6, 3, 5});
  CHECK(most_frustrated(frustration, 1).front() == 0);
  CHECK(most_frustrated(frustration).empty());
  CHECK(most_frustrated(feature_frustration(SignedGraph{})).empty());
}

TEST_CASE("values for a comparison: degrees, and no share of too few triangles") {
  const SignedGraph graph =
      user_graph(5, {{0, 1, 1}, {0, 2, 1}, {1, 2, -1}, {0, 3, 1}, {1, 3, 1}, {3, 4, 1}});
  const auto found = feature_frustration(graph);  // 0 and 1 in two triangles, 2 and 3 in one
  const auto values = frustration_values(graph, found, 2);
  REQUIRE(values.size() == 5);
  CHECK(values[0].degree == 3);
  CHECK(values[0].value == found.share[0]);
  CHECK(std::isnan(values[2].value));
  CHECK(std::isnan(values[4].value));
  CHECK(frustration_values(graph, found, 1)[2].value == 1);
}
