#include "yoneda/category/frustration_bound.hpp"

#include <doctest/doctest.h>

#include <Eigen/Eigenvalues>

#include "category/graphs.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

Eigen::MatrixXd signed_laplacian(const SignedGraph& graph, bool weighted) {
  Eigen::MatrixXd L = Eigen::MatrixXd::Zero(graph.node_count(), graph.node_count());
  for (const Edge& e : graph.edges()) {
    const double w = weighted ? static_cast<double>(e.weight) : (e.weight < 0 ? -1 : 1);
    L(e.source, e.target) = L(e.target, e.source) = -w;
    L(e.source, e.source) += std::abs(w), L(e.target, e.target) += std::abs(w);
  }
  return L;
}

double lowest_eigenvalue(const Eigen::MatrixXd& L) {
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(L).eigenvalues()[0];
}

/// Two graphs side by side.
SignedGraph together(const SignedGraph& a, const SignedGraph& b) {
  auto edges = a.edges();
  const auto shift = static_cast<Id>(a.node_count());
  for (const Edge& e : b.edges()) edges.push_back({e.source + shift, e.target + shift, e.weight});
  return user_graph(a.node_count() + b.node_count(), std::move(edges));
}

SignedGraph all_negative(Index n) {
  std::vector<Edge> edges;
  for (Id u = 0; u < n; ++u)
    for (Id v = u + 1; v < n; ++v) edges.push_back({u, v, -1});
  return user_graph(n, std::move(edges));
}

}  // namespace

TEST_CASE("the exact frustration index lies between the bounds, component by component") {
  Random random(1);
  int met = 0, factorised = 0;
  for (int round = 0; round < 300; ++round) {
    const bool weighted = round % 2 == 1;
    const SignedGraph a = random_graph(1 + random.below(14 - round % 4), random.uniform(),
                                       0.2 + 0.6 * random.uniform(), random);
    const SignedGraph b = random_graph(random.below(10), 0.7, 0.5, random);
    const double exact = exact_frustration(a, weighted) + exact_frustration(b, weighted);
    const auto found = frustration_bounds(together(a, b), {.weighted = weighted});
    REQUIRE(found.total.lower <= exact + 1e-9);
    REQUIRE(found.total.upper >= exact - 1e-9);
    REQUIRE(found.total.lower >= frustration(together(a, b), {.weighted = weighted}).lower - 1e-9);
    double lower = 0, upper = 0;
    for (const ComponentFrustration& part : found.components) {
      lower += part.lower, upper += part.upper;
      REQUIRE(part.lower >= part.packing);
      factorised += part.certified.has_value();
    }
    CHECK(lower == Approx(found.total.lower));
    CHECK(upper == Approx(found.total.upper));
    CHECK(found.by_packing + found.by_factorisation == Approx(lower));
    met += found.total.lower >= exact - 1e-9;
  }
  CHECK(factorised > 30);
  CHECK(met > 150);
}

TEST_CASE("what is proved is never less than the eigenvalue bound n (λ − δ) / 4") {
  Random random(2);
  for (int round = 0; round < 20; ++round) {
    const bool weighted = round % 2 == 1;
    const SignedGraph graph = random_graph(60, 0.3, 0.5, random);
    const auto found = frustration_bounds(graph, {.weighted = weighted});
    REQUIRE(found.components.size() == 1);
    REQUIRE(found.components[0].certified.has_value());
    const double by_eigenvalue = 60 * lowest_eigenvalue(signed_laplacian(graph, weighted)) / 4;
    CHECK(*found.components[0].certified > 0.999 * by_eigenvalue);
    CHECK(*found.components[0].certified > found.components[0].packing);  // dense: cycles overlap
    CHECK(found.by_packing == 0);
  }
}

TEST_CASE("a factorisation proves what dense eigenvalues say, and nothing more") {
  Random random(3);
  for (int round = 0; round < 20; ++round) {
    const bool weighted = round % 2 == 1;
    const SignedGraph graph = random_graph(40, 0.3, 0.5, random);
    const PackedCycles none{0, std::vector<double>(graph.columns().size(), 0)};
    detail::Relaxation relaxation(graph, none, 0, weighted);
    relaxation.look({.sweeps = 3}, 1);  // far from its rest: the matrix is indefinite
    const double lowest = lowest_eigenvalue(relaxation.matrix(0));
    REQUIRE(lowest < -1e-3);
    CHECK_FALSE(relaxation.certified_at(-lowest - 1e-9).has_value());
    const auto bound = relaxation.certified_at(-lowest + 1e-9);
    REQUIRE(bound.has_value());
    const double y =
        (signed_laplacian(graph, weighted) - relaxation.matrix(-lowest + 1e-9)).trace() / 4;
    CHECK(*bound < y);
    CHECK(*bound > y - 1e-9);
    CHECK(relaxation.certify().has_value());
    CHECK(*relaxation.certify() <= y + 1e-9);
  }
}

TEST_CASE("a balanced component takes nothing from the bound of the others") {
  Random random(4);
  const SignedGraph clique = all_negative(20),
                    graph = together(balanced_graph(50, 0.2, random), clique);
  CHECK(lowest_eigenvalue(signed_laplacian(graph, false)) == Approx(0).epsilon(1e-9));
  const auto found = frustration_bounds(graph);
  REQUIRE(found.components.size() == 1);
  CHECK(found.components[0].first == 50);
  CHECK(found.components[0].nodes == 20);
  CHECK(found.total.upper == 90);  // two halves: 2 · C(10, 2)
  CHECK(found.total.lower ==
        90);  // 20 · 18 / 4: the lowest eigenvalue of K_20, all negative, is 18
  CHECK(found.by_factorisation == 90);
  CHECK(found.components[0].packing < 90);
}

TEST_CASE("a packing and a relaxation of what it leaves prove more than either") {
  // Long negative rings are hard for the relaxation, odd negative cliques for the packing.
  std::vector<Edge> edges = all_negative(12).edges();
  Id next = 12;
  for (int ring = 0; ring < 20; ++ring) {
    edges.push_back({0, next, -1});
    for (int i = 0; i < 10; ++i, ++next) edges.push_back({next, next + 1, 1});
    edges.push_back({next++, 0, 1});
  }
  const SignedGraph graph = user_graph(next, edges);
  const auto found = frustration_bounds(graph);
  CHECK(found.total.upper == 50);  // 2 · C(6, 2), and one for each ring
  CHECK(found.components[0].packing < 45);
  const PackedCycles none{0, std::vector<double>(graph.columns().size(), 0)};
  detail::Relaxation alone(graph, none, 0, false);
  CHECK(found.total.lower > std::ceil(alone.look({}, 0)));
  CHECK(found.total.lower > found.components[0].packing);
}

TEST_CASE("beyond the limits the packing stands alone, and a note says so") {
  const auto found = frustration_bounds(all_negative(20), {}, {.largest_factor = 100});
  CHECK_FALSE(found.components[0].certified.has_value());
  CHECK(found.total.lower == found.components[0].packing);
  CHECK(found.by_factorisation == 0);
  REQUIRE(found.notes.size() == 1);
  CHECK(found.notes[0].find("1 component, of 20 nodes") != std::string::npos);
  CHECK_FALSE(frustration_bounds(all_negative(20), {}, {.largest_work = 100})
                  .components[0]
                  .certified.has_value());
}

TEST_CASE("the factor is counted as Eigen makes it") {
  Random random(5);
  for (int round = 0; round < 30; ++round) {
    const SignedGraph graph =
        random_graph(2 + random.below(60), 0.2 * random.uniform(), 0.5, random);
    Eigen::SparseMatrix<double> M = signed_laplacian(graph, false).sparseView();
    for (Index i = 0; i < M.rows(); ++i) M.coeffRef(i, i) += 1;
    const Eigen::SimplicialLLT<Eigen::SparseMatrix<double>> factor(M);
    const auto size = detail::factor_size(graph, detail::elimination_order(graph), 1e9);
    Eigen::SparseMatrix<double> L = factor.matrixL();
    CHECK(size.entries == static_cast<double>(L.nonZeros()));
  }
}

TEST_CASE("the bounds do not depend on the number of threads; nothing is frustrated in nothing") {
  Random random(6);
  const SignedGraph graph = random_graph(150, 0.1, 0.5, random);
  const auto alone = frustration_bounds(graph, {.weighted = true});
  std::vector<FrustrationBounds> copies(4);
  parallel_for(4, [&](Index i) { copies[i] = frustration_bounds(graph, {.weighted = true}); });
  for (const auto& copy : copies) CHECK(copy.total.lower == alone.total.lower);
  CHECK(frustration_bounds(SignedGraph{}).total.upper == 0);
  CHECK_FALSE(frustration_bounds(user_graph(3, {})).total.share_lower.has_value());
  CHECK_THROWS_AS(frustration_bounds(SignedGraph::from_edges(2, {{0, 1, 1}}, Direction::directed,
                                                             GraphKind::user)),
                  Error);
  CHECK_THROWS_AS(frustration_of(graph, std::vector<signed char>{1}), Error);
}

TEST_CASE("no bound that is proved is above the exact index, whatever the cycles took") {
  Random random(9);
  int proved = 0;
  for (int round = 0; round < 60; ++round) {
    const bool weighted = round % 2 == 1;
    const SignedGraph graph = random_graph(4 + random.below(9), 0.6, 0.5, random);
    const auto best = best_switching(graph, {.weighted = weighted});
    for (const detail::Part& part : detail::unbalanced_parts(graph, best.side)) {
      std::vector<signed char> side;
      for (const Id node : part.nodes) side.push_back(best.side[node]);
      const PackedCycles cycles = packed_negative_cycles(part.graph, side, weighted);
      const double least = exact_frustration(part.graph, weighted);
      for (const double amount : detail::amounts) {
        detail::Relaxation relaxation(part.graph, cycles, amount, weighted);
        relaxation.look({}, 0);
        const auto bound = relaxation.certify();
        proved += bound.has_value();
        if (bound) CHECK(*bound <= least + 1e-9);
      }
      const auto whole = detail::certified_bound(part.graph, cycles, weighted, 0, {});
      if (whole) CHECK(*whole <= least + 1e-9);
    }
  }
  CHECK(proved > 200);
}
