// A signed graph as a map: a place in the plane for every node.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/coarsening.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/repulsion.hpp"
#include "yoneda/graph/scores.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/graph/subgraph.hpp"

namespace yoneda {

struct Point {
  float x = 0, y = 0;
};

struct LayoutOptions {
  Index rounds = 200;      ///< steps of the forces, half as many above 10,000 nodes; 0: the start
  double pull = 1.5;       ///< strength of positive edges; larger: tighter groups, wider gaps
  double push = 0.5;       ///< strength of negative edges
  double center = 0.02;    ///< how strongly all are drawn to the middle
  Partition categories{};  ///< that hold together, none by default; -1: no category
  double together = 0.05;  ///< how strongly
  std::uint64_t seed = 1;
};

namespace detail {

/// What edges do, as a graph: a positive edge pulls by its share of its ends' positive weight,
/// half of it from either end, so that no node is left alone; a negative one pushes by its share
/// of all weight. Directions are forgotten.
inline SignedGraph forces(const SignedGraph& graph, const LayoutOptions& options) {
  std::vector<double> positive(graph.node_count(), 0.0), absolute(graph.node_count(), 0.0);
  std::vector<Edge> edges = graph.edges();
  for (const Edge& e : edges)
    for (const Id end : {e.source, e.target}) {
      positive[end] += std::max(0.0, static_cast<double>(e.weight));
      absolute[end] += std::abs(static_cast<double>(e.weight));
    }
  for (Edge& e : edges) {
    const auto& total = e.weight > 0 ? positive : absolute;
    const double share = 0.5 / total[e.source] + 0.5 / total[e.target];
    const double strength = e.weight > 0 ? options.pull : options.push;
    e.weight = static_cast<float>(strength * share * static_cast<double>(e.weight));
  }
  return summed_graph(graph.node_count(), std::move(edges));
}

inline double inner(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Three vectors that change least along the edges of forces F: the first of
/// ½(I + D^{-1/2} F D^{-1/2}), with D the sums of |F|, divided by D^{1/2}; nodes that push each
/// other differ in sign. Where all edges pull, one vector is constant. By subspace iteration, and
/// meant for small graphs. Cost: 6000 m.
inline std::array<std::vector<double>, 3> smooth_vectors(const SignedGraph& graph,
                                                         std::uint64_t seed) {
  const Index n = graph.node_count();
  std::vector<double> root(n, 1e-12);
  for (Id i = 0; i < n; ++i)
    for (const float w : graph.weights(i)) root[i] += std::abs(static_cast<double>(w));
  for (double& r : root) r = std::sqrt(r);
  Random random(seed);
  std::array<std::vector<double>, 3> vectors;
  for (auto& v : vectors)
    for (Index i = 0; i < n; ++i) v.push_back(random.normal());
  std::vector<double> next(n);
  for (Index step = 0; step < 2000; ++step)
    for (std::size_t k = 0; k < vectors.size(); ++k) {
      auto& v = vectors[k];
      for (Id i = 0; i < n; ++i) {
        const auto neighbors = graph.neighbors(i);
        const auto weights = graph.weights(i);
        double sum = 0;
        for (std::size_t e = 0; e < neighbors.size(); ++e)
          sum += static_cast<double>(weights[e]) * v[neighbors[e]] / root[neighbors[e]];
        next[i] = 0.5 * (v[i] + sum / root[i]);
      }
      for (std::size_t before = 0; before < k; ++before) {
        const double share = inner(next, vectors[before]);
        for (Index i = 0; i < n; ++i) next[i] -= share * vectors[before][i];
      }
      const double length = std::sqrt(std::max(inner(next, next), 1e-300));
      for (Index i = 0; i < n; ++i) v[i] = next[i] / length;
    }
  for (auto& v : vectors)
    for (Index i = 0; i < n; ++i) v[i] /= root[i];
  return vectors;
}

/// The two smooth vectors that vary most, as places: mean 0, about as far apart as the forces will
/// have them, and no node far outside, for such vectors may live on a few nodes alone.
inline std::vector<Spot> spectral_start(const Level& level, std::uint64_t seed) {
  const Index n = level.graph.node_count();
  auto vectors = smooth_vectors(level.graph, seed);
  double total = 0;
  for (const double m : level.mass) total += m;
  std::array<double, 3> variance{};
  for (std::size_t k = 0; k < 3; ++k) {
    auto& v = vectors[k];
    const double mean = inner(level.mass, v) / total;
    double square = 0;
    for (Index i = 0; i < n; ++i) square += level.mass[i] * v[i] * v[i] / total;
    const double scale = 1 / std::sqrt(std::max(square, 1e-300));
    for (double& x : v) x = (x - mean) * scale;
    for (Index i = 0; i < n; ++i) variance[k] += level.mass[i] * v[i] * v[i] / total;
  }
  std::array<std::size_t, 3> order{0, 1, 2};
  // Values that differ by rounding alone are ties, which the smoother vector wins.
  std::ranges::stable_sort(order, std::greater{},
                           [&](std::size_t k) { return std::round(1e3 * variance[k]); });
  std::vector<Spot> spots(n);
  for (Index i = 0; i < n; ++i) {
    const double x = vectors[order[0]][i], y = vectors[order[1]][i];
    const double scale = 0.15 * std::sqrt(total / (1 + (x * x + y * y) / 4));
    spots[i] = {scale * x, scale * y};
  }
  return spots;
}

/// The mean place of every category.
inline std::vector<Spot> category_centers(const Level& level, std::span<const Spot> spots,
                                          Index count) {
  std::vector<Spot> centers(count);
  std::vector<double> mass(count, 0.0);
  for (std::size_t i = 0; i < spots.size(); ++i) {
    const Id group = level.group[i];
    if (group < 0) continue;
    mass[group] += level.mass[i];
    centers[group].x += level.mass[i] * spots[i].x;
    centers[group].y += level.mass[i] * spots[i].y;
  }
  for (Index c = 0; c < count; ++c)
    if (mass[c] > 0) centers[c] = {centers[c].x / mass[c], centers[c].y / mass[c]};
  return centers;
}

/// Moves the nodes of one level along the forces, all at once in every round, so that the bits are
/// the same for any number of threads.
///
/// The energy is that of t-SNE with edges in the place of its affinities (van der Maaten, Hinton
/// 2008, Visualizing data using t-SNE; on what the strength of the pull does: Böhm, Berens, Kobak
/// 2022, Attraction-repulsion spectrum in neighbor embeddings): Σ_edges F log(1 + d²), which falls
/// with distance where the edge pushes, plus n log Σ_pairs 1 / (1 + d²); a weak spring to the
/// middle; and, for a node with a category, one more edge to the category's mean place.
inline void settle(const Level& level, std::vector<Spot>& spots, Index rounds,
                   const LayoutOptions& options, const Progress& progress) {
  constexpr Index block = 512;
  constexpr double step = 0.4, longest = 5;
  const Index n = level.graph.node_count(), blocks = (n + block - 1) / block;
  double total = 0;
  for (const double m : level.mass) total += m;
  const double spring = options.center / std::sqrt(total);
  std::vector<Spot> speed(n), pushed(n), next(n), centers;
  std::vector<double> kernel(blocks);
  for (Index round = 0; round < rounds; ++round) {
    const RepulsionTree tree(spots, level.mass);
    const auto order = tree.order();
    const auto each_node = [&](const auto& body) {
      const auto run = [&](Index b) {
        for (Index p = b * block; p < std::min(n, (b + 1) * block); ++p) body(b, p, order[p]);
      };
      if (blocks == 1)
        run(0);  // no thread is woken for little
      else
        parallel_for(blocks, run);
    };
    std::ranges::fill(kernel, 0.0);
    each_node([&](Index b, Index p, Id i) {
      const Push push = tree.push(p);
      pushed[i] = {push.x, push.y};
      kernel[b] += level.mass[i] * push.kernel;
    });
    double sum = 1e-30;
    for (const double k : kernel) sum += k;
    if (options.together != 0) centers = category_centers(level, spots, options.categories.count);
    const double inertia = 4 * round < rounds ? 0.5 : 0.8;
    each_node([&](Index, Index, Id i) {
      const Spot at = spots[i];
      const auto neighbors = level.graph.neighbors(i);
      const auto weights = level.graph.weights(i);
      Spot force;
      for (std::size_t e = 0; e < neighbors.size(); ++e) {
        const double dx = spots[neighbors[e]].x - at.x, dy = spots[neighbors[e]].y - at.y;
        const double strength = static_cast<double>(weights[e]) / (1 + dx * dx + dy * dy);
        force.x += strength * dx;
        force.y += strength * dy;
      }
      force.x = force.x / level.mass[i] + total / sum * pushed[i].x - spring * at.x;
      force.y = force.y / level.mass[i] + total / sum * pushed[i].y - spring * at.y;
      if (!centers.empty() && level.group[i] >= 0) {
        const Spot center = centers[level.group[i]];
        const double dx = center.x - at.x, dy = center.y - at.y;
        const double strength = options.together / (1 + dx * dx + dy * dy);
        force.x += strength * dx;
        force.y += strength * dy;
      }
      Spot move{inertia * speed[i].x + step * force.x, inertia * speed[i].y + step * force.y};
      const double length = std::sqrt(move.x * move.x + move.y * move.y);
      if (length > longest) move = {move.x * longest / length, move.y * longest / length};
      speed[i] = move;
      next[i] = {at.x + move.x, at.y + move.y};
    });
    spots.swap(next);
    progress.check("map", static_cast<double>(round + 1) / static_cast<double>(rounds));
  }
}

/// A connected graph with forces for weights: from the spectral start of its coarsest picture to
/// ever finer ones, each begun where the coarser one came to rest (multilevel, as Walshaw 2003, A
/// multilevel algorithm for force-directed graph-drawing).
inline std::vector<Spot> component_layout(Level level, const LayoutOptions& options,
                                          const Progress& progress) {
  constexpr Index coarsest = 100, large = 10000;
  std::vector<Level> levels;
  std::vector<std::vector<Id>> parts;
  levels.push_back(std::move(level));
  while (levels.back().graph.node_count() > coarsest) {
    auto part = aggregates(levels.back(), options.seed);
    Level next = coarser(levels.back(), part);
    if (10 * next.graph.node_count() > 9 * levels.back().graph.node_count()) break;
    parts.push_back(std::move(part));
    levels.push_back(std::move(next));
  }
  std::vector<Spot> spots = spectral_start(levels.back(), options.seed);
  // The coarser levels take little of the time.
  const Progress begun([&](Stage stage, double) { return progress(stage, 0); });
  for (std::size_t l = levels.size() - 1;; --l) {
    const bool half = levels[l].graph.node_count() > large;
    settle(levels[l], spots, options.rounds / (half ? 2 : 1), options, l == 0 ? progress : begun);
    if (l == 0) return spots;
    Random random(options.seed, l);
    std::vector<Spot> finer;
    finer.reserve(parts[l - 1].size());
    for (const Id part : parts[l - 1]) {
      const double x = spots[part].x + 0.1 * random.normal();
      finer.push_back({x, spots[part].y + 0.1 * random.normal()});
    }
    spots = std::move(finer);
  }
}

/// Moves a component's middle to 0 and returns the radius of the circle that holds it.
inline double centered(std::vector<Spot>& spots) {
  double left = spots[0].x, low = spots[0].y, right = left, high = low, radius = 0;
  for (const Spot& s : spots) {
    left = std::min(left, s.x), right = std::max(right, s.x);
    low = std::min(low, s.y), high = std::max(high, s.y);
  }
  for (Spot& s : spots) {
    s = {s.x - (left + right) / 2, s.y - (low + high) / 2};
    radius = std::max(radius, std::sqrt(s.x * s.x + s.y * s.y));
  }
  return radius;
}

/// Places for circles that do not overlap, radii descending: the first in the middle, the others in
/// rings round it, each ring spread evenly. Cost: linear.
inline std::vector<Spot> packed_circles(std::span<const double> radius) {
  std::vector<Spot> places(radius.size());
  double inner_radius = radius.empty() ? 0 : radius[0];
  for (std::size_t begin = 1; begin < radius.size();) {
    const double ring = inner_radius + radius[begin];
    std::vector<double> angles;  // that each circle takes, seen from the middle
    double taken = 0;
    std::size_t end = begin;
    for (; end < radius.size(); ++end) {
      const double angle = 2 * std::asin(std::min(1.0, radius[end] / ring));
      if (end > begin && taken + angle > 2 * std::numbers::pi) break;
      angles.push_back(angle);
      taken += angle;
    }
    // The last ring may be far from full: spread over all of it, its circles keep their distances.
    const double gap =
        std::max(0.0, 2 * std::numbers::pi - taken) / static_cast<double>(end - begin);
    double at = std::numbers::pi / 2;
    for (std::size_t i = begin; i < end; ++i) {
      at -= angles[i - begin] / 2;
      places[i] = {ring * std::cos(at), ring * std::sin(at)};
      at -= angles[i - begin] / 2 + gap;
    }
    inner_radius = ring + radius[begin];
    begin = end;
  }
  return places;
}

/// Into the box [-1, 1]² without distortion: the middle of the extent at 0, the longer side full.
inline std::vector<Point> boxed(std::span<const Spot> spots) {
  double left = 0, low = 0, right = 0, high = 0;
  for (std::size_t i = 0; i < spots.size(); ++i) {
    const Spot s = spots[i];
    left = i ? std::min(left, s.x) : s.x, right = i ? std::max(right, s.x) : s.x;
    low = i ? std::min(low, s.y) : s.y, high = i ? std::max(high, s.y) : s.y;
  }
  const double side = std::max(right - left, high - low), scale = side > 0 ? 2 / side : 0;
  std::vector<Point> points;
  points.reserve(spots.size());
  for (const Spot& s : spots)
    points.push_back({static_cast<float>(scale * (s.x - (left + right) / 2)),
                      static_cast<float>(scale * (s.y - (low + high) / 2))});
  return points;
}

inline void require_sane(const SignedGraph& graph, const LayoutOptions& options) {
  if (options.rounds < 0) throw Error(ErrorKind::value, "a map in fewer than 0 rounds");
  for (const double strength : {options.pull, options.push, options.center, options.together})
    if (!(strength >= 0) || !std::isfinite(strength))
      throw Error(ErrorKind::value, "a map's forces are finite and not negative");
  if (!options.categories.label.empty()) require_fits(options.categories, graph);
}

}  // namespace detail

/// A place in the plane for every node of a signed graph, in the box [-1, 1]², the longer side of
/// the extent filling it: positive edges pull by their weight, negative ones push, and all nodes
/// keep some distance. Each connected component is laid out apart and they are packed: the largest
/// in the middle, others round it by size, nodes without edges last, in rings.
///
/// Directions are forgotten. The same bits for any number of threads. Throws Error{value} for
/// forces that are negative or not finite, and for categories that do not fit the graph;
/// Error{cancelled}. Cost: rounds (n log n + m); memory n + m.
inline std::vector<Point> layout(const SignedGraph& graph, const LayoutOptions& options = {},
                                 const Progress& progress = {}) {
  using namespace detail;
  require_sane(graph, options);
  const Index n = graph.node_count();
  const SignedGraph all_forces = forces(graph, options);
  std::vector<Spot> spots(n);
  std::vector<double> radius;
  const auto components = members(connected_components(graph));
  Index done = 0;
  for (const auto& nodes : components) {
    const auto size = static_cast<Index>(nodes.size());
    const auto share = [&](Stage stage, double of_component) {
      const double there = static_cast<double>(done) + of_component * static_cast<double>(size);
      return progress(stage, there / static_cast<double>(n));
    };
    Level level{{}, std::vector<double>(size, 1.0), std::vector<Id>(size, -1)};
    if (!options.categories.label.empty())
      for (Index i = 0; i < size; ++i) level.group[i] = options.categories.label[nodes[i]];
    std::vector<Spot> own(1);
    if (size > 1) {
      level.graph = induced_subgraph(all_forces, nodes);
      own = component_layout(std::move(level), options, Progress(share));
    }
    radius.push_back(centered(own));
    for (Index i = 0; i < size; ++i) spots[nodes[i]] = own[i];
    done += size;
  }
  // Each circle keeps half a usual distance between neighbours free around it.
  const double margin = 0.5;
  for (double& r : radius) r += margin;
  const auto middles = packed_circles(radius);
  for (std::size_t c = 0; c < components.size(); ++c)
    for (const Id i : components[c])
      spots[i] = {spots[i].x + middles[c].x, spots[i].y + middles[c].y};
  return boxed(spots);
}

}  // namespace yoneda
