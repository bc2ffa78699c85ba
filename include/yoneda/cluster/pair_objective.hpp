// What a grouping is worth: a sum over the pairs of nodes that share a group.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/scores.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// Masses of a node, or of all nodes of a group.
using Masses = std::array<double, 2>;

/// The quality of a grouping: the sum, over pairs {i, j} of one group, of
///
///     w_ij − c_0 m_0(i) m_0(j) − c_1 m_1(i) m_1(j),
///
/// w_ij the weight of the edge between them, 0 where there is none. What two groups gain by joining
/// is the same formula with the sum of the weights between them and the masses of the groups, which
/// is all that local moves and aggregation need to know.
struct PairObjective {
  std::vector<Masses> mass;  ///< [n]
  Masses coefficient{};

  /// What joining gains: `weight` lies between the two.
  double gain(double weight, const Masses& a, const Masses& b) const {
    return weight - coefficient[0] * a[0] * b[0] - coefficient[1] * a[1] * b[1];
  }
};

/// The constant Potts model: every pair pays `resolution`, so a pair is worth w_ij − γ. Negative
/// weights need no care. At γ = 0 the best grouping is that of correlation clustering: least
/// positive weight cut and negative weight kept together. Throws Error{value} for a resolution that
/// is no number. Source: Traag, Van Dooren, Nesterov 2011, Narrow scope for
/// resolution-limit-free community detection.
inline PairObjective constant_potts(const SignedGraph& graph, double resolution) {
  if (!std::isfinite(resolution))
    throw Error(ErrorKind::value,
                "the resolution " + std::to_string(resolution) + " of a grouping is no number");
  return {std::vector<Masses>(graph.node_count(), Masses{1, 0}), {resolution, 0}};
}

/// Signed modularity at a resolution: a pair is worth w_ij − (γ s⁺_i s⁺_j / W⁺ − s⁻_i s⁻_j / W⁻),
/// s± the sums of a node's weights of either sign, W± those of all nodes. At γ = 1, quality is
/// ½ (W⁺ + W⁻) signed_modularity up to what no grouping changes. More of γ makes more groups. It
/// scales what positive weight chance would bring, and not the negative: that pulls together
/// nodes of much negative weight, and times γ it would pull half a graph into one group. Throws
/// Error{value} for a directed graph and for a resolution below 0 or that is no number. Cost: n +
/// m. Source: Gómez, Jensen, Arenas 2009, Analysis of community structure in networks of correlated
/// data.
inline PairObjective modularity_objective(const SignedGraph& graph, double resolution = 1) {
  if (graph.directed())
    throw Error(ErrorKind::value, "signed modularity is optimised on undirected graphs");
  if (!(resolution >= 0) || !std::isfinite(resolution))
    throw Error(ErrorKind::value, "the resolution " + std::to_string(resolution) +
                                      " of a modularity must be a number from 0 on");
  PairObjective objective;
  objective.mass.resize(graph.node_count());
  Masses total{};
  for (Id i = 0; i < graph.node_count(); ++i)
    for (const float weight : graph.weights(i)) {
      const std::size_t sign = weight < 0;
      objective.mass[i][sign] += std::abs(static_cast<double>(weight));
      total[sign] += std::abs(static_cast<double>(weight));
    }
  if (total[0] > 0) objective.coefficient[0] = resolution / total[0];
  if (total[1] > 0) objective.coefficient[1] = -1 / total[1];
  return objective;
}

/// Throws Error{value} for a directed graph, whose pairs have two weights, and Error{shape} for an
/// objective of another number of nodes.
inline void require_groupable(const SignedGraph& graph, const PairObjective& objective) {
  if (graph.directed())
    throw Error(ErrorKind::value, "groups of pairs need an undirected graph, this one is directed");
  if (static_cast<Index>(objective.mass.size()) != graph.node_count())
    throw Error(ErrorKind::shape, "an objective of " + std::to_string(objective.mass.size()) +
                                      " nodes for a graph of " +
                                      std::to_string(graph.node_count()));
}

/// The sum itself. A node labelled -1 is a group of its own. Throws as require_fits does. Cost: n +
/// m.
inline double quality(const SignedGraph& graph, const PairObjective& objective,
                      const Partition& partition) {
  require_fits(partition, graph);
  const Partition groups = detail::with_singletons(partition);
  double within = 0, own = 0;
  std::vector<Masses> masses(groups.count, Masses{});
  for (Id i = 0; i < graph.node_count(); ++i) {
    const auto neighbors = graph.neighbors(i);
    for (std::size_t e = 0; e < neighbors.size(); ++e)
      if (groups.label[i] == groups.label[neighbors[e]])
        within += static_cast<double>(graph.weights(i)[e]);
    for (std::size_t l = 0; l < 2; ++l) {
      const double mass = objective.mass[i][l];
      masses[groups.label[i]][l] += mass;
      own += objective.coefficient[l] * mass * mass;
    }
  }
  double paid = -own;  // a node makes no pair with itself
  for (const Masses& m : masses)
    paid += objective.coefficient[0] * m[0] * m[0] + objective.coefficient[1] * m[1] * m[1];
  return (within - paid) / 2;
}

}  // namespace yoneda
