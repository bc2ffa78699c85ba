#include "yoneda/category/sheaf.hpp"

#include <doctest/doctest.h>
#include <omp.h>

#include <Eigen/Dense>
#include <numbers>

#include "graph/random_graph.hpp"
#include "random_matrix.hpp"
#include "yoneda/category/sheaf_tests.hpp"
#include "yoneda/null/rotation.hpp"
#include "yoneda/stats/moments.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

constexpr Index rank = 4;

/// Random points and their negatives, of a different spread along every axis: [count, rank].
Eigen::MatrixXd symmetric_points(Index count, std::uint64_t seed) {
  Random random(seed);
  Eigen::MatrixXd X(count, rank);
  for (Index i = 0; i + 1 < count; i += 2) {
    for (Index j = 0; j < rank; ++j) X(i, j) = random.normal() / static_cast<double>(1 + j);
    X.row(i + 1) = -X.row(i);
  }
  return X;
}

/// Categories of the same points, each in a space of its own that is turned at random: feature
/// c · count + i is point i in category c.
struct Planted {
  Matrix W_dec;
  Partition partition;
  Index count;
};

Planted rotated_copies(Index categories, Index count, std::uint64_t seed, bool one_space = false) {
  const Index d = 12;
  const Eigen::MatrixXd X = symmetric_points(count, seed);
  std::vector<float> values;
  Planted made;
  for (Index c = 0; c < categories; ++c) {
    const Eigen::MatrixXd Q = haar_rotation(d, seed + 10 + (one_space ? 0 : c));
    const Eigen::MatrixXd rows =
        (X * Q.topRows(rank)).rowwise() + Q.row(rank);  // about a mean of its own
    for (Index i = 0; i < count; ++i)
      for (Index j = 0; j < d; ++j) values.push_back(static_cast<float>(rows(i, j)));
    made.partition.label.insert(made.partition.label.end(), count, static_cast<Id>(c));
  }
  made.partition.count = categories;
  made.W_dec = Matrix::from(std::move(values), categories * count, d);
  made.count = count;
  return made;
}

/// Pairs point i of a with point i ^ flip of b.
void pair_points(std::vector<Edge>& edges, Index count, Id a, Id b, Id flip) {
  for (Id i = 0; i < count; ++i)
    edges.push_back({static_cast<Id>(a * count + i), static_cast<Id>(b * count + (i ^ flip)), 1});
}

SignedGraph undirected(Index n, std::vector<Edge> edges) {
  return SignedGraph::from_edges(n, std::move(edges), Direction::undirected, GraphKind::user);
}

Eigen::MatrixXd plane_rotation(double angle) {
  Eigen::MatrixXd O = Eigen::MatrixXd::Identity(rank, rank);
  O(0, 0) = O(1, 1) = std::cos(angle);
  O(0, 1) = -(O(1, 0) = std::sin(angle));
  return O;
}

/// A cycle of `length` categories whose maps are the identity but for the last, which is `twist`.
Sheaf twisted_cycle(Index length, const Eigen::MatrixXd& twist) {
  Sheaf sheaf{rank, length, {}};
  const Eigen::MatrixXd one = Eigen::MatrixXd::Identity(rank, rank);
  for (Id c = 0; c + 1 < length; ++c) {
    sheaf.edges.push_back({c, c + 1, 12, one});
    if (c == 0) sheaf.edges.push_back({0, static_cast<Id>(length - 1), 12, twist});
  }
  return sheaf;
}

Sheaf random_sheaf(Index categories, double share, std::uint64_t seed) {
  Sheaf sheaf{rank, categories, {}};
  Random random(seed);
  for (Id a = 0; a < categories; ++a)
    for (Id b = a + 1; b < categories; ++b)
      if (random.uniform() < share)
        sheaf.edges.push_back({a, b, 12, haar_rotation(rank, random.bits())});
  return sheaf;
}

/// (δx)_e = x_b − O x_a, [edges r, categories r].
Eigen::MatrixXd coboundary(const Sheaf& sheaf) {
  const Index r = sheaf.rank, m = static_cast<Index>(sheaf.edges.size());
  Eigen::MatrixXd delta = Eigen::MatrixXd::Zero(m * r, sheaf.categories * r);
  for (Index e = 0; e < m; ++e) {
    delta.block(e * r, sheaf.edges[e].a * r, r, r) = -sheaf.edges[e].O;
    delta.block(e * r, sheaf.edges[e].b * r, r, r).setIdentity();
  }
  return delta;
}

}  // namespace

TEST_CASE("planted: rotated copies of one category go round to where they were") {
  const Planted planted = rotated_copies(5, 20, 1);
  std::vector<Edge> edges;
  for (Id a = 0; a < 5; ++a)
    for (Id b = a + 1; b < 5; ++b) pair_points(edges, planted.count, a, b, 0);
  const SheafData data = sheaf_data(planted.W_dec, undirected(100, edges), planted.partition);
  REQUIRE(data.edges.size() == 10);
  CHECK(data.too_small.empty());
  CHECK(data.unjoined.empty());
  const Sheaf sheaf = fitted_sheaf(data);
  const auto triangles = triangle_holonomies(sheaf);
  REQUIRE(triangles.size() == 10);
  for (const SheafTriangle& t : triangles) CHECK(t.holonomy < 1e-5);
  const SheafSpectrum spectrum = sheaf_spectrum(sheaf);
  CHECK(*spectrum.smallest < 1e-8);
  CHECK(spectrum.sections == rank);
  CHECK(spectrum.of_trees == 0);
  const auto tests = sheaf_tests(data);
  REQUIRE(tests.size() == 2);
  for (const NullTest& test : tests) {
    CHECK(test.verdict == Verdict::commutes);
    CHECK(test.effect == Approx(1).epsilon(1e-4));
  }
  CHECK(tests[0].null_mean > 0.8);
}

TEST_CASE("the ambient sheaf is flat where all stalks are one space, whatever the pairs") {
  for (const bool one_space : {false, true}) {
    const Planted planted = rotated_copies(4, 20, 3, one_space);
    std::vector<Edge> edges;
    for (Id a = 0; a < 4; ++a)
      for (Id b = a + 1; b < 4; ++b) pair_points(edges, planted.count, a, b, a == 0 ? 1 : 0);
    const SheafData data = sheaf_data(planted.W_dec, undirected(80, edges), planted.partition);
    const double ambient = *mean_holonomy(triangle_holonomies(ambient_sheaf(data)));
    CHECK((one_space ? ambient < 1e-5 : ambient > 0.5));
    CHECK(*mean_holonomy(triangle_holonomies(fitted_sheaf(data))) < 1e-5);  // −1 twice round
  }
}

TEST_CASE("planted: one edge pairs every point with its negative") {
  const Planted planted = rotated_copies(3, 20, 2);
  std::vector<Edge> edges;
  pair_points(edges, planted.count, 0, 1, 0);
  pair_points(edges, planted.count, 1, 2, 0);
  pair_points(edges, planted.count, 0, 2, 1);
  const Sheaf sheaf =
      fitted_sheaf(sheaf_data(planted.W_dec, undirected(60, edges), planted.partition));
  const auto triangles = triangle_holonomies(sheaf);
  REQUIRE(triangles.size() == 1);
  CHECK(triangles[0].holonomy == Approx(std::numbers::sqrt2).epsilon(1e-5));  // of −I
  const SheafSpectrum spectrum = sheaf_spectrum(sheaf);
  CHECK(*spectrum.smallest == Approx(0.5).epsilon(1e-4));  // 1 − cos(π / 3)
  CHECK(spectrum.sections == 0);
}

TEST_CASE("a twisted cycle has the spectrum of its closed form") {
  for (const Index length : {3, 4, 6})
    for (const double angle : {0.0, 0.3, 1.2, std::numbers::pi}) {
      const Sheaf sheaf = twisted_cycle(length, plane_rotation(angle));
      std::vector<double> expected;
      for (Index k = 0; k < length; ++k)
        for (const double of : {angle, -angle, 0.0, 0.0})
          expected.push_back(1 - std::cos((2 * std::numbers::pi * static_cast<double>(k) + of) /
                                          static_cast<double>(length)));
      std::ranges::sort(expected);
      const SheafSpectrum found = sheaf_spectrum(sheaf);
      REQUIRE(found.eigenvalues.size() == expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i)
        CHECK(std::abs(found.eigenvalues[i] - expected[i]) < 1e-12);
      CHECK(found.sections == (angle == 0 ? rank : rank - 2));
      if (length == 3)
        CHECK(triangle_holonomies(sheaf)[0].holonomy ==
              Approx(std::sqrt((4 - 4 * std::cos(angle)) / (2.0 * rank))));
    }
}

TEST_CASE("spectrum and sections are those of the dense coboundary") {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    Sheaf sheaf = random_sheaf(9, 0.25, seed);
    if (seed == 2)
      for (SheafEdge& e : sheaf.edges) e.O.setIdentity();
    std::vector<double> degree(9, 0);
    for (const SheafEdge& e : sheaf.edges) ++degree[e.a], ++degree[e.b];
    Eigen::VectorXd scale(9 * rank);
    Index joined = 0;
    for (Index c = 0; c < 9; ++c) {
      joined += degree[c] > 0;
      scale.segment(c * rank, rank).setConstant(degree[c] > 0 ? 1 / std::sqrt(degree[c]) : 0);
    }
    const Eigen::MatrixXd delta = coboundary(sheaf) * scale.asDiagonal();
    const Eigen::VectorXd expected =
        Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(delta.transpose() * delta).eigenvalues();
    const SheafSpectrum found = sheaf_spectrum(sheaf);
    REQUIRE(static_cast<Index>(found.eigenvalues.size()) == joined * rank);
    for (Index i = 0; i < joined * rank; ++i)
      CHECK(std::abs(found.eigenvalues[i] - expected[(9 - joined) * rank + i]) < 1e-10);
    CHECK(found.sections == joined * rank - coboundary(sheaf).fullPivLu().rank());
  }
}

TEST_CASE("trees have sections whatever their maps, and do not count as agreement") {
  Sheaf sheaf = twisted_cycle(3, -Eigen::MatrixXd::Identity(rank, rank));
  sheaf.categories = 6;
  for (const auto& [a, b] : {std::pair<Id, Id>{3, 4}, {4, 5}})
    sheaf.edges.push_back({a, b, 12, haar_rotation(rank, a)});
  const SheafSpectrum found = sheaf_spectrum(sheaf);
  CHECK(found.components == 2);
  CHECK(found.of_trees == rank);
  CHECK(found.sections == rank);
  CHECK(*found.smallest == Approx(0.5));
  sheaf.edges.erase(sheaf.edges.begin());
  const SheafSpectrum trees = sheaf_spectrum(sheaf);
  CHECK_FALSE(trees.smallest.has_value());
  CHECK(trees.of_trees == 2 * rank);
}

TEST_CASE("random maps have a holonomy of about 1") {
  std::vector<double> values;
  for (const SheafTriangle& t : triangle_holonomies(random_sheaf(30, 1, 6)))
    values.push_back(t.holonomy * t.holonomy);
  REQUIRE(values.size() == 4060);
  CHECK(moments(values).mean == Approx(1).epsilon(0.02));  // of the square it is exactly so
}

TEST_CASE("features are paired one to one, the strongest first, positive edges alone") {
  Partition partition{{0, 0, 0, 1, 1, 1, -1}, 2};
  const SignedGraph graph = undirected(
      7,
      {{0, 3, 0.9f}, {0, 4, 0.8f}, {1, 3, 0.8f}, {1, 4, 0.7f}, {2, 5, -1}, {0, 1, 1}, {2, 6, 1}});
  const auto matched = matched_pairs(graph, partition);
  REQUIRE(matched.size() == 1);
  CHECK(matched[0].features == std::vector<std::pair<Id, Id>>{{0, 3}, {1, 4}});
  // Every list is one to one, and no edge between two free ends is left.
  const SignedGraph random = random_graph(60, Direction::undirected, 7);
  Partition thirds{{}, 3};
  for (Id u = 0; u < 60; ++u) thirds.label.push_back(u % 3);
  for (const MatchedPairs& pairs : matched_pairs(random, thirds)) {
    std::vector<char> used(60, 0);
    for (const auto& [f, g] : pairs.features) {
      CHECK(random.weight(f, g) > 0);
      CHECK(thirds.label[f] == pairs.a);
      CHECK(thirds.label[g] == pairs.b);
      CHECK_FALSE((used[f] || used[g]));
      used[f] = used[g] = 1;
    }
    for (const Edge& e : random.edges()) {
      const auto ends = std::minmax(thirds.label[e.source], thirds.label[e.target]);
      if (e.weight > 0 && ends.first == pairs.a && ends.second == pairs.b)
        CHECK((used[e.source] || used[e.target]));
    }
  }
}

TEST_CASE("what has no stalk, too few pairs, or pairs that leave the map open is told of") {
  Planted planted = rotated_copies(5, 20, 8);
  for (Index i = 0; i < 17; ++i) planted.partition.label[80 + i] = -1;  // 3 of category 4 are left
  std::vector<Edge> edges;
  pair_points(edges, 20, 0, 1, 0);
  pair_points(edges, 11, 0, 0, 0);
  edges.resize(20);
  for (Id i = 0; i < 11; ++i) edges.push_back({i, 40 + i, 1});  // 11 < 3 r
  for (Id i = 0; i < 20; ++i) edges.push_back({i, 80 + i, 1});
  SheafData data = sheaf_data(planted.W_dec, undirected(100, edges), planted.partition);
  CHECK(data.edges.size() == 1);
  CHECK(data.too_small == std::vector<Id>{4});
  CHECK(data.unjoined == std::vector<Id>{2, 3});
  CHECK(data.too_few == 1);
  CHECK(data.edges[0].x.cols() == 20);

  std::vector<float> flat = to_vector(planted.W_dec);
  for (Index i = 0; i < 20; ++i)  // a category of a plane
    for (Index j = 0; j < 12; ++j)
      flat[i * 12 + j] = j < 2 ? static_cast<float>((i + 1) * (j + 1) % 7) : 0;
  data = sheaf_data(Matrix::from(flat, 100, 12), undirected(100, edges), planted.partition);
  CHECK(data.too_small == std::vector<Id>{0, 4});
  CHECK(data.edges.empty());
}

TEST_CASE("p is uniform where pairs are matched at random") {
  const Planted planted = rotated_copies(4, 14, 9);
  std::vector<double> p;
  SheafNullOptions options;
  options.samples = 19;
  std::vector<Edge> edges;
  for (Id a = 0; a < 4; ++a)
    for (Id b = a + 1; b < 4; ++b) pair_points(edges, planted.count, a, b, 0);
  const SheafData data = sheaf_data(planted.W_dec, undirected(56, edges), planted.partition);
  for (std::uint64_t round = 0; round < 300; ++round) {
    options.seed = round;
    p.push_back(sheaf_tests(rematched(data, 1000 + round), options)[0].p_lower);
  }
  CHECK(std::abs(moments(p).mean - 0.525) < 0.05);
  CHECK(std::ranges::count_if(p, [](double x) { return x < 0.051; }) <= 27);
}

TEST_CASE("the same for any number of threads, and for the same seed alone") {
  const Planted planted = rotated_copies(4, 16, 10);
  std::vector<Edge> edges;
  for (Id a = 0; a < 4; ++a)
    for (Id b = a + 1; b < 4; ++b) pair_points(edges, planted.count, a, b, 0);
  const SignedGraph graph = undirected(64, edges);
  SheafNullOptions options;
  options.samples = 20;
  const int before = omp_get_max_threads();
  std::vector<std::vector<double>> draws;
  for (const int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    draws.push_back(
        sheaf_tests(sheaf_data(planted.W_dec, graph, planted.partition), options)[1].draws);
  }
  omp_set_num_threads(before);
  CHECK(draws[1] == draws[0]);
  CHECK(draws[2] == draws[0]);
  options.seed = 2;
  CHECK(sheaf_tests(sheaf_data(planted.W_dec, graph, planted.partition), options)[1].draws !=
        draws[0]);
}

TEST_CASE("bad input is refused") {
  const Planted planted = rotated_copies(3, 16, 11);
  const SignedGraph graph = undirected(48, {{0, 20, 1}});
  CHECK_THROWS_WITH(sheaf_data(planted.W_dec, undirected(47, {}), planted.partition),
                    "a decoder of 48 features does not fit a graph of 47 nodes");
  CHECK_THROWS_WITH(sheaf_data(planted.W_dec, graph, Partition{{0, 1}, 2}),
                    "categories of 2 features do not fit a graph of 48 nodes");
  CHECK_THROWS_AS(sheaf_data(planted.W_dec, graph, planted.partition, {0}), Error);
  CHECK_THROWS_AS(sheaf_data(planted.W_dec, graph, planted.partition, {13}), Error);
  CHECK_THROWS_AS(sheaf_data(planted.W_dec,
                             SignedGraph::from_edges(48, {}, Direction::directed, GraphKind::user),
                             planted.partition),
                  Error);
  std::vector<float> values = to_vector(planted.W_dec);
  values[7] = std::numeric_limits<float>::infinity();
  CHECK_THROWS_AS(sheaf_data(Matrix::from(values, 48, 12), graph, planted.partition), Error);
  const SheafData data = sheaf_data(planted.W_dec, graph, planted.partition);
  CHECK(data.edges.empty());
  const auto tests = sheaf_tests(data, {3, 1});
  CHECK(tests[0].verdict == Verdict::underpowered);
  CHECK_THROWS_AS(sheaf_tests(data, {0, 1}), Error);
}
