// Leiden: groupings of a signed graph by moves of nodes and joins of well-joined parts.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/cluster/clustering.hpp"
#include "yoneda/cluster/local_moves.hpp"
#include "yoneda/cluster/lone_nodes.hpp"
#include "yoneda/cluster/pair_objective.hpp"
#include "yoneda/core/disjoint_sets.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

struct LeidenOptions {
  Index restarts = 10;       ///< from different orders; the best counts
  double randomness = 0.01;  ///< of what joins what, in units of the mean absolute weight
  std::uint64_t seed = 1;
  bool connected = true;  ///< by positive edges; without, nodes may join whatever attracts them
};

namespace detail {

/// Splits every group into parts that are each well joined to the rest of it: a node that is not
/// yet in a part with others may join a part where that gains, at random, more likely where it
/// gains more. (Traag, Waltman, van Eck 2019, the functions RefinePartition and MergeNodesSubset.)
inline std::vector<Id> refined(const CoarseGraph& graph, const PairObjective& objective,
                               const std::vector<Id>& label, double randomness, Random& random) {
  const Index n = graph.size();
  std::vector<Id> part(n);
  std::iota(part.begin(), part.end(), Id{0});
  std::vector<Masses> whole(n, Masses{}), masses = graph.mass;
  std::vector<double> outside(n, 0);  // weight between a part and the rest of its group
  std::vector<Index> count(n, 1);
  for (Id v = 0; v < n; ++v) add(whole[label[v]], graph.mass[v]);
  for (Id v = 0; v < n; ++v) {
    const auto neighbors = graph.neighbors(v);
    for (std::size_t e = 0; e < neighbors.size(); ++e)
      if (label[neighbors[e]] == label[v]) outside[v] += graph.weights_of(v)[e];
  }
  const auto well_joined = [&](Id p, Id group) {
    Masses rest = whole[group];
    add(rest, masses[p], -1);
    return objective.gain(outside[p], masses[p], rest) >= 0;
  };
  Around around(n);
  std::vector<std::pair<Id, double>> choices;
  for (const Id v : permutation(n, random)) {
    if (count[part[v]] != 1 || !well_joined(v, label[v])) continue;
    around.look(graph, v, part);
    choices.clear();
    double most = 0;
    for (const Id p : around.groups()) {
      if (label[p] != label[v] || !(around.weight(p) > 0) || !well_joined(p, label[v])) continue;
      const double gain = objective.gain(around.weight(p), masses[v], masses[p]);
      if (gain < 0) continue;
      choices.emplace_back(p, gain);
      most = std::max(most, gain);
    }
    if (choices.empty()) continue;
    double sum = 0;
    for (auto& [p, gain] : choices) sum += gain = std::exp((gain - most) / randomness);
    double drawn = sum * random.uniform();
    std::size_t chosen = 0;
    while (chosen + 1 < choices.size() && drawn >= choices[chosen].second)
      drawn -= choices[chosen++].second;
    const Id p = choices[chosen].first;
    outside[p] += outside[v] - 2 * around.weight(p);
    add(masses[p], masses[v]);
    ++count[p];
    count[v] = 0;
    part[v] = p;
  }
  return part;
}

/// One node for every part; parts are 0, ..., count − 1.
inline CoarseGraph aggregated(const CoarseGraph& graph, const std::vector<Id>& part, Index count) {
  CoarseGraph made;
  made.mass.assign(count, Masses{});
  made.margin.assign(count, 0);
  std::vector<Index> end(count + 1, 0);  // of each part's nodes in `nodes`
  for (Id v = 0; v < graph.size(); ++v) {
    add(made.mass[part[v]], graph.mass[v]);
    made.margin[part[v]] += graph.margin[v];
    ++end[part[v] + 1];
  }
  std::partial_sum(end.begin(), end.end(), end.begin());
  std::vector<Id> nodes(graph.size());
  for (Id v = 0; v < graph.size(); ++v) nodes[end[part[v]]++] = v;
  made.columns.reserve(graph.columns.size());
  made.weights.reserve(graph.columns.size());
  made.offsets.push_back(0);
  Around around(count);
  Index i = 0;
  for (Id p = 0; p < count; ++p) {
    around.clear();
    for (; i < end[p]; ++i) around.add(graph, nodes[i], part);
    for (const Id q : around.groups()) {
      if (q == p) continue;
      made.columns.push_back(q);
      made.weights.push_back(around.weight(q));
    }
    made.offsets.push_back(static_cast<Index>(made.columns.size()));
  }
  return made;
}

/// Moves, refines and aggregates until nothing moves; `label` is where it starts and ends.
inline bool leiden_pass(const CoarseGraph& finest, const PairObjective& objective, Reach reach,
                        double randomness, std::vector<Id>& label, Random& random) {
  CoarseGraph smaller;
  const CoarseGraph* graph = &finest;
  std::vector<Id> node(label.size());  // of the coarse graph, of each node of the finest
  std::iota(node.begin(), node.end(), Id{0});
  std::vector<Id> coarse = label;
  bool any = false;
  while (true) {
    any |= move_nodes(*graph, objective, reach, coarse, random);
    for (std::size_t i = 0; i < label.size(); ++i) label[i] = coarse[node[i]];
    std::vector<Id> part = refined(*graph, objective, coarse, randomness, random);
    const Index count = renumber(part);
    if (count == graph->size()) break;
    std::vector<Id> next(count);
    for (Id v = 0; v < graph->size(); ++v) next[part[v]] = coarse[v];
    for (Id& of : node) of = part[of];
    smaller = aggregated(*graph, part, count);
    graph = &smaller;
    renumber(next);
    coarse = std::move(next);
  }
  return any;
}

/// From every node apart: passes until one gains hardly anything. The last gains are small and many
/// (200,000 nodes and 1.4 million edges without clear groups: 16 passes to 1e-4, 78 to the last,
/// which all together gain a thousandth).
inline std::vector<Id> leiden_run(const SignedGraph& graph, const CoarseGraph& finest,
                                  const PairObjective& objective, Reach reach, double randomness,
                                  Random random) {
  std::vector<Id> label(graph.node_count());
  std::iota(label.begin(), label.end(), Id{0});
  double reached = quality(graph, objective, {label, graph.node_count()});
  while (leiden_pass(finest, objective, reach, randomness, label, random)) {
    const Index count = renumber(label);
    const double now = quality(graph, objective, {label, count});
    if (now <= reached + 1e-4 * std::abs(now)) break;
    reached = now;
  }
  return label;
}

/// Every group split into what its positive edges join.
inline Partition split_by_positive_edges(const SignedGraph& graph, const Partition& partition) {
  DisjointSets sets(graph.node_count());
  for (Id i = 0; i < graph.node_count(); ++i) {
    const auto neighbors = graph.neighbors(i);
    for (std::size_t e = 0; e < neighbors.size(); ++e)
      if (graph.weights(i)[e] > 0 && partition.label[i] == partition.label[neighbors[e]])
        sets.join(i, neighbors[e]);
  }
  std::vector<Id> label(graph.node_count());
  for (Id i = 0; i < graph.node_count(); ++i) label[i] = sets.find(i);
  const Index count = renumber(label);
  return {std::move(label), count};
}

}  // namespace detail

/// Leiden on an undirected signed graph: nodes move to the group where quality rises most, those
/// whose neighbourhood changed first; groups are refined into well-joined parts; the parts become
/// nodes of a smaller graph; and so on, in passes until one gains less than a ten-thousandth. Of
/// `restarts` runs the best is taken.
///
/// Where `connected`, every category is connected by positive edges: what they do not join is split
/// off at the end, and a note says what that costs. The objective may prefer to keep it together:
/// two nodes that both have much negative weight, and no edge between them, count as alike. Nodes
/// without edges get no category, a node of negative edges alone is one of its own; notes count
/// them.
///
/// The same seed gives the same partition for any number of threads. Throws Error{value} for a
/// directed graph, an objective of another graph, restarts < 1 or a randomness that is not
/// positive; Error{cancelled}. Cost: restarts · a few passes of n + m; memory: n + m a thread.
/// Source: Traag, Waltman, van Eck 2019, From Louvain to Leiden: guaranteeing well-connected
/// communities.
template <class = void>
Clustering leiden(const SignedGraph& graph, const PairObjective& objective,
                  const LeidenOptions& options = {}, const Progress& progress = {}) {
  require_groupable(graph, objective);
  if (options.restarts < 1)
    throw Error(ErrorKind::value,
                "Leiden needs at least one run, not " + std::to_string(options.restarts));
  if (!(options.randomness > 0) || !std::isfinite(options.randomness))
    throw Error(ErrorKind::value, "the randomness of Leiden is " +
                                      std::to_string(options.randomness) + ", must be positive");
  const detail::CoarseGraph finest = detail::coarse_graph(graph, objective);
  double size = 0;
  for (const double weight : finest.weights) size += std::abs(weight);
  if (!finest.weights.empty()) size /= static_cast<double>(finest.weights.size());
  const double randomness = options.randomness * (size > 0 ? size : 1);

  const auto reach = options.connected ? detail::Reach::neighbors : detail::Reach::everywhere;

  std::vector<Partition> runs(options.restarts);
  std::vector<double> reached(options.restarts);
  std::vector<std::pair<Index, double>> lost(options.restarts);  // parts split off, quality before
  parallel_for(
      options.restarts,
      [&](Index r) {
        const Random random(options.seed, static_cast<std::uint64_t>(r));
        runs[r].label = detail::leiden_run(graph, finest, objective, reach, randomness, random);
        runs[r].count = detail::renumber(runs[r].label);
        reached[r] = quality(graph, objective, runs[r]);
        if (!options.connected) return;
        Partition split = detail::split_by_positive_edges(graph, runs[r]);
        lost[r] = {split.count - runs[r].count, reached[r]};
        runs[r] = std::move(split);
        reached[r] = quality(graph, objective, runs[r]);
      },
      progress, "leiden");
  const auto best = std::ranges::max_element(reached) - reached.begin();
  Clustering made;
  if (lost[best].first > 0)
    made.notes.push_back(std::to_string(lost[best].first) +
                         " parts without a positive edge to the rest of their category were split "
                         "off; quality " +
                         std::to_string(lost[best].second) + " became " +
                         std::to_string(reached[best]));
  made.partition = detail::without_lone_nodes(graph, std::move(runs[best]), made.notes);
  return made;
}

}  // namespace yoneda
