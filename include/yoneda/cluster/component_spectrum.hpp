// What spectral clusterings share: eigenvectors component by component, and categories from them.
#pragma once

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/cluster/clustering.hpp"
#include "yoneda/cluster/kmeans.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/linear/eigenpairs.hpp"

namespace yoneda::detail {

using SparseRows = Eigen::SparseMatrix<double, Eigen::RowMajor, Index>;

/// Bv = μAv on the nodes of one component. A is positive definite; empty: the identity.
struct Pencil {
  SparseRows B, A;
};

/// Nodes of the components in which some vector is not 0, ascending. vectors [n, k].
template <class = void>
std::vector<Id> reached_nodes(const SignedGraph& graph, const Eigen::MatrixXd& vectors) {
  const Partition components = connected_components(graph);
  std::vector<bool> has_vector(components.count, false);
  for (Id i = 0; i < graph.node_count(); ++i)
    if (!vectors.row(i).isZero(0)) has_vector[components.label[i]] = true;
  std::vector<Id> reached;
  for (Id i = 0; i < graph.node_count(); ++i)
    if (has_vector[components.label[i]]) reached.push_back(i);
  return reached;
}

/// The given rows scaled to length 1; rows that are 0 but for rounding become 0.
template <class = void>
Points unit_rows(const Eigen::MatrixXd& vectors, const std::vector<Id>& rows) {
  Points points(static_cast<Index>(rows.size()), vectors.cols());
  for (std::size_t i = 0; i < rows.size(); ++i)
    points.row(static_cast<Index>(i)) = vectors.row(rows[i]);
  const Eigen::VectorXd lengths = points.rowwise().norm();
  const double least = 1e-10 * lengths.maxCoeff();
  for (Index i = 0; i < points.rows(); ++i)
    points.row(i) *= lengths[i] > least ? 1 / lengths[i] : 0;
  return points;
}

/// What nodes and categories a spectral method left out.
inline std::vector<std::string> spectral_notes(const SignedGraph& graph,
                                               const std::vector<Id>& reached,
                                               const Partition& partition, Index count) {
  std::vector<std::string> notes;
  Index lone = 0;
  for (Id i = 0; i < graph.node_count(); ++i) lone += graph.degree(i) == 0;
  const Index unreached = graph.node_count() - lone - static_cast<Index>(reached.size());
  if (lone > 0) notes.push_back(std::to_string(lone) + " nodes without edges have no category");
  if (unreached > 0)
    notes.push_back(std::to_string(unreached) +
                    " nodes in components that none of the eigenvectors reaches have no category; "
                    "a larger count reaches them");
  if (partition.count < count)
    notes.push_back("only " + std::to_string(partition.count) + " of " + std::to_string(count) +
                    " categories: the nodes' embeddings do not differ more");
  return notes;
}

struct ComponentPair {
  double value;
  Index component, column;
};

/// The largest μ of the pencils of all components: make(nodes, local) is that of the given nodes,
/// local[i] the place of node i among them. Solved apart, values that repeat because components
/// repeat cannot be missed. Nodes without any edge are left out, and their rows are 0; fewer than
/// `count` pairs are returned where fewer nodes have an edge. Throws as largest_eigenpairs does.
template <class Make>
Eigenpairs component_spectrum(const SignedGraph& graph, Index count, std::uint64_t seed,
                              const Progress& progress, const Make& make) {
  const auto components = members(connected_components(graph));
  std::vector<Eigenpairs> solved(components.size());
  std::vector<ComponentPair> order;
  std::vector<Index> local(graph.node_count());
  Index nodes_done = 0;
  for (std::size_t c = 0; c < components.size(); ++c) {
    const auto& nodes = components[c];
    const Index size = static_cast<Index>(nodes.size());
    if (size < 2) break;  // components come by size: only nodes without edges follow
    for (Index i = 0; i < size; ++i) local[nodes[i]] = i;
    const Pencil pencil = make(nodes, local);
    const double share = static_cast<double>(nodes_done) / static_cast<double>(graph.node_count());
    const auto times_A = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd {
      if (pencil.A.size() == 0) return x;
      return pencil.A * x;
    };
    const auto times_B = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd {
      progress.check("spectrum", share);
      return pencil.B * x;
    };
    EigenpairOptions options;
    options.count = std::min(count, size);
    options.seed = seed;
    solved[c] = largest_eigenpairs(times_B, times_A, size, options);
    for (Index j = 0; j < options.count; ++j)
      order.push_back({solved[c].values[j], static_cast<Index>(c), j});
    nodes_done += size;
  }
  std::ranges::stable_sort(order, std::greater{}, &ComponentPair::value);
  const Index kept = std::min(count, static_cast<Index>(order.size()));
  Eigenpairs top{Eigen::VectorXd(kept), Eigen::MatrixXd::Zero(graph.node_count(), kept)};
  for (Index j = 0; j < kept; ++j) {
    const auto& [value, c, column] = order[j];
    top.values[j] = value;
    for (std::size_t i = 0; i < components[c].size(); ++i)
      top.vectors(components[c][i], j) = solved[c].vectors(i, column);
  }
  return top;
}

/// `count` categories by k-means on the rows of the vectors, scaled to length 1. Throws
/// Error{value} where fewer nodes have an edge than there are to be categories, and as kmeans does.
template <class = void>
Clustering clustered(const SignedGraph& graph, const Eigenpairs& top, Index count, Index restarts,
                     std::uint64_t seed, const std::string& method, const Progress& progress) {
  if (top.values.size() < count)
    throw Error(ErrorKind::value, method + ": " + std::to_string(count) + " categories, but only " +
                                      std::to_string(top.values.size()) + " nodes have an edge");
  const std::vector<Id> reached = reached_nodes(graph, top.vectors);
  KMeansOptions means;
  means.count = count;
  means.restarts = restarts;
  means.seed = seed;
  const KMeans groups = kmeans(unit_rows(top.vectors, reached), means, progress);

  Clustering result;
  result.eigenvalues.assign(top.values.begin(), top.values.end());
  result.partition = {std::vector<Id>(graph.node_count(), -1), count};
  for (std::size_t i = 0; i < reached.size(); ++i)
    result.partition.label[reached[i]] = groups.label[i];
  result.partition = by_size(result.partition);
  result.notes = spectral_notes(graph, reached, result.partition, count);
  return result;
}

/// Throws Error{value} for a directed graph, and counts that cannot be.
inline void require_spectral(const SignedGraph& graph, Index count, const std::string& method) {
  if (graph.directed())
    throw Error(ErrorKind::value, method + " needs an undirected graph, this one is directed");
  if (count < 1 || count > graph.node_count())
    throw Error(ErrorKind::value, method + ": " + std::to_string(count) + " categories of " +
                                      std::to_string(graph.node_count()) + " nodes");
}

}  // namespace yoneda::detail
