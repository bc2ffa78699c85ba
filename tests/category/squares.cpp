#include "yoneda/category/squares.hpp"

#include <doctest/doctest.h>

#include "category/graphs.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

/// The definition: every cycle a – b – c – d – a, with a its smallest node and b < d.
CycleBalance balance_by_hand(const SignedGraph& graph) {
  CycleBalance counts;
  const auto n = static_cast<Id>(graph.node_count());
  const auto w = [&graph](Id u, Id v) { return static_cast<double>(graph.weight(u, v)); };
  for (Id a = 0; a < n; ++a)
    for (Id b = a + 1; b < n; ++b)
      for (Id c = a + 1; c < n; ++c)
        for (Id d = b + 1; d < n; ++d) {
          if (c == b || c == d) continue;
          const double product = w(a, b) * w(b, c) * w(c, d) * w(d, a);
          if (product == 0) continue;
          ++(product > 0 ? counts.balanced : counts.unbalanced);
          (product > 0 ? counts.balanced_weight : counts.unbalanced_weight) += std::abs(product);
        }
  return counts;
}

void check_same(const CycleBalance& found, const CycleBalance& expected) {
  CHECK(found.balanced == expected.balanced);
  CHECK(found.unbalanced == expected.unbalanced);
  CHECK(found.balanced_weight == Approx(expected.balanced_weight));
  CHECK(found.unbalanced_weight == Approx(expected.unbalanced_weight));
}

/// Every node of one side joined to every one of the other, signs by chance.
SignedGraph complete_bipartite(Index left, Index right, double negative, Random& random) {
  std::vector<Edge> edges;
  for (Id u = 0; u < left; ++u)
    for (Id v = 0; v < right; ++v)
      edges.push_back({u, static_cast<Id>(left) + v, random.uniform() < negative ? -0.5f : 0.75f});
  return user_graph(left + right, std::move(edges));
}

}  // namespace

TEST_CASE("every square is counted once, by sign and weight") {
  Random random(1);
  for (int round = 0; round < 60; ++round) {
    const SignedGraph graph = random_graph(random.below(15), random.uniform(), 0.4, random);
    check_same(square_balance(graph), balance_by_hand(graph));
  }
}

TEST_CASE("a complete bipartite graph has all the squares there can be") {
  Random random(2);
  const SignedGraph graph = complete_bipartite(5, 7, 0.3, random);
  check_same(square_balance(graph), balance_by_hand(graph));
  CHECK(square_balance(graph).count() == 10 * 21);  // pairs on the left x pairs on the right
}

TEST_CASE("two sides balance all squares, one flipped edge unbalances its own") {
  Random random(3);
  const SignedGraph graph = balanced_graph(20, 0.5, random);
  const CycleBalance before = square_balance(graph);
  CHECK(before.count() > 100);
  CHECK(before.share() == 1.0);
  CHECK(before.weighted_share() == 1.0);
  auto edges = graph.edges();
  edges.front().weight = -edges.front().weight;
  const CycleBalance after = square_balance(user_graph(20, edges));
  CHECK(after.count() == before.count());
  CHECK(after.unbalanced > 0);
}

TEST_CASE("without squares there is no share, and a directed graph is refused") {
  CHECK_FALSE(square_balance(user_graph(0, {})).share().has_value());
  CHECK_FALSE(square_balance(user_graph(3, {{0, 1, 1}, {1, 2, 1}, {0, 2, 1}})).share().has_value());
  CHECK_FALSE(square_balance(user_graph(3, {})).weighted_share().has_value());
  const SignedGraph directed =
      SignedGraph::from_edges(2, {{0, 1, 1}}, Direction::directed, GraphKind::user);
  CHECK_THROWS_AS(square_balance(directed), Error);
}
