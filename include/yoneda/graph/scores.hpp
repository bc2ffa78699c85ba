// How well a partition fits a signed graph.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// Throws Error{value} for a label outside {-1, ..., count - 1}.
inline void require_labels(const Partition& partition) {
  for (const Id label : partition.label)
    if (label < -1 || label >= partition.count)
      throw Error(ErrorKind::value, "label " + std::to_string(label) + " in a partition of " +
                                        std::to_string(partition.count) + " groups");
}

/// Throws Error{shape} unless the partition labels every node of the graph, Error{value} for a
/// label outside {-1, ..., count - 1}.
inline void require_fits(const Partition& partition, const SignedGraph& graph) {
  if (static_cast<Index>(partition.label.size()) != graph.node_count())
    throw Error(ErrorKind::shape, "a partition of " + std::to_string(partition.label.size()) +
                                      " nodes for a graph of " +
                                      std::to_string(graph.node_count()));
  require_labels(partition);
}

namespace detail {

/// Labels in which every node without a group is a group of its own.
inline Partition with_singletons(const Partition& partition) {
  Partition result = partition;
  for (Id& label : result.label)
    if (label < 0) label = static_cast<Id>(result.count++);
  return result;
}

struct SignedWeights {
  double positive = 0, negative = 0;  // sums of |w|, each non-negative

  void add(double weight) { (weight > 0 ? positive : negative) += weight > 0 ? weight : -weight; }
};

/// Weights of all stored edges, and of those whose two ends share a group.
struct SplitWeights {
  SignedWeights all, within;
};

inline SplitWeights split_weights(const SignedGraph& graph, const Partition& partition) {
  require_fits(partition, graph);
  SplitWeights sums;
  for (Id i = 0; i < graph.node_count(); ++i) {
    const auto neighbors = graph.neighbors(i);
    const auto weights = graph.weights(i);
    for (std::size_t e = 0; e < neighbors.size(); ++e) {
      sums.all.add(weights[e]);
      const Id label = partition.label[i];
      if (label >= 0 && label == partition.label[neighbors[e]]) sums.within.add(weights[e]);
    }
  }
  return sums;
}

}  // namespace detail

/// Signed modularity, in [-1, 1]:
///
///   Q = Σ_ij [w_ij − (s⁺_i t⁺_j / W⁺ − s⁻_i t⁻_j / W⁻)] δ(c_i, c_j) / (W⁺ + W⁻),
///
/// s± and t± the sums of the rows and columns of w± = max(±w, 0), W± their totals (each undirected
/// edge twice). That is [w⁺Q⁺ − w⁻Q⁻] / (w⁺ + w⁻) with the modularities Q± of the two signs apart.
/// A node labelled -1 counts as a group of its own; 0 for a graph without edges. Directed graphs
/// are measured by the same formula. Throws as require_fits does. Cost: n + m.
/// Source: Gómez, Jensen, Arenas 2009, Analysis of community structure in networks of correlated
/// data.
inline double signed_modularity(const SignedGraph& graph, const Partition& partition) {
  const auto [all, within] = detail::split_weights(graph, partition);
  if (graph.columns().empty()) return 0;
  const Partition groups = detail::with_singletons(partition);
  std::vector<detail::SignedWeights> out(groups.count), in(groups.count);
  for (Id i = 0; i < graph.node_count(); ++i) {
    const auto neighbors = graph.neighbors(i);
    const auto weights = graph.weights(i);
    for (std::size_t e = 0; e < neighbors.size(); ++e) {
      out[groups.label[i]].add(weights[e]);
      in[groups.label[neighbors[e]]].add(weights[e]);
    }
  }
  double expected_positive = 0, expected_negative = 0;
  for (Index c = 0; c < groups.count; ++c) {
    expected_positive += out[c].positive * in[c].positive;
    expected_negative += out[c].negative * in[c].negative;
  }
  if (all.positive > 0) expected_positive /= all.positive;
  if (all.negative > 0) expected_negative /= all.negative;
  return ((within.positive - expected_positive) - (within.negative - expected_negative)) /
         (all.positive + all.negative);
}

/// cut⁺: the share of the positive weight that joins different groups,
/// Σ_{c_i ≠ c_j} w⁺_ij / Σ w⁺_ij. 0 is best, and the value where nothing is positive. A node
/// labelled -1 is a group of its own. Throws as require_fits does. Cost: n + m.
inline double positive_cut(const SignedGraph& graph, const Partition& partition) {
  const auto [all, within] = detail::split_weights(graph, partition);
  return all.positive > 0 ? 1 - within.positive / all.positive : 0;
}

/// uncut⁻: the share of the negative weight that stays within groups,
/// Σ_{c_i = c_j} w⁻_ij / Σ w⁻_ij. 0 is best, and the value where nothing is negative. A node
/// labelled -1 is a group of its own. Throws as require_fits does. Cost: n + m.
inline double negative_uncut(const SignedGraph& graph, const Partition& partition) {
  const auto [all, within] = detail::split_weights(graph, partition);
  return all.negative > 0 ? within.negative / all.negative : 0;
}

}  // namespace yoneda
