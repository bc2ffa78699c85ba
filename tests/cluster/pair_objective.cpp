#include "yoneda/cluster/pair_objective.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "cluster/groupings.hpp"
#include "yoneda/cluster/leiden.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

/// The definition, pair by pair.
double by_pairs(const SignedGraph& graph, const PairObjective& objective,
                const Partition& partition) {
  double sum = 0;
  for (Id i = 0; i < graph.node_count(); ++i)
    for (Id j = i + 1; j < graph.node_count(); ++j) {
      if (partition.label[i] < 0 || partition.label[i] != partition.label[j]) continue;
      sum += static_cast<double>(graph.weight(i, j));
      for (std::size_t l = 0; l < 2; ++l)
        sum -= objective.coefficient[l] * objective.mass[i][l] * objective.mass[j][l];
    }
  return sum;
}

Partition random_partition(Index n, Index count, std::uint64_t seed) {
  Random random(seed);
  Partition partition{{}, count};
  for (Index i = 0; i < n; ++i)
    partition.label.push_back(static_cast<Id>(random.below(count + 1)) - 1);
  return partition;
}

}  // namespace

TEST_CASE("quality is the sum over pairs") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const SignedGraph graph = weighted_graph(25, 0.3, seed);
    const Partition partition = random_partition(25, 5, seed);
    for (const auto& objective : {constant_potts(graph, 0), constant_potts(graph, 0.3),
                                  modularity_objective(graph), modularity_objective(graph, 2.5)})
      CHECK(quality(graph, objective, partition) == Approx(by_pairs(graph, objective, partition)));
  }
}

TEST_CASE("at resolution 1 it is signed modularity, up to what no grouping changes") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const SignedGraph graph = weighted_graph(25, 0.3, seed);
    const auto objective = modularity_objective(graph);
    const Partition one = random_partition(25, 5, seed), other = random_partition(25, 3, seed + 99);
    double weight = 0;
    for (const Edge& edge : graph.edges()) weight += std::abs(static_cast<double>(edge.weight));
    CHECK(quality(graph, objective, one) - quality(graph, objective, other) ==
          Approx(weight * (signed_modularity(graph, one) - signed_modularity(graph, other))));
  }
}

TEST_CASE("the Potts model at resolution 0 counts what correlation clustering pays") {
  const SignedGraph graph = weighted_graph(30, 0.4, 1);
  double positive = 0, negative = 0;
  for (const Edge& edge : graph.edges())
    (edge.weight > 0 ? positive : negative) += static_cast<double>(edge.weight);
  const Partition partition = random_partition(30, 4, 2);
  const double cost =
      positive * positive_cut(graph, partition) - negative * negative_uncut(graph, partition);
  CHECK(quality(graph, constant_potts(graph, 0), partition) == Approx(positive - cost));
}

TEST_CASE("moves never lower quality, and leave no move that raises it") {
  for (std::uint64_t seed = 0; seed < 15; ++seed) {
    const SignedGraph graph = weighted_graph(30, 0.25, seed);
    for (const auto& objective : {constant_potts(graph, 0.05), modularity_objective(graph)}) {
      const Partition start = random_partition(30, 4, seed);
      const Partition found = moved(graph, objective, start, seed);
      const double reached = quality(graph, objective, found);
      CHECK(reached >= quality(graph, objective, start) - 1e-9);
      for (Id v = 0; v < 30; ++v) {
        Partition other = found;
        other.count = found.count + 1;
        other.label[v] = static_cast<Id>(found.count);
        CHECK(quality(graph, objective, other) <= reached + 1e-9);
        for (const Id u : graph.neighbors(v)) {
          other.label[v] = found.label[u];
          CHECK(quality(graph, objective, other) <= reached + 1e-9);
        }
      }
    }
  }
}

TEST_CASE("aggregation keeps what joining gains") {
  const SignedGraph graph = weighted_graph(40, 0.3, 3);
  const auto objective = modularity_objective(graph);
  Partition parts = random_partition(40, 8, 4);
  for (Id& label : parts.label) label = std::max<Id>(label, 0);
  const Index count = detail::renumber(parts.label);
  parts.count = count;
  const auto coarse =
      detail::aggregated(detail::coarse_graph(graph, objective), parts.label, count);
  REQUIRE(coarse.size() == count);
  for (Id a = 0; a < count; ++a) {
    const auto neighbors = coarse.neighbors(a);
    for (std::size_t e = 0; e < neighbors.size(); ++e) {
      const Id b = neighbors[e];
      CHECK(b != a);
      Partition joined = parts;
      for (Id& label : joined.label)
        if (label == b) label = a;
      CHECK(objective.gain(coarse.weights_of(a)[e], coarse.mass[a], coarse.mass[b]) ==
            Approx(quality(graph, objective, joined) - quality(graph, objective, parts)));
    }
  }
}

TEST_CASE("bad input") {
  const SignedGraph graph = weighted_graph(5, 0.9, 1);
  const SignedGraph directed =
      SignedGraph::from_edges(3, {{0, 1, 1}}, Direction::directed, GraphKind::user);
  CHECK_THROWS_AS(constant_potts(graph, std::nan("")), Error);
  CHECK_THROWS_AS(modularity_objective(graph, -1), Error);
  CHECK_THROWS_AS(modularity_objective(directed), Error);
  CHECK_THROWS_AS(moved(directed, constant_potts(directed, 0), {{0, 0, 0}, 1}), Error);
  CHECK_THROWS_AS(moved(graph, constant_potts(directed, 0), {{0, 0, 0, 0, 0}, 1}), Error);
  CHECK_THROWS_AS(moved(graph, constant_potts(graph, 0), {{0, 0, 0}, 1}), Error);
  CHECK(moved(SignedGraph(), constant_potts(SignedGraph(), 0), {{}, 0}).count == 0);
}
