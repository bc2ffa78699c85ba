#include "yoneda/report/dot.hpp"

#include "report/node_columns.hpp"
#include "report/stream.hpp"

namespace yoneda::report {
namespace {

// Graphviz reads backslashes in labels as escapes and &...; as entities of HTML.
std::string label_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c == '&' ? "&amp;" : std::string(1, c);
  }
  return escaped;
}

void print_node(Stream& out, const Exported& exported, Id node) {
  const std::string id = fmt::format("#{}", feature_of(exported, node));
  const std::string label = node_label(exported, node);
  out.print("  {} [label=\"{}{}{}\"", node, id, label == id ? "" : "\\n",
            label == id ? "" : label_text(label));
  if (const auto category = category_label(exported, node))
    out.print(", category=\"{}\"", label_text(*category));
  if (exported.of_two_saes())
    out.print(", sae={}", node < exported.graph.upstream ? "sae" : "sae_to");
  out.print("];\n");
}

}  // namespace

void write_dot(const std::string& path, const Exported& exported) {
  require_fit(exported);
  const SignedGraph& graph = exported.graph.graph;
  Stream out(path);
  out.print("// {}\n{} yoneda {{\n  node [shape=box, fontname=\"sans-serif\"];\n",
            description(exported), graph.directed() ? "digraph" : "graph");
  for (Id node = 0; node < graph.node_count(); ++node) print_node(out, exported, node);
  // In quotes: DOT's own numbers have no exponent.
  for_each_edge(graph, [&](const Edge& e) {
    out.print("  {} {} {} [weight=\"{}\", color=\"{}\"];\n", e.source,
              graph.directed() ? "->" : "--", e.target, e.weight,
              e.weight > 0 ? "#0072b2" : "#d55e00");
  });
  out.print("}}\n");
  out.commit();
}

}  // namespace yoneda::report
