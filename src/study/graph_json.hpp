// What check.json says of the graph itself.
#pragma once

#include <algorithm>

#include "json.hpp"
#include "yoneda/study/graph_file.hpp"

namespace yoneda::study {

inline Json graph_json(const GraphFile& file) {
  const SignedGraph& graph = file.graph;
  const auto edges = graph.edges();
  const auto negative =
      std::ranges::count_if(edges, [](const Edge& edge) { return edge.weight < 0; });
  Json json{{"kind", name(graph.kind())},
            {"directed", graph.directed()},
            {"nodes", graph.node_count()},
            {"edges", graph.edge_count()},
            {"negative_edges", negative}};
  if (graph.kind() == GraphKind::virtual_) json["upstream_features"] = file.upstream;
  return json;
}

}  // namespace yoneda::study
