// How far a signed graph is from balance: the edges that must change sign, between two bounds.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/spanning_forest.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

struct FrustrationOptions {
  bool weighted = false;  ///< an edge counts |weight| instead of 1
  Index runs = 2;         ///< annealing runs; 0: descent from the spanning forest alone
  Index sweeps = 200;     ///< visits of every node in a run
  std::uint64_t seed = 0;
};

/// A side ±1 for each node, and what it leaves frustrated: positive edges between the sides,
/// negative edges inside one.
struct Switching {
  std::vector<signed char> side;
  double frustrated = 0;
};

/// The frustration index L (Harary 1959, On the measurement of structural balance), the least that
/// any sides leave frustrated, between bounds: lower <= L <= upper.
struct Frustration {
  double lower = 0, upper = 0;                     ///< edges, or their weight
  std::optional<double> share_lower, share_upper;  ///< of all edges; nothing where there are none
  std::vector<signed char> side;                   ///< the sides that reach `upper`
};

/// One connected component that is not balanced, and what is known of its frustration index.
struct ComponentFrustration {
  Id first = 0;  ///< its smallest node
  Index nodes = 0, edges = 0;
  double upper = 0;                 ///< what the sides leave frustrated
  double packing = 0;               ///< of edge-disjoint negative cycles
  std::optional<double> certified;  ///< by a factorisation; nothing where none was made
  double lower = 0;                 ///< the larger of the two
};

/// The same component by component (see frustration_bounds in frustration_bound.hpp).
struct FrustrationBounds {
  Frustration total;
  std::vector<ComponentFrustration> components;  ///< largest first
  double by_packing = 0, by_factorisation = 0;   ///< of total.lower, what each has proved
  std::vector<std::string> notes;
};

/// Negative cycles that share no capacity.
struct PackedCycles {
  double total = 0;          ///< their number, or their amounts
  std::vector<double> used;  ///< what they take of each stored edge
};

namespace detail {

/// The graph as its search sees it: signed capacities, and the sides that are moved about.
class SideSearch {
 public:
  SideSearch(const SignedGraph& graph, bool weighted)
      : graph_(graph), field_(graph.node_count(), 0), side_(graph.node_count(), 1) {
    capacity_.reserve(graph.weights().size());
    for (const float w : graph.weights()) {
      const double size = weighted ? std::abs(static_cast<double>(w)) : 1;
      largest_ = std::max(largest_, size);
      capacity_.push_back(w < 0 ? -size : size);
    }
  }

  /// Starts from the given sides and computes every field anew.
  void start(std::vector<signed char> side) {
    side_ = std::move(side);
    for (Id u = 0; u < graph_.node_count(); ++u) {
      field_[u] = 0;
      for (Index i = graph_.offsets()[u]; i < graph_.offsets()[u + 1]; ++i)
        field_[u] += capacity_[i] * side_[graph_.columns()[i]];
    }
  }

  /// Flips nodes that frustrate more than they satisfy, in order of id, until there are none.
  void descend() {
    const double tolerance = 1e-9 * largest_;  // rounding must not keep it going
    for (bool moved = true; moved;) {
      moved = false;
      for (Id u = 0; u < graph_.node_count(); ++u)
        if (cost(u) < -tolerance) flip(u), moved = true;
    }
  }

  /// Simulated annealing (Kirkpatrick, Gelatt, Vecchi 1983, Optimization by simulated annealing):
  /// also flips a node that costs h > 0, with probability exp(−h / T). T falls linearly to 0 from
  /// half the usual size of a field, (mean over nodes of Σ capacity²)^½ / 2.
  void anneal(Index sweeps, Random random) {
    double square = 0;
    for (const double c : capacity_) square += c * c;
    const double hottest = 0.5 * std::sqrt(square / static_cast<double>(graph_.node_count()));
    for (Index sweep = 0; sweep < sweeps; ++sweep) {
      const double left = 1 - static_cast<double>(sweep) / static_cast<double>(sweeps);
      const double temperature = hottest * left;
      for (Id u = 0; u < graph_.node_count(); ++u)
        if (cost(u) < -temperature * std::log(1 - random.uniform())) flip(u);
    }
    descend();
  }

  /// Counted from the sides, not from the fields and their rounding.
  Switching result() const {
    Switching result{side_, 0};
    for (Id u = 0; u < graph_.node_count(); ++u)
      for (Index i = graph_.offsets()[u]; i < graph_.offsets()[u + 1]; ++i) {
        const Id v = graph_.columns()[i];
        if (u < v && capacity_[i] * side_[u] * side_[v] < 0)
          result.frustrated += std::abs(capacity_[i]);
      }
    return result;
  }

 private:
  /// What flipping u adds to the frustrated edges: its satisfied less its frustrated ones.
  double cost(Id u) const { return field_[u] * side_[u]; }

  void flip(Id u) {
    side_[u] = static_cast<signed char>(-side_[u]);
    for (Index i = graph_.offsets()[u]; i < graph_.offsets()[u + 1]; ++i)
      field_[graph_.columns()[i]] += 2 * capacity_[i] * side_[u];
  }

  const SignedGraph& graph_;
  std::vector<double> capacity_;  // sign times 1 or |weight|, one for each stored edge
  double largest_ = 0;
  std::vector<double> field_;  // Σ_v capacity(u, v) side(v)
  std::vector<signed char> side_;
};

/// Finds negative cycles that share no capacity: each closes one frustrated edge, the chord, over
/// edges that the sides satisfy.
class CyclePacking {
 public:
  CyclePacking(const SignedGraph& graph, std::span<const signed char> side, bool weighted)
      : graph_(graph),
        twin_(graph.columns().size()),
        packed_{0, std::vector<double>(graph.columns().size(), 0)},
        owner_(graph.node_count(), nobody),
        entered_by_(graph.node_count(), -1) {
    left_.reserve(graph.columns().size());
    std::vector<Index> next(graph.offsets().begin(), graph.offsets().end() - 1);
    for (Id u = 0; u < graph.node_count(); ++u)
      for (Index i = graph.offsets()[u]; i < graph.offsets()[u + 1]; ++i) {
        const Id v = graph.columns()[i];
        twin_[i] = next[v]++;  // the rows that name v are met in ascending order
        const float w = graph.weights()[i];
        const double capacity = weighted ? std::abs(static_cast<double>(w)) : 1;
        const bool satisfied = (w < 0) == (side[u] != side[v]);
        left_.push_back(satisfied ? capacity : 0);
        if (!satisfied && u < v) chords_.push_back({u, v, i, capacity});
      }
  }

  PackedCycles pack() {
    constexpr Index any_length = std::numeric_limits<Index>::max();
    for (const Index longest : {Index{2}, Index{3}, Index{4}, Index{5}, Index{6}, any_length}) {
      for (Chord& chord : chords_)
        while (chord.left > 0 && find_path(chord.from, chord.to, longest)) take(chord);
      std::erase_if(chords_, [](const Chord& chord) { return chord.left == 0; });
    }
    return std::move(packed_);
  }

 private:
  struct Chord {
    Id from, to;
    Index edge;
    double left;  // capacity not yet in a cycle
  };

  enum Owner : char { nobody, source_side, target_side };

  /// A shortest path over edges with capacity left, of at most `longest` edges: searched in breadth
  /// from both ends, the smaller front first. Leaves the edge where the fronts met in meeting_.
  bool find_path(Id source, Id target, Index longest) {
    for (const Id u : reached_) owner_[u] = nobody;
    reached_.clear();
    front_[0].clear(), front_[1].clear();
    enter(source, source_side, -1);
    enter(target, target_side, -1);
    for (Index length = 1; length <= longest; ++length) {
      const Owner owner = front_[0].size() <= front_[1].size() ? source_side : target_side;
      std::vector<Id>& front = front_[owner - 1];
      if (front.empty()) return false;
      level_.swap(front);
      front.clear();
      for (const Id u : level_)
        for (Index i = graph_.offsets()[u]; i < graph_.offsets()[u + 1]; ++i) {
          const Id v = graph_.columns()[i];
          if (left_[i] == 0 || owner_[v] == owner) continue;
          if (owner_[v] != nobody) {
            meeting_ = i;
            return true;
          }
          enter(v, owner, i);
        }
    }
    return false;
  }

  void enter(Id node, Owner owner, Index edge) {
    owner_[node] = owner;
    entered_by_[node] = edge;
    reached_.push_back(node);
    front_[owner - 1].push_back(node);
  }

  /// Takes the path found and its chord as one cycle, as much as its tightest edge allows.
  void take(Chord& chord) {
    path_.assign(1, meeting_);
    for (Id v : {graph_.columns()[meeting_], graph_.columns()[twin_[meeting_]]})
      for (; entered_by_[v] >= 0; v = graph_.columns()[twin_[entered_by_[v]]])
        path_.push_back(entered_by_[v]);
    double amount = chord.left;
    for (const Index i : path_) amount = std::min(amount, left_[i]);
    for (const Index i : path_) left_[i] = left_[twin_[i]] = left_[i] - amount;
    chord.left -= amount;
    path_.push_back(chord.edge);
    for (const Index i : path_) packed_.used[i] = packed_.used[twin_[i]] += amount;
    packed_.total += amount;
  }

  const SignedGraph& graph_;
  std::vector<Index> twin_;  // the same edge in the other row
  PackedCycles packed_;
  std::vector<double> left_;  // capacity not yet in a cycle; 0 for chords
  std::vector<Chord> chords_;
  std::vector<Owner> owner_;       // which end of the search reached a node
  std::vector<Index> entered_by_;  // by which edge; −1 at the ends themselves
  std::vector<Id> reached_, level_;
  std::array<std::vector<Id>, 2> front_;
  Index meeting_ = -1;
  std::vector<Index> path_;
};

}  // namespace detail

/// Throws Error{shape} unless there is one side a node.
inline void require_one_each(const SignedGraph& graph, std::span<const signed char> side) {
  if (static_cast<Index>(side.size()) != graph.node_count())
    throw Error(ErrorKind::shape, std::to_string(side.size()) + " sides for a graph of " +
                                      std::to_string(graph.node_count()) + " nodes");
}

/// Good sides by local search: descent from the spanning forest, which is exact for a balanced
/// graph, then annealing runs, each with its own random stream; the best, ties to the earliest. The
/// same for any number of threads. Throws Error{value} for a directed graph. Cost: runs · sweeps ·
/// (n + degrees of the nodes that flip).
inline Switching best_switching(const SignedGraph& graph, const FrustrationOptions& options = {}) {
  require_undirected(graph, "frustration");
  detail::SideSearch search(graph, options.weighted);
  search.start(spanning_forest(graph).side);
  search.descend();
  Switching best = search.result();
  for (Index run = 0; run < options.runs && best.frustrated > 0; ++run) {
    search.start(best.side);
    search.anneal(options.sweeps, Random(options.seed, static_cast<std::uint64_t>(run)));
    Switching found = search.result();
    if (found.frustrated < best.frustrated) best = std::move(found);
  }
  return best;
}

/// What sides leave frustrated. Throws Error{value} for a directed graph, Error{shape} unless there
/// is one side a node. Cost: m.
inline double frustration_of(const SignedGraph& graph, std::span<const signed char> side,
                             bool weighted = false) {
  require_undirected(graph, "frustration");
  require_one_each(graph, side);
  double frustrated = 0;
  for (Id u = 0; u < graph.node_count(); ++u) {
    const auto neighbors = graph.neighbors(u);
    const auto weights = graph.weights(u);
    for (std::size_t i = 0; i < neighbors.size(); ++i) {
      const bool satisfied = (weights[i] < 0) == (side[u] != side[neighbors[i]]);
      if (u < neighbors[i] && !satisfied)
        frustrated += weighted ? std::abs(static_cast<double>(weights[i])) : 1;
    }
  }
  return frustrated;
}

/// What all edges together count: their number, or their weight.
inline double total_capacity(const SignedGraph& graph, bool weighted) {
  if (!weighted) return static_cast<double>(graph.edge_count());
  double total = 0;
  for (const float w : graph.weights()) total += std::abs(static_cast<double>(w));
  return graph.directed() ? total : total / 2;
}

/// The share of edges that the best sides found leave frustrated: an upper bound of the share that
/// must be. Nothing where there are no edges. Throws and costs as best_switching.
inline std::optional<double> frustrated_share(const SignedGraph& graph,
                                              const FrustrationOptions& options = {}) {
  const double frustrated = best_switching(graph, options).frustrated;
  if (graph.edge_count() == 0) return std::nullopt;
  return frustrated / total_capacity(graph, options.weighted);
}

/// A packing of edge-disjoint negative cycles: each keeps one edge of its own frustrated whatever
/// the sides, so their number is a lower bound of the frustration index, always. Weighted, a cycle
/// is packed as often as its lightest edge allows (the sum of the amounts is the bound). Each cycle
/// closes one edge that `side` frustrates over edges that it satisfies, the shortest first:
/// triangles, then longer ones. Any sides are right; better sides pack more. Throws Error{value}
/// for a directed graph, Error{shape} unless there is one side a node. Cost: frustrated edges · m
/// at worst; usually far less.
inline PackedCycles packed_negative_cycles(const SignedGraph& graph,
                                           std::span<const signed char> side,
                                           bool weighted = false) {
  require_undirected(graph, "a packing of negative cycles");
  require_one_each(graph, side);
  return detail::CyclePacking(graph, side, weighted).pack();
}

/// The bound alone.
inline double negative_cycle_packing(const SignedGraph& graph, std::span<const signed char> side,
                                     bool weighted = false) {
  return packed_negative_cycles(graph, side, weighted).total;
}

/// Both bounds. Throws Error{value} for a directed graph. Cost: that of best_switching and
/// negative_cycle_packing.
inline Frustration frustration(const SignedGraph& graph, const FrustrationOptions& options = {}) {
  Switching best = best_switching(graph, options);
  Frustration result;
  result.upper = best.frustrated;
  // a weighted packing may exceed a bound that it meets by the rounding of its sum
  result.lower =
      std::min(best.frustrated, negative_cycle_packing(graph, best.side, options.weighted));
  if (graph.edge_count() > 0) {
    const double total = total_capacity(graph, options.weighted);
    result.share_lower = result.lower / total;
    result.share_upper = result.upper / total;
  }
  result.side = std::move(best.side);
  return result;
}

}  // namespace yoneda
