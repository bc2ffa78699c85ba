#include "yoneda/category/isotropic.hpp"

#include <doctest/doctest.h>

#include <array>

#include "category/graphs.hpp"
#include "random_matrix.hpp"
#include "yoneda/graph/decoder.hpp"

using namespace yoneda;
using doctest::Approx;

TEST_CASE("random directions balance as often as predicted, whatever is predicted") {
  // Triples of directions, binned by their prediction: in each bin as many balance.
  for (const int d : {3, 5, 8}) {
    Random random(static_cast<std::uint64_t>(d));
    std::array<double, 10> predicted{}, observed{}, count{};
    for (int round = 0; round < 200000; ++round) {
      Eigen::MatrixXd W(d, 3);
      for (double& x : W.reshaped()) x = random.normal();
      W.colwise().normalize();
      const double a = W.col(0).dot(W.col(1)), b = W.col(0).dot(W.col(2)),
                   c = W.col(1).dot(W.col(2));
      const double p = isotropic_balance(a, b, c, d);
      const auto bin = static_cast<std::size_t>(std::min(9.0, p * 10));
      predicted[bin] += p, observed[bin] += a * b * c > 0, count[bin] += 1;
    }
    int bins = 0;
    for (std::size_t bin = 0; bin < 10; ++bin) {
      if (count[bin] < 1000) continue;
      const double p = predicted[bin] / count[bin];
      CHECK(std::abs(observed[bin] / count[bin] - p) <
            4 * std::sqrt(p * (1 - p) / count[bin]) + 1e-9);
      ++bins;
    }
    CHECK(bins >= 4);
  }
}

TEST_CASE("closed forms") {
  CHECK(isotropic_balance(0.3, 0, 0.4, 50) == 0.5);    // no sign to speak of
  CHECK(isotropic_balance(0.9, 0.9, 0.9, 50) == 1);    // the angles sum to less than π
  CHECK(isotropic_balance(0.5, 0.5, -0.4, 4) == 0.5);  // q = 0: every Gram matrix alike
  const double plus = 1 - 0.09 * 3 + 2 * 0.027, minus = 1 - 0.09 * 3 - 2 * 0.027;
  CHECK(isotropic_balance(0.3, -0.3, 0.3, 6) == Approx(plus / (plus + minus)));
  CHECK(isotropic_balance(0.3, 0.3, 0.3, 1e9) == 1);
  CHECK(effective_dimension(Eigen::MatrixXd::Identity(7, 7)) == Approx(7));
  Eigen::MatrixXd line = Eigen::MatrixXd::Zero(7, 7);
  line(2, 2) = 3;
  CHECK(effective_dimension(line) == Approx(1));
}

TEST_CASE("isotropic decoders have no excess") {
  const Matrix W = random_matrix(600, 20, 3);
  const SignedGraph graph = decoder_graph(W, {8, 0.0});
  const IsotropicExcess found = isotropic_excess(graph, W);
  CHECK(found.dimension > 18);
  CHECK(found.triangles == triangle_balance(graph).count());
  CHECK(found.observed == *triangle_balance(graph).share());
  CHECK(std::abs(found.excess()) < 0.02);
  CHECK(found.predicted > 0.7);
  CHECK(found.predicted < 1);
}

TEST_CASE("planted: signs turned at random fall below the prediction") {
  const Matrix W = random_matrix(600, 20, 3);
  auto edges = decoder_graph(W, {8, 0.0}).edges();
  Random random(1);
  for (Edge& e : edges)
    if (random.below(2) == 0) e.weight = -e.weight;
  const auto graph =
      SignedGraph::from_edges(600, std::move(edges), Direction::undirected, GraphKind::decoder);
  CHECK(isotropic_excess(graph, W).excess() < -0.2);
}

TEST_CASE("other graphs and other decoders are refused with the reason") {
  const Matrix W = random_matrix(3, 5, 1);
  const std::vector<Edge> edges{{0, 1, 0.5f}, {1, 2, 0.5f}, {0, 2, -0.5f}};
  const auto of_kind = [&](GraphKind kind) {
    return SignedGraph::from_edges(3, edges, Direction::undirected, kind);
  };
  CHECK_THROWS_WITH_AS(isotropic_excess(of_kind(GraphKind::profile), W),
                       "the isotropic prediction is refused for a profile graph: it holds for "
                       "cosines of directions, as a decoder graph has; profiles keep a few tokens "
                       "of each feature, and it foretells .52 of their triangles balanced where "
                       "random directions balance .995",
                       Error);
  CHECK_THROWS_AS(isotropic_excess(of_kind(GraphKind::user), W), Error);
  CHECK_THROWS_AS(isotropic_excess(of_kind(GraphKind::decoder), random_matrix(4, 5, 1)), Error);
  CHECK(isotropic_excess(of_kind(GraphKind::decoder), W).triangles == 1);
  CHECK_THROWS_AS(isotropic_balance(1.5, 0, 0, 9), Error);
  CHECK_THROWS_AS(isotropic_balance(0, 0, 0, 2), Error);
  CHECK_THROWS_AS(effective_dimension(Eigen::MatrixXd::Zero(3, 3)), Error);
}

TEST_CASE("lengths of rows are no matter, for the graph is of cosines") {
  const Matrix W = random_matrix(300, 12, 4);
  std::vector<float> values = to_vector(W);
  for (Index i = 0; i < 300; ++i)
    for (Index j = 0; j < 12; ++j) values[i * 12 + j] *= static_cast<float>(1 + i % 7);
  const Matrix longer = Matrix::from(std::move(values), 300, 12);
  const auto of = [](const Matrix& rows) {
    return isotropic_excess(decoder_graph(rows, {8, 0.0}), rows);
  };
  CHECK(of(longer).dimension == Approx(of(W).dimension).epsilon(1e-6));
  CHECK(of(longer).predicted == Approx(of(W).predicted).epsilon(1e-4));
}

TEST_CASE("two dimensions and graphs without triangles have no prediction") {
  const Matrix flat = random_matrix(40, 2, 5);
  const IsotropicExcess none = isotropic_excess(decoder_graph(flat, {8, 0.0}), flat);
  CHECK(none.dimension <= 2);
  CHECK(none.triangles == 0);
  const SignedGraph pair =
      SignedGraph::from_edges(2, {{0, 1, 0.5f}}, Direction::undirected, GraphKind::decoder);
  CHECK(isotropic_excess(pair, random_matrix(2, 9, 6)).triangles == 0);
}
