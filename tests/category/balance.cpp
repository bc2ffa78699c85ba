#include "yoneda/category/balance.hpp"

#include <doctest/doctest.h>

#include <set>

#include "category/graphs.hpp"
#include "yoneda/category/composite.hpp"

using namespace yoneda;

namespace {

void is_negative_cycle(const SignedGraph& graph, const std::vector<Id>& walk) {
  REQUIRE(walk.size() >= 4);
  CHECK(walk.front() == walk.back());
  CHECK(std::set<Id>(walk.begin(), walk.end()).size() == walk.size() - 1);  // simple
  CHECK(composite(Sign{}, graph, walk) == -1);  // throws where a step is no edge
}

void sides_agree(const SignedGraph& graph, const std::vector<signed char>& side) {
  for (const Edge& e : graph.edges()) REQUIRE((e.weight > 0) == (side[e.source] == side[e.target]));
}

}  // namespace

TEST_CASE("balance agrees with exhaustive search, and the certificate with its definition") {
  Random random(1);
  int balanced = 0;
  for (int round = 0; round < 400; ++round) {
    const SignedGraph graph =
        random_graph(2 + random.below(9), 0.1 + 0.5 * random.uniform(), 0.4, random);
    const Balance found = balance(graph);
    REQUIRE(found.balanced() == (exact_frustration(graph, false) == 0));
    balanced += found.balanced();
    if (found.balanced())
      sides_agree(graph, found.side);
    else
      is_negative_cycle(graph, found.certificate);
  }
  CHECK(balanced > 50);
  CHECK(balanced < 350);
}

TEST_CASE("a planted balanced graph is balanced, and one flipped edge is found") {
  Random random(2);
  for (int round = 0; round < 20; ++round) {
    const SignedGraph graph = balanced_graph(200, 0.05, random);
    CHECK(balance(graph).balanced());
    sides_agree(graph, balance(graph).side);
    auto edges = graph.edges();
    Edge& flipped = edges[random.below(graph.edge_count())];
    flipped.weight = -flipped.weight;
    const Id u = flipped.source, v = flipped.target;
    const SignedGraph spoilt = user_graph(200, std::move(edges));
    const auto walk = balance(spoilt).certificate;
    is_negative_cycle(spoilt, walk);
    CHECK(walk.size() <= 8);  // short: a tree grown in breadth is shallow
    bool contains = false;    // every negative cycle has to use the flipped edge
    for (std::size_t i = 1; i < walk.size(); ++i)
      contains |= std::pair(std::min(walk[i - 1], walk[i]), std::max(walk[i - 1], walk[i])) ==
                  std::pair(u, v);
    CHECK(contains);
  }
}

TEST_CASE("components are judged apart; nodes without edges are on side +1") {
  // 0 - 1 negative; 2 alone; 3 4 5 6 a square with one negative edge
  const SignedGraph graph =
      user_graph(7, {{0, 1, -1}, {3, 4, 1}, {4, 5, -1}, {5, 6, 1}, {3, 6, 1}});
  const Balance found = balance(graph);
  CHECK_FALSE(found.balanced());
  CHECK(std::set<Id>(found.certificate.begin(), found.certificate.end()) ==
        std::set<Id>{3, 4, 5, 6});
  CHECK(found.side[0] == 1);
  CHECK(found.side[1] == -1);
  CHECK(found.side[2] == 1);
}

TEST_CASE("small, empty and long graphs") {
  CHECK(balance(SignedGraph{}).balanced());
  CHECK(balance(user_graph(5, {})).side == std::vector<signed char>(5, 1));
  const Balance triangle = balance(user_graph(3, {{0, 1, -1}, {1, 2, -1}, {0, 2, -1}}));
  CHECK(triangle.certificate.size() == 4);
  std::vector<Edge> ring;
  for (Id i = 0; i + 1 < 100000; ++i) ring.push_back({i, i + 1, 1});
  CHECK(balance(user_graph(100000, ring)).balanced());
  ring.push_back({0, 99999, -1});
  CHECK(balance(user_graph(100000, ring)).certificate.size() == 100001);
}

TEST_CASE("directed graphs are refused") {
  const SignedGraph graph =
      SignedGraph::from_edges(2, {{0, 1, 1}}, Direction::directed, GraphKind::user);
  CHECK_THROWS_WITH_AS(balance(graph),
                       "structural balance needs an undirected graph: round a cycle it multiplies "
                       "the signs of edges without regard to their direction",
                       Error);
}
