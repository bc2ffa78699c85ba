#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "category/graphs.hpp"
#include "yoneda/category/parallel_paths.hpp"
#include "yoneda/category/square_equations.hpp"
#include "yoneda/category/squares.hpp"
#include "yoneda/category/statistics.hpp"
#include "yoneda/category/triangle_equations.hpp"
#include "yoneda/null/sign_shuffle.hpp"

using namespace yoneda;

namespace {

using Pair = std::pair<std::vector<Id>, std::vector<Id>>;

std::vector<Pair> pairs_of(const Equations& equations) {
  std::vector<Pair> pairs;
  for (const Equation& e : equations.list) pairs.push_back({e.left, e.right});
  return pairs;
}

/// Weights are powers of two, so that products are exact and often tie.
SignedGraph powers_of_two(Index n, double density, Direction direction, Random& random) {
  std::vector<Edge> edges;
  for (Id u = 0; u < n; ++u)
    for (Id v = 0; v < n; ++v) {
      if (u == v || (direction == Direction::undirected && u > v)) continue;
      if (random.uniform() >= density) continue;
      const auto size = std::ldexp(1.0f, static_cast<int>(random.below(5)) - 2);
      edges.push_back({u, v, random.below(2) == 0 ? -size : size});
    }
  return SignedGraph::from_edges(n, std::move(edges), direction, GraphKind::user);
}

/// By all tuples of different nodes; f < k where undirected.
std::vector<Pair> all_squares(const SignedGraph& graph) {
  std::vector<Pair> found;
  const auto n = static_cast<Id>(graph.node_count());
  for (Id f = 0; f < n; ++f)
    for (Id k = graph.directed() ? 0 : f; k < n; ++k)
      for (Id g = 0; g < n; ++g)
        for (Id h = g + 1; h < n; ++h) {
          if (std::set<Id>{f, g, h, k}.size() != 4) continue;
          if (graph.weight(f, g) != 0 && graph.weight(g, k) != 0 && graph.weight(f, h) != 0 &&
              graph.weight(h, k) != 0)
            found.push_back({{f, g, k}, {f, h, k}});
        }
  return found;
}

std::vector<Pair> all_triangles(const SignedGraph& graph) {
  std::vector<Pair> found;
  const auto n = static_cast<Id>(graph.node_count());
  for (Id f = 0; f < n; ++f)
    for (Id h = graph.directed() ? 0 : f; h < n; ++h)
      for (Id g = 0; g < n; ++g)
        if (graph.weight(f, g) != 0 && graph.weight(g, h) != 0 && graph.weight(f, h) != 0)
          found.push_back({{f, g, h}, {f, h}});
  return found;
}

/// Every sequence of 2 to longest + 1 different nodes that is a path, by counting up in base n.
std::vector<Pair> all_parallel(const SignedGraph& graph, Index longest) {
  std::vector<std::vector<Id>> paths;
  const Index n = graph.node_count();
  for (Index length = 2; length <= longest + 1; ++length) {
    Index sequences = 1;
    for (Index i = 0; i < length; ++i) sequences *= n;
    for (Index number = 0; number < sequences; ++number) {
      std::vector<Id> path;
      for (Index i = 0, rest = number; i < length; ++i, rest /= n)
        path.push_back(static_cast<Id>(rest % n));
      bool is_path = static_cast<Index>(std::set<Id>(path.begin(), path.end()).size()) == length;
      for (std::size_t i = 1; i < path.size() && is_path; ++i)
        is_path = graph.weight(path[i - 1], path[i]) != 0;
      if (is_path) paths.push_back(path);
    }
  }
  std::vector<Pair> found;
  for (const auto& left : paths)
    for (const auto& right : paths) {
      if (left.front() != right.front() || left.back() != right.back()) continue;
      if (left.size() > right.size() || (left.size() == right.size() && left < right))
        found.push_back({left, right});
    }
  return found;
}

double strength(const SignedGraph& graph, const Pair& pair) {
  return std::abs(composite(Weight{}, graph, pair.first) * composite(Weight{}, graph, pair.second));
}

/// all, strongest and sample against the list found by brute force. `rank` orders ties.
template <class Find, class Rank>
void check_selections(const SignedGraph& graph, std::vector<Pair> expected, const Find& find,
                      const Rank& rank) {
  const auto in_order = [](std::vector<Pair> pairs) {
    std::ranges::sort(pairs);
    return pairs;
  };
  const Equations all = find(Selection::all());
  CHECK(all.total == static_cast<Index>(expected.size()));
  REQUIRE(in_order(pairs_of(all)) == in_order(expected));

  std::ranges::sort(expected, [&](const Pair& a, const Pair& b) {
    const double x = strength(graph, a), y = strength(graph, b);
    return x != y ? x > y : rank(a) < rank(b);
  });
  for (const Index count : {Index{1}, Index{7}, Index{1000000}}) {
    const Equations found = find(Selection::strongest(count));
    CHECK(found.total == all.total);
    const auto kept = std::min<Index>(count, all.total);
    REQUIRE(pairs_of(found) == std::vector<Pair>(expected.begin(), expected.begin() + kept));

    const Equations drawn = find(Selection::sample(count, 5));
    CHECK(drawn.total == all.total);
    const auto pairs = pairs_of(drawn);
    const std::set<Pair> different(pairs.begin(), pairs.end());
    CHECK(static_cast<Index>(different.size()) == kept);
    const auto list = in_order(expected);
    for (const Pair& pair : pairs) REQUIRE(std::ranges::binary_search(list, pair));
    CHECK(pairs == pairs_of(find(Selection::sample(count, 5))));
  }
}

const auto by_ends_of_square = [](const Pair& p) {
  return std::vector<Id>{p.first[0], p.first[2], p.first[1], p.second[1]};
};
const auto by_ends_of_triangle = [](const Pair& p) {
  return std::vector<Id>{p.first[0], p.first[2], p.first[1]};
};

}  // namespace

TEST_CASE("triangles and squares are those of brute force, however selected") {
  Random random(1);
  for (int round = 0; round < 40; ++round) {
    const auto direction = round % 2 == 0 ? Direction::undirected : Direction::directed;
    const SignedGraph graph = powers_of_two(random.below(12), random.uniform(), direction, random);
    check_selections(
        graph, all_triangles(graph),
        [&](const Selection& s) { return triangle_equations(graph, s); }, by_ends_of_triangle);
    check_selections(
        graph, all_squares(graph), [&](const Selection& s) { return square_equations(graph, s); },
        by_ends_of_square);
  }
}

TEST_CASE("parallel paths are those of brute force, however selected") {
  Random random(2);
  for (int round = 0; round < 20; ++round) {
    const SignedGraph graph =
        powers_of_two(random.below(7), random.uniform(), Direction::directed, random);
    for (Index longest = 1; longest <= 4; ++longest)
      check_selections(
          graph, all_parallel(graph, longest),
          [&](const Selection& s) { return parallel_paths(graph, longest, s); },
          [](const Pair& p) { return p; });
  }
}

TEST_CASE("the counts of equations are those of triangles, squares and paths of two steps") {
  Random random(3);
  const SignedGraph graph = random_graph(60, 0.3, 0.4, random);
  CHECK(triangle_equations(graph).total == 3 * triangle_balance(graph).count());
  CHECK(square_equations(graph, Selection::sample(1, 1)).total ==
        2 * square_balance(graph).count());
  const SignedGraph directed = powers_of_two(40, 0.2, Direction::directed, random);
  CHECK(parallel_paths(directed, 2).total ==
        triangle_equations(directed).total + square_equations(directed).total);
}

TEST_CASE("a triangle fails in Sign where it is unbalanced, from any of its three middles") {
  Random random(4);
  const SignedGraph graph = random_graph(30, 0.4, 0.4, random);
  const Equations triangles = triangle_equations(graph);
  CHECK(static_cast<Index>(failures(triangles.list, graph, Sign{}).size()) ==
        3 * triangle_balance(graph).unbalanced);
  const Equations squares = square_equations(graph);
  CHECK(static_cast<Index>(failures(squares.list, graph, Sign{}).size()) ==
        2 * square_balance(graph).unbalanced);
}

TEST_CASE("the share of commuting triangles is that of the equations that hold") {
  const Statistic statistic = commuting_triangles_statistic();
  Random random(7);
  const SignedGraph graph = powers_of_two(25, 0.3, Direction::directed, random);
  const Equations triangles = triangle_equations(graph);
  const auto failing = static_cast<double>(failures(triangles.list, graph, Sign{}).size());
  CHECK(*statistic.of(graph) ==
        doctest::Approx(1 - failing / static_cast<double>(triangles.total)));
  CHECK_FALSE(
      statistic.of(SignedGraph::from_edges(2, {{0, 1, 1}}, Direction::directed, GraphKind::user))
          .has_value());
  CHECK_THROWS_AS(statistic.of(user_graph(2, {{0, 1, 1}})), Error);

  // Planted sides commute beside shuffled signs, and signs by chance do not.
  CHECK(compare_with(sign_shuffle(graph), statistic, graph, 40, 1).verdict == Verdict::does_not);
  auto edges = graph.edges();
  for (Edge& e : edges)
    if ((e.weight < 0) != (e.source % 2 != e.target % 2)) e.weight = -e.weight;
  const SignedGraph sided =
      SignedGraph::from_edges(25, edges, Direction::directed, GraphKind::user);
  const NullTest planted = compare_with(sign_shuffle(sided), statistic, sided, 40, 1);
  CHECK(planted.observed == 1);
  CHECK(planted.verdict == Verdict::commutes);
}

TEST_CASE("symmetric weights that satisfy all three equations of a triangle are ±1") {
  const SignedGraph ratios = user_graph(3, {{0, 1, 2}, {1, 2, 3}, {0, 2, 6}});
  const Equations found = triangle_equations(ratios);
  const auto failing = failures(found.list, ratios, Weight{});
  CHECK(failing.size() == 2);  // 2 · 3 = 6, but neither 2 · 6 = 3 nor 3 · 6 = 2
  CHECK(found.list[failing.front().equation].left == std::vector<Id>{0, 2, 1});
  const SignedGraph directed =
      SignedGraph::from_edges(3, ratios.edges(), Direction::directed, GraphKind::user);
  CHECK(commutes(triangle_equations(directed).list, directed, Weight{}));
}

TEST_CASE("a sample takes every equation equally often") {
  Random random(5);
  const SignedGraph graph = powers_of_two(8, 0.6, Direction::directed, random);
  const Index total = square_equations(graph).total;
  REQUIRE(total > 60);
  REQUIRE(total < 1000);
  const Index count = 10, rounds = 4000;
  std::map<Pair, Index> taken;
  for (Index seed = 0; seed < rounds; ++seed)
    for (const Pair& pair : pairs_of(
             square_equations(graph, Selection::sample(count, static_cast<std::uint64_t>(seed)))))
      ++taken[pair];
  CHECK(static_cast<Index>(taken.size()) == total);
  const double p = static_cast<double>(count) / static_cast<double>(total);
  const double mean = p * static_cast<double>(rounds), sd = std::sqrt(mean * (1 - p));
  double chi_square = 0;
  for (const auto& [pair, times] : taken) {
    const double off = (static_cast<double>(times) - mean) / sd;
    CHECK(std::abs(off) < 5);
    chi_square += off * off;
  }
  // close to a chi square of total − 1 degrees: mean total − 1, variance twice that
  const auto degrees = static_cast<double>(total - 1);
  CHECK(std::abs(chi_square - degrees) < 5 * std::sqrt(2 * degrees));
}

TEST_CASE("the commonest mistakes are refused") {
  Random random(6);
  const SignedGraph graph = random_graph(10, 0.5, 0.4, random);
  CHECK_THROWS_WITH_AS(triangle_equations(graph, Selection::strongest(0)),
                       "a selection of diagrams needs a count of at least 1, not 0", Error);
  CHECK_THROWS_AS(square_equations(graph, Selection::sample(-1, 0)), Error);
  CHECK_THROWS_AS(parallel_paths(graph, 2), Error);
  CHECK_THROWS_AS(for_each_transitive_triangle(graph, [](const TransitiveTriangle&) {}), Error);
  const SignedGraph directed = powers_of_two(5, 0.5, Direction::directed, random);
  CHECK_THROWS_AS(parallel_paths(directed, 0), Error);
  CHECK(triangle_equations(SignedGraph{}).total == 0);
  CHECK(square_equations(SignedGraph{}, Selection::strongest(3)).list.empty());
}
