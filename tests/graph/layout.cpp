#include "yoneda/graph/layout.hpp"

#include <doctest/doctest.h>

#if defined(_OPENMP)
#include <omp.h>
#endif

#include <cstring>
#include <set>

#include "yoneda/stats/ranks.hpp"

using namespace yoneda;

namespace {

SignedGraph undirected(Index n, std::vector<Edge> edges) {
  return SignedGraph::from_edges(n, std::move(edges), Direction::undirected, GraphKind::user);
}

double distance(const std::vector<Point>& map, Index i, Index j) {
  return std::hypot(static_cast<double>(map[i].x) - static_cast<double>(map[j].x),
                    static_cast<double>(map[i].y) - static_cast<double>(map[j].y));
}

/// `groups` groups of `size` nodes; within a group half of the pairs pull, and between a group and
/// the one half round a circle of groups a tenth push; neighbours on the circle pull a little.
SignedGraph planted(Id groups, Id size, std::uint64_t seed) {
  Random random(seed);
  std::vector<Edge> edges;
  for (Id i = 0; i < groups * size; ++i)
    for (Id j = i + 1; j < groups * size; ++j) {
      const Id apart = j / size - i / size;
      const double u = random.uniform();
      if (apart == 0 && u < 0.5) edges.push_back({i, j, 1});
      if (apart == groups / 2 && u < 0.1) edges.push_back({i, j, -1});
      if ((apart == 1 || apart == groups - 1) && u < 0.02) edges.push_back({i, j, 0.5f});
    }
  return undirected(groups * size, std::move(edges));
}

std::vector<Edge> grid_edges(Id side) {
  std::vector<Edge> edges;
  for (Id i = 0; i < side * side; ++i) {
    if (i % side + 1 < side) edges.push_back({i, i + 1, 1});
    if (i + side < side * side) edges.push_back({i, i + side, 1});
  }
  return edges;
}

std::vector<Edge> ring_edges(Id n) {
  std::vector<Edge> edges;
  for (Id i = 0; i < n; ++i) edges.push_back({i, (i + 1) % n, 1});
  return edges;
}

/// Spearman's correlation of steps in the graph with distance on the map, over all pairs.
template <class Steps>
double kept_order(const std::vector<Point>& map, const Steps& steps) {
  std::vector<double> a, b;
  for (Index i = 0; i < static_cast<Index>(map.size()); ++i)
    for (Index j = i + 1; j < static_cast<Index>(map.size()); ++j) {
      a.push_back(static_cast<double>(steps(i, j)));
      b.push_back(distance(map, i, j));
    }
  return *yoneda::rank_correlation(a, b);
}

void check_box(const std::vector<Point>& map) {
  float left = 2, right = -2, low = 2, high = -2;
  for (const Point& p : map) {
    REQUIRE(std::isfinite(p.x));
    REQUIRE(std::isfinite(p.y));
    left = std::min(left, p.x), right = std::max(right, p.x);
    low = std::min(low, p.y), high = std::max(high, p.y);
  }
  CHECK(left >= -1);
  CHECK(right <= 1);
  CHECK(low >= -1);
  CHECK(high <= 1);
  CHECK(std::max(right - left, high - low) == doctest::Approx(2));
}

}  // namespace

TEST_CASE("planted groups lie together, opposites apart") {
  const Id groups = 8, size = 40, n = groups * size;
  const SignedGraph graph = planted(groups, size, 1);
  const auto map = layout(graph);
  check_box(map);
  double within = 0, between = 0, all = 0, pushed = 0;
  Index pairs_within = 0, pairs = 0, pushing = 0;
  for (Id i = 0; i < n; ++i)
    for (Id j = i + 1; j < n; ++j) {
      const double d = distance(map, i, j);
      const bool same = i / size == j / size;
      (same ? within : between) += d;
      pairs_within += same;
      ++pairs;
      all += d;
      if (graph.weight(i, j) < 0) pushed += d, ++pushing;
    }
  within /= static_cast<double>(pairs_within);
  between /= static_cast<double>(pairs - pairs_within);
  CHECK(within < 0.3 * between);
  CHECK(pushed / static_cast<double>(pushing) > 1.15 * all / static_cast<double>(pairs));

  // Without the push they have no reason to be apart more than others.
  LayoutOptions blind;
  blind.push = 0;
  const auto unpushed = layout(graph, blind);
  double mean = 0, usual = 0;
  for (const Edge& e : graph.edges())
    if (e.weight < 0) mean += distance(unpushed, e.source, e.target) / static_cast<double>(pushing);
  for (Id i = 0; i < n; ++i)
    for (Id j = i + 1; j < n; ++j) usual += distance(unpushed, i, j) / static_cast<double>(pairs);
  CHECK(mean / usual < pushed / static_cast<double>(pushing) / (all / static_cast<double>(pairs)));
}

TEST_CASE("distances on the map follow steps in a ring and in a grid") {
  const Id n = 300, side = 24;
  const auto ring = layout(undirected(n, ring_edges(n)));
  CHECK(kept_order(ring, [&](Index i, Index j) { return std::min(j - i, n - (j - i)); }) > 0.8);
  const auto grid = layout(undirected(side * side, grid_edges(side)));
  CHECK(kept_order(grid, [&](Index i, Index j) {
          return std::abs(i % side - j % side) + std::abs(i / side - j / side);
        }) > 0.95);
}

TEST_CASE("neighbours in the graph are neighbours on the map") {
  const SignedGraph graph = planted(20, 30, 2);
  // The share of positive neighbours among the 15 nearest nodes on the map.
  const auto preserved = [&](const std::vector<Point>& map) {
    double kept = 0, edges = 0;
    for (Id i = 0; i < graph.node_count(); ++i) {
      std::vector<std::pair<double, Id>> near;
      for (Id j = 0; j < graph.node_count(); ++j)
        if (i != j) near.push_back({distance(map, i, j), j});
      std::ranges::sort(near);
      for (std::size_t r = 0; r < 15; ++r) kept += graph.weight(i, near[r].second) > 0;
      edges += 15;
    }
    return kept / edges;
  };
  LayoutOptions spectral;
  spectral.rounds = 0;
  Random random(1);
  std::vector<Point> scattered;
  for (Index i = 0; i < graph.node_count(); ++i) {
    const auto x = static_cast<float>(random.uniform());
    scattered.push_back({x, static_cast<float>(random.uniform())});
  }
  const double settled = preserved(layout(graph)), start = preserved(layout(graph, spectral));
  CHECK(settled > 0.5);
  CHECK(settled > 1.1 * start);
  CHECK(start > 4 * preserved(scattered));
}

TEST_CASE("the same bits for any number of threads, other bits for another seed") {
  const SignedGraph graph = planted(20, 60, 3);  // more nodes than a block holds
  const auto map = layout(graph);
#if defined(_OPENMP)
  const int before = omp_get_max_threads();
  for (const int threads : {1, 2, 3}) {
    omp_set_num_threads(threads);
    const auto again = layout(graph);
    CHECK(std::memcmp(map.data(), again.data(), map.size() * sizeof(Point)) == 0);
  }
  omp_set_num_threads(before);
#endif
  LayoutOptions other;
  other.seed = 2;
  const auto reseeded = layout(graph, other);
  CHECK(std::memcmp(map.data(), reseeded.data(), map.size() * sizeof(Point)) != 0);
}

TEST_CASE("components do not overlap, and lone nodes lie outside, each in its own place") {
  // A grid of 100, three rings of 12, an edge, 30 nodes without edges.
  std::vector<Edge> edges = grid_edges(10);
  for (Id c = 0; c < 3; ++c)
    for (const Edge& e : ring_edges(12))
      edges.push_back({100 + 12 * c + e.source, 100 + 12 * c + e.target, e.weight});
  edges.push_back({136, 137, 1});
  const SignedGraph graph = undirected(168, edges);
  const auto map = layout(graph);
  check_box(map);
  const auto components = members(connected_components(graph));
  std::vector<Point> middle;
  std::vector<double> radius;
  for (const auto& nodes : components) {
    float left = 2, right = -2, low = 2, high = -2;
    for (const Id i : nodes) {
      left = std::min(left, map[i].x), right = std::max(right, map[i].x);
      low = std::min(low, map[i].y), high = std::max(high, map[i].y);
    }
    middle.push_back({(left + right) / 2, (low + high) / 2});
    double r = 0;
    for (const Id i : nodes)
      r = std::max(r, static_cast<double>(
                          std::hypot(map[i].x - middle.back().x, map[i].y - middle.back().y)));
    radius.push_back(r);
  }
  for (Index a = 0; a < static_cast<Index>(components.size()); ++a)
    for (Index b = a + 1; b < static_cast<Index>(components.size()); ++b)
      CHECK(distance(middle, a, b) > radius[a] + radius[b] + 1e-3);
  for (std::size_t c = 1; c < components.size(); ++c)
    CHECK(distance(middle, 0, static_cast<Index>(c)) > radius[0]);
}

TEST_CASE("categories pull their members together") {
  const SignedGraph graph = planted(6, 30, 5);
  // Every second node of a group belongs to the category of the next: against what edges say.
  LayoutOptions options;
  options.categories.count = 6;
  for (Id i = 0; i < 180; ++i) options.categories.label.push_back((i / 30 + i % 2) % 6);
  const auto spread = [&](const std::vector<Point>& map) {
    double within = 0, all = 0;
    Index pairs = 0, total = 0;
    for (Index i = 0; i < 180; ++i)
      for (Index j = i + 1; j < 180; ++j) {
        const double d = distance(map, i, j);
        all += d, ++total;
        if (options.categories.label[i] == options.categories.label[j]) within += d, ++pairs;
      }
    return within / static_cast<double>(pairs) / (all / static_cast<double>(total));
  };
  options.together = 0;
  const double apart = spread(layout(graph, options));
  options.together = 1;
  CHECK(spread(layout(graph, options)) < 0.8 * apart);
}

TEST_CASE("graphs with little in them") {
  CHECK(layout(SignedGraph{}).empty());
  const auto one = layout(undirected(1, {}));
  REQUIRE(one.size() == 1);
  CHECK(one[0].x == 0);
  CHECK(one[0].y == 0);
  check_box(layout(undirected(2, {{0, 1, 1}})));
  check_box(layout(undirected(2, {{0, 1, -1}})));
  const auto lone = layout(undirected(7, {}));
  check_box(lone);
  for (Index i = 0; i < 7; ++i)
    for (Index j = i + 1; j < 7; ++j) CHECK(distance(lone, i, j) > 0.1);

  // Only pushing edges: nothing flies away, nothing coincides.
  std::vector<Edge> pushing = ring_edges(50);
  for (Edge& e : pushing) e.weight = -1;
  const auto repelled = layout(undirected(50, pushing));
  check_box(repelled);
  std::set<std::pair<float, float>> places;
  for (const Point& p : repelled) places.insert({p.x, p.y});
  CHECK(places.size() == 50);

  // Either direction of an arrow pulls the same.
  const auto there =
      SignedGraph::from_edges(3, {{0, 1, 1}, {1, 2, 1}}, Direction::directed, GraphKind::user);
  const auto back =
      SignedGraph::from_edges(3, {{1, 0, 1}, {2, 1, 1}}, Direction::directed, GraphKind::user);
  const auto a = layout(there), b = layout(back);
  for (Index i = 0; i < 3; ++i) CHECK(a[i].x == b[i].x);
}

TEST_CASE("a tree's push is close to the sum over all pairs") {
  Random random(4);
  std::vector<detail::Spot> spots;
  std::vector<double> mass;
  for (Index i = 0; i < 500; ++i) {
    const double far = i % 5 == 0 ? 30 : 3;
    const double x = far * random.normal();
    spots.push_back({x, far * random.normal()});
    mass.push_back(1 + static_cast<double>(random.below(3)));
  }
  const detail::RepulsionTree tree(spots, mass);
  double kernels = 0, exact_kernels = 0, error = 0, size = 0;
  for (Index p = 0; p < 500; ++p) {
    const Id i = tree.order()[p];
    detail::Push exact;
    for (Id j = 0; j < 500; ++j) {
      if (i == j) continue;
      const double dx = spots[i].x - spots[j].x, dy = spots[i].y - spots[j].y;
      const double kernel = 1 / (1 + dx * dx + dy * dy);
      exact.kernel += mass[j] * kernel;
      exact.x += mass[j] * kernel * kernel * dx;
      exact.y += mass[j] * kernel * kernel * dy;
    }
    const detail::Push found = tree.push(p);
    kernels += found.kernel;
    exact_kernels += exact.kernel;
    error += std::pow(found.x - exact.x, 2) + std::pow(found.y - exact.y, 2);
    size += exact.x * exact.x + exact.y * exact.y;
  }
  CHECK(kernels == doctest::Approx(exact_kernels).epsilon(0.02));
  CHECK(std::sqrt(error / size) < 0.06);
}

TEST_CASE("coarser graphs keep masses and the sums of forces") {
  const SignedGraph graph = planted(6, 30, 7);
  const detail::Level fine{graph, std::vector<double>(180, 1.0), std::vector<Id>(180, -1)};
  const auto part = detail::aggregates(fine, 1);
  const detail::Level coarse = detail::coarser(fine, part);
  CHECK(coarse.graph.node_count() < 120);
  double mass = 0, sum = 0, across = 0;
  for (const double m : coarse.mass) mass += m;
  for (const Edge& e : coarse.graph.edges()) sum += static_cast<double>(e.weight);
  for (const Edge& e : graph.edges())
    if (part[e.source] != part[e.target]) across += static_cast<double>(e.weight);
  CHECK(mass == 180);
  CHECK(sum == doctest::Approx(across));
  // Nodes with nothing in common but a push stay apart.
  const detail::Level pair{undirected(2, {{0, 1, -1}}), {1, 1}, {-1, -1}};
  CHECK(detail::aggregates(pair, 1) != std::vector<Id>{0, 0});
}

TEST_CASE("maps that cannot be are refused, and who asks to stop is heard") {
  const SignedGraph graph = undirected(3, {{0, 1, 1}});
  LayoutOptions options;
  options.rounds = -1;
  CHECK_THROWS_AS(layout(graph, options), Error);
  options = {};
  options.push = -1;
  CHECK_THROWS_AS(layout(graph, options), Error);
  options = {};
  options.pull = std::nan("");
  CHECK_THROWS_AS(layout(graph, options), Error);
  options = {};
  options.categories = {{0, 0}, 1};
  CHECK_THROWS_AS(layout(graph, options), Error);
  try {
    layout(graph, {}, Progress([](Stage, double) { return false; }));
    FAIL("not cancelled");
  } catch (const Error& error) {
    CHECK(error.kind == ErrorKind::cancelled);
  }
}
