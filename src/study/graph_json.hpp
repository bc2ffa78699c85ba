// What check.json says of the graph itself.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "json.hpp"
#include "yoneda/io/hash.hpp"
#include "yoneda/study/graph_file.hpp"

namespace yoneda::study {

/// Tells graphs of as many edges apart.
inline std::string graph_hash(const SignedGraph& graph) {
  std::vector<std::string> parts{io::hash_bytes(std::as_bytes(graph.offsets())),
                                 io::hash_bytes(std::as_bytes(graph.columns())),
                                 io::hash_bytes(std::as_bytes(graph.weights()))};
  const std::string all = parts[0] + parts[1] + parts[2];
  return io::hash_bytes(std::as_bytes(std::span(all)));
}

inline Json graph_json(const GraphFile& file) {
  const SignedGraph& graph = file.graph;
  const auto edges = graph.edges();
  const auto negative =
      std::ranges::count_if(edges, [](const Edge& edge) { return edge.weight < 0; });
  Json json{{"kind", name(graph.kind())},  {"directed", graph.directed()},
            {"nodes", graph.node_count()}, {"edges", graph.edge_count()},
            {"negative_edges", negative},  {"hash", graph_hash(graph)}};
  if (graph.kind() == GraphKind::virtual_) json["upstream_features"] = file.upstream;
  return json;
}

}  // namespace yoneda::study
