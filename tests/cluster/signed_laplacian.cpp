#include "yoneda/cluster/signed_laplacian.hpp"

#include <doctest/doctest.h>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>

#include "cluster/groupings.hpp"
#include "yoneda/cluster/agreement.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

constexpr std::array kinds{SignedLaplacian::combinatorial, SignedLaplacian::symmetric,
                           SignedLaplacian::random_walk};

/// From the definitions, dense.
Eigen::MatrixXd dense_laplacian(const SignedGraph& graph, SignedLaplacian kind) {
  const Index n = graph.node_count();
  Eigen::MatrixXd W(n, n);
  for (Id i = 0; i < n; ++i)
    for (Id j = 0; j < n; ++j) W(i, j) = static_cast<double>(graph.weight(i, j));
  const Eigen::VectorXd degree = W.cwiseAbs().rowwise().sum();
  const Eigen::MatrixXd identity = Eigen::MatrixXd::Identity(n, n);
  if (kind == SignedLaplacian::combinatorial) return Eigen::MatrixXd(degree.asDiagonal()) - W;
  const Eigen::VectorXd root = degree.cwiseSqrt().cwiseInverse();
  if (kind == SignedLaplacian::symmetric)
    return identity - root.asDiagonal() * W * root.asDiagonal();
  return identity - degree.cwiseInverse().asDiagonal() * W;
}

}  // namespace

TEST_CASE("values and vectors are those of the dense matrix") {
  for (const Index n : {30, 350})  // solved densely, and by Krylov
    for (const SignedLaplacian kind : kinds) {
      const SignedGraph graph = weighted_graph(n, 8.0 / static_cast<double>(n) + 0.1, 1);
      REQUIRE(connected_components(graph).count == 1);
      const Eigenpairs found = laplacian_spectrum(graph, 5, kind);
      const Eigen::MatrixXd L = dense_laplacian(graph, kind);
      Eigen::VectorXd all = Eigen::EigenSolver<Eigen::MatrixXd>(L, false).eigenvalues().real();
      std::ranges::sort(all);
      for (Index j = 0; j < 5; ++j) {
        CHECK(found.values[j] == Approx(all[j]).epsilon(1e-6));
        const Eigen::VectorXd v = found.vectors.col(j);
        CHECK((L * v - found.values[j] * v).norm() < 1e-5 * v.norm());
      }
    }
}

TEST_CASE("the smallest eigenvalue is 0 exactly where a component is balanced") {
  const std::vector<Edge> balanced{{0, 1, 2}, {1, 2, -1}, {0, 2, -3}, {2, 3, 1}};
  std::vector<Edge> both = balanced;
  both.insert(both.end(), {{4, 5, 1}, {5, 6, 1}, {4, 6, -1}});
  for (const SignedLaplacian kind : kinds) {
    const Eigenpairs found = laplacian_spectrum(
        SignedGraph::from_edges(8, both, Direction::undirected, GraphKind::user), 3, kind);
    CHECK(found.values[0] == Approx(0).epsilon(1e-9));
    CHECK(found.values[1] > 0.1);
    CHECK(found.vectors.row(7).isZero(0));  // no edges
    const Eigen::VectorXd v = found.vectors.col(0);
    CHECK(v[0] * v[1] > 0);  // the sides
    CHECK(v[0] * v[2] < 0);
    CHECK(v[2] * v[3] > 0);
    CHECK(v.tail(4).isZero(1e-9));
  }
}

TEST_CASE("two hostile groups are told apart, by every kind") {
  const Planted planted = block_model(200, 2, 4000, 0.1, 2);
  for (const SignedLaplacian kind : kinds) {
    LaplacianOptions options;
    options.kind = kind;
    const Clustering found = laplacian_clustering(planted.graph(), options);
    CHECK(adjusted_rand_index(found.partition, planted.truth) > 0.9);
    CHECK(found.eigenvalues.size() == 2);
  }
}

TEST_CASE("bad input") {
  const SignedGraph graph = weighted_graph(10, 0.5, 1);
  CHECK_THROWS_AS(laplacian_spectrum(graph, 0, SignedLaplacian::symmetric), Error);
  CHECK_THROWS_AS(laplacian_spectrum(graph, 11, SignedLaplacian::symmetric), Error);
  CHECK_THROWS_AS(laplacian_spectrum(
                      SignedGraph::from_edges(3, {{0, 1, 1}}, Direction::directed, GraphKind::user),
                      1, SignedLaplacian::symmetric),
                  Error);
  LaplacianOptions options;
  options.count = 3;
  const SignedGraph pair =
      SignedGraph::from_edges(5, {{0, 1, 1}}, Direction::undirected, GraphKind::user);
  CHECK_THROWS_WITH_AS(laplacian_clustering(pair, options),
                       "a signed Laplacian: 3 categories, but only 2 nodes have an edge", Error);
}
