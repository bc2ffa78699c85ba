#include "yoneda/category/walk_balance.hpp"

#include <doctest/doctest.h>

#include <unsupported/Eigen/MatrixFunctions>

#include "category/graphs.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

/// By the matrix exponential itself (scaling and squaring).
double dense_walk_balance(const SignedGraph& graph, double beta, bool weighted) {
  Eigen::MatrixXd A = Eigen::MatrixXd::Zero(graph.node_count(), graph.node_count());
  for (const Edge& e : graph.edges())
    A(e.source, e.target) = A(e.target, e.source) =
        beta * (weighted ? static_cast<double>(e.weight) : (e.weight < 0 ? -1 : 1));
  const Eigen::MatrixXd B = A.cwiseAbs();
  return A.exp().trace() / B.exp().trace();
}

}  // namespace

TEST_CASE("walk balance is the ratio of traces of dense matrix exponentials") {
  Random random(1);
  for (int round = 0; round < 40; ++round) {
    const SignedGraph graph = random_graph(3 + random.below(25), 0.5, 0.4, random);
    const double beta = 0.2 + random.uniform();
    const bool weighted = round % 2 == 0;
    const auto found = walk_balance(graph, {.beta = beta, .weighted = weighted});
    CHECK(found.exact);
    CHECK(found.error == 0);
    CHECK(found.value == Approx(dense_walk_balance(graph, beta, weighted)).epsilon(1e-9));
    CHECK(std::exp(found.log_value) == Approx(found.value));
  }
}

TEST_CASE("closed form: a negative triangle") {
  // A = I - J has eigenvalues 1, 1, -2; |A| has 2, -1, -1.
  const SignedGraph graph = user_graph(3, {{0, 1, -1}, {1, 2, -1}, {0, 2, -1}});
  const double e = std::exp(1.0);
  CHECK(walk_balance(graph).value == Approx((2 * e + 1 / (e * e)) / (e * e + 2 / e)));
}

TEST_CASE("a balanced graph has walk balance 1, and only it") {
  Random random(2);
  const SignedGraph graph = balanced_graph(400, 0.05, random);
  CHECK(walk_balance(graph).value == 1);
  CHECK(walk_balance(SignedGraph{}).value == 1);
  CHECK(walk_balance(user_graph(3, {})).value == 1);
  auto edges = balanced_graph(100, 0.1, random).edges();
  edges[7].weight = -edges[7].weight;
  const auto spoilt = walk_balance(user_graph(100, edges));
  CHECK(spoilt.value < 1);
  CHECK(spoilt.value > 0.8);
}

TEST_CASE("what is sampled lies within its error of what is exact") {
  Random random(3);
  int within_two = 0, rounds = 0;
  for (int round = 0; round < 30; ++round) {
    const SignedGraph graph = random_graph(80, 0.1, 0.05 + 0.4 * random.uniform(), random);
    const double exact = walk_balance(graph).value;
    const auto sampled = walk_balance(
        graph, {.exact_up_to = 0, .probes = 48, .seed = static_cast<std::uint64_t>(round)});
    CHECK_FALSE(sampled.exact);
    CHECK(sampled.error > 0);
    CHECK(sampled.error < 0.3 * exact);
    CHECK(std::abs(sampled.value - exact) < 5 * sampled.error);
    within_two += std::abs(sampled.value - exact) < 2 * sampled.error;
    ++rounds;
  }
  CHECK(within_two >= rounds * 8 / 10);
}

TEST_CASE("no spectral radius is too large") {
  std::vector<Edge> edges;
  for (Id u = 0; u < 40; ++u)
    for (Id v = u + 1; v < 40; ++v) edges.push_back({u, v, -100});
  // tr e^A = 39 e^100 + e^-3900, tr e^|A| = e^3900 + 39 e^-100
  const double expected = std::log(39.0) + 100 - 3900;
  CHECK(walk_balance(user_graph(40, edges)).log_value == Approx(expected));
  CHECK(walk_balance(user_graph(40, edges)).value == 0);
  CHECK(walk_balance(user_graph(40, edges), {.exact_up_to = 0}).log_value ==
        Approx(expected).epsilon(0.01));
}

TEST_CASE("the sample does not depend on the number of threads, and bad input is refused") {
  Random random(4);
  const SignedGraph graph = random_graph(300, 0.05, 0.3, random);
  const auto alone = walk_balance(graph);
  std::vector<WalkBalance> copies(3);
  parallel_for(3, [&](Index i) { copies[i] = walk_balance(graph); });
  for (const auto& copy : copies) CHECK(copy.value == alone.value);
  CHECK(walk_balance(graph, {.seed = 1}).value != alone.value);
  CHECK_THROWS_AS(walk_balance(graph, {.beta = 0}), Error);
  CHECK_THROWS_AS(walk_balance(graph, {.probes = 1}), Error);
  CHECK_THROWS_AS(
      walk_balance(SignedGraph::from_edges(2, {{0, 1, 1}}, Direction::directed, GraphKind::user)),
      Error);
}
