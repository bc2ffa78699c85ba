// What spectral clusterings share: eigenvectors component by component, and categories from them.
#pragma once

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/cluster/clustering.hpp"
#include "yoneda/cluster/eigengap.hpp"
#include "yoneda/cluster/kmeans.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/scores.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/linear/davidson.hpp"
#include "yoneda/linear/eigenpairs.hpp"
#include "yoneda/linear/sparse_product.hpp"

namespace yoneda::detail {

/// How closely eigenvectors are wanted.
enum class Closeness {
  exact,      ///< as largest_eigenpairs: small residuals, and none missing
  embedding,  ///< as k-means needs them whose columns are weighted by height (weighted_by_height)
};

/// D±: the sum of the positive (sign 1) or of the negative weights (-1) of every node, without
/// their sign.
template <class = void>
Eigen::VectorXd signed_degrees(const SignedGraph& graph, double sign) {
  Eigen::VectorXd degree = Eigen::VectorXd::Zero(graph.node_count());
  for (Id i = 0; i < graph.node_count(); ++i)
    for (const float w : graph.weights(i))
      degree[i] += std::max(0.0, sign * static_cast<double>(w));
  return degree;
}

/// D̄: the sum of the absolute weights of every node.
template <class = void>
Eigen::VectorXd absolute_degrees(const SignedGraph& graph) {
  Eigen::VectorXd degree = Eigen::VectorXd::Zero(graph.node_count());
  for (Id i = 0; i < graph.node_count(); ++i)
    for (const float w : graph.weights(i)) degree[i] += std::abs(static_cast<double>(w));
  return degree;
}

/// The matrix on the nodes of one component with diagonal(node), and entry(node, other, weight) for
/// every edge, left out where it is 0; local[i] is the place of node i among `nodes`.
template <class Diagonal, class Entry>
SparseRows component_matrix(const SignedGraph& graph, const std::vector<Id>& nodes,
                            const std::vector<Index>& local, const Diagonal& diagonal,
                            const Entry& entry) {
  const auto n = static_cast<Index>(nodes.size());
  Index room = n;
  for (const Id node : nodes) room += graph.degree(node);
  SparseRows matrix(n, n);
  matrix.reserve(room);
  for (Index i = 0; i < n; ++i) {
    const Id node = nodes[i];
    const auto neighbors = graph.neighbors(node);
    const auto weights = graph.weights(node);
    matrix.startVec(i);
    const auto insert = [&](Index j, double value) {
      if (value != 0) matrix.insertBack(i, j) = value;
    };
    // Nodes and neighbours ascend, and so do the columns, among which the diagonal has its place.
    std::size_t e = 0;
    for (; e < neighbors.size() && neighbors[e] < node; ++e)
      insert(local[neighbors[e]], entry(node, neighbors[e], static_cast<double>(weights[e])));
    insert(i, diagonal(node));
    for (; e < neighbors.size(); ++e)
      insert(local[neighbors[e]], entry(node, neighbors[e], static_cast<double>(weights[e])));
  }
  matrix.finalize();
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

struct ComponentPair {
  double value;
  Index component, column;
};

/// largest_eigenpairs of a pencil of sparse matrices.
template <class = void>
Eigenpairs exact_pairs(const SparsePencil& pencil, Index count, std::uint64_t seed,
                       const Progress& progress, double share) {
  const auto times_A = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd {
    if (pencil.A.size() == 0) return x;
    return sparse_product(pencil.A, x);
  };
  const auto times_B = [&](const Eigen::VectorXd& x) -> Eigen::VectorXd {
    progress.check("spectrum", share);
    return sparse_product(pencil.B, x);
  };
  EigenpairOptions options;
  options.count = count;
  options.seed = seed;
  return largest_eigenpairs(times_B, times_A, pencil.B.rows(), options);
}

/// Whether a pair is close enough for columns weighted by √h, h the height of a value above the
/// last. A residual r turns a vector by about r/h towards what is left out, so the weighted column
/// errs by r/√h, and by no more than √h: allowed are seven hundredths of the first column's weight.
/// (On 90 planted models of 2,000 nodes that is 12% faster than three hundredths, and the adjusted
/// Rand index of SPONGE_sym differs by 0.0001 ± 0.0005; a tenth would cost 0.001.)
struct SettledForEmbedding {
  bool operator()(const Eigen::VectorXd& values, double residual, Index j) const {
    constexpr double share = 0.07;
    const double last = values[values.size() - 1], top = values[0] - last,
                 height = values[j] - last;
    if (residual <= 1e-8 * std::abs(values[0])) return true;  // where no value stands out
    if (!(residual <= share * top)) return false;             // heights themselves are not known
    return height <= share * share * top || residual <= share * std::sqrt(height * top);
  }
};

/// Where davidson_eigenpairs is the faster one, and the problem not small enough to be solved
/// densely. Measured for SPONGE_sym on nine graphs of 600 to 10,000 nodes: for about √n vectors
/// 1.3 to 2 times as fast as largest_eigenpairs, for 8 vectors 4 to 11 times; for 2√n slower, up to
/// n = 2000. Its memory, 6 n (count + 8) numbers, sets the other bound.
inline bool davidson_pays(Index n, Index count) {
  constexpr Index most = 128;
  return n > EigenpairOptions().dense_up_to && count <= most && count * count <= n;
}

/// The largest μ of the pencils of all components: make(nodes, local) is that of the given nodes,
/// local[i] the place of node i among them. Solved apart, values that repeat because components
/// repeat cannot be missed. Nodes without any edge are left out, and their rows are 0; fewer than
/// `count` pairs are returned where fewer nodes have an edge. Throws as largest_eigenpairs does.
template <class Make>
Eigenpairs component_spectrum(const SignedGraph& graph, Index count, std::uint64_t seed,
                              Closeness closeness, const Progress& progress, const Make& make) {
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
    const SparsePencil pencil = make(nodes, local);
    const double share = static_cast<double>(nodes_done) / static_cast<double>(graph.node_count());
    const Index here = std::min(count, size);
    std::optional<Eigenpairs> close;
    if (closeness == Closeness::embedding && davidson_pays(size, here))
      close = davidson_eigenpairs(pencil, {here, seed}, SettledForEmbedding{}, progress);
    solved[c] = close ? *std::move(close) : exact_pairs(pencil, here, seed, progress, share);
    for (Index j = 0; j < here; ++j)
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

/// How k-means makes categories of vectors.
struct Embedding {
  Index count;     ///< how many categories, or, at_gap, at most
  bool at_gap;     ///< as many as the spectrum speaks for
  Index more = 0;  ///< vectors used beyond the categories
  Index restarts = 10;
  std::uint64_t seed = 1;
};

/// `count` categories by k-means on the rows of the first vectors, scaled to length 1; nodes of
/// components that no vector reaches get none. Throws as kmeans does.
template <class = void>
Partition embedded_groups(const SignedGraph& graph, const Eigenpairs& top, Index count,
                          const Embedding& how, const Progress& progress) {
  const Eigen::MatrixXd vectors =
      top.vectors.leftCols(std::min(count + how.more, top.vectors.cols()));
  const std::vector<Id> reached = reached_nodes(graph, vectors);
  KMeansOptions means;
  means.count = count;
  means.restarts = how.restarts;
  means.seed = how.seed;
  const KMeans groups = kmeans(unit_rows(vectors, reached), means, progress);
  Partition made{std::vector<Id>(graph.node_count(), -1), count};
  for (std::size_t i = 0; i < reached.size(); ++i) made.label[reached[i]] = groups.label[i];
  return by_size(made);
}

/// How many categories a gap speaks for, and how clearly.
inline std::string gap_note(const Eigengap& gap, Index count, Index most) {
  constexpr double clear = 2;
  std::string note = "the largest gap of the spectrum says " + std::to_string(count) +
                     " categories, of up to " + std::to_string(most);
  if (gap.margin < clear)
    note += "; but it does not stand out (" + std::to_string(gap.margin).substr(0, 4) +
            " times the next), so the spectrum hardly counts them";
  return note;
}

/// Categories from vectors. At a gap there are as many as values before it, or one more, whichever
/// has the larger signed modularity.
template <class = void>
Clustering clustered(const SignedGraph& graph, const Eigenpairs& top, const Embedding& how,
                     const Progress& progress) {
  Clustering made;
  made.eigenvalues.assign(top.values.begin(), top.values.end());
  Index count = how.count;
  const bool at_gap = how.at_gap && top.values.size() > 1;
  const auto seen = std::min(made.eigenvalues.size(), static_cast<std::size_t>(how.count) + 1);
  const Eigengap gap =
      at_gap ? eigengap(std::span(made.eigenvalues).first(seen)) : Eigengap{count, 0};
  count = std::min(count, gap.before);
  made.partition = embedded_groups(graph, top, count, how, progress);
  if (at_gap && count < how.count) {
    Partition one_more = embedded_groups(graph, top, count + 1, how, progress);
    if (signed_modularity(graph, one_more) > signed_modularity(graph, made.partition))
      ++count, made.partition = std::move(one_more);
  }
  if (at_gap) made.notes.push_back(gap_note(gap, count, how.count));
  if (made.partition.count < count)
    made.notes.push_back("only " + std::to_string(made.partition.count) + " of " +
                         std::to_string(count) +
                         " categories: the nodes' embeddings do not differ more");
  return made;
}

/// Throws Error{value} for a directed graph, and counts that cannot be.
inline void require_spectral(const SignedGraph& graph, Index count, const std::string& method) {
  if (graph.directed())
    throw Error(ErrorKind::value, method + " needs an undirected graph, this one is directed");
  if (count < 1 || count > graph.node_count())
    throw Error(ErrorKind::value, method + ": " + std::to_string(count) + " categories of " +
                                      std::to_string(graph.node_count()) +
                                      " nodes; every category has a node at least");
}

}  // namespace yoneda::detail
