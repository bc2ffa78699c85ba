#include "yoneda/cluster/hierarchy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "cluster/groupings.hpp"

using namespace yoneda;

namespace {

struct PlainJoin {
  std::vector<Id> nodes;  // of both together, ascending
  double weight;
};

/// Average linkage by looking at all pairs of groups each time.
std::vector<PlainJoin> by_all_pairs(const SignedGraph& graph, std::vector<std::vector<Id>> groups) {
  std::vector<PlainJoin> made;
  while (true) {
    double most = 0;
    std::size_t left = 0, right = 0;
    for (std::size_t a = 0; a < groups.size(); ++a)
      for (std::size_t b = a + 1; b < groups.size(); ++b) {
        double sum = 0;
        for (const Id i : groups[a])
          for (const Id j : groups[b]) sum += static_cast<double>(graph.weight(i, j));
        const double mean = sum / static_cast<double>(groups[a].size() * groups[b].size());
        if (mean > most) most = mean, left = a, right = b;
      }
    if (most <= 0) return made;
    groups[left].insert(groups[left].end(), groups[right].begin(), groups[right].end());
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(right));
    made.push_back({groups[left], most});
    std::ranges::sort(made.back().nodes);
  }
}

Partition every_node_apart(Index n) {
  Partition made{std::vector<Id>(n), n};
  std::iota(made.label.begin(), made.label.end(), Id{0});
  return made;
}

/// The nodes of every join.
std::vector<std::vector<Id>> joined_nodes(const Hierarchy& hierarchy, const Partition& leaves) {
  auto nodes = members(leaves);
  for (const Join& join : hierarchy.joins) {
    std::vector<Id> both = nodes[join.left];
    both.insert(both.end(), nodes[join.right].begin(), nodes[join.right].end());
    std::ranges::sort(both);
    nodes.push_back(both);
  }
  return {nodes.begin() + hierarchy.leaves, nodes.end()};
}

void same_as_by_all_pairs(const SignedGraph& graph, const Partition& leaves) {
  const Hierarchy found = average_linkage(graph, leaves);
  const auto expected = by_all_pairs(graph, members(leaves));
  REQUIRE(found.joins.size() == expected.size());
  CHECK(found.roots() == leaves.count - static_cast<Index>(expected.size()));
  const auto nodes = joined_nodes(found, leaves);
  for (std::size_t j = 0; j < expected.size(); ++j) {
    CHECK(nodes[j] == expected[j].nodes);
    CHECK(std::abs(found.joins[j].weight - expected[j].weight) < 1e-9);
    CHECK(found.joins[j].left < found.joins[j].right);
    if (j > 0) CHECK(found.joins[j].weight <= found.joins[j - 1].weight);
  }
}

}  // namespace

TEST_CASE("average linkage joins what a search of all pairs joins") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed)
    for (const double density : {0.1, 0.5, 1.0})
      same_as_by_all_pairs(weighted_graph(40, density, seed), every_node_apart(40));
}

TEST_CASE("average linkage of groups counts the pairs of their nodes") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Random random(seed);
    Partition leaves{{}, 8};
    for (Id i = 0; i < 60; ++i)
      leaves.label.push_back(i < 8 ? i : static_cast<Id>(random.below(8)));
    for (Id i = 20; i < 60; i += 7) leaves.label[i] = -1;  // left out
    same_as_by_all_pairs(weighted_graph(60, 0.4, seed), leaves);
  }
}

TEST_CASE("a cut undoes the last joins") {
  const SignedGraph graph = weighted_graph(30, 0.6, 5);
  const Hierarchy hierarchy = average_linkage(graph, every_node_apart(30));
  const auto nodes = joined_nodes(hierarchy, every_node_apart(30));
  REQUIRE(hierarchy.roots() < 10);
  for (Index count = 30; count >= hierarchy.roots(); --count) {
    const Partition groups = cut(hierarchy, count);
    CHECK(groups.count == count);
    for (std::size_t j = 0; j < nodes.size(); ++j) {
      const bool done = static_cast<Index>(j) < 30 - count;
      bool together = true;
      for (const Id node : nodes[j]) together &= groups.label[node] == groups.label[nodes[j][0]];
      CHECK(together == done);
    }
  }
  CHECK(cut(hierarchy, 1).count == hierarchy.roots());  // the roots repel each other
}

TEST_CASE("planted groups are a cut of the nodes' hierarchy, and opposites stay apart") {
  const Planted planted = block_model(120, 4, 20'000, 0.0, 2);
  const SignedGraph graph = planted.graph();
  const Hierarchy hierarchy = average_linkage(graph, every_node_apart(120));
  CHECK(hierarchy.roots() == 4);
  const Partition groups = cut(hierarchy, 1);
  CHECK(groups.label == planted.truth.label);
}

TEST_CASE("groups are regrouped") {
  const Partition made = regrouped({{0, 1, 2, -1, 2}, 3}, {{0, 1, 1}, 2});
  CHECK(made.label == std::vector<Id>{1, 0, 0, -1, 0});
  CHECK(made.count == 2);
}

TEST_CASE("hierarchies refuse what they cannot do") {
  const SignedGraph directed =
      SignedGraph::from_edges(2, {{0, 1, 1}}, Direction::directed, GraphKind::user);
  CHECK_THROWS_AS(average_linkage(directed, every_node_apart(2)), Error);
  CHECK_THROWS_AS(average_linkage(weighted_graph(5, 1, 1), every_node_apart(4)), Error);
  const Hierarchy hierarchy = average_linkage(weighted_graph(5, 1, 1), every_node_apart(5));
  CHECK_THROWS_AS(cut(hierarchy, 0), Error);
  CHECK_THROWS_AS(cut(hierarchy, 6), Error);
  CHECK_THROWS_AS(regrouped({{0, 1}, 2}, {{0}, 1}), Error);
  CHECK_THROWS_AS(regrouped({{0, 2}, 2}, {{0, 0}, 1}), Error);
  CHECK_THROWS_AS(regrouped({{0, 1}, 2}, {{0, 3}, 1}), Error);
}
