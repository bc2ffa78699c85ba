#include "yoneda/null/rewire.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "category/graphs.hpp"
#include "yoneda/category/statistics.hpp"
#include "yoneda/stats/moments.hpp"

using namespace yoneda;

namespace {

/// Positive out, negative out, positive in, negative in; of undirected graphs in = out.
std::vector<std::array<Index, 4>> degrees(const SignedGraph& graph) {
  std::vector<std::array<Index, 4>> counts(graph.node_count());
  for (const Edge& e : graph.edges()) {
    ++counts[e.source][e.weight < 0];
    ++counts[e.target][2 + (e.weight < 0)];
    if (graph.directed()) continue;
    ++counts[e.target][e.weight < 0];
    ++counts[e.source][2 + (e.weight < 0)];
  }
  return counts;
}

std::vector<float> sorted_weights(const SignedGraph& graph) {
  std::vector<float> weights;
  for (const Edge& e : graph.edges()) weights.push_back(e.weight);
  std::ranges::sort(weights);
  return weights;
}

Index shared_edges(const SignedGraph& a, const SignedGraph& b) {
  Index shared = 0;
  for (const Edge& e : a.edges()) shared += b.weight(e.source, e.target) != 0;
  return shared;
}

/// The graph as text, without weights.
std::string shape(const SignedGraph& graph) {
  std::string text;
  for (const Edge& e : graph.edges())
    text += std::to_string(e.source) + (e.weight < 0 ? "-" : "+") + std::to_string(e.target) + " ";
  return text;
}

}  // namespace

TEST_CASE("every node keeps its degrees by sign, every weight is kept, and edges are new") {
  Random random(1);
  for (const SignedGraph& graph :
       {random_graph(60, 0.1, 0.4, random), random_directed_graph(60, 0.1, 2)}) {
    const Rewired made = rewired(graph, 3);
    CHECK(made.graph.direction() == graph.direction());
    CHECK(degrees(made.graph) == degrees(graph));  // from_edges refuses loops and double edges
    CHECK(sorted_weights(made.graph) == sorted_weights(graph));
    CHECK(made.attempted == 10 * graph.edge_count());
    CHECK(made.swapped > graph.edge_count());
    CHECK(made.swapped <= made.attempted);
    CHECK(shared_edges(graph, made.graph) < graph.edge_count() / 3);
    CHECK(shape(rewired(graph, 3).graph) == shape(made.graph));
    CHECK(shape(rewired(graph, 4).graph) != shape(made.graph));
  }
}

TEST_CASE("the overlap with the graph falls with every attempt") {
  Random random(5);
  const SignedGraph graph = random_graph(80, 0.1, 0.5, random);
  CHECK(shape(rewired(graph, 1, {0}).graph) == shape(graph));
  const Index few = shared_edges(graph, rewired(graph, 1, {1}).graph);
  const Index more = shared_edges(graph, rewired(graph, 1, {3}).graph);
  const Index many = shared_edges(graph, rewired(graph, 1, {30}).graph);
  CHECK(few < graph.edge_count());
  CHECK(more < few);
  CHECK(many < more);
}

TEST_CASE("all graphs of the same degrees are equally likely") {
  // A ring of six positive edges: 60 rings and 10 pairs of triangles have two edges at each node.
  const SignedGraph ring =
      user_graph(6, {{0, 1, 1}, {1, 2, 1}, {2, 3, 1}, {3, 4, 1}, {4, 5, 1}, {0, 5, 1}});
  std::map<std::string, int> times;
  constexpr int draws = 14'000;
  for (std::uint64_t seed = 0; seed < draws; ++seed) ++times[shape(rewired(ring, seed).graph)];
  CHECK(times.size() == 70);
  double chi_square = 0;
  for (const auto& [graph, count] : times) chi_square += (count - 200.0) * (count - 200.0) / 200;
  CHECK(chi_square < 69 + 4 * std::sqrt(2 * 69.0));
}

TEST_CASE("graphs in which nothing can be swapped stay as they are") {
  const SignedGraph complete =
      user_graph(4, {{0, 1, 1}, {0, 2, 1}, {0, 3, 1}, {1, 2, 1}, {1, 3, 1}, {2, 3, 1}});
  const Rewired same = rewired(complete, 1);
  CHECK(same.swapped == 0);
  CHECK(shape(same.graph) == shape(complete));
  // two edges of different sign are never swapped
  CHECK(rewired(user_graph(4, {{0, 1, 1}, {2, 3, -1}}), 1).swapped == 0);
  CHECK(rewired(user_graph(3, {}), 1).attempted == 0);
  CHECK_THROWS_WITH(rewired(complete, 1, {-1}), "a number of swaps must not be negative, as -1 is");
}

TEST_CASE("p is uniform where the null is true, with few swaps too") {
  Random random(6);
  const SignedGraph base = random_graph(24, 0.3, 0.4, random);
  for (const Index attempts : {1, 10}) {
    CAPTURE(attempts);
    std::vector<double> p;
    for (std::uint64_t round = 0; round < 400; ++round) {
      const SignedGraph graph = rewired(base, 1000 + round, {20}).graph;
      p.push_back(compare_with(rewire(graph, {attempts}), weighted_triangle_balance_statistic(),
                               graph, 19, round)
                      .p_upper);
    }
    CHECK(std::abs(moments(p).mean - 0.525) < 0.045);  // standard error .0144
    for (const double alpha : {0.05, 0.25, 0.5}) {
      const auto below = std::ranges::count_if(p, [&](double x) { return x <= alpha + 1e-9; });
      CHECK(std::abs(static_cast<double>(below) - 400 * alpha) <
            3 * std::sqrt(400 * alpha * (1 - alpha)));
    }
  }
}

TEST_CASE("planted: cliques have more triangles than their degrees make") {
  std::vector<Edge> edges;
  for (Id clique = 0; clique < 8; ++clique)
    for (Id i = 0; i < 6; ++i)
      for (Id j = 0; j < i; ++j) edges.push_back({6 * clique + i, 6 * clique + j, 1});
  const SignedGraph graph = user_graph(48, edges);
  const NullTest test = compare_with(rewire(graph), triangle_count_statistic(), graph, 39, 1);
  CHECK(test.verdict == Verdict::commutes);
  CHECK(test.null_kind == "rewire");
  CHECK(test.keeps.find("10 attempted swaps per edge") != std::string::npos);
  CHECK(test.observed > 2 * test.null_mean);
}

TEST_CASE("products of directions are refused") {
  for (const GraphKind kind :
       {GraphKind::profile, GraphKind::decoder, GraphKind::virtual_, GraphKind::flow})
    CHECK_THROWS_AS(rewire(SignedGraph::from_edges(2, {{0, 1, 1}}, Direction::undirected, kind)),
                    Error);
}
