// What every reader of a graph's file checks alike.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/graph/signed_graph.hpp"

namespace yoneda::study {

/// The format mark of graphs in their metadata.
inline constexpr std::string_view graph_format = "yoneda-graph/1";

/// The whole field as a number; a plus is no fault.
template <class Number>
std::optional<Number> number_from(std::string_view field) {
  Number value{};
  if (field.starts_with('+')) field.remove_prefix(1);
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size()) return std::nullopt;
  return value;
}

/// Throws Error{format} for a name that is no kind.
GraphKind kind_from(std::string_view text, const std::string& path);

/// Where the features of the second SAE begin. Throws Error{format} unless all edges lead there
/// from the first.
Index upstream_from(std::string_view text, const SignedGraph& graph, const std::string& path);

/// An undirected edge may be given in both directions, with one weight. Throws as
/// SignedGraph::from_edges, naming the file; Error{format} for far more nodes than edges.
SignedGraph graph_from(Index n, std::vector<Edge> edges, bool directed, GraphKind kind,
                       const std::string& path);

/// The graph whose compressed rows these are. Throws Error{format} where they are not sorted, do
/// not fit each other, or say of an undirected edge different things in its two rows.
SignedGraph graph_from_rows(const std::vector<Index>& offsets, const std::vector<Id>& columns,
                            const std::vector<float>& weights, Direction direction, GraphKind kind,
                            const std::string& path);

}  // namespace yoneda::study
