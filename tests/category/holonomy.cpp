#include "yoneda/category/holonomy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "category/graphs.hpp"
#include "yoneda/category/balance.hpp"
#include "yoneda/category/composite.hpp"
#include "yoneda/graph/components.hpp"

using namespace yoneda;
using doctest::Approx;

static_assert(GroupBase<Sign> && GroupBase<Weight>);
static_assert(!GroupBase<Real> && !GroupBase<Lawvere>);

namespace {

/// Any edges, either way or both, of weights φ(v) / φ(u): every cycle multiplies to 1.
SignedGraph gradient(Index n, double density, Random& random) {
  std::vector<double> potential;
  for (Index i = 0; i < n; ++i)
    potential.push_back((random.below(2) == 0 ? -1 : 1) * std::exp(random.normal()));
  std::vector<Edge> edges;
  for (Id u = 0; u < n; ++u)
    for (Id v = 0; v < n; ++v)
      if (u != v && random.uniform() < density)
        edges.push_back({u, v, static_cast<float>(potential[v] / potential[u])});
  return directed_graph(n, std::move(edges));
}

/// Whether sides exist whose products are the signs of all edges, by trying all.
bool has_sides(const SignedGraph& graph) {
  const auto edges = graph.edges();
  for (Index sides = 0; sides < Index{1} << graph.node_count(); ++sides) {
    bool all = true;
    for (const Edge& e : edges)
      all = all && (((sides >> e.source) & 1) == ((sides >> e.target) & 1)) == (e.weight > 0);
    if (all) return true;
  }
  return false;
}

/// The value of a cycle whose steps have an edge one way only.
double walked(const SignedGraph& graph, const std::vector<Id>& cycle) {
  double product = 1;
  for (std::size_t i = 1; i < cycle.size(); ++i) {
    const double along = graph.weight(cycle[i - 1], cycle[i]);
    product *= along != 0 ? along : 1 / static_cast<double>(graph.weight(cycle[i], cycle[i - 1]));
  }
  return product;
}

}  // namespace

TEST_CASE("on undirected signs it is balance") {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    const SignedGraph graph =
        round % 2 == 0
            ? random_graph(2 + random.below(9), 0.1 + 0.5 * random.uniform(), 0.3, random)
            : balanced_graph(30, 0.2, random);
    const auto found = holonomy(graph, Sign{});
    const Balance expected = balance(graph);
    REQUIRE(found.trivial() == expected.balanced());
    CHECK(std::vector<signed char>(found.potential.begin(), found.potential.end()) ==
          expected.side);
    CHECK(found.cycles ==
          graph.edge_count() - graph.node_count() + connected_components(graph).count);
    for (const auto& failure : found.failures) {
      CHECK(failure.value == -1);
      CHECK(composite(Sign{}, graph, failure.cycle) == -1);
    }
  }
}

TEST_CASE("on directed signs it is whether sides exist, edges both ways included") {
  Random random(2);
  int trivial = 0;
  for (int round = 0; round < 300; ++round) {
    const Index n = 1 + random.below(6);
    std::vector<Edge> edges;
    for (Id u = 0; u < n; ++u)
      for (Id v = 0; v < n; ++v)
        if (u != v && random.uniform() < 0.3)
          edges.push_back({u, v, random.uniform() < 0.3 ? -1.0f : 1.0f});
    const SignedGraph graph = directed_graph(n, edges);
    const auto found = holonomy(graph, Sign{});
    REQUIRE(found.trivial() == has_sides(graph));
    CHECK(found.cycles == graph.edge_count() - n + connected_components(graph).count);
    trivial += found.trivial();
  }
  CHECK(trivial > 50);
  CHECK(trivial < 250);
}

TEST_CASE("gradients have none; one wrong weight is found, with the factor it is wrong by") {
  Random random(3);
  for (int round = 0; round < 50; ++round) {
    const SignedGraph graph = gradient(25, 0.2, random);
    CHECK(holonomy(graph, Weight{}, 1e-5).trivial());  // weights are floats
    auto edges = graph.edges();
    Edge& wrong = edges[random.below(static_cast<Index>(edges.size()))];
    wrong.weight *= -3;
    const auto found = holonomy(directed_graph(25, edges), Weight{}, 1e-5);
    REQUIRE_FALSE(found.trivial());
    for (const auto& failure : found.failures) {
      CHECK(failure.discrepancy == Approx(std::log(3.0) + 1).epsilon(1e-4));
      const double size = std::abs(failure.value);
      CHECK(std::max(size, 1 / size) == Approx(3).epsilon(1e-4));
    }
  }
}

TEST_CASE("cycles come worst first, their values are their products, and only the worst are kept") {
  Random random(4);
  std::vector<Edge> edges;
  for (Id u = 0; u < 30; ++u)
    for (Id v = u + 1; v < 30; ++v)
      if (random.uniform() < 0.3)
        edges.push_back(random.below(2) == 0 ? Edge{u, v, static_cast<float>(random.normal())}
                                             : Edge{v, u, static_cast<float>(random.normal())});
  const SignedGraph graph = directed_graph(30, edges);
  const auto found = holonomy(graph, Weight{}, 1e-9, 1000);
  REQUIRE(found.nontrivial == found.cycles);
  REQUIRE(static_cast<Index>(found.failures.size()) == found.nontrivial);
  for (std::size_t i = 0; i < found.failures.size(); ++i) {
    const auto& failure = found.failures[i];
    CHECK(walked(graph, failure.cycle) == Approx(failure.value));
    if (i > 0) CHECK(failure.discrepancy <= found.failures[i - 1].discrepancy);
  }
  const auto worst = holonomy(graph, Weight{}, 1e-9, 3);
  CHECK(worst.nontrivial == found.nontrivial);
  REQUIRE(worst.failures.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(worst.failures[i].cycle == found.failures[i].cycle);
}

TEST_CASE("undirected weights that are not ±1 are refused in the base Weight") {
  CHECK_THROWS_WITH_AS(holonomy(user_graph(3, {{0, 1, 1}, {1, 2, 0.5f}}), Weight{}),
                       "edge 1 - 2 of weight 0.500000 is undirected and not inverse to itself in "
                       "this base; give a directed graph, or use the base Sign",
                       Error);
  CHECK(holonomy(user_graph(3, {{0, 1, -1}, {1, 2, -1}, {0, 2, 1}}), Weight{}).trivial());
  CHECK_THROWS_AS(holonomy(SignedGraph{}, Sign{}, -1), Error);
  CHECK_THROWS_AS(holonomy(SignedGraph{}, Sign{}, 0, 0), Error);
  CHECK(holonomy(SignedGraph{}, Sign{}).trivial());
}
