// Moves of single nodes: the step that improves any grouping, on any objective.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
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
  std::vector<double> margin;  // what rounding may make of a node's gain that is none

  Index size() const { return static_cast<Index>(mass.size()); }
  std::span<const Id> neighbors(Id v) const {
    return std::span(columns).subspan(offsets[v], offsets[v + 1] - offsets[v]);
  }
  std::span<const double> weights_of(Id v) const {
    return std::span(weights).subspan(offsets[v], offsets[v + 1] - offsets[v]);
  }
};

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

/// Every node stands for itself. Margins are by the size of what cancels.
inline CoarseGraph coarse_graph(const SignedGraph& graph, const PairObjective& objective) {
  CoarseGraph made;
  made.offsets.assign(graph.offsets().begin(), graph.offsets().end());
  made.columns.assign(graph.columns().begin(), graph.columns().end());
  made.weights.assign(graph.weights().begin(), graph.weights().end());
  made.mass = objective.mass;
  Masses total{};
  for (const Masses& mass : made.mass) add(total, mass);
  made.margin.resize(made.mass.size());
  for (Id v = 0; v < made.size(); ++v) {
    double size = 0;
    for (const double weight : made.weights_of(v)) size += std::abs(weight);
    for (std::size_t l = 0; l < 2; ++l)
      size += std::abs(objective.coefficient[l] * made.mass[v][l] * total[l]);
    made.margin[v] = 1e-12 * size;
  }
  return made;
}

/// Sums of weights to the groups around a node, or around several.
class Around {
 public:
  explicit Around(Index groups) : sums_(groups), groups_(groups + 1) {}

  void clear() {
    for (const Id g : groups()) sums_[g] = {};
    count_ = 0;
  }

  /// The edges of node v to its neighbours' groups. Whether a group is new is as good as random,
  /// so it is always written down and only then counted: a branch would be guessed wrong.
  void add(const CoarseGraph& graph, Id v, const std::vector<Id>& group) {
    const auto neighbors = graph.neighbors(v);
    const auto weights = graph.weights_of(v);
    std::size_t count = count_;
    for (std::size_t e = 0; e < neighbors.size(); ++e) {
      const Id g = group[neighbors[e]];
      groups_[count] = g;
      count += !sums_[g].seen;
      sums_[g].seen = true;
      sums_[g].weight += weights[e];
    }
    count_ = count;
  }

  /// Those of v alone.
  void look(const CoarseGraph& graph, Id v, const std::vector<Id>& group) {
    clear();
    add(graph, v, group);
  }

  std::span<const Id> groups() const { return std::span(groups_).first(count_); }
  double weight(Id group) const { return sums_[group].weight; }

 private:
  struct Sum {
    double weight = 0;
    bool seen = false;
  };
  std::vector<Sum> sums_;
  std::vector<Id> groups_;  // the first count_
  std::size_t count_ = 0;
};

/// Nodes that wait for their turn, first come first served, each at most once.
class Waiting {
 public:
  explicit Waiting(std::vector<Id> all)
      : queue_(std::move(all)), waits_(queue_.size(), true), count_(queue_.size()) {}

  bool empty() const { return count_ == 0; }

  Id next() {
    const Id v = queue_[first_];
    if (++first_ == queue_.size()) first_ = 0;
    --count_;
    waits_[v] = false;
    return v;
  }

  void add(Id v) {
    if (waits_[v]) return;
    waits_[v] = true;
    const std::size_t end = first_ + count_++;
    queue_[end < queue_.size() ? end : end - queue_.size()] = v;
  }

 private:
  std::vector<Id> queue_;  // a ring
  std::vector<char> waits_;
  std::size_t first_ = 0, count_;
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

/// Moves nodes to the group where they gain most, each once and again where its neighbourhood
/// changed. Labels lie in [0, size). Returns whether any moved.
inline bool move_nodes(const CoarseGraph& graph, const PairObjective& objective, Reach reach,
                       std::vector<Id>& label, Random& random) {
  Groups groups(graph, label);
  Waiting waiting(permutation(graph.size(), random));
  Around around(graph.size());
  bool any = false;
  while (!waiting.empty()) {
    const Id v = waiting.next();
    const Id old = label[v];
    groups.leave(old, graph.mass[v]);
    around.look(graph, v, label);
    const auto gain = [&](Id g) {
      return objective.gain(around.weight(g), graph.mass[v], groups.mass(g));
    };
    Id best = old;
    double most = groups.holds(old) ? gain(old) : 0;
    const double margin = graph.margin[v];
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
      if (label[u] != best) waiting.add(u);
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
