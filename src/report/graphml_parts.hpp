// What every GraphML file of ours begins with.
#pragma once

#include <string_view>

#include "report/stream.hpp"

namespace yoneda::report {

inline void print_graphml_head(Stream& out) {
  out.print(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\"\n"
      "         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"\n"
      "         xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns "
      "http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd\">\n");
}

/// An id of its own for the keys of graph, nodes and edges, which may have one name.
inline void print_key(Stream& out, std::string_view of, std::string_view name,
                      std::string_view type) {
  out.print("  <key id=\"{}_{}\" for=\"{}\" attr.name=\"{}\" attr.type=\"{}\"/>\n", of.front(),
            name, of, name, type);
}

}  // namespace yoneda::report
