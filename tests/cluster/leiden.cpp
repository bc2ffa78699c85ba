#include "yoneda/cluster/leiden.hpp"

#include <doctest/doctest.h>
#if defined(_OPENMP)
#include <omp.h>
#endif

#include "cluster/groupings.hpp"
#include "yoneda/cluster/agreement.hpp"
#include "yoneda/cluster/edge_contraction.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

/// How many parts the positive edges within groups join the nodes to.
Index positive_parts(const SignedGraph& graph, const Partition& partition) {
  std::vector<Edge> edges;
  Index apart = 0;
  for (const Edge& edge : graph.edges())
    if (edge.weight > 0 && partition.label[edge.source] == partition.label[edge.target])
      edges.push_back(edge);
  for (const Id label : partition.label) apart += label < 0;
  return connected_components(SignedGraph::from_edges(graph.node_count(), edges,
                                                      Direction::undirected, GraphKind::user))
             .count -
         apart;
}

std::string note_of(const Clustering& clustering, const std::string& what) {
  for (const std::string& note : clustering.notes)
    if (note.find(what) != std::string::npos) return note;
  return {};
}

/// Greedy contraction on a dense matrix, without any bookkeeping.
Partition dense_contraction(const SignedGraph& graph) {
  const Index n = graph.node_count();
  std::vector<std::vector<double>> w(n, std::vector<double>(n, 0));
  for (const Edge& e : graph.edges())
    w[e.source][e.target] = w[e.target][e.source] = static_cast<double>(e.weight);
  std::vector<Id> label(n);
  for (Id i = 0; i < n; ++i) label[i] = i;
  while (true) {
    double most = 0;
    Id a = -1, b = -1;
    for (Id i = 0; i < n; ++i)
      for (Id j = i + 1; j < n; ++j)
        if (w[i][j] > most) most = w[i][j], a = i, b = j;
    if (a < 0) return {label, n};
    for (Id j = 0; j < n; ++j) {
      w[a][j] = w[j][a] = w[a][j] + w[b][j];
      w[b][j] = w[j][b] = 0;
    }
    w[a][a] = 0;
    for (Id& of : label)
      if (of == b) of = a;
  }
}

}  // namespace

TEST_CASE("of all groupings of small graphs it finds the best, or one near it") {
  for (const bool potts : {true, false}) {
    double found = 0, best = 0;
    int times = 0;
    constexpr int rounds = 60;
    for (int round = 0; round < rounds; ++round) {
      const SignedGraph graph = weighted_graph(8, 0.6, static_cast<std::uint64_t>(round));
      const auto objective = potts ? constant_potts(graph, 0.1) : modularity_objective(graph);
      double most = -1e300;
      for_each_grouping(8, [&](const Partition& partition) {
        most = std::max(most, quality(graph, objective, partition));
      });
      LeidenOptions options;
      options.connected = false;
      const double here = quality(graph, objective, leiden(graph, objective, options).partition);
      CHECK(here <= most + 1e-9);
      times += here > most - 1e-9;
      found += here;
      best += most;
    }
    CAPTURE(potts);
    CHECK(times >= (potts ? 57 : 50));
    CHECK(found > 0.99 * best);
  }
}

TEST_CASE("planted groups are found, and their number") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Planted planted = block_model(600, 4, 12'000, 0.1, seed);
    const SignedGraph graph = planted.graph();
    const auto objective = modularity_objective(graph);
    CHECK(adjusted_rand_index(leiden(graph, objective).partition, planted.truth) > 0.95);
    LeidenOptions options;
    options.connected = false;
    const Clustering apart = leiden(graph, objective, options);
    CHECK(apart.partition.count == 4);
    CHECK(quality(graph, objective, apart.partition) >= quality(graph, objective, planted.truth));
  }
}

TEST_CASE("categories are connected by positive edges, or may be apart where that is asked for") {
  const SignedGraph graph = block_model(500, 4, 3000, 0.1, 4).graph();
  const auto objective = modularity_objective(graph);
  const Clustering connected = leiden(graph, objective);
  CHECK(positive_parts(graph, connected.partition) == connected.partition.count);
  CHECK_FALSE(note_of(connected, "split off").empty());
  LeidenOptions options;
  options.connected = false;
  const Clustering apart = leiden(graph, objective, options);
  CHECK(positive_parts(graph, apart.partition) > apart.partition.count);
  CHECK(quality(graph, objective, apart.partition) >
        quality(graph, objective, connected.partition));
  CHECK(note_of(apart, "split off").empty());
}

TEST_CASE("parts lie within groups, are connected, and join the rest of them well") {
  const SignedGraph graph = weighted_graph(80, 0.2, 5);
  const auto objective = modularity_objective(graph);
  const auto coarse = detail::coarse_graph(graph, objective);
  Random random(6);
  std::vector<Id> label(80);
  std::iota(label.begin(), label.end(), Id{0});
  detail::move_nodes(coarse, objective, detail::Reach::neighbors, label, random);
  std::vector<Id> part = detail::refined(coarse, objective, label, 0.01, random);
  const Index parts = detail::renumber(part);
  CHECK(parts < 80);
  std::vector<Id> group(parts, -1);
  for (std::size_t v = 0; v < 80; ++v) {
    if (group[part[v]] < 0) group[part[v]] = label[v];
    CHECK(group[part[v]] == label[v]);
  }
  CHECK(positive_parts(graph, {part, parts}) == parts);
}

TEST_CASE("the same for any number of threads, another for another seed") {
#if defined(_OPENMP)
  const SignedGraph graph = block_model(400, 6, 4000, 0.2, 7).graph();
  const auto objective = modularity_objective(graph);
  const int before = omp_get_max_threads();
  omp_set_num_threads(1);
  const auto one = leiden(graph, objective).partition.label;
  omp_set_num_threads(3);
  const auto three = leiden(graph, objective).partition.label;
  omp_set_num_threads(before);
  CHECK(one == three);
  LeidenOptions other;
  other.seed = 2;
  CHECK(leiden(graph, objective, other).partition.label != one);
#endif
}

TEST_CASE("nodes without edges and nodes of negative edges alone are told") {
  const SignedGraph graph = SignedGraph::from_edges(
      6, {{0, 1, 2}, {1, 2, 1}, {0, 3, -1}, {1, 3, -1}}, Direction::undirected, GraphKind::user);
  for (const Clustering& found :
       {leiden(graph, modularity_objective(graph)), correlation_clustering(graph)}) {
    CHECK(found.partition.label == std::vector<Id>{0, 0, 0, 1, -1, -1});
    CHECK(note_of(found, "2 nodes without edges") != "");
    CHECK(note_of(found, "1 nodes have negative edges alone") != "");
  }
  CHECK(leiden(SignedGraph(), constant_potts(SignedGraph(), 0)).partition.count == 0);
}

TEST_CASE("contraction is the dense one, and moves do not spoil it") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const SignedGraph graph = weighted_graph(30, 0.3, seed);
    DisjointSets sets = detail::contracted(graph);
    Partition found{{}, 30};
    for (Id i = 0; i < 30; ++i) found.label.push_back(sets.find(i));
    const Partition expected = dense_contraction(graph);
    CHECK(adjusted_rand_index(found, expected) == Approx(1));
    const auto objective = constant_potts(graph, 0);
    CHECK(quality(graph, objective, correlation_clustering(graph).partition) >=
          quality(graph, objective, expected) - 1e-9);
  }
}

TEST_CASE("correlation clustering is within reach of the best of all groupings") {
  double found = 0, best = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const SignedGraph graph = weighted_graph(8, 0.7, seed);
    const auto objective = constant_potts(graph, 0);
    double most = 0;
    for_each_grouping(8, [&](const Partition& partition) {
      most = std::max(most, quality(graph, objective, partition));
    });
    const double here = quality(graph, objective, correlation_clustering(graph).partition);
    CHECK(here <= most + 1e-9);
    found += here;
    best += most;
  }
  CHECK(found > 0.99 * best);
}

TEST_CASE("bad input") {
  const SignedGraph graph = weighted_graph(6, 0.9, 1);
  const auto objective = modularity_objective(graph);
  LeidenOptions options;
  options.restarts = 0;
  CHECK_THROWS_AS(leiden(graph, objective, options), Error);
  options = {};
  options.randomness = 0;
  CHECK_THROWS_AS(leiden(graph, objective, options), Error);
  const SignedGraph directed =
      SignedGraph::from_edges(3, {{0, 1, 1}}, Direction::directed, GraphKind::user);
  CHECK_THROWS_AS(leiden(directed, constant_potts(directed, 0)), Error);
  CHECK_THROWS_AS(correlation_clustering(directed), Error);
  CHECK_THROWS_AS(leiden(weighted_graph(7, 0.9, 1), objective), Error);
}
