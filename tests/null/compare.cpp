#include "yoneda/null/compare.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <numeric>
#include <set>

#include "category/graphs.hpp"
#include "yoneda/category/statistics.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/null/gaussian.hpp"
#include "yoneda/null/sign_shuffle.hpp"
#include "yoneda/stats/moments.hpp"

using namespace yoneda;

namespace {

/// Cosine neighbours of the rows, the `neighbors` strongest of each by absolute value, symmetrised
/// by union: how profile and decoder graphs are made.
std::vector<Edge> gram_edges(const Matrix& W, Index neighbors) {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto values = to_vector(W);
  const Rows X = Eigen::Map<const Rows>(values.data(), W.rows(), W.cols()).rowwise().normalized();
  const Rows S = X * X.transpose();
  std::set<std::pair<Id, Id>> pairs;
  std::vector<Id> order(W.rows());
  for (Id i = 0; i < W.rows(); ++i) {
    std::iota(order.begin(), order.end(), Id{0});
    std::erase(order, i);
    std::ranges::partial_sort(order, order.begin() + neighbors, {},
                              [&](Id j) { return std::pair(-std::abs(S(i, j)), j); });
    for (Index k = 0; k < neighbors; ++k) pairs.insert(std::minmax(i, order[k]));
    order.push_back(i);
  }
  std::vector<Edge> edges;
  for (const auto& [u, v] : pairs) edges.push_back({u, v, S(u, v)});
  return edges;
}

SignedGraph gram_graph(const Matrix& W) {
  return SignedGraph::from_edges(W.rows(), gram_edges(W, 8), Direction::undirected,
                                 GraphKind::profile);
}

Matrix random_directions(Index n, Index d, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values(n * d);
  for (float& x : values) x = static_cast<float>(random.normal());
  return Matrix::from(std::move(values), n, d);
}

const std::vector<Statistic> cycles{triangle_balance_statistic(), frustrated_share_statistic()};

}  // namespace

TEST_CASE("planted: a balanced graph commutes, a graph of random signs does not") {
  Random random(1);
  const SignedGraph good = balanced_graph(60, 0.2, random);
  for (const NullTest& test : compare_with(sign_shuffle(good), cycles, good, 59, 1)) {
    CHECK(test.verdict == Verdict::commutes);
    CHECK(test.effect == 1);
    CHECK(test.null_kind == "sign");
    CHECK_FALSE(test.keeps.empty());
    CHECK(test.seed == 1);
  }
  const SignedGraph noise = random_graph(60, 0.2, 0.5, random);
  for (const NullTest& test : compare_with(sign_shuffle(noise), cycles, noise, 59, 1))
    CHECK(test.verdict == Verdict::does_not);
}

TEST_CASE("a Gram graph of random directions is no discovery, though shuffled signs call it one") {
  const Matrix W = random_directions(300, 20, 2);
  const SignedGraph graph = gram_graph(W);
  const auto honest = compare_with(gaussian(W, gram_graph), cycles, graph, 39, 3);
  CHECK(honest[0].verdict == Verdict::forced);
  CHECK(honest[0].observed > 0.99);
  CHECK(honest[1].verdict != Verdict::commutes);

  // The same weights passed off as a user's own. Both statistics "commute", p at its least, on
  // directions that are noise: this is why sign is refused for Gram graphs.
  const SignedGraph disguised = user_graph(300, graph.edges());
  for (const NullTest& test : compare_with(sign_shuffle(disguised), cycles, disguised, 39, 3)) {
    CHECK(test.verdict == Verdict::commutes);
    CHECK(test.p_upper + test.p_lower == doctest::Approx(1 + 1.0 / 40));
  }
  CHECK_THROWS_AS(sign_shuffle(graph), Error);
  CHECK_THROWS_AS(compare_with(sign_shuffle(disguised), cycles, graph, 39, 3), Error);
  CHECK_THROWS_AS(compare_with(gaussian(W, gram_graph), cycles, disguised, 39, 3), Error);
}

TEST_CASE("p is uniform where the null is true") {
  Random random(3);
  const SignedGraph base = random_graph(16, 0.6, 0.4, random);
  std::vector<double> p;
  for (std::uint64_t round = 0; round < 400; ++round) {
    const SignedGraph graph = sign_shuffled(base, 1000 + round);
    // weighted: without ties p takes the values 1/20, ..., 20/20, each as often
    const NullTest test =
        compare_with(sign_shuffle(graph), weighted_triangle_balance_statistic(), graph, 19, round);
    p.push_back(test.p_upper);
  }
  CHECK(std::abs(moments(p).mean - 0.525) < 0.045);  // standard error .0144
  for (const double alpha : {0.05, 0.1, 0.25, 0.5, 0.75}) {
    const auto below = std::ranges::count_if(p, [&](double x) { return x <= alpha + 1e-9; });
    const double error = std::sqrt(400 * alpha * (1 - alpha));
    CHECK(std::abs(static_cast<double>(below) - 400 * alpha) < 3 * error);
  }
}

TEST_CASE("p is uniform for a decoder that is itself gaussian") {
  // The reason why draws have the decoder's second moment exactly: with plain draws from N(0, C)
  // the mean of these p is .82, and a gaussian decoder seems to commute less than chance.
  const Statistic quick = frustrated_share_statistic({.runs = 1, .sweeps = 50});
  std::vector<double> p;
  for (std::uint64_t round = 0; round < 100; ++round) {
    const Matrix W = random_directions(120, 10, 100 + round);
    const SignedGraph graph = gram_graph(W);
    p.push_back(compare_with(gaussian(W, gram_graph), quick, graph, 19, round).p_lower);
  }
  CHECK(std::abs(moments(p).mean - 0.525) < 0.09);  // standard error .029
  CHECK(std::ranges::count_if(p, [](double x) { return x < 0.051; }) < 12);
  CHECK(std::ranges::count_if(p, [](double x) { return x > 0.949; }) < 20);
}

TEST_CASE("nothing to count, or too few draws: underpowered") {
  std::vector<Edge> star;
  for (Id i = 1; i < 10; ++i) star.push_back({0, i, i % 2 == 0 ? 1.0f : -1.0f});
  const SignedGraph tree = user_graph(10, star);
  CHECK(compare_with(sign_shuffle(tree), triangle_balance_statistic(), tree, 30, 1).verdict ==
        Verdict::underpowered);
  Random random(4);
  const SignedGraph good = balanced_graph(60, 0.2, random);
  CHECK(compare_with(sign_shuffle(good), triangle_balance_statistic(), good, 18, 1).verdict ==
        Verdict::underpowered);
  const SignedGraph two = user_graph(6, {{0, 1, 1},
                                         {1, 2, 1},
                                         {0, 2, 1},
                                         {3, 4, -1},
                                         {4, 5, -1},
                                         {3, 5, 1}});  // two triangles by chance, often
  CHECK(compare_with(sign_shuffle(two), triangle_balance_statistic(), two, 99, 1).verdict ==
        Verdict::underpowered);
  CHECK_THROWS_AS(compare_with(sign_shuffle(two), triangle_balance_statistic(), two, 0, 1), Error);
}

TEST_CASE("the same draws for any number of threads; one statistic as among several") {
  const Matrix W = random_directions(80, 10, 5);
  const SignedGraph graph = gram_graph(W);
  const Null null = gaussian(W, gram_graph);
  const auto tests = compare_with(null, cycles, graph, 20, 6);
  CHECK(compare_with(null, cycles[1], graph, 20, 6).draws == tests[1].draws);
  const NullTest shorter = compare_with(null, cycles[0], graph, 7, 6);
  CHECK(std::ranges::equal(shorter.draws, std::span(tests[0].draws).first(7)));
  CHECK(compare_with(null, cycles[1], graph, 20, 7).draws != tests[1].draws);
  std::vector<double> besides(20, -1);
  compare_with(null, cycles, graph, 20, 6, {}, {}, [&](Index i, const SignedGraph& drawn) {
    besides[i] = cycles[1].of(drawn).value_or(-1);
  });
  CHECK(besides == tests[1].draws);
#if defined(_OPENMP)
  const int threads = omp_get_max_threads();
  for (const int count : {1, 2, 5}) {
    omp_set_num_threads(count);
    const auto again = compare_with(null, cycles, graph, 20, 6);
    for (std::size_t s = 0; s < cycles.size(); ++s) CHECK(again[s].draws == tests[s].draws);
  }
  omp_set_num_threads(threads);
#endif
}

TEST_CASE("progress is told, and can stop") {
  Random random(7);
  const SignedGraph graph = balanced_graph(20, 0.4, random);
  double last = -1;
  compare_with(sign_shuffle(graph), cycles, graph, 20, 1, Progress([&](Stage stage, double share) {
                 CHECK(stage == "null draws");
                 CHECK(share > last);
                 last = share;
                 return true;
               }));
  CHECK(last == 1);
  CHECK_THROWS_AS(compare_with(sign_shuffle(graph), cycles, graph, 20, 1,
                               Progress([](Stage, double share) { return share < 0.5; })),
                  Error);
}
