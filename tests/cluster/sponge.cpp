#include "yoneda/cluster/sponge.hpp"

#include <Spectra/MatOp/SparseRegularInverse.h>
#include <Spectra/MatOp/SparseSymMatProd.h>
#include <doctest/doctest.h>

#include <tuple>

#include "cluster/groupings.hpp"
#include "yoneda/cluster/agreement.hpp"
#include "yoneda/cluster/signed_laplacian.hpp"

using namespace yoneda;

namespace {

/// The problem on the whole graph at once, written down from the definition.
struct WholePencil {
  Eigen::MatrixXd B, A;
};

WholePencil whole_pencil(const SignedGraph& graph, double tau) {
  const Index n = graph.node_count();
  const auto laplacian = [&](double sign) {
    Eigen::MatrixXd W = Eigen::MatrixXd::Zero(n, n);
    for (Id i = 0; i < n; ++i)
      for (Id j = 0; j < n; ++j)
        W(i, j) = std::max(0.0, sign * static_cast<double>(graph.weight(i, j)));
    const Eigen::VectorXd degree = W.rowwise().sum();
    Eigen::VectorXd scale = Eigen::VectorXd::Zero(n);
    for (Index i = 0; i < n; ++i)
      if (degree[i] > 0) scale[i] = 1 / std::sqrt(degree[i]);
    return Eigen::MatrixXd((1 + tau) * Eigen::MatrixXd::Identity(n, n) -
                           Eigen::MatrixXd(scale.asDiagonal() * W * scale.asDiagonal()));
  };
  return {laplacian(-1), laplacian(+1)};
}

Eigen::VectorXd dense_spectrum(const WholePencil& pencil, Index k) {
  const Eigen::GeneralizedSelfAdjointEigenSolver<Eigen::MatrixXd> solver(pencil.B, pencil.A);
  return solver.eigenvalues().tail(k).reverse();
}

/// One connected block model (150 nodes, three groups, a tenth flipped) with three positive pairs
/// that touch nothing else.
SignedGraph with_three_detached_pairs() {
  Planted planted = block_model(150, 3, 150 * 20, 0.1, 36);
  for (Id pair = 0; pair < 3; ++pair)
    planted.edges.push_back({150 + 2 * pair, 151 + 2 * pair, 1.0f});
  planted.truth.label.resize(156, -1);
  return planted.graph();
}

}  // namespace

TEST_CASE("the spectrum is that of the whole dense problem, component by component") {
  for (const double tau : {0.5, 1.0, 2.0})
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const SignedGraph graph = block_model(80, 3, 150, 0.1, seed).graph();  // many components
      REQUIRE(connected_components(graph).count > 3);
      const Eigenpairs found = sponge_sym_spectrum(graph, 12, tau);
      const WholePencil pencil = whole_pencil(graph, tau);
      CHECK((found.values - dense_spectrum(pencil, 12)).cwiseAbs().maxCoeff() < 1e-12);
      const auto& V = found.vectors;
      CHECK((pencil.B * V - pencil.A * V * found.values.asDiagonal()).cwiseAbs().maxCoeff() <
            1e-12);
      CHECK(
          (V.transpose() * pencil.A * V - Eigen::MatrixXd::Identity(12, 12)).cwiseAbs().maxCoeff() <
          1e-12);
    }
}

TEST_CASE("three detached positive pairs give 2 three times, none of which is missed") {
  const SignedGraph graph = with_three_detached_pairs();
  const Partition components = connected_components(graph);
  REQUIRE(components.count == 4);
  REQUIRE(members(components)[0].size() == 150);

  const WholePencil pencil = whole_pencil(graph, 1);
  const Eigen::VectorXd dense = dense_spectrum(pencil, 5);
  CHECK(std::abs(dense[0] - 2.047) < 5e-4);
  CHECK(dense[4] < 1.97);
  const Eigen::Vector4d expected(dense[0], 2, 2, 2);
  CHECK((dense.head(4) - expected).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((sponge_sym_spectrum(graph, 4).values - expected).cwiseAbs().maxCoeff() < 1e-12);

  SUBCASE("Spectra alone, asked for four of the whole graph, misses one and reports success") {
    const Eigen::SparseMatrix<double> B = pencil.B.sparseView(), A = pencil.A.sparseView();
    using Product = Spectra::SparseSymMatProd<double>;
    using Metric = Spectra::SparseRegularInverse<double>;
    for (const int basis : {8, 9, 12, 20}) {
      CAPTURE(basis);
      Product product(B);
      Metric metric(A);
      Spectra::SymGEigsSolver<Product, Metric, Spectra::GEigsMode::RegularInverse> solver(
          product, metric, 4, basis);
      solver.init();
      solver.compute(Spectra::SortRule::LargestAlge);
      REQUIRE(solver.info() == Spectra::CompInfo::Successful);
      const Eigen::VectorXd found = solver.eigenvalues();
      CHECK((found.head(3) - expected.head(3)).cwiseAbs().maxCoeff() < 1e-8);
      CHECK(found[3] == doctest::Approx(dense[4]));  // the fifth in the place of the fourth
    }
  }

  SUBCASE("deflation and new starts find them all on the whole graph as well") {
    const auto B = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd { return pencil.B * x; };
    const auto A = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd { return pencil.A * x; };
    EigenpairOptions options;
    options.count = 4;
    options.dense_up_to = 0;
    for (options.seed = 1; options.seed <= 10; ++options.seed) {
      const Eigenpairs found = largest_eigenpairs(B, A, graph.node_count(), options);
      CHECK((found.values - expected).cwiseAbs().maxCoeff() < 1e-10);
    }
  }
}

TEST_CASE("signed block models of 2000 nodes and five groups are recovered, ARI at least 0.70") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    const Planted planted = block_model(2000, 5, 39980, 0.1, seed);  // about 20,000 edges
    SpongeOptions options;
    options.count = 5;
    options.seed = seed;
    const Clustering found = sponge_sym(planted.graph(), options);
    CHECK(adjusted_rand_index(found.partition, planted.truth) >= 0.70);
    CHECK(found.partition.count == 5);
    CHECK(std::ranges::is_sorted(found.eigenvalues, std::greater{}));
  }
}

TEST_CASE("vectors as close as k-means needs them make the categories of exact ones") {
  for (const auto& [n, degree, flips] :
       {std::tuple{2000, 20, 0.1}, {2000, 12, 0.02}, {500, 20, 0.1}})
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      CAPTURE(n);
      CAPTURE(seed);
      const SignedGraph graph = block_model(n, 5, Index{n} * degree, flips, seed).graph();
      const Eigenpairs exact = sponge_sym_spectrum(graph, 8);
      const Eigenpairs close =
          detail::sponge_sym_pairs(graph, 8, 1, seed, detail::Closeness::embedding, {});
      // Heights, by which columns are weighted, and the directions of the columns that count.
      const double top = exact.values[0] - exact.values[7];
      CHECK((close.values - exact.values).cwiseAbs().maxCoeff() < 0.01 * top);
      CHECK((close.vectors.leftCols(4) - exact.vectors.leftCols(4)).norm() < 0.1);

      SpongeOptions options;
      options.count = 5;
      options.seed = seed;
      const Clustering by_exact = detail::sponge_clustering(
          graph, options, {}, [&](const SignedGraph& large, Index vectors) {
            return sponge_sym_spectrum(large, vectors, options.tau, seed);
          });
      const Clustering by_close = sponge_sym(graph, options);
      CHECK(adjusted_rand_index(by_close.partition, by_exact.partition) > 0.97);
    }
}

TEST_CASE("categories without noise are found exactly and numbered by size") {
  // Groups of 30, 20 and 10 nodes, positive within, negative across.
  Planted planted{{}, {{}, 3}};
  for (Id i = 0; i < 60; ++i) planted.truth.label.push_back(i < 10 ? 2 : i < 30 ? 1 : 0);
  Random random(1);
  for (Id i = 0; i < 60; ++i)
    for (Id j = i + 1; j < 60; ++j)
      if (random.uniform() < 0.5)
        planted.edges.push_back(
            {i, j, planted.truth.label[i] == planted.truth.label[j] ? 0.7f : -0.4f});
  SpongeOptions options;
  options.count = 3;
  const Clustering found = sponge_sym(planted.graph(), options);
  CHECK(found.partition.label == planted.truth.label);
  CHECK(found.notes.empty());
}

TEST_CASE("two opposed camps without a positive edge between or within") {
  // A complete bipartite negative graph: D⁺ is 0 everywhere.
  std::vector<Edge> edges;
  for (Id i = 0; i < 10; ++i)
    for (Id j = 10; j < 20; ++j) edges.push_back({i, j, -1.0f});
  const auto graph = SignedGraph::from_edges(20, edges, Direction::undirected, GraphKind::user);
  const Clustering found = sponge_sym(graph, {});
  CHECK(found.eigenvalues[0] == doctest::Approx(1.5));  // (2 + τ) / (1 + τ)
  Partition camps{std::vector<Id>(20, 0), 2};
  for (Index i = 10; i < 20; ++i) camps.label[i] = 1;
  CHECK(found.partition.label == camps.label);
}

TEST_CASE("nodes without edges have no category, those that no vector reaches one apart") {
  std::vector<Edge> edges{{0, 1, 1}, {2, 3, 1}, {5, 6, 1}, {8, 9, -1}, {9, 10, -1}, {8, 10, -1}};
  const auto graph = SignedGraph::from_edges(12, edges, Direction::undirected, GraphKind::user);
  SpongeOptions options;
  options.count = 1;
  const Clustering found = sponge_sym(graph, options);  // three vectors: one for each pair
  CHECK(found.partition.label == std::vector<Id>{0, 0, 0, 0, -1, 0, 0, -1, 1, 2, 3, -1});
  REQUIRE(found.notes.size() == 2);
  CHECK(found.notes[0].starts_with("3 nodes in small components"));
  CHECK(found.notes[1] == "3 nodes without edges have no category");

  options.count = 9;  // every node with an edge its own category? No: members of a pair coincide
  const Clustering most = sponge_sym(graph, options);
  CHECK(most.partition.label[4] == -1);
  CHECK(most.partition.label[8] >= 0);
  options.count = 10;
  CHECK_THROWS_WITH(sponge_sym(graph, options),
                    "SPONGE: 10 categories, but only 9 nodes have an edge");
}

TEST_CASE("small components are categories beyond those asked for, split where they repel") {
  Planted planted = block_model(300, 3, 300 * 20, 0.05, 4);
  REQUIRE(connected_components(planted.graph()).count == 1);
  // Thirty balanced pairs, each with the eigenvalue of a perfect category, and a hostile pair.
  for (Id pair = 0; pair < 30; ++pair)
    planted.edges.push_back({300 + 2 * pair, 301 + 2 * pair, 1.0f});
  planted.edges.push_back({360, 361, -1.0f});
  for (Id i = 300; i < 362; ++i)
    planted.truth.label.push_back(i < 360 ? 3 + (i - 300) / 2 : 33 + (i - 360));
  planted.truth.count = 35;
  const SignedGraph graph = planted.graph();
  SpongeOptions options;
  options.count = 3;
  LaplacianOptions of_laplacian;
  of_laplacian.count = 3;
  for (const Clustering& found : {sponge_sym(graph, options), sponge(graph, options),
                                  laplacian_clustering(graph, of_laplacian)}) {
    CHECK(found.partition.count == 35);
    CHECK(adjusted_rand_index(found.partition, planted.truth) > 0.95);
    REQUIRE(found.notes.size() == 1);
    CHECK(found.notes[0].starts_with("62 nodes in small components"));
    CHECK(found.notes[0].find("32 categories") != std::string::npos);
  }
}

TEST_CASE("many components of one value are all grouped") {
  std::vector<Edge> edges{{0, 1, 1}, {2, 3, 1}, {0, 2, -1}, {0, 3, -1}, {1, 2, -1}, {1, 3, -1}};
  for (Id clique = 0; clique < 7; ++clique)
    for (Id i = 0; i < 10; ++i)
      for (Id j = i + 1; j < 10; ++j)
        edges.push_back({4 + 10 * clique + i, 4 + 10 * clique + j, 1});
  const auto graph = SignedGraph::from_edges(74, edges, Direction::undirected, GraphKind::user);
  SpongeOptions options;
  for (options.count = 3; options.count <= 9; ++options.count) {
    const Partition found = sponge_sym(graph, options).partition;
    CHECK(std::ranges::min(found.label) == 0);  // no node is left out
    for (Id clique = 0; clique < 7; ++clique)
      for (Id i = 1; i < 10; ++i)
        CHECK(found.label[4 + 10 * clique + i] == found.label[4 + 10 * clique]);
  }
}

TEST_CASE("SPONGE without normalisation is the dense problem of its definition") {
  for (const double tau : {0.5, 1.0})
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const SignedGraph graph = weighted_graph(60, seed <= 3 ? 0.5 : 0.03, seed);
      Eigen::MatrixXd A = Eigen::MatrixXd::Zero(60, 60), B = A;
      for (Id i = 0; i < 60; ++i)
        for (Id j = 0; j < 60; ++j) {
          const auto w = static_cast<double>(graph.weight(i, j));
          const double positive = std::max(0.0, w), negative = std::max(0.0, -w);
          A(i, j) -= positive;
          A(i, i) += positive + tau * negative;
          B(i, j) -= negative;
          B(i, i) += negative + tau * positive;
        }
      const Eigenpairs found = sponge_spectrum(graph, 6, tau);
      const auto& V = found.vectors;
      // B v = ν (A + B) v, that is A v = λ B v with λ = 1/ν − 1.
      for (Index j = 0; j < 6; ++j) {
        const double lambda = 1 / found.values[j] - 1;
        const Eigen::VectorXd v = V.col(j), Av = A * v, Bv = B * v;
        CHECK((Av - lambda * Bv).cwiseAbs().maxCoeff() < 1e-10);
      }
      if (seed > 3) continue;  // there B is singular on components of positive edges alone
      const Eigen::VectorXd all =
          Eigen::GeneralizedSelfAdjointEigenSolver<Eigen::MatrixXd>(A, B).eigenvalues();
      for (Index j = 0; j < 6; ++j) CHECK(std::abs(1 / found.values[j] - 1 - all[j]) < 1e-9);
    }
}

TEST_CASE("components without negative edges, or without positive ones, are at the ends") {
  const std::vector<Edge> edges{{0, 1, 1}, {1, 2, 2}, {3, 4, -1}, {4, 5, -3}, {3, 5, -1}};
  const auto graph = SignedGraph::from_edges(7, edges, Direction::undirected, GraphKind::user);
  const Eigenpairs found = sponge_spectrum(graph, 6, 1);
  CHECK(std::abs(found.values[0] - 1) < 1e-12);  // λ = 0: nothing is cut
  CHECK(found.values.minCoeff() > 0);
  CHECK(found.values.maxCoeff() <= 1 + 1e-12);
  CHECK(found.vectors.row(6).isZero(0));
  CHECK(found.vectors.allFinite());
}

TEST_CASE("SPONGE recovers planted groups, and counts them by the gap") {
  const Planted planted = block_model(600, 6, 600 * 60, 0.05, 8);
  const SignedGraph graph = planted.graph();
  SpongeOptions options;
  options.count = 6;
  CHECK(adjusted_rand_index(sponge(graph, options).partition, planted.truth) > 0.97);
  options.count = 20;
  options.at_gap = true;
  for (const Clustering& found : {sponge_sym(graph, options), sponge(graph, options)}) {
    CHECK(found.partition.count == 6);
    CHECK(adjusted_rand_index(found.partition, planted.truth) > 0.97);
    REQUIRE(found.notes.size() == 1);
    CHECK(found.notes[0] == "the largest gap of the spectrum says 6 categories, of up to 20");
  }
  LaplacianOptions of_laplacian;
  of_laplacian.count = 20;
  of_laplacian.at_gap = true;
  const Clustering found = laplacian_clustering(graph, of_laplacian);
  CHECK(found.partition.count == 6);
  CHECK(std::ranges::is_sorted(found.eigenvalues));
}

TEST_CASE("the same bits for any number of threads") {
  const SignedGraph graph = block_model(500, 4, 8000, 0.1, 3).graph();
  SpongeOptions options;
  options.count = 4;
  const Clustering first = sponge_sym(graph, options);
#if defined(_OPENMP)
  const int threads = omp_get_max_threads();
  for (const int count : {1, 3}) {
    omp_set_num_threads(count);
    const Clustering again = sponge_sym(graph, options);
    CHECK(again.partition.label == first.partition.label);
    CHECK(again.eigenvalues == first.eigenvalues);
  }
  omp_set_num_threads(threads);
#endif
}

TEST_CASE("what SPONGE cannot cluster is refused, and the work can be cancelled") {
  const std::vector<Edge> edges{{0, 1, 1}, {1, 2, -1}};
  const auto directed = SignedGraph::from_edges(3, edges, Direction::directed, GraphKind::user);
  CHECK_THROWS_WITH(sponge_sym(directed, {}),
                    "SPONGE needs an undirected graph, this one is directed");
  const auto graph = SignedGraph::from_edges(3, edges, Direction::undirected, GraphKind::user);
  for (const Index count : {-1, 0, 4}) {
    CHECK_THROWS_AS(sponge_sym(graph, {count}), Error);
    CHECK_THROWS_AS(sponge_sym_spectrum(graph, count), Error);
  }
  for (const double tau : {0.0, -1.0, std::nan(""), 1.0 / 0.0})
    CHECK_THROWS_AS(sponge_sym(graph, {2, tau}), Error);
  CHECK_THROWS_AS(sponge_sym(graph, {2, 1, 0}), Error);
  CHECK_THROWS_AS(sponge_sym(SignedGraph{}, {1}), Error);
  const Progress stop([](Stage, double) { return false; });
  CHECK_THROWS_AS(sponge_sym(graph, {2}, stop), Error);
}
