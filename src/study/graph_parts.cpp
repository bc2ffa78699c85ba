#include "graph_parts.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "yoneda/core/safe_text.hpp"
#include "yoneda/graph/virtual.hpp"

namespace yoneda::study {
namespace {

// A node without edges takes memory, and a short line can name any number of them.
void require_plausible(Index n, std::size_t edges, const std::string& path) {
  constexpr Index always = 1 << 24, for_an_edge = 64;
  if (n > always && n / for_an_edge > static_cast<Index>(edges))
    throw Error(ErrorKind::format,
                std::to_string(n) + " nodes are too many for " + std::to_string(edges) +
                    (edges == 1 ? " edge" : " edges") + ": nodes are numbered from 0 without gaps",
                path);
}

}  // namespace

GraphKind kind_from(std::string_view text, const std::string& path) {
  for (const GraphKind kind : {GraphKind::user, GraphKind::profile, GraphKind::decoder,
                               GraphKind::virtual_, GraphKind::flow})
    if (text == name(kind)) return kind;
  throw Error(ErrorKind::format, "unknown kind of graph '" + safe_text(text, 40) + "'", path);
}

Index upstream_from(std::string_view text, const SignedGraph& graph, const std::string& path) {
  const Index upstream = number_from<Index>(text).value_or(-1);
  if (!graph.directed() || !is_bipartite(graph, upstream))
    throw Error(ErrorKind::format,
                "a virtual graph is directed and leads from its first 'upstream_features' nodes "
                "(here '" +
                    safe_text(text, 40) + "') to the others",
                path);
  return upstream;
}

SignedGraph graph_from(Index n, std::vector<Edge> edges, bool directed, GraphKind kind,
                       const std::string& path) {
  require_plausible(n, edges.size(), path);
  // A NaN has no place in an order; from_edges says which edge has it.
  const bool ordered =
      std::ranges::none_of(edges, [](const Edge& e) { return std::isnan(e.weight); });
  if (!directed && ordered) {  // an edge given in both directions counts once
    for (Edge& e : edges)
      if (e.source > e.target) std::swap(e.source, e.target);
    const auto all = [](const Edge& e) { return std::tie(e.source, e.target, e.weight); };
    std::ranges::sort(edges, {}, all);
    const auto repeated = std::ranges::unique(edges, {}, all);
    edges.erase(repeated.begin(), repeated.end());
  }
  try {
    return SignedGraph::from_edges(n, std::move(edges),
                                   directed ? Direction::directed : Direction::undirected, kind);
  } catch (const Error& error) {
    throw Error(error.kind, error.what(), path);
  }
}

SignedGraph graph_from_rows(const std::vector<Index>& offsets, const std::vector<Id>& columns,
                            const std::vector<float>& weights, Direction direction, GraphKind kind,
                            const std::string& path) {
  const auto stored = static_cast<Index>(columns.size());
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != stored ||
      !std::ranges::is_sorted(offsets) || weights.size() != columns.size())
    throw Error(ErrorKind::format, "'row_offsets', 'columns' and 'weights' do not fit", path);
  std::vector<Edge> edges;
  edges.reserve(columns.size());
  for (std::size_t source = 0; source + 1 < offsets.size(); ++source)
    for (std::int64_t i = offsets[source]; i < offsets[source + 1]; ++i)
      if (direction == Direction::directed || static_cast<Id>(source) < columns[i])
        edges.push_back({static_cast<Id>(source), columns[i], weights[i]});
  SignedGraph graph;
  try {
    graph = SignedGraph::from_edges(static_cast<Index>(offsets.size()) - 1, std::move(edges),
                                    direction, kind);
  } catch (const Error& error) {
    throw Error(ErrorKind::format, error.what(), path);
  }
  if (static_cast<Index>(graph.columns().size()) != stored ||
      !std::ranges::equal(graph.columns(), columns) ||
      !std::ranges::equal(graph.weights(), weights))
    throw Error(ErrorKind::format, "an undirected graph must hold every edge in both rows, sorted",
                path);
  return graph;
}

}  // namespace yoneda::study
