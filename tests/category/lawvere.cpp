// The Lawvere view: defects of enrichment, the min-plus closure, magnitude.
#include <doctest/doctest.h>
#include <omp.h>

#include <Eigen/Dense>
#include <cmath>

#include "graph/random_graph.hpp"
#include "yoneda/category/enrichment_defects.hpp"
#include "yoneda/category/magnitude.hpp"
#include "yoneda/category/min_plus.hpp"

using namespace yoneda;
using doctest::Approx;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

SignedGraph graph_of(Index n, std::vector<Edge> edges, Direction direction) {
  return SignedGraph::from_edges(n, std::move(edges), direction, GraphKind::user);
}

/// Weights of random_graph, divided by the largest.
SignedGraph random_cosines(Index n, std::uint64_t seed) {
  std::vector<Edge> edges = random_graph(n, Direction::undirected, seed).edges();
  float largest = 0;
  for (const Edge& e : edges) largest = std::max(largest, std::abs(e.weight));
  for (Edge& e : edges) e.weight /= largest;
  return graph_of(n, edges, Direction::undirected);
}

/// The cheapest path from u to v that does not use a node twice, by trying all.
double cheapest(const Distances& d, Index u, Index v, std::vector<char>& used) {
  if (u == v) return 0;
  used[u] = 1;
  double best = infinite;
  for (Index next = 0; next < d.size(); ++next)
    if (!used[next] && d(u, next) < infinite)
      best = std::min(best, d(u, next) + cheapest(d, next, v, used));
  used[u] = 0;
  return best;
}

Distances all_at(Index n, double distance) {
  Distances d(n);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j)
      if (i != j) d(i, j) = distance;
  return d;
}

}  // namespace

TEST_CASE("defects are those of all triples") {
  for (const bool directed : {false, true}) {
    const SignedGraph graph =
        directed ? random_graph(40, Direction::directed, 1) : random_cosines(40, 2);
    const SignedGraph p = probabilities(graph);
    EnrichmentDefects expected;
    for (Id a = 0; a < 40; ++a)
      for (Id b = 0; b < 40; ++b)
        for (Id c = directed ? 0 : a + 1; c < 40; ++c) {
          if (c == a || p.weight(a, b) == 0 || p.weight(b, c) == 0) continue;
          ++expected.paths;
          if (p.weight(a, c) == 0) continue;
          ++expected.direct;
          const double defect = std::log(static_cast<double>(p.weight(a, b))) +
                                std::log(static_cast<double>(p.weight(b, c))) -
                                std::log(static_cast<double>(p.weight(a, c)));
          if (defect <= 1e-6) continue;
          ++expected.broken;
          expected.sum += defect;
          expected.worst.push_back({a, b, c, 0, -defect});
        }
    std::ranges::stable_sort(expected.worst, std::greater<>(), &EnrichmentDefect::size);
    const EnrichmentDefects found = enrichment_defects(graph, 10);
    CHECK(found.paths == expected.paths);
    CHECK(found.direct == expected.direct);
    CHECK(found.broken == expected.broken);
    CHECK(found.broken > 10);
    CHECK(found.sum == Approx(expected.sum));
    REQUIRE(found.worst.size() == 10);
    for (int i = 0; i < 10; ++i) {
      CHECK(found.worst[i].a == expected.worst[i].a);
      CHECK(found.worst[i].b == expected.worst[i].b);
      CHECK(found.worst[i].c == expected.worst[i].c);
      CHECK(found.worst[i].size() == Approx(expected.worst[i].size()));
    }
  }
}

TEST_CASE("planted: products of probabilities have no defect, and one weak arrow has its own") {
  std::vector<Edge> edges;
  for (Id i = 0; i < 8; ++i)
    for (Id j = i + 1; j < 8; ++j)
      edges.push_back({i, j, std::ldexp(1.0f, -static_cast<int>(j - i))});
  CHECK(enrichment_defects(graph_of(8, edges, Direction::undirected)).broken == 0);
  edges[1].weight = -std::ldexp(1.0f, -5);  // 0 - 2 costs 5 log 2 instead of 2
  const EnrichmentDefects found = enrichment_defects(graph_of(8, edges, Direction::undirected));
  REQUIRE(found.broken > 0);
  CHECK(found.worst[0].size() == Approx(3 * std::log(2.0)));
  CHECK(std::tuple(found.worst[0].a, found.worst[0].b, found.worst[0].c) == std::tuple(0, 1, 2));
  CHECK(*found.enriched_share() < 1);
  const EnrichmentDefects none =
      enrichment_defects(graph_of(3, {{0, 1, 1}, {1, 2, 1}}, Direction::undirected));
  CHECK(none.paths == 1);
  CHECK_FALSE(none.enriched_share().has_value());
}

TEST_CASE("the closure is the cheapest of all paths, and Dijkstra's") {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const SignedGraph p = probabilities(random_graph(8, Direction::directed, seed));
    const Distances d = arrow_distances(p), closed = min_plus_closure(d);
    for (Id u = 0; u < 8; ++u) {
      const CheapestPaths from = cheapest_paths(p, u);
      for (Id v = 0; v < 8; ++v) {
        std::vector<char> used(8, 0);
        const double expected = cheapest(d, u, v, used);
        CHECK((closed(u, v) == expected || closed(u, v) == Approx(expected)));
        CHECK((from.cost[v] == expected || from.cost[v] == Approx(expected)));
        if (v != u && from.before[v] >= 0)
          CHECK(from.cost[v] == Approx(from.cost[from.before[v]] + d(from.before[v], v)));
      }
    }
  }
}

TEST_CASE("over several blocks the closure has no defect left, and is the same for any threads") {
  const SignedGraph p = probabilities(random_graph(150, Direction::directed, 4));
  const int before = omp_get_max_threads();
  std::vector<Distances> closed;
  for (const int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    closed.push_back(min_plus_closure(arrow_distances(p)));
  }
  omp_set_num_threads(before);
  const CheapestPaths from = cheapest_paths(p, 77);
  for (Index v = 0; v < 150; ++v) CHECK(closed[0](77, v) == Approx(from.cost[v]));
  bool same = true, defect = false;
  for (Index u = 0; u < 150; ++u)
    for (Index v = 0; v < 150; ++v) {
      same = same && closed[0](u, v) == closed[1](u, v) && closed[0](u, v) == closed[2](u, v);
      for (Index w = 0; w < 150; ++w)
        defect = defect || closed[0](u, w) > closed[0](u, v) + closed[0](v, w) + 1e-12;
    }
  CHECK(same);
  CHECK_FALSE(defect);
}

TEST_CASE("magnitudes that are known") {
  for (const Index n : {1, 2, 5, 40})
    for (const double t : {0.1, 1.0, 3.0}) {
      const double e = std::exp(-t * 0.7), points = static_cast<double>(n);
      CHECK(magnitude(all_at(n, 0.7), t).value == Approx(points / (1 + (points - 1) * e)));
    }
  // Homogeneous, a ring of arrows: n / Σ exp(−t d(0, j)), going one way costing other than back.
  const Index n = 7;
  Distances ring(n);
  for (Index i = 0; i < n; ++i) ring(i, (i + 1) % n) = 0.4;
  ring = min_plus_closure(ring);
  double similar = 0;
  for (Index j = 0; j < n; ++j) similar += std::exp(-0.4 * static_cast<double>(j));
  CHECK(magnitude(ring).value == Approx(static_cast<double>(n) / similar));
  // Two points, a there and b back: w = (1 − a, 1 − b) / (1 − ab).
  Distances two(2);
  two(0, 1) = -std::log(0.5);
  two(1, 0) = -std::log(0.2);
  const Magnitude found = magnitude(two);
  CHECK(found.weighting[0] == Approx((1 - 0.5) / 0.9));
  CHECK(found.weighting[1] == Approx((1 - 0.2) / 0.9));
  CHECK(found.value == Approx(1.3 / 0.9));
  two(1, 0) = infinite;
  CHECK(magnitude(two).value == Approx(1.5));
  CHECK(magnitude(Distances(0)).value == 0);
}

TEST_CASE("spaces without a way between them add up, and far points count one each") {
  Distances both(7);
  const Distances three = all_at(3, 0.3), four = all_at(4, 1.1);
  for (Index i = 0; i < 3; ++i)
    for (Index j = 0; j < 3; ++j) both(i, j) = three(i, j);
  for (Index i = 0; i < 4; ++i)
    for (Index j = 0; j < 4; ++j) both(3 + i, 3 + j) = four(i, j);
  CHECK(magnitude(both).value == Approx(magnitude(three).value + magnitude(four).value));
  CHECK(magnitude(Distances(12)).value == Approx(12));
  CHECK(magnitude(both, 200).value == Approx(7));
}

TEST_CASE("the condition is estimated, and what has no digit left is refused") {
  const Distances d = all_at(6, 0.01);
  Eigen::MatrixXd Z(6, 6);
  for (Index i = 0; i < 6; ++i)
    for (Index j = 0; j < 6; ++j) Z(i, j) = std::exp(-d(i, j));
  const auto norm = [](const Eigen::MatrixXd& M) {
    return M.cwiseAbs().colwise().sum().maxCoeff();
  };
  const double condition = norm(Z) * norm(Z.inverse());
  const Magnitude found = magnitude(d);
  CHECK(found.condition > condition / 10);
  CHECK(found.condition < condition * 1.0001);

  CHECK_THROWS_WITH(magnitude(all_at(3, 0)),
                    "points 0 and 1 are at distance 0 both ways, so they are one point: join them "
                    "first");
  CHECK_THROWS_WITH(magnitude(all_at(3, 1e-14)),
                    "the similarities at this scale are as good as singular, so the magnitude has "
                    "no digit; try a larger scale");
  Distances wrong = all_at(3, 1);
  wrong(1, 2) = -1;
  CHECK_THROWS_WITH(magnitude(wrong),
                    "the distance from point 1 to 2 is no cost: those are at least 0, and 0 to "
                    "itself");
  wrong(1, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(magnitude(wrong), Error);
  for (const double t : {0.0, -1.0, infinite}) CHECK_THROWS_AS(magnitude(d, t), Error);
}

TEST_CASE("bad input is refused") {
  const SignedGraph loud = graph_of(3, {{0, 1, 2}, {1, 2, 0.5f}}, Direction::undirected);
  CHECK_THROWS_AS(enrichment_defects(loud), Error);
  CHECK_THROWS_AS(arrow_distances(loud), Error);
  CHECK_THROWS_AS(cheapest_paths(loud, 0), Error);
  CHECK_THROWS_WITH(cheapest_paths(probabilities(random_cosines(5, 1)), 5),
                    "node 5 is none of a graph of 5 nodes");
}
