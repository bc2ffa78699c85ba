// The virtual-weight graph: features of one SAE joined to the features of a later one.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/arrows/virtual_weights.hpp"
#include "yoneda/graph/strongest.hpp"

namespace yoneda {

/// Virtual weights V = W'·W_encᵀ (see read_directions) between n_a upstream and n_b downstream
/// features, as a directed graph of n_a + n_b nodes: node f < n_a is upstream feature f, node
/// n_a + g downstream feature g, and all edges lead from the former to the latter. An edge is there
/// where either end counts the other among its m strongest |V| (union, as in the other graphs): so
/// it shows what every upstream feature drives most and what every downstream feature listens to
/// most. The strongest of the outgoing edges alone would leave out downstream features whose
/// encoder rows are short.
///
/// Exact; the same bits for any Gemm, tile and number of threads. Throws Error{shape} where
/// dimensions differ, and as strongest_products does. Cost: twice that of for_each_extremes;
/// memory: 16 m bytes a feature and 4 n_a d bytes unless the reader is plain, never n_a x n_b.
template <class = void>
SignedGraph virtual_graph(const Matrix& W_dec, const StreamReader& reader,
                          const NeighborOptions& options = {}, const Gemm& gemm = eigen_gemm(),
                          const Progress& progress = {}) {
  const Matrix written = read_directions(W_dec, reader);
  const Id n_a = static_cast<Id>(written.rows());
  std::vector<Edge> edges;
  const auto keep = [&](Id f, Id g, double weight) {
    edges.push_back({f, n_a + g, static_cast<float>(weight)});
  };
  // A canonical product does not depend on which factor comes first, so an edge that both ends
  // choose has the same weight twice.
  const auto outgoing = strongest_products(written, reader.W_enc, options, false, gemm, progress,
                                           "virtual weights, outgoing");
  for (Id f = 0; f < n_a; ++f)
    for (const auto& [g, weight] : outgoing[f]) keep(f, g, weight);
  const auto incoming = strongest_products(reader.W_enc, written, options, false, gemm, progress,
                                           "virtual weights, incoming");
  for (Id g = 0; g < static_cast<Id>(reader.n()); ++g)
    for (const auto& [f, weight] : incoming[g]) keep(f, g, weight);

  const auto ends = [](const Edge& e) { return std::pair(e.source, e.target); };
  std::ranges::sort(edges, {}, ends);
  const auto twice = std::ranges::unique(edges, {}, ends);
  edges.erase(twice.begin(), twice.end());
  return SignedGraph::from_edges(written.rows() + reader.n(), std::move(edges), Direction::directed,
                                 GraphKind::virtual_);
}

/// Of two SAEs on the residual stream itself, the second at or behind the first's place. Where the
/// first's rows must pass a matrix first, see into_residual; where the second reads behind a norm,
/// set it in the reader. Both scales count: x̂ is divided by the first's, the second multiplies by
/// its own.
template <class = void>
SignedGraph virtual_graph(const Sae& upstream, const Sae& downstream,
                          const NeighborOptions& options = {}, const Gemm& gemm = eigen_gemm(),
                          const Progress& progress = {}) {
  StreamReader reader = stream_reader(downstream);
  reader.scale *= write_scale(upstream);
  return virtual_graph(upstream.W_dec, reader, options, gemm, progress);
}

/// Whether all edges lead from the first `upstream` nodes to the others.
inline bool is_bipartite(const SignedGraph& graph, Index upstream) {
  if (upstream < 0 || upstream > graph.node_count()) return false;
  for (Id source = 0; source < graph.node_count(); ++source)
    for (const Id target : graph.neighbors(source))
      if (source >= upstream || target < upstream) return false;
  return true;
}

/// The same edges without their directions, for what goes round cycles: in a graph whose edges all
/// lead from one layer to the next a direction says no more than its ends do. Throws Error{value}
/// where two nodes are joined in both directions. Cost: m log m.
inline SignedGraph without_directions(const SignedGraph& graph) {
  return SignedGraph::from_edges(graph.node_count(), graph.edges(), Direction::undirected,
                                 graph.kind());
}

}  // namespace yoneda
