// Do all parallel paths of an acyclic graph agree? Decided from potentials, without listing paths.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/category/base.hpp"
#include "yoneda/category/diagram.hpp"
#include "yoneda/category/selection.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/graph/topological_order.hpp"

namespace yoneda {

struct SweepOptions {
  double tolerance = 1e-9;  ///< the largest discrepancy that still counts as equal: rounding
  Index sources = 0;        ///< a seeded sample of so many nodes to start from; 0: every node
  std::uint64_t seed = 0;   ///< of the sample
  Index keep = 100;         ///< failures kept, the worst
};

template <Base B>
struct Sweep {
  Index sources = 0;      ///< nodes started from
  Index nodes = 0;        ///< of so many
  Index comparisons = 0;  ///< edges that reach a node for which a source has a value already
  Index flags = 0;        ///< of those, edges that give another value
  std::vector<Equation> equations;   ///< of the failures kept: two paths with the same ends
  std::vector<Failure<B>> failures;  ///< worst first; failures[i].equation is i

  /// All parallel paths from the sources agree; all of the graph where every node was one.
  bool commutes() const { return flags == 0; }
};

namespace detail {

/// What one source knows of the nodes it reaches, along the path that reached each first.
template <Base B>
struct Potential {
  std::vector<std::optional<typename B::value>> value;
  std::vector<Id> parent;  ///< the node before, on that path
  std::vector<Id> branch;  ///< the node after the source, on that path

  std::vector<Id> path_to(Id node, Id source) const {
    std::vector<Id> path{node};
    while (path.back() != source) path.push_back(parent[path.back()]);
    std::ranges::reverse(path);
    return path;
  }
};

/// Fills `potential` from the node at place `start` of the order, and calls visit(u, v,
/// discrepancy) for every edge u → v to a node that has a value already.
template <Base B, class Visitor>
void sweep_from(const SignedGraph& graph, const B& base, const std::vector<Id>& order, Index start,
                Potential<B>& potential, Visitor&& visit) {
  const Index n = graph.node_count();
  const Id source = order[start];
  potential.value.assign(n, std::nullopt);
  potential.parent.resize(n);
  potential.branch.resize(n);
  potential.value[source] = base.unit(source);
  for (Index place = start; place < n; ++place) {
    const Id u = order[place];
    if (!potential.value[u]) continue;
    const auto targets = graph.neighbors(u);
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const Id v = targets[i];
      const auto arrow = base.arrow(graph.weights(u)[i]);
      auto value = u == source ? arrow : base.compose(*potential.value[u], arrow);
      if (!potential.value[v]) {
        potential.value[v] = std::move(value);
        potential.parent[v] = u;
        potential.branch[v] = u == source ? v : potential.branch[u];
      } else {
        visit(u, v, apart(base, value, *potential.value[v]));
      }
    }
  }
}

}  // namespace detail

/// Starts at each source s, gives every node v that s reaches the value φ_s(v) of the path that
/// reaches it first, in topological order, and flags every edge u → v with φ_s(u) · w ≠ φ_s(v)
/// beyond the tolerance. Up to rounding there are no flags from any node exactly where all
/// parallel paths agree: without flags every path from s to v has the value φ_s(v), by induction
/// along it, and a flag is two paths that differ. (With a large tolerance a long path may add up
/// several differences that are tolerated.)
///
/// An edge that disagrees is flagged from every node before it as well. So with every node as
/// source only flags whose two paths part at the source are listed as failures: the others are
/// seen from where the paths part, and where there is a flag at all, a last node with one has such.
/// A sample of sources lists all its flags. Failures are ranked by discrepancy, ties by source,
/// then the edge; left runs over the flagged edge, right is the path that reached its end first.
///
/// Commuting is less than trivial holonomy (holonomy.hpp): a graph whose undirected cycles all
/// multiply to the unit commutes, but a ← b → c ← d → a, a zig-zag without two directed paths
/// between the same ends, commutes whatever its weights, and its cycle may multiply to anything.
///
/// Throws Error{value} for an undirected graph, a directed cycle (the message names it), a negative
/// tolerance, sources < 0 or keep < 1. The same result for any number of threads. Cost: sources ·
/// (n + m), and another sweep for every failure kept; memory: n a thread, and the failures.
template <Base B>
Sweep<B> potential_sweep(const SignedGraph& graph, const B& base, const SweepOptions& options = {},
                         const Progress& progress = {}) {
  if (!(options.tolerance >= 0) || options.sources < 0)
    throw Error(ErrorKind::value, "tolerance and sources of a potential sweep cannot be negative");
  const std::vector<Id> order = require_acyclic(graph, "a potential sweep");
  const Index n = graph.node_count();
  std::vector<Index> place(n);
  for (Index i = 0; i < n; ++i) place[order[i]] = i;
  const bool every_node = options.sources == 0 || options.sources >= n;
  Random random(options.seed);
  const std::vector<Id> sources = sample_sorted(n, every_node ? n : options.sources, random);

  using Flag = std::array<Id, 3>;  // source, u, v
  const Selection worst = Selection::strongest(options.keep);
  struct Block {
    Index comparisons = 0, flags = 0;
    std::vector<detail::Ranked<Flag>> kept;
  };
  constexpr Index block_size = 32;
  const auto count = static_cast<Index>(sources.size());
  std::vector<Block> blocks((count + block_size - 1) / block_size);
  detail::Selector<Flag> selector(worst);
  parallel_for(
      static_cast<Index>(blocks.size()),
      [&](Index b) {
        Block& block = blocks[b];
        detail::Selector<Flag> kept(worst);
        detail::Potential<B> potential;
        for (Index i = b * block_size; i < std::min(count, (b + 1) * block_size); ++i) {
          const Id s = sources[i];
          detail::sweep_from(
              graph, base, order, place[s], potential, [&](Id u, Id v, double apart) {
                ++block.comparisons;
                if (apart <= options.tolerance) return;
                ++block.flags;
                const bool part = u == s || potential.branch[u] != potential.branch[v];
                if (part || !every_node) kept.consider({apart, {s, u, v}});
              });
        }
        block.kept = std::move(kept).take();
      },
      progress, "potential sweep");

  Sweep<B> result;
  result.sources = count;
  result.nodes = n;
  for (Block& block : blocks) {
    result.comparisons += block.comparisons;
    result.flags += block.flags;
    for (auto& flag : block.kept) selector.consider(std::move(flag));
  }
  detail::Potential<B> potential;
  for (const auto& [apart, flag] : std::move(selector).take()) {
    const auto [s, u, v] = flag;
    detail::sweep_from(graph, base, order, place[s], potential, [](Id, Id, double) {});
    Equation equation{{}, potential.path_to(u, s), potential.path_to(v, s), options.tolerance};
    equation.left.push_back(v);
    result.failures.push_back({static_cast<Index>(result.equations.size()), apart,
                               composite(base, graph, equation.left), *potential.value[v]});
    result.equations.push_back(std::move(equation));
  }
  return result;
}

}  // namespace yoneda
