#include "yoneda/category/hodge.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include <Eigen/Dense>

#include "graph/random_graph.hpp"
#include "yoneda/stats/moments.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

/// Arrows both ways whose log ratio is 2 y.
void join(std::vector<Edge>& edges, Id u, Id v, double y) {
  edges.push_back({u, v, static_cast<float>(std::exp(y))});
  edges.push_back({v, u, static_cast<float>(std::exp(-y))});
}

SignedGraph directed(Index n, std::vector<Edge> edges) {
  return SignedGraph::from_edges(n, std::move(edges), Direction::directed, GraphKind::user);
}

/// Three in ten pairs of n nodes joined both ways, with normal log ratios.
SignedGraph random_ratios(Index n, std::uint64_t seed) {
  Random random(seed);
  std::vector<Edge> edges;
  for (Id u = 0; u < n; ++u)
    for (Id v = u + 1; v < n; ++v)
      if (random.uniform() < 0.3) join(edges, u, v, random.normal());
  return directed(n, std::move(edges));
}

/// n_a features that write, n_b that read, half of the pairs joined.
SignedGraph random_layers(Index n_a, Index n_b, std::uint64_t seed) {
  Random random(seed);
  std::vector<Edge> edges;
  for (Id f = 0; f < n_a; ++f)
    for (Id g = 0; g < n_b; ++g)
      if (random.uniform() < 0.5)
        edges.push_back(
            {f, static_cast<Id>(n_a) + g, static_cast<float>(std::exp(random.normal()))});
  return SignedGraph::from_edges(n_a + n_b, std::move(edges), Direction::directed,
                                 GraphKind::virtual_);
}

Eigen::MatrixXd dense_D(const Cochain& y) {
  Eigen::MatrixXd D = Eigen::MatrixXd::Zero(y.size(), y.nodes);
  for (Index e = 0; e < y.size(); ++e) D(e, y.edges[e].to) = 1, D(e, y.edges[e].from) = -1;
  return D;
}

/// Every three edges that close a triangle, from all triples of edges.
Eigen::MatrixXd dense_C(const Cochain& y) {
  std::vector<Eigen::RowVectorXd> rows;
  for (Index i = 0; i < y.size(); ++i)
    for (Index j = 0; j < y.size(); ++j)
      for (Index k = 0; k < y.size(); ++k)
        if (y.edges[i].to == y.edges[j].from && y.edges[i].from == y.edges[k].from &&
            y.edges[j].to == y.edges[k].to) {
          rows.push_back(Eigen::RowVectorXd::Zero(y.size()));
          rows.back()(i) = rows.back()(j) = 1;
          rows.back()(k) = -1;
        }
  Eigen::MatrixXd C(static_cast<Index>(rows.size()), y.size());
  for (std::size_t t = 0; t < rows.size(); ++t) C.row(static_cast<Index>(t)) = rows[t];
  return C;
}

Eigen::VectorXd projected(const Eigen::MatrixXd& A, const Eigen::VectorXd& y) {
  return A * A.completeOrthogonalDecomposition().solve(y);
}

Eigen::VectorXd vector(const std::vector<double>& values) {
  return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Index>(values.size()));
}

}  // namespace

TEST_CASE("the parts are the dense projections, at right angles, and chance counts dimensions") {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    const Cochain y = cochain(random_ratios(14, seed));
    const HodgeDecomposition found = hodge_decomposition(y);
    const Eigen::VectorXd values = detail::values_of(y);
    const Eigen::MatrixXd D = dense_D(y), C = dense_C(y);
    REQUIRE(C.rows() == found.triangles);
    REQUIRE(C.rows() > 0);
    CHECK((C * D).norm() == 0);
    CHECK((vector(found.gradient) - projected(D, values)).norm() < 1e-8);
    CHECK((vector(found.curl) - projected(C.transpose(), values)).norm() < 1e-8);
    CHECK(found.overlap < 1e-9);
    CHECK(found.share.gradient + found.share.curl + found.share.harmonic == Approx(1));
    const auto m = static_cast<double>(y.size());
    const auto rank_D = static_cast<double>(D.fullPivLu().rank());
    const Index rank_C = C.fullPivLu().rank();
    CHECK(found.chance.gradient == Approx(rank_D / m));
    CHECK(found.curl_rank == rank_C);
    CHECK(found.chance.harmonic == Approx(1 - (rank_D + static_cast<double>(rank_C)) / m));
  }
}

TEST_CASE("planted: a potential is all gradient, and its nodes are ranked by it") {
  const Index n = 30;
  Random random(5);
  std::vector<double> s(n);
  for (double& of_node : s) of_node = random.normal();
  std::vector<Edge> edges;
  for (Id u = 0; u < 25; ++u)  // two components, and five nodes alone
    for (Id v = u + 1; v < 25; ++v)
      if ((u < 15) == (v < 15) && (v == u + 1 || random.uniform() < 0.4))
        join(edges, u, v, s[v] - s[u]);
  const Cochain y = cochain(directed(n, edges));
  const HodgeDecomposition found = hodge_decomposition(y);
  CHECK(found.share.gradient == Approx(1).epsilon(1e-9));
  CHECK(found.nodes == 25);
  CHECK(found.parts == 2);
  for (const auto& [first, last] : {std::pair<Id, Id>{0, 15}, {15, 25}}) {
    double mean = 0;
    for (Id u = first; u < last; ++u) mean += s[u] / (last - first);
    for (Id u = first; u < last; ++u)
      CHECK(found.potential[u] == Approx(s[u] - mean).epsilon(1e-5));
  }
  CHECK(std::isnan(found.potential[27]));
  REQUIRE(found.rankings.size() == 1);
  const std::vector<Id>& order = found.rankings[0];
  REQUIRE(order.size() == 15);  // the larger component
  for (std::size_t i = 1; i < order.size(); ++i)
    CHECK(found.potential[order[i - 1]] >= found.potential[order[i]]);
  const auto tests = hodge_tests(y, found);
  CHECK(tests[0].verdict == Verdict::commutes);
  CHECK(tests[0].effect == Approx(1));
}

TEST_CASE("planted: a circulation round a hole is harmonic, round a triangle curl") {
  for (const Index length : {3, 4, 7}) {
    std::vector<Edge> edges;
    for (Id u = 0; u < length; ++u) join(edges, u, static_cast<Id>((u + 1) % length), 0.7);
    const HodgeDecomposition found = hodge_decomposition(cochain(directed(length, edges)));
    const double filled = length == 3 ? 1 : 0;
    CHECK(found.share.curl == Approx(filled).epsilon(1e-9));
    CHECK(found.share.harmonic == Approx(1 - filled).epsilon(1e-9));
    CHECK(found.share.gradient < 1e-12);
    const double of_cycle = 1 / static_cast<double>(length);
    CHECK(found.chance.gradient == Approx(1 - of_cycle));
    CHECK(found.chance.curl == Approx(filled * of_cycle));
  }
}

TEST_CASE("the rank of triangles, where it is known: a full simplex, a hollow octahedron") {
  for (const Id n : {3, 4, 9}) {
    std::vector<Edge> edges;
    for (Id u = 0; u < n; ++u)
      for (Id v = u + 1; v < n; ++v) join(edges, u, v, 0.1 * (u + v));
    const HodgeDecomposition found = hodge_decomposition(cochain(directed(n, edges)));
    CHECK(found.curl_rank == (n - 1) * (n - 2) / 2);
  }
  std::vector<Edge> edges;  // opposite corners u and u + 3
  for (Id u = 0; u < 6; ++u)
    for (Id v = u + 1; v < 6; ++v)
      if (v != u + 3) join(edges, u, v, 1);
  const HodgeDecomposition found = hodge_decomposition(cochain(directed(6, edges)));
  CHECK(found.triangles == 8);
  CHECK(found.curl_rank == 7);  // the eight bound a sphere
  CHECK(found.chance.harmonic == 0);
  const std::vector<TriangleEdges> one{{0, 2, 1}};
  const std::vector<char> no_forest(3, 0);
  CHECK(curl_rank(one, no_forest) == 1);
  CHECK_FALSE(curl_rank(one, no_forest, 1).has_value());  // it takes two steps
}

TEST_CASE("by chance: sizes alike and signs drawn have the chance shares on average") {
  const Index n = 18;
  Random random(6);
  std::vector<Edge> edges;
  for (Id u = 0; u < n; ++u)
    for (Id v = u + 1; v < n; ++v)
      if (random.uniform() < 0.3) join(edges, u, v, random.below(2) ? 1 : -1);
  const Cochain y = cochain(directed(n, edges));
  const HodgeDecomposition found = hodge_decomposition(y);
  HodgeOptions options;
  options.samples = 2000;
  const auto tests = hodge_tests(y, found, options);
  REQUIRE(tests.size() == 2);
  const double standard_error = 4 * tests[0].null_sd / std::sqrt(2000.0);
  CHECK(std::abs(tests[0].null_mean - found.chance.gradient) < standard_error);
  CHECK(std::abs(tests[1].null_mean - found.chance.curl) < standard_error);
}

TEST_CASE("p is uniform where signs are drawn by chance") {
  std::vector<double> p;
  HodgeOptions options;
  options.samples = 19;
  for (std::uint64_t round = 0; round < 300; ++round) {
    const Cochain y = cochain(random_ratios(10, 100 + round));
    options.seed = round;
    p.push_back(hodge_tests(y, hodge_decomposition(y), options)[0].p_upper);
  }
  CHECK(std::abs(moments(p).mean - 0.525) < 0.05);
  CHECK(std::ranges::count_if(p, [](double x) { return x < 0.051; }) <= 27);
}

TEST_CASE("layers: log|w| less its mean; a product of two sides is all gradient") {
  const SignedGraph random = random_layers(12, 9, 7);
  const Cochain y = cochain(random);
  CHECK(y.kind == CochainKind::layers);
  CHECK(y.size() == random.edge_count());
  const HodgeDecomposition found = hodge_decomposition(y);
  // Dense: D and the constant together, the constant taken off.
  const Eigen::VectorXd values = detail::values_of(y);
  CHECK(std::abs(values.sum()) < 1e-9);
  CHECK((vector(found.gradient) - projected(dense_D(y), values)).norm() < 1e-8);
  CHECK(found.share.curl == 0);
  const auto m = static_cast<double>(y.size());
  CHECK(found.chance.gradient == Approx((21.0 - 1 - 1) / (m - 1)));
  HodgeOptions options;
  options.samples = 2000;
  const auto tests = hodge_tests(y, found, options);
  REQUIRE(tests.size() == 1);
  CHECK(std::abs(tests[0].null_mean - found.chance.gradient) <
        4 * tests[0].null_sd / std::sqrt(2000.0));

  // A unit means nothing; signs are not seen.
  std::vector<Edge> edges = random.edges();
  for (Edge& e : edges) e.weight *= -1000;
  const HodgeDecomposition scaled = hodge_decomposition(
      cochain(SignedGraph::from_edges(21, edges, Direction::directed, GraphKind::virtual_)));
  CHECK(scaled.share.gradient == Approx(found.share.gradient).epsilon(1e-6));
  for (Edge& e : edges) e.weight = static_cast<float>((e.source + 1) * (e.target - 8));
  const Cochain product = cochain(directed(21, edges));
  const HodgeDecomposition planted = hodge_decomposition(product);
  CHECK(planted.share.gradient == Approx(1).epsilon(1e-9));
  REQUIRE(planted.rankings.size() == 2);
  for (Id i = 0; i < 12; ++i) CHECK(planted.rankings[0][i] == 11 - i);
  for (Id i = 0; i < 9; ++i) CHECK(planted.rankings[1][i] == 20 - i);
  CHECK(planted.potential[5] - planted.potential[2] == Approx(std::log(6.0 / 3)).epsilon(1e-6));
  CHECK(planted.potential[20] - planted.potential[13] == Approx(std::log(12.0 / 5)).epsilon(1e-6));
  CHECK(hodge_tests(product, planted)[0].verdict == Verdict::commutes);
}

TEST_CASE("the same for any number of threads, and for the same seed alone") {
  const Cochain y = cochain(random_ratios(30, 8));
  const HodgeDecomposition found = hodge_decomposition(y);
  HodgeOptions options;
  options.samples = 10;
  const int before = omp_get_max_threads();
  std::vector<std::vector<double>> draws;
  for (const int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    draws.push_back(hodge_tests(y, found, options)[1].draws);
  }
  omp_set_num_threads(before);
  CHECK(draws[1] == draws[0]);
  CHECK(draws[2] == draws[0]);
  options.seed = 2;
  CHECK(hodge_tests(y, found, options)[1].draws != draws[0]);
}

TEST_CASE("arrows without one back and pairs of two signs are left out and counted") {
  std::vector<Edge> edges;
  join(edges, 0, 1, 1);
  edges.push_back({1, 2, 3});
  edges.push_back({2, 3, 1});
  edges.push_back({3, 2, -1});
  const Cochain y = cochain(directed(4, edges));
  CHECK(y.size() == 1);
  CHECK(y.one_way == 1);
  CHECK(y.opposite_signs == 1);
  CHECK(y.edges[0].value == Approx(1));
}

TEST_CASE("what is no cochain is refused with the reason") {
  const auto refused = [](const SignedGraph& graph, const char* words) {
    try {
      cochain(graph);
      FAIL("was not refused");
    } catch (const Error& error) {
      CHECK(error.kind == ErrorKind::value);
      CHECK(std::string(error.what()).find(words) != std::string::npos);
    }
  };
  refused(random_graph(10, Direction::undirected, 1), "an undirected weight is the same both ways");
  refused(directed(3, {{0, 1, 1}, {1, 2, 1}, {2, 0, 1}}), "no two nodes");
  refused(directed(3, {}), "no two nodes");
  refused(directed(2, {{0, 1, 1}, {1, 0, -1}}), "no two nodes");
  refused(directed(3, {{0, 1, 2}, {1, 0, 2}, {1, 2, 1}}), "the same both ways");
  refused(directed(3, {{0, 1, 2}, {0, 2, -2}}), "all weights have one size");
  const Cochain y = cochain(random_ratios(10, 9));
  const HodgeDecomposition found = hodge_decomposition(y);
  HodgeOptions options;
  options.samples = 0;
  CHECK_THROWS_AS(hodge_tests(y, found, options), Error);
  options.samples = 50;
  CHECK_THROWS_AS(
      hodge_tests(y, found, options, Progress([](Stage, double share) { return share < 0.3; })),
      Error);
}
