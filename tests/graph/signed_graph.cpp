#include "yoneda/graph/signed_graph.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <map>

#include "yoneda/core/random.hpp"

using namespace yoneda;

namespace {

std::vector<Edge> random_edges(Index n, double density, bool directed, std::uint64_t seed) {
  Random random(seed);
  std::vector<Edge> edges;
  for (Id i = 0; i < n; ++i)
    for (Id j = directed ? 0 : i + 1; j < n; ++j)
      if (i != j && random.uniform() < density)
        edges.push_back({i, j, static_cast<float>(random.normal())});
  shuffle(std::span<Edge>(edges), random);
  return edges;
}

bool same(const Edge& a, const Edge& b) {
  return a.source == b.source && a.target == b.target && a.weight == b.weight;
}

}  // namespace

TEST_CASE("rows are sorted and every weight is where it was put") {
  for (const Direction direction : {Direction::undirected, Direction::directed}) {
    const bool directed = direction == Direction::directed;
    const Index n = 50;
    const auto edges = random_edges(n, 0.1, directed, 1);
    const auto graph = SignedGraph::from_edges(n, edges, direction, GraphKind::decoder);
    CHECK(graph.node_count() == n);
    CHECK(graph.edge_count() == static_cast<Index>(edges.size()));
    CHECK(graph.directed() == directed);
    CHECK(graph.kind() == GraphKind::decoder);
    CHECK(graph.offsets().size() == 51);
    CHECK(graph.offsets().back() == static_cast<Index>(graph.columns().size()));

    std::map<std::pair<Id, Id>, float> expected;
    for (const Edge& e : edges) {
      expected[{e.source, e.target}] = e.weight;
      if (!directed) expected[{e.target, e.source}] = e.weight;
    }
    CHECK(graph.columns().size() == expected.size());
    for (Id i = 0; i < n; ++i) {
      CHECK(std::ranges::is_sorted(graph.neighbors(i)));
      CHECK(graph.degree(i) == static_cast<Index>(graph.weights(i).size()));
      for (Id j = 0; j < n; ++j) {
        const auto found = expected.find({i, j});
        REQUIRE(graph.weight(i, j) == (found == expected.end() ? 0.0f : found->second));
      }
    }
  }
}

TEST_CASE("edges() lists every edge once, and the same graph can be built from it") {
  for (const Direction direction : {Direction::undirected, Direction::directed}) {
    const bool directed = direction == Direction::directed;
    auto edges = random_edges(30, 0.2, directed, 2);
    const auto graph = SignedGraph::from_edges(30, edges, direction, GraphKind::user);
    std::ranges::sort(edges, {}, [](const Edge& e) { return std::pair(e.source, e.target); });
    CHECK(std::ranges::equal(graph.edges(), edges, same));
    const auto again = SignedGraph::from_edges(30, graph.edges(), direction, GraphKind::user);
    CHECK(std::ranges::equal(again.columns(), graph.columns()));
    CHECK(std::ranges::equal(again.weights(), graph.weights()));
    CHECK(std::ranges::equal(again.offsets(), graph.offsets()));
  }
}

TEST_CASE("an undirected edge may be given in either direction") {
  const auto graph =
      SignedGraph::from_edges(3, {{2, 0, -1.5f}}, Direction::undirected, GraphKind::user);
  CHECK(graph.weight(0, 2) == -1.5f);
  CHECK(graph.weight(2, 0) == -1.5f);
  CHECK(graph.edges().front().source == 0);
}

TEST_CASE("graphs without edges or nodes") {
  CHECK(SignedGraph{}.node_count() == 0);
  CHECK(SignedGraph{}.edges().empty());
  const auto lone = SignedGraph::from_edges(4, {}, Direction::directed, GraphKind::user);
  CHECK(lone.node_count() == 4);
  CHECK(lone.edge_count() == 0);
  CHECK(lone.neighbors(3).empty());
  CHECK(lone.weight(0, 3) == 0);
}

TEST_CASE("edges that make no graph are refused, and the message names them") {
  const auto message = [](std::vector<Edge> edges, Direction direction) -> std::string {
    try {
      SignedGraph::from_edges(3, std::move(edges), direction, GraphKind::user);
    } catch (const Error& error) {
      CHECK(error.kind == ErrorKind::value);
      return error.what();
    }
    return "";
  };
  const auto undirected = Direction::undirected, directed = Direction::directed;
  CHECK(message({{0, 3, 1}}, directed) == "edge 0 - 3 leaves the graph of 3 nodes");
  CHECK(message({{-1, 2, 1}}, directed) == "edge -1 - 2 leaves the graph of 3 nodes");
  CHECK(message({{-1, 2, 1}}, undirected) == "edge -1 - 2 leaves the graph of 3 nodes");
  CHECK(message({{1, 1, 1}}, directed) == "edge 1 - 1 is a self-loop");
  CHECK(message({{1, 1, 1}}, undirected) == "edge 1 - 1 is a self-loop");
  CHECK(message({{0, 1, 1}, {0, 1, 2}}, directed) == "edge 0 - 1 is given more than once");
  CHECK(message({{0, 1, 1}, {1, 0, 1}}, undirected) == "edge 0 - 1 is given more than once");
  CHECK(message({{0, 1, 1}, {1, 0, 1}}, directed).empty());
  CHECK(message({{0, 1, 0}}, directed).find("finite and not zero") != std::string::npos);
  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()})
    CHECK(message({{0, 1, bad}}, undirected).find("finite and not zero") != std::string::npos);
}

TEST_CASE("every kind has a name") {
  CHECK(name(GraphKind::user) == "user");
  CHECK(name(GraphKind::profile) == "profile");
  CHECK(name(GraphKind::decoder) == "decoder");
  CHECK(name(GraphKind::virtual_) == "virtual");
  CHECK(name(GraphKind::flow) == "flow");
}
