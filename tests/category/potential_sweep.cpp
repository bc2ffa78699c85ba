#include "yoneda/category/potential_sweep.hpp"

#include <doctest/doctest.h>
#if defined(_OPENMP)
#include <omp.h>
#endif

#include <cmath>
#include <set>
#include <vector>

#include "category/graphs.hpp"
#include "yoneda/category/balance.hpp"
#include "yoneda/category/holonomy.hpp"
#include "yoneda/category/parallel_paths.hpp"

using namespace yoneda;

namespace {

SignedGraph spoilt(const SignedGraph& graph, float factor, Random& random) {
  auto edges = graph.edges();
  if (!edges.empty()) edges[random.below(static_cast<Index>(edges.size()))].weight *= factor;
  return directed_graph(graph.node_count(), std::move(edges));
}

template <Base B>
bool agrees_with_all_paths(const SignedGraph& graph, const B& base) {
  const bool commuting =
      commutes(parallel_paths(graph, std::max<Index>(1, graph.node_count() - 1)).list, graph, base);
  const Sweep<B> sweep = potential_sweep(graph, base);
  REQUIRE(sweep.commutes() == commuting);
  REQUIRE(sweep.failures.empty() == commuting);
  REQUIRE(sweep.equations.size() == sweep.failures.size());
  REQUIRE(sweep.sources == graph.node_count());
  for (std::size_t i = 0; i < sweep.failures.size(); ++i) {
    const auto& [place, apart, left, right] = sweep.failures[i];
    const Equation& equation = sweep.equations[place];
    require_valid(equation);
    CHECK(left == composite(base, graph, equation.left));  // throws where a step is no edge
    CHECK(right == composite(base, graph, equation.right));
    CHECK(apart == base.discrepancy(left, right));
    CHECK(apart > 0);
    CHECK(equation.left[1] != equation.right[1]);  // the paths part at the source
    if (i > 0) CHECK(apart <= sweep.failures[i - 1].discrepancy);
  }
  return commuting;
}

}  // namespace

TEST_CASE("no flags exactly where all parallel paths agree, by listing them all") {
  Random random(1);
  int sign = 0, weight = 0, chance = 0;
  const int rounds = 300;
  for (int round = 0; round < rounds; ++round) {
    const SignedGraph planted = commuting_graph(random.below(9), random.uniform(), random);
    CHECK(agrees_with_all_paths(planted, Sign{}));
    CHECK(agrees_with_all_paths(planted, Weight{}));
    sign += agrees_with_all_paths(spoilt(planted, -1, random), Sign{});
    weight += agrees_with_all_paths(spoilt(planted, 2, random), Weight{});
    // a base in which a step cannot be cancelled: probabilities, powers of ½
    auto edges = planted.edges();
    for (Edge& e : edges) e.weight = std::min(std::abs(e.weight), 1.0f);
    chance += agrees_with_all_paths(directed_graph(planted.node_count(), edges), Probability{});
  }
  for (const int commuting : {sign, weight, chance}) {
    CHECK(commuting > rounds / 10);
    CHECK(commuting < rounds * 9 / 10);
  }
}

TEST_CASE("one wrong edge of a large graph is found") {
  Random random(2);
  const SignedGraph graph = commuting_graph(150, 0.2, random);
  CHECK(potential_sweep(graph, Weight{}).commutes());
  CHECK(potential_sweep(graph, Weight{}).comparisons > 10000);
  auto edges = graph.edges();
  Edge& wrong = edges[edges.size() / 2];
  wrong.weight *= 4;
  const Edge e = wrong;
  const SignedGraph broken = directed_graph(150, edges);
  const auto sweep = potential_sweep(broken, Weight{});
  REQUIRE_FALSE(sweep.commutes());
  for (const Equation& equation : sweep.equations) {  // one side goes over it
    bool over = false;
    for (const auto* path : {&equation.left, &equation.right})
      for (std::size_t i = 1; i < path->size(); ++i)
        over |= (*path)[i - 1] == e.source && (*path)[i] == e.target;
    CHECK(over);
  }
  CHECK(sweep.failures.front().discrepancy == doctest::Approx(std::log(4.0)));
}

TEST_CASE("a sample of sources, the number kept, and the number of threads") {
  Random random(3);
  std::vector<Edge> edges;
  for (Id u = 0; u < 200; ++u)
    for (Id v = u + 1; v < 200; ++v)
      if (random.uniform() < 0.1) edges.push_back({u, v, static_cast<float>(random.normal())});
  const SignedGraph graph = directed_graph(200, edges);
  const auto all = potential_sweep(graph, Weight{});
  CHECK(all.nodes == 200);
  CHECK(all.failures.size() == 100);
  const auto part = potential_sweep(graph, Weight{}, {.sources = 20, .seed = 4, .keep = 7});
  CHECK(part.sources == 20);
  CHECK(part.flags < all.flags);
  CHECK(part.failures.size() == 7);
  std::set<Id> starts;
  const auto many = potential_sweep(graph, Weight{}, {.sources = 20, .seed = 4, .keep = 100000});
  CHECK(static_cast<Index>(many.failures.size()) == many.flags);
  for (const Equation& equation : many.equations) starts.insert(equation.left.front());
  CHECK(starts.size() <= 20);
  CHECK(starts.size() > 10);
#if defined(_OPENMP)
  const int before = omp_get_max_threads();
  for (const int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    const auto again = potential_sweep(graph, Weight{});
    CHECK(again.flags == all.flags);
    CHECK(again.comparisons == all.comparisons);
    REQUIRE(again.failures.size() == all.failures.size());
    for (std::size_t i = 0; i < all.failures.size(); ++i) {
      CHECK(again.equations[i].left == all.equations[i].left);
      CHECK(again.equations[i].right == all.equations[i].right);
      CHECK(again.failures[i].discrepancy == all.failures[i].discrepancy);
    }
  }
  omp_set_num_threads(before);
#endif
}

TEST_CASE("a zig-zag commutes, for no two paths are parallel, and its cycle is negative") {
  const std::vector<Edge> edges{{0, 1, 1}, {2, 1, 1}, {2, 3, 1}, {0, 3, -1}};
  const SignedGraph graph = directed_graph(4, edges);
  CHECK(potential_sweep(graph, Sign{}).commutes());
  CHECK(parallel_paths(graph, 3).total == 0);
  CHECK_FALSE(balance(user_graph(4, edges)).balanced());
  CHECK_FALSE(holonomy(graph, Sign{}).trivial());
}

TEST_CASE("trivial holonomy implies that all parallel paths agree") {
  Random random(4);
  int trivial = 0, less = 0;
  for (int round = 0; round < 300; ++round) {
    const SignedGraph graph = spoilt(commuting_graph(2 + random.below(8), 0.5, random), -1, random);
    const bool commuting = potential_sweep(graph, Sign{}).commutes();
    if (holonomy(graph, Sign{}).trivial()) {
      CHECK(commuting);
      ++trivial;
    } else {
      less += commuting;
    }
  }
  CHECK(trivial > 20);
  CHECK(less > 5);  // commutes, and a cycle is negative
}

TEST_CASE("what is not acyclic, directed or sensible is refused") {
  CHECK_THROWS_WITH_AS(
      potential_sweep(directed_graph(3, {{0, 1, 1}, {1, 2, 1}, {2, 0, 1}}), Sign{}),
      "a potential sweep needs a graph without directed cycles, and this one has 0 → 1 → 2 → 0",
      Error);
  CHECK_THROWS_AS(potential_sweep(user_graph(2, {{0, 1, 1}}), Sign{}), Error);
  const SignedGraph graph = directed_graph(2, {{0, 1, 1}});
  CHECK_THROWS_AS(potential_sweep(graph, Sign{}, {.tolerance = -1}), Error);
  CHECK_THROWS_AS(potential_sweep(graph, Sign{}, {.sources = -1}), Error);
  CHECK_THROWS_AS(potential_sweep(graph, Sign{}, {.keep = 0}), Error);
  CHECK(potential_sweep(directed_graph(0, {}), Sign{}).commutes());
}
