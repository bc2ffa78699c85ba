// What several groupings of the same nodes agree on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/cluster/agreement.hpp"
#include "yoneda/cluster/clustering.hpp"
#include "yoneda/cluster/leiden.hpp"
#include "yoneda/cluster/pair_objective.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

struct ConsensusOptions {
  std::uint64_t seed = 1;
  /// Pairs of sets of nodes that a run puts together, over all runs, at most; some 50 bytes each.
  Index pairs = 100'000'000;
};

namespace detail {

/// Sets of nodes that no run parts: their sizes, a node of each, and the set of every node.
struct Atoms {
  std::vector<Id> of_node, first;
  std::vector<double> size;

  Index count() const { return static_cast<Index>(first.size()); }
};

/// Runs whose nodes without a group are groups of their own.
inline Atoms atoms(std::span<const Partition> runs) {
  Atoms made;
  std::map<std::vector<Id>, Id> known;
  std::vector<Id> labels(runs.size());
  for (Id i = 0; i < static_cast<Id>(runs[0].label.size()); ++i) {
    for (std::size_t r = 0; r < runs.size(); ++r) labels[r] = runs[r].label[i];
    const auto [found, fresh] = known.try_emplace(labels, static_cast<Id>(made.count()));
    if (fresh) made.first.push_back(i), made.size.push_back(0);
    made.of_node.push_back(found->second);
    ++made.size[found->second];
  }
  return made;
}

/// For every pair of atoms that some run puts together: the share of runs that do, times the pairs
/// of nodes between them.
inline SignedGraph together(std::span<const Partition> runs, const Atoms& atoms, Index most) {
  std::vector<std::pair<Id, Id>> pairs;
  for (const Partition& run : runs) {
    std::vector<std::vector<Id>> groups(run.count);
    for (Id a = 0; a < atoms.count(); ++a) groups[run.label[atoms.first[a]]].push_back(a);
    for (const auto& group : groups) {
      const auto size = static_cast<Index>(group.size());
      if (static_cast<Index>(pairs.size()) + size * (size - 1) / 2 > most)
        throw Error(ErrorKind::value,
                    "the runs differ in so many places that their consensus takes more than " +
                        std::to_string(most) + " pairs; fewer runs, or more of them alike, do");
      for (std::size_t i = 0; i < group.size(); ++i)
        for (std::size_t j = i + 1; j < group.size(); ++j) pairs.emplace_back(group[i], group[j]);
    }
  }
  std::ranges::sort(pairs);
  std::vector<Edge> edges;
  const auto all = static_cast<double>(runs.size());
  for (std::size_t begin = 0, end = 0; begin < pairs.size(); begin = end) {
    while (end < pairs.size() && pairs[end] == pairs[begin]) ++end;
    const auto [a, b] = pairs[begin];
    const double share = static_cast<double>(end - begin) / all;
    edges.push_back({a, b, static_cast<float>(share * atoms.size[a] * atoms.size[b])});
  }
  return SignedGraph::from_edges(atoms.count(), std::move(edges), Direction::undirected,
                                 GraphKind::user);
}

}  // namespace detail

/// The grouping that agrees best with all runs: a pair of nodes is worth the share of runs that put
/// it together, less one half, and the sum over the pairs of a group is made large, which makes the
/// mean number of pairs on which the grouping and a run differ small. By Leiden on sets of nodes
/// that no run parts, each so large as it is; no run is better than what is returned. A node that
/// no run gives a group has none, one that a run leaves out is a group of its own in that run.
///
/// A note says how far the runs agree with it. Throws Error{value} without runs, for labels beyond
/// a count, and where there are more pairs than allowed; Error{shape} for runs of different
/// numbers of nodes. Cost: pairs of such sets that share a group in a run. Same bits for any number
/// of threads. Source: Gionis, Mannila, Tsaparas 2007, Clustering aggregation.
template <class = void>
Clustering consensus(std::span<const Partition> runs, const ConsensusOptions& options = {}) {
  if (runs.empty()) throw Error(ErrorKind::value, "a consensus of no runs");
  const auto n = static_cast<Index>(runs[0].label.size());
  std::vector<Partition> whole;
  for (const Partition& run : runs) {
    if (static_cast<Index>(run.label.size()) != n)
      throw Error(ErrorKind::shape, "runs of " + std::to_string(n) + " and of " +
                                        std::to_string(run.label.size()) + " nodes");
    require_labels(run);
    whole.push_back(detail::with_singletons(run));
  }
  const detail::Atoms atoms = detail::atoms(whole);
  const SignedGraph graph = detail::together(whole, atoms, options.pairs);
  PairObjective objective{{}, {0.5, 0}};
  for (const double size : atoms.size) objective.mass.push_back({size, 0});

  LeidenOptions leiden_options;
  leiden_options.seed = options.seed;
  Partition best = detail::with_singletons(leiden(graph, objective, leiden_options).partition);
  double most = quality(graph, objective, best);
  for (const Partition& run : whole) {
    Partition of_atoms{std::vector<Id>(atoms.count()), run.count};
    for (Id a = 0; a < atoms.count(); ++a) of_atoms.label[a] = run.label[atoms.first[a]];
    if (const double here = quality(graph, objective, of_atoms); here > most)
      most = here, best = std::move(of_atoms);
  }

  Clustering made;
  Partition partition{std::vector<Id>(n), best.count};
  for (Index i = 0; i < n; ++i) {
    const bool grouped =
        std::ranges::any_of(runs, [&](const auto& run) { return run.label[i] >= 0; });
    partition.label[i] = grouped ? best.label[atoms.of_node[i]] : Id{-1};
  }
  made.partition = by_size(partition);
  double agreement = 0;
  for (const Partition& run : runs) agreement += adjusted_rand_index(run, made.partition);
  made.notes.push_back("consensus of " + std::to_string(runs.size()) +
                       " runs, which agree with it to an adjusted Rand index of " +
                       std::to_string(agreement / static_cast<double>(runs.size())) +
                       " on average");
  return made;
}

}  // namespace yoneda
