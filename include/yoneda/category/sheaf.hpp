// Categories as spaces, joined by rotations: a sheaf over the graph of categories.
#pragma once

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "yoneda/category/triangles.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/components.hpp"
#include "yoneda/graph/partition.hpp"
#include "yoneda/graph/signed_graph.hpp"

namespace yoneda {

/// Features of two categories that the graph joins, each in one pair at most.
struct MatchedPairs {
  Id a, b;  ///< categories, a < b
  std::vector<std::pair<Id, Id>> features;
};

/// For every two categories, their features paired one to one: of the positive edges between them
/// the strongest first, ties by the smaller ids, each taken where both ends are free. (A negative
/// edge says that two features are opposed, not that one stands for the other.) By (a, b); pairs of
/// categories without a positive edge are not listed. Throws Error{value} for a directed graph,
/// Error{shape} where the partition is not of its nodes. Cost: m log m.
inline std::vector<MatchedPairs> matched_pairs(const SignedGraph& graph,
                                               const Partition& partition) {
  require_undirected(graph, "a sheaf of categories");
  if (static_cast<Index>(partition.label.size()) != graph.node_count())
    throw Error(ErrorKind::shape, "categories of " + std::to_string(partition.label.size()) +
                                      " features do not fit a graph of " +
                                      std::to_string(graph.node_count()) + " nodes");
  struct Joined {
    Id a, b, f, g;
    float weight;
  };
  std::vector<Joined> joined;
  for (const auto& [u, v, weight] : graph.edges()) {
    const Id a = partition.label[u], b = partition.label[v];
    if (weight <= 0 || a < 0 || b < 0 || a == b) continue;
    joined.push_back(a < b ? Joined{a, b, u, v, weight} : Joined{b, a, v, u, weight});
  }
  std::ranges::sort(joined, {},
                    [](const Joined& e) { return std::tuple(e.a, e.b, -e.weight, e.f, e.g); });
  std::vector<MatchedPairs> result;
  std::vector<std::size_t> taken(graph.node_count(), 0);  // by which entry of the result
  for (const Joined& e : joined) {
    if (result.empty() || std::pair(result.back().a, result.back().b) != std::pair(e.a, e.b))
      result.push_back({e.a, e.b, {}});
    if (taken[e.f] == result.size() || taken[e.g] == result.size()) continue;
    taken[e.f] = taken[e.g] = result.size();
    result.back().features.emplace_back(e.f, e.g);
  }
  return result;
}

/// An edge of the sheaf: O [r, r] orthogonal takes the stalk of `a` to that of `b`, O' back.
struct SheafEdge {
  Id a, b;  ///< categories, a < b
  Index pairs = 0;
  Eigen::MatrixXd O;
};

/// Spaces of dimension `rank` on some of `categories`, joined by rotations and reflections.
struct Sheaf {
  Index rank = 0;
  Index categories = 0;
  std::vector<SheafEdge> edges;  ///< by (a, b), every two categories once
};

struct SheafOptions {
  Index rank = 4;
};

/// What a sheaf is fitted to: for every edge the paired coordinates.
struct SheafData {
  struct Edge {
    Id a, b;
    Eigen::MatrixXd x, y;  ///< [r, pairs]: in the stalks of a and b
    /// [r, r]: what of a direction in the stalk of a is in that of b, both in the decoder's space.
    Eigen::MatrixXd ambient;
  };
  Index rank = 0;
  Index categories = 0;
  std::vector<Edge> edges;
  std::vector<Id> too_small;  ///< categories without r dimensions: no stalk
  std::vector<Id> unjoined;   ///< with a stalk, but with 3 r pairs to no other category
  Index too_few = 0;          ///< pairs of categories with some pairs, but fewer than 3 r
  Index degenerate = 0;       ///< pairs of categories whose pairs leave the rotation open
};

namespace detail {

/// A category's rows about their mean in their own r principal directions.
struct Stalk {
  Eigen::MatrixXd directions;   // [d, r], orthonormal
  Eigen::MatrixXd coordinates;  // [r, features]
};

/// Nothing where the rows span fewer than r dimensions.
template <class = void>
std::optional<Stalk> stalk(const Matrix& W_dec, const std::vector<Id>& features, Index rank) {
  const auto count = static_cast<Index>(features.size());
  if (count <= rank) return std::nullopt;
  const std::vector<float> values = to_vector(take_rows(W_dec, features));
  Eigen::MatrixXd X =
      Eigen::Map<const Eigen::MatrixXf>(values.data(), W_dec.cols(), count).cast<double>();
  const Eigen::VectorXd mean = X.rowwise().mean();
  X.colwise() -= mean;
  // Principal directions from the smaller of the two Gram matrices, of rows or of dimensions.
  const bool by_rows = count <= X.rows();
  const Eigen::MatrixXd gram =
      by_rows ? Eigen::MatrixXd(X.transpose() * X) : Eigen::MatrixXd(X * X.transpose());
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram);
  const Eigen::VectorXd squares = solver.eigenvalues().tail(rank);
  if (!(squares[0] > 1e-10 * squares[rank - 1])) return std::nullopt;
  Stalk made{solver.eigenvectors().rightCols(rank), {}};
  if (by_rows)
    made.directions = X * made.directions * squares.cwiseSqrt().cwiseInverse().asDiagonal();
  made.coordinates = made.directions.transpose() * X;
  return made;
}

/// The orthogonal factor of M = Σ y x', nearest to it, and by how much the smallest singular value
/// falls short of the largest.
struct Polar {
  Eigen::MatrixXd O;
  double conditioning = 0;
};

template <class = void>
Polar polar(const Eigen::MatrixXd& M) {
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(M, Eigen::ComputeFullU | Eigen::ComputeFullV);
  const Eigen::VectorXd& values = svd.singularValues();
  const double largest = values[0];
  return {svd.matrixU() * svd.matrixV().transpose(),
          largest > 0 ? values[values.size() - 1] / largest : 0};
}

}  // namespace detail

/// Stalks and paired coordinates. The stalk of a category: its decoder rows about their mean, in
/// their r principal directions. An edge: at least 3 r features of each paired one to one (see
/// matched_pairs), whose Σ y x' has rank r. Throws Error{shape} where W_dec [n, d], partition and
/// graph are not of the same features, Error{value} for rank < 1 or > d, a directed graph, or
/// values that are not finite. Cost: m log m, and an eigendecomposition of min(features, d) a
/// category.
template <class = void>
SheafData sheaf_data(const Matrix& W_dec, const SignedGraph& graph, const Partition& partition,
                     const SheafOptions& options = {}) {
  if (W_dec.rows() != graph.node_count())
    throw Error(ErrorKind::shape, "a decoder of " + std::to_string(W_dec.rows()) +
                                      " features does not fit a graph of " +
                                      std::to_string(graph.node_count()) + " nodes");
  if (options.rank < 1 || options.rank > W_dec.cols())
    throw Error(ErrorKind::value, "stalks of rank " + std::to_string(options.rank) +
                                      ": it is at least 1 and at most the dimension " +
                                      std::to_string(W_dec.cols()));
  const std::vector<MatchedPairs> matched = matched_pairs(graph, partition);
  require_finite(W_dec, "W_dec");
  const auto groups = members(partition);
  std::vector<std::optional<detail::Stalk>> stalks(groups.size());
  parallel_for(partition.count,
               [&](Index c) { stalks[c] = detail::stalk(W_dec, groups[c], options.rank); });
  SheafData data;
  data.rank = options.rank;
  data.categories = partition.count;
  const auto coordinates = [&](Id category, Id feature) {
    const auto place = std::ranges::lower_bound(groups[category], feature);
    return stalks[category]->coordinates.col(place - groups[category].begin());
  };
  std::vector<char> is_joined(groups.size(), 0);
  for (const MatchedPairs& pairs : matched) {
    if (!stalks[pairs.a] || !stalks[pairs.b]) continue;
    const auto count = static_cast<Index>(pairs.features.size());
    if (count < 3 * options.rank) {
      ++data.too_few;
      continue;
    }
    SheafData::Edge edge{pairs.a, pairs.b, Eigen::MatrixXd(options.rank, count),
                         Eigen::MatrixXd(options.rank, count),
                         stalks[pairs.b]->directions.transpose() * stalks[pairs.a]->directions};
    for (Index i = 0; i < count; ++i) {
      edge.x.col(i) = coordinates(pairs.a, pairs.features[i].first);
      edge.y.col(i) = coordinates(pairs.b, pairs.features[i].second);
    }
    if (detail::polar(Eigen::MatrixXd(edge.y * edge.x.transpose())).conditioning < 1e-9) {
      ++data.degenerate;
      continue;
    }
    is_joined[edge.a] = is_joined[edge.b] = 1;
    data.edges.push_back(std::move(edge));
  }
  for (Id c = 0; c < static_cast<Id>(groups.size()); ++c)
    if (!stalks[c])
      data.too_small.push_back(c);
    else if (!is_joined[c])
      data.unjoined.push_back(c);
  return data;
}

/// The sheaf of the pairs: on every edge O = polar(Σ y x'), the rotation or reflection that takes
/// the x nearest to the y. Cost: pairs · r² + r³ an edge.
template <class = void>
Sheaf fitted_sheaf(const SheafData& data) {
  Sheaf sheaf{data.rank, data.categories, {}};
  for (const SheafData::Edge& edge : data.edges)
    sheaf.edges.push_back({edge.a, edge.b, edge.x.cols(),
                           detail::polar(Eigen::MatrixXd(edge.y * edge.x.transpose())).O});
  return sheaf;
}

/// The sheaf that no pairs are needed for: O = polar of the ambient maps, as near to the identity
/// of the decoder's space as the stalks allow. Where it is as flat as the fitted one, flatness
/// comes from where the stalks lie, not from which feature stands for which.
template <class = void>
Sheaf ambient_sheaf(const SheafData& data) {
  Sheaf sheaf{data.rank, data.categories, {}};
  for (const SheafData::Edge& edge : data.edges)
    sheaf.edges.push_back({edge.a, edge.b, edge.x.cols(), detail::polar(edge.ambient).O});
  return sheaf;
}

/// Three categories and how far going round them is from staying: ‖O_γ − I‖_F / √(2r), 0 where it
/// is the identity, 1 on average for a random O_γ, √2 for −I.
struct SheafTriangle {
  Id a, b, c;  ///< ascending
  double holonomy;
};

/// The graph of categories: an edge for each of the sheaf's.
inline SignedGraph base_graph(const Sheaf& sheaf) {
  std::vector<Edge> edges;
  for (const SheafEdge& e : sheaf.edges) edges.push_back({e.a, e.b, 1});
  return SignedGraph::from_edges(sheaf.categories, std::move(edges), Direction::undirected,
                                 GraphKind::user);
}

/// Of every triangle of categories, in the order of for_each_triangle. Cost: triangles · r³.
template <class = void>
std::vector<SheafTriangle> triangle_holonomies(const Sheaf& sheaf) {
  const auto map_of = [&](Id a, Id b) -> const Eigen::MatrixXd& {
    return std::ranges::lower_bound(sheaf.edges, std::pair(a, b), {},
                                    [](const SheafEdge& e) { return std::pair(e.a, e.b); })
        ->O;
  };
  const auto r = static_cast<double>(sheaf.rank);
  std::vector<SheafTriangle> result;
  for_each_triangle(base_graph(sheaf), [&](const Triangle& t) {
    Eigen::MatrixXd round = map_of(t.a, t.c).transpose() * map_of(t.b, t.c) * map_of(t.a, t.b);
    round.diagonal().array() -= 1;
    result.push_back({t.a, t.b, t.c, round.norm() / std::sqrt(2 * r)});
  });
  return result;
}

/// Eigenvalues of the connection Laplacian.
struct SheafSpectrum {
  std::vector<double> eigenvalues;  ///< ascending, of all components together
  Index sections = 0;               ///< dim H⁰: eigenvalues up to the tolerance
  double tolerance = 0;
  Index components = 0;  ///< of categories that are joined
  /// Sections that are there whatever the maps: a component without a cycle has r of them.
  Index of_trees = 0;
  /// The smallest eigenvalue over the components with a cycle; nothing where there is none.
  std::optional<double> smallest;
};

namespace detail {

/// I − D^{-1/2} A D^{-1/2} of some categories [k r, k r], A made of the maps.
inline Eigen::MatrixXd connection_laplacian(const Sheaf& sheaf, const std::vector<Id>& place,
                                            const std::vector<char>& in, Index k) {
  const Index r = sheaf.rank;
  std::vector<double> degree(place.size(), 0.0);
  for (const SheafEdge& e : sheaf.edges) ++degree[e.a], ++degree[e.b];
  Eigen::MatrixXd L = Eigen::MatrixXd::Identity(k * r, k * r);
  for (const SheafEdge& e : sheaf.edges) {
    if (!in[e.a]) continue;
    const double scale = 1 / std::sqrt(degree[e.a] * degree[e.b]);
    L.block(place[e.b] * r, place[e.a] * r, r, r) = -scale * e.O;
    L.block(place[e.a] * r, place[e.b] * r, r, r) = -scale * e.O.transpose();
  }
  return L;
}

}  // namespace detail

/// The spectrum of the degree-normalised connection Laplacian I − D^{-1/2} A D^{-1/2}, component by
/// component: eigenvalues in [0, 2], those that are 0 are the global sections, vectors that every
/// map takes to one another. λ_min > 0 bounds how far vectors of length 1 can agree along all edges
/// (Bandeira, Singer, Spielman 2013, A Cheeger inequality for the graph connection Laplacian). A
/// component without a cycle has sections whatever its maps, and is not in `smallest`. Categories
/// without an edge are left out. Cost: (r · categories)³. Source: Hansen, Ghrist 2019, Toward a
/// spectral theory of cellular sheaves.
template <class = void>
SheafSpectrum sheaf_spectrum(const Sheaf& sheaf, double tolerance = 1e-8) {
  const SignedGraph graph = base_graph(sheaf);
  const Partition components = connected_components(graph);
  SheafSpectrum result;
  result.tolerance = tolerance;
  for (const std::vector<Id>& nodes : members(components)) {
    const auto k = static_cast<Index>(nodes.size());
    if (k < 2) continue;
    std::vector<Id> place(sheaf.categories, -1);
    std::vector<char> in(sheaf.categories, 0);
    Index edges = 0;
    for (Index i = 0; i < k; ++i) {
      place[nodes[i]] = static_cast<Id>(i);
      in[nodes[i]] = 1;
      edges += graph.degree(nodes[i]);
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(
        detail::connection_laplacian(sheaf, place, in, k), Eigen::EigenvaluesOnly);
    const Eigen::VectorXd& values = solver.eigenvalues();
    for (const double value : values) {
      result.eigenvalues.push_back(std::max(0.0, value));  // rounding aside they are not negative
      result.sections += value <= tolerance;
    }
    ++result.components;
    if (edges / 2 < k)
      result.of_trees += sheaf.rank;
    else
      result.smallest = std::min(result.smallest.value_or(2), std::max(0.0, values[0]));
  }
  std::ranges::sort(result.eigenvalues);
  return result;
}

}  // namespace yoneda
