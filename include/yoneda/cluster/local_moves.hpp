// Moves of single nodes: the step that improves any grouping, on any objective.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>
#include <vector>

#include "yoneda/cluster/pair_objective.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

namespace detail {

/// A graph whose nodes stand for sets of nodes: weights are sums, self-loops are left out (no move
/// changes them).
struct CoarseGraph {
  std::vector<Index> offsets;
  std::vector<Id> columns;
  std::vector<double> weights;
  std::vector<Masses> mass;

  Index size() const { return static_cast<Index>(mass.size()); }
  std::span<const Id> neighbors(Id v) const {
    return std::span(columns).subspan(offsets[v], offsets[v + 1] - offsets[v]);
  }
  std::span<const double> weights_of(Id v) const {
    return std::span(weights).subspan(offsets[v], offsets[v + 1] - offsets[v]);
  }
};

/// Every node stands for itself.
inline CoarseGraph coarse_graph(const SignedGraph& graph, const PairObjective& objective) {
  CoarseGraph made;
  made.offsets.assign(graph.offsets().begin(), graph.offsets().end());
  made.columns.assign(graph.columns().begin(), graph.columns().end());
  made.weights.assign(graph.weights().begin(), graph.weights().end());
  made.mass = objective.mass;
  return made;
}

/// Labels 0, 1, ... in the order of their first node; how many there are.
inline Index renumber(std::vector<Id>& label) {
  if (label.empty()) return 0;
  std::vector<Id> renamed(std::ranges::max(label) + 1, -1);
  Id next = 0;
  for (Id& of : label) {
    if (renamed[of] < 0) renamed[of] = next++;
    of = renamed[of];
  }
  return next;
}

inline void add(Masses& to, const Masses& mass, double times = 1) {
  to[0] += times * mass[0];
  to[1] += times * mass[1];
}

/// Sums of weights to the groups around a node, or around several.
class Around {
 public:
  explicit Around(Index groups) : weight_(groups, 0), seen_(groups, false) {}

  void clear() {
    for (const Id g : groups_) weight_[g] = 0, seen_[g] = false;
    groups_.clear();
  }

  /// The edges of node v, whose neighbours are of the groups that `group(u)` says; below 0 does not
  /// count.
  template <class Group>
  void add(const CoarseGraph& graph, Id v, const Group& group) {
    const auto neighbors = graph.neighbors(v);
    const auto weights = graph.weights_of(v);
    for (std::size_t e = 0; e < neighbors.size(); ++e) {
      const Id g = group(neighbors[e]);
      if (g < 0) continue;
      if (!seen_[g]) groups_.push_back(g), seen_[g] = true;
      weight_[g] += weights[e];
    }
  }

  /// Those of v alone.
  template <class Group>
  void look(const CoarseGraph& graph, Id v, const Group& group) {
    clear();
    add(graph, v, group);
  }

  std::span<const Id> groups() const { return groups_; }
  double weight(Id group) const { return weight_[group]; }

 private:
  std::vector<double> weight_;
  std::vector<char> seen_;
  std::vector<Id> groups_;
};

/// Which groups hold nodes, and their masses.
class Groups {
 public:
  Groups(const CoarseGraph& graph, const std::vector<Id>& label)
      : masses_(graph.size(), Masses{}), count_(graph.size(), 0), place_(graph.size(), -1) {
    for (Id v = 0; v < graph.size(); ++v) enter(label[v], graph.mass[v]);
    for (Id g = static_cast<Id>(graph.size()) - 1; g >= 0; --g)
      if (count_[g] == 0) empty_.push_back(g);
  }

  void enter(Id group, const Masses& mass) {
    if (count_[group]++ == 0) {
      place_[group] = static_cast<Index>(held_.size());
      held_.push_back(group);
    }
    add(masses_[group], mass);
  }

  void leave(Id group, const Masses& mass) {
    add(masses_[group], mass, -1);
    if (--count_[group] > 0) return;
    masses_[group] = {};  // without what rounding left
    place_[held_.back()] = place_[group];
    held_[place_[group]] = held_.back();
    held_.pop_back();
    if (empty_.empty() || empty_.back() != group) empty_.push_back(group);
  }

  /// A group without nodes. There is one while a node is between groups.
  Id take_empty() {
    while (count_[empty_.back()] > 0) empty_.pop_back();  // a node came back to it
    return empty_.back();
  }

  bool holds(Id group) const { return count_[group] > 0; }
  const Masses& mass(Id group) const { return masses_[group]; }
  std::span<const Id> held() const { return held_; }

 private:
  std::vector<Masses> masses_;
  std::vector<Index> count_, place_;
  std::vector<Id> held_, empty_;
};

/// Which groups a node may move to: where an edge leads, or any while there are few. An objective
/// may make groups worth joining that no edge leads to.
enum class Reach { neighbors, everywhere };
inline constexpr Index few_groups = 64;

/// Of every node, what rounding may make of a gain that is none: by the size of what cancels.
inline std::vector<double> rounding_margins(const CoarseGraph& graph,
                                            const PairObjective& objective) {
  Masses total{};
  for (const Masses& mass : graph.mass) add(total, mass);
  std::vector<double> margins(graph.size());
  for (Id v = 0; v < graph.size(); ++v) {
    double size = 0;
    for (const double weight : graph.weights_of(v)) size += std::abs(weight);
    for (std::size_t l = 0; l < 2; ++l)
      size += std::abs(objective.coefficient[l] * graph.mass[v][l] * total[l]);
    margins[v] = 1e-12 * size;
  }
  return margins;
}

/// Moves nodes to the group where they gain most, each once and again where its neighbourhood
/// changed. Labels lie in [0, size). Returns whether any moved.
inline bool move_nodes(const CoarseGraph& graph, const PairObjective& objective, Reach reach,
                       std::vector<Id>& label, Random& random) {
  const Index n = graph.size();
  Groups groups(graph, label);
  std::vector<Id> first = permutation(n, random);
  std::deque<Id> waiting(first.begin(), first.end());
  std::vector<char> waits(n, true);
  Around around(n);
  const std::vector<double> margins = rounding_margins(graph, objective);
  bool any = false;
  while (!waiting.empty()) {
    const Id v = waiting.front();
    waiting.pop_front();
    waits[v] = false;
    const Id old = label[v];
    groups.leave(old, graph.mass[v]);
    around.look(graph, v, [&](Id u) { return label[u]; });
    const auto gain = [&](Id g) {
      return objective.gain(around.weight(g), graph.mass[v], groups.mass(g));
    };
    Id best = old;
    double most = groups.holds(old) ? gain(old) : 0;
    const double margin = margins[v];
    const auto consider = [&](Id g) {
      if (const double here = gain(g); here > most + margin) best = g, most = here;
    };
    std::ranges::for_each(around.groups(), consider);
    if (reach == Reach::everywhere && static_cast<Index>(groups.held().size()) <= few_groups)
      std::ranges::for_each(groups.held(), consider);
    if (most < -margin) best = groups.take_empty();  // alone is better
    label[v] = best;
    groups.enter(best, graph.mass[v]);
    if (best == old) continue;
    any = true;
    for (const Id u : graph.neighbors(v))
      if (label[u] != best && !waits[u]) waiting.push_back(u), waits[u] = true;
  }
  return any;
}

}  // namespace detail

/// Moves single nodes to the group of a neighbour, or to one of their own, where quality rises
/// most, until no such move raises it. The order is drawn from the seed. Quality never falls; a
/// node labelled -1 starts as a group of its own. Numbered as by_size does. Throws Error{value} for
/// a directed graph, and as require_fits does. Cost: n + m a round, of which a few are needed.
inline Partition moved(const SignedGraph& graph, const PairObjective& objective,
                       const Partition& partition, std::uint64_t seed = 1) {
  require_groupable(graph, objective);
  require_fits(partition, graph);
  std::vector<Id> label = detail::with_singletons(partition).label;
  detail::renumber(label);
  Random random(seed);
  const detail::CoarseGraph finest = detail::coarse_graph(graph, objective);
  while (detail::move_nodes(finest, objective, detail::Reach::neighbors, label,
                            random)) {  // masses change far away, too
  }
  const Index count = detail::renumber(label);
  return by_size({std::move(label), count});
}

}  // namespace yoneda
