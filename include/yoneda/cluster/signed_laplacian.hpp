// Spectral clustering by the Laplacians of a signed graph.
#pragma once

#include <Eigen/Core>
#include <Eigen/SparseCore>
#include <cmath>
#include <cstdint>
#include <vector>

#include "yoneda/cluster/clustering.hpp"
#include "yoneda/cluster/component_spectrum.hpp"
#include "yoneda/cluster/small_components.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/linear/eigenpairs.hpp"

namespace yoneda {

/// With D̄ the sums of absolute weights of a node:
enum class SignedLaplacian {
  combinatorial,  ///< D̄ − W
  symmetric,      ///< I − D̄^{-1/2} W D̄^{-1/2}
  random_walk,    ///< I − D̄^{-1} W
};

struct LaplacianOptions {
  Index count = 2;  ///< k, how many categories
  SignedLaplacian kind = SignedLaplacian::symmetric;
  Index restarts = 10;  ///< of k-means
  std::uint64_t seed = 1;
  bool at_gap = false;  ///< or fewer, where the largest gap of the spectrum says so
};

/// The `count` smallest eigenvalues of the Laplacian, ascending, and their vectors [n, count]; of
/// the random walk's the right vectors, D̄^{-1/2} times those of the symmetric one, not of length 1.
/// All eigenvalues are at least 0, and 0 is one of a component's exactly where it is balanced.
///
/// Solved on each connected component apart; nodes without edges are left out, and their rows are
/// 0. Throws Error{value} for a directed graph and count < 1 or > n; Error{numeric} as
/// largest_eigenpairs does. Source: Kunegis et al. 2010, Spectral analysis of signed graphs for
/// clustering, prediction and visualization.
template <class = void>
Eigenpairs laplacian_spectrum(const SignedGraph& graph, Index count, SignedLaplacian kind,
                              std::uint64_t seed = 1, const Progress& progress = {}) {
  detail::require_spectral(graph, count, "a signed Laplacian");
  const bool normalised = kind != SignedLaplacian::combinatorial;
  const Eigen::VectorXd degree = detail::absolute_degrees(graph);
  // No eigenvalue is larger, so the smallest become the largest of a positive matrix. The same for
  // all components, for their values are compared.
  const double multiple = normalised ? 2 : 2 * degree.maxCoeff();
  Eigenpairs found = detail::component_spectrum(
      graph, count, seed, detail::Closeness::exact, progress,
      [&](const std::vector<Id>& nodes, const std::vector<Index>& local) -> SparsePencil {
        return {
            detail::component_matrix(
                graph, nodes, local, [&](Id i) { return multiple - (normalised ? 1 : degree[i]); },
                [&](Id i, Id j, double w) {
                  return w / (normalised ? std::sqrt(degree[i] * degree[j]) : 1);
                }),
            {}};
      });
  found.values = (multiple - found.values.array()).matrix();
  if (kind == SignedLaplacian::random_walk)
    for (Id i = 0; i < graph.node_count(); ++i)
      if (degree[i] > 0) found.vectors.row(i) /= std::sqrt(degree[i]);
  return found;
}

/// k categories by k-means on the k smallest eigenvectors of a signed Laplacian, one row a node,
/// scaled to length 1. (Scaled so, symmetric and random walk are the same.)
///
/// A balanced component has the eigenvalue 0, however small it is. So components of less than a
/// tenth of an even category are grouped apart, by correlation clustering, into categories beyond
/// the k; nodes without edges get none; notes say how many. Throws Error{value} for a directed
/// graph, count < 1 or more than there are nodes with edges, or no restarts;
/// Error{numeric} where the spectrum does not settle; Error{cancelled}. Cost: the spectrum and
/// kmeans. Same bits for any number of threads.
template <class = void>
Clustering laplacian_clustering(const SignedGraph& graph, const LaplacianOptions& options,
                                const Progress& progress = {}) {
  const std::string method = "a signed Laplacian";
  detail::require_spectral(graph, options.count, method);
  return detail::with_small_components(graph, options.count, method, [&](const SignedGraph& large) {
    const Index beyond = options.at_gap ? 1 : 0;  // to see a gap after the last
    const Index vectors = std::min(options.count + beyond, large.node_count());
    Eigenpairs smallest = laplacian_spectrum(large, vectors, options.kind, options.seed, progress);
    smallest.values *= -1;  // so that they descend
    Clustering made = detail::clustered(
        large, smallest, {options.count, options.at_gap, 0, options.restarts, options.seed},
        progress);
    for (double& value : made.eigenvalues) value *= -1;
    return made;
  });
}

}  // namespace yoneda
