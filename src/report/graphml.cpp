#include "yoneda/report/graphml.hpp"

#include "report/graphml_parts.hpp"
#include "report/node_columns.hpp"
#include "report/stream.hpp"
#include "report/xml_text.hpp"

namespace yoneda::report {
namespace {

std::string_view graphml_type(ColumnType type) {
  return type == ColumnType::integer ? "long" : type == ColumnType::number ? "float" : "string";
}

void print_graphml_node(Stream& out, const Exported& exported, const std::vector<Column>& columns,
                        Id node) {
  out.print("    <node id=\"n{}\">", node);
  const auto values = node_values(exported, node);
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (values[i]) out.print("<data key=\"n_{}\">{}</data>", columns[i].name, xml_text(*values[i]));
  out.print("</node>\n");
}

}  // namespace

void write_graphml(const std::string& path, const Exported& exported) {
  require_fit(exported);
  const SignedGraph& graph = exported.graph.graph;
  const auto columns = node_columns(exported);
  const auto facts = graph_facts(exported);
  Stream out(path);
  print_graphml_head(out);
  for (const auto& fact : facts) print_key(out, "graph", fact.first, "string");
  for (const Column& column : columns)
    print_key(out, "node", column.name, graphml_type(column.type));
  print_key(out, "edge", "weight", "float");
  print_key(out, "edge", "sign", "int");
  out.print("  <graph id=\"G\" edgedefault=\"{}\">\n",
            graph.directed() ? "directed" : "undirected");
  for (const auto& [name, value] : facts)
    out.print("    <data key=\"g_{}\">{}</data>\n", name, xml_text(value));
  for (Id node = 0; node < graph.node_count(); ++node)
    print_graphml_node(out, exported, columns, node);
  for_each_edge(graph, [&](const Edge& e) {
    out.print(
        "    <edge source=\"n{}\" target=\"n{}\"><data key=\"e_weight\">{}</data>"
        "<data key=\"e_sign\">{}</data></edge>\n",
        e.source, e.target, e.weight, e.weight > 0 ? 1 : -1);
  });
  out.print("  </graph>\n</graphml>\n");
  out.commit();
}

}  // namespace yoneda::report
