#include "yoneda/graph/scores.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include "graph/random_graph.hpp"
#include "yoneda/core/random.hpp"

using namespace yoneda;

namespace {

Partition random_partition(Index n, Index count, std::uint64_t seed) {
  Random random(seed);
  Partition partition{{}, count};
  for (Index i = 0; i < n; ++i)
    partition.label.push_back(static_cast<Id>(random.below(count + 1) - 1));
  return partition;
}

struct Dense {
  Eigen::MatrixXd positive, negative, together;  // together: 1 where two nodes share a group
};

Dense dense(const SignedGraph& graph, const Partition& partition) {
  const Index n = graph.node_count();
  Dense result{Eigen::MatrixXd::Zero(n, n), Eigen::MatrixXd::Zero(n, n),
               Eigen::MatrixXd::Identity(n, n)};
  for (Id i = 0; i < n; ++i)
    for (Id j = 0; j < n; ++j) {
      const double w = graph.weight(i, j);
      result.positive(i, j) = std::max(w, 0.0);
      result.negative(i, j) = std::max(-w, 0.0);
      if (partition.label[i] >= 0 && partition.label[i] == partition.label[j])
        result.together(i, j) = 1;
    }
  return result;
}

/// Σ (w_ij − s_i t_j / W) δ_ij of one sign, not divided by anything.
double modularity_sum(const Eigen::MatrixXd& w, const Eigen::MatrixXd& together) {
  if (w.sum() == 0) return 0;
  const Eigen::MatrixXd expected = w.rowwise().sum() * w.colwise().sum() / w.sum();
  return (w - expected).cwiseProduct(together).sum();
}

}  // namespace

TEST_CASE("scores equal the dense formulas, nodes without a group and directed graphs included") {
  for (const Direction direction : {Direction::undirected, Direction::directed})
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      const auto graph = random_graph(25, direction, seed);
      const auto partition = random_partition(25, 4, seed);
      const auto [positive, negative, together] = dense(graph, partition);
      const double all = positive.sum() + negative.sum();
      const double Q =
          (modularity_sum(positive, together) - modularity_sum(negative, together)) / all;
      CHECK(signed_modularity(graph, partition) == doctest::Approx(Q).epsilon(1e-12));
      CHECK(positive_cut(graph, partition) ==
            doctest::Approx(1 - positive.cwiseProduct(together).sum() / positive.sum()));
      CHECK(negative_uncut(graph, partition) ==
            doctest::Approx(negative.cwiseProduct(together).sum() / negative.sum()));
    }
}

TEST_CASE("closed forms") {
  // Two positive triangles joined by one negative edge.
  const auto graph = SignedGraph::from_edges(
      6, {{0, 1, 1}, {1, 2, 1}, {0, 2, 1}, {3, 4, 1}, {4, 5, 1}, {3, 5, 1}, {2, 3, -1}},
      Direction::undirected, GraphKind::user);
  const Partition right{{0, 0, 0, 1, 1, 1}, 2};
  // w⁺Q⁺ = 6 · ½, w⁻Q⁻ = 1 · (0 − ½).
  CHECK(signed_modularity(graph, right) == doctest::Approx((6 * 0.5 + 1 * 0.5) / 7));
  CHECK(positive_cut(graph, right) == 0);
  CHECK(negative_uncut(graph, right) == 0);
  const Partition one{{0, 0, 0, 0, 0, 0}, 1};
  CHECK(signed_modularity(graph, one) == doctest::Approx(0));
  CHECK(positive_cut(graph, one) == 0);
  CHECK(negative_uncut(graph, one) == 1);
  const Partition none{std::vector<Id>(6, -1), 0};
  CHECK(positive_cut(graph, none) == 1);
  CHECK(negative_uncut(graph, none) == 0);
}

TEST_CASE("graphs of no or one sign") {
  const auto empty = SignedGraph::from_edges(3, {}, Direction::undirected, GraphKind::user);
  const Partition partition{{0, 0, 1}, 2};
  CHECK(signed_modularity(empty, partition) == 0);
  CHECK(positive_cut(empty, partition) == 0);
  CHECK(negative_uncut(empty, partition) == 0);
  const auto negative =
      SignedGraph::from_edges(3, {{0, 2, -2}, {1, 2, -1}}, Direction::undirected, GraphKind::user);
  CHECK(positive_cut(negative, partition) == 0);
  CHECK(negative_uncut(negative, partition) == 0);
  CHECK(signed_modularity(negative, partition) == doctest::Approx(0.5));
}

TEST_CASE("partitions that do not fit are refused") {
  const auto graph = random_graph(5, Direction::undirected, 1);
  CHECK_THROWS_AS(signed_modularity(graph, {{0, 0, 0, 0}, 1}), Error);
  CHECK_THROWS_AS(positive_cut(graph, {{0, 0, 0, 0, 1}, 1}), Error);
  CHECK_THROWS_AS(negative_uncut(graph, {{0, 0, -2, 0, 0}, 1}), Error);
}
