// SPONGE_sym: spectral clustering of signed graphs by a generalised eigenproblem.
#pragma once

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <algorithm>
#include <cmath>
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

namespace yoneda {

struct SpongeOptions {
  Index count = 2;      ///< k, how many categories
  double tau = 1;       ///< τ > 0; the condition number of the problem is at most (2 + τ)/τ
  Index restarts = 10;  ///< of k-means
  std::uint64_t seed = 1;
};

namespace detail {

using SparseRows = Eigen::SparseMatrix<double, Eigen::RowMajor, Index>;

/// (1 + τ)I − D^{-1/2} W D^{-1/2} on the nodes of one component, W the weights of one sign, which
/// is L_sym + τI. D^{-1/2} is 0 where the degree is 0. `sign` is +1 or -1; local[i] is the place of
/// node i among `nodes`.
template <class = void>
SparseRows shifted_laplacian(const SignedGraph& graph, const std::vector<Id>& nodes,
                             const std::vector<Index>& local, double sign, double tau) {
  const auto weight = [sign](float w) { return std::max(0.0, sign * static_cast<double>(w)); };
  const Index n = static_cast<Index>(nodes.size());
  Eigen::VectorXd scale = Eigen::VectorXd::Zero(n);  // D^{-1/2}
  std::vector<Eigen::Triplet<double, Index>> entries;
  for (Index i = 0; i < n; ++i) {
    double degree = 0;
    for (const float w : graph.weights(nodes[i])) degree += weight(w);
    if (degree > 0) scale[i] = 1 / std::sqrt(degree);
    entries.emplace_back(i, i, 1 + tau);
  }
  for (Index i = 0; i < n; ++i) {
    const auto neighbors = graph.neighbors(nodes[i]);
    for (std::size_t e = 0; e < neighbors.size(); ++e) {
      const Index j = local[neighbors[e]];
      const double w = weight(graph.weights(nodes[i])[e]);
      if (w > 0) entries.emplace_back(i, j, -w * (scale[i] * scale[j]));
    }
  }
  SparseRows matrix(n, n);
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

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

inline std::vector<std::string> sponge_notes(const SignedGraph& graph,
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

inline void require_sponge(const SignedGraph& graph, Index count, double tau) {
  if (graph.directed())
    throw Error(ErrorKind::value, "SPONGE needs an undirected graph, this one is directed");
  if (count < 1 || count > graph.node_count())
    throw Error(ErrorKind::value, "SPONGE: " + std::to_string(count) + " categories of " +
                                      std::to_string(graph.node_count()) + " nodes");
  if (!(tau > 0) || !std::isfinite(tau))
    throw Error(ErrorKind::value, "SPONGE: tau is " + std::to_string(tau) + ", must be positive");
}

}  // namespace detail

/// The largest μ of Bv = μAv with A = L⁺_sym + τI, B = L⁻_sym + τI and
/// L±_sym = I − D±^{-1/2} W± D±^{-1/2}, where W± = max(±W, 0) and D^{-1/2} is 0 for a node without
/// edges of that sign (its row of L is the identity's). Vectors [n, count] are scaled to vᵀAv = 1
/// and their signs fixed as in Eigenpairs.
///
/// The problem splits over connected components and is solved on each apart, so that values which
/// repeat because components repeat (every component without a negative edge has (1 + τ)/τ) cannot
/// be missed. Nodes without any edge, whose value is 1, are left out, and their rows are 0; fewer
/// than `count` pairs are returned where fewer nodes have an edge.
///
/// Throws Error{value} for a directed graph, count < 1 or > n, or τ not positive; Error{numeric}
/// as largest_eigenpairs does. Cost: largest_eigenpairs' on each component.
/// Source: Cucuringu, Davies, Glielmo, Tyagi 2019, SPONGE: A generalized eigenproblem for
/// clustering signed networks (the smallest λ = 1/μ of Av = λBv there).
template <class = void>
Eigenpairs sponge_sym_spectrum(const SignedGraph& graph, Index count, double tau = 1,
                               std::uint64_t seed = 1, const Progress& progress = {}) {
  detail::require_sponge(graph, count, tau);
  const auto components = members(connected_components(graph));
  std::vector<Eigenpairs> solved(components.size());
  std::vector<detail::ComponentPair> order;
  std::vector<Index> local(graph.node_count());
  Index nodes_done = 0;
  for (std::size_t c = 0; c < components.size(); ++c) {
    const auto& nodes = components[c];
    const Index size = static_cast<Index>(nodes.size());
    if (size < 2) break;  // components come by size: only nodes without edges follow
    for (Index i = 0; i < size; ++i) local[nodes[i]] = i;
    const auto A = detail::shifted_laplacian(graph, nodes, local, +1, tau);
    const auto B = detail::shifted_laplacian(graph, nodes, local, -1, tau);
    const double share = static_cast<double>(nodes_done) / static_cast<double>(graph.node_count());
    const auto times_A = [&A](const Eigen::VectorXd& x) -> Eigen::VectorXd { return A * x; };
    const auto times_B = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd {
      progress.check("spectrum", share);
      return B * x;
    };
    EigenpairOptions options;
    options.count = std::min(count, size);
    options.seed = seed;
    solved[c] = largest_eigenpairs(times_B, times_A, size, options);
    for (Index j = 0; j < options.count; ++j)
      order.push_back({solved[c].values[j], static_cast<Index>(c), j});
    nodes_done += size;
  }
  std::ranges::stable_sort(order, std::greater{}, &detail::ComponentPair::value);
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

/// SPONGE_sym: k categories by k-means on the vectors of sponge_sym_spectrum, one row a node, rows
/// scaled to length 1.
///
/// k + 2 vectors are taken, because the first k may hold one that lives on a few nodes alone (two
/// nodes whose only positive edge is the one between them give 2 and more), which pushes out one
/// that tells categories apart. Unscaled rows grow with a node's degree, and k-means splits by
/// that.
///
/// Nodes without edges get no category, and neither do nodes of components that none of the
/// vectors reaches, which have nothing to be told apart by; notes say how many. Throws Error{value}
/// for a directed graph, count < 1 or more than there are nodes with edges, τ not positive, or no
/// restarts; Error{numeric} where the spectrum does not settle; Error{cancelled}. Cost:
/// sponge_sym_spectrum and kmeans. Same bits for any number of threads.
/// Source: as sponge_sym_spectrum.
template <class = void>
Clustering sponge_sym(const SignedGraph& graph, const SpongeOptions& options,
                      const Progress& progress = {}) {
  detail::require_sponge(graph, options.count, options.tau);
  const Index vectors = std::min(options.count + 2, graph.node_count());
  const Eigenpairs top = sponge_sym_spectrum(graph, vectors, options.tau, options.seed, progress);
  if (top.values.size() < options.count)
    throw Error(ErrorKind::value, "SPONGE: " + std::to_string(options.count) +
                                      " categories, but only " + std::to_string(top.values.size()) +
                                      " nodes have an edge");
  const std::vector<Id> reached = detail::reached_nodes(graph, top.vectors);
  KMeansOptions means;
  means.count = options.count;
  means.restarts = options.restarts;
  means.seed = options.seed;
  const KMeans groups = kmeans(detail::unit_rows(top.vectors, reached), means, progress);

  Clustering result;
  result.eigenvalues.assign(top.values.begin(), top.values.end());
  result.partition = {std::vector<Id>(graph.node_count(), -1), options.count};
  for (std::size_t i = 0; i < reached.size(); ++i)
    result.partition.label[reached[i]] = groups.label[i];
  result.partition = by_size(result.partition);
  result.notes = detail::sponge_notes(graph, reached, result.partition, options.count);
  return result;
}

}  // namespace yoneda
