#include "yoneda/report/gexf.hpp"

#include "report/node_columns.hpp"
#include "report/stream.hpp"
#include "report/xml_text.hpp"

namespace yoneda::report {
namespace {

std::string_view gexf_type(ColumnType type) {
  return type == ColumnType::integer ? "long" : type == ColumnType::number ? "float" : "string";
}

// GEXF has a place of its own for the label.
bool is_label(const Column& column) {
  return column.name == "label";
}

void print_gexf_node(Stream& out, const Exported& exported, const std::vector<Column>& columns,
                     Id node) {
  out.print("      <node id=\"{}\" label=\"{}\"><attvalues>", node,
            xml_text(node_label(exported, node)));
  const auto values = node_values(exported, node);
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (values[i] && !is_label(columns[i]))
      out.print("<attvalue for=\"{}\" value=\"{}\"/>", columns[i].name, xml_text(*values[i]));
  out.print("</attvalues></node>\n");
}

}  // namespace

void write_gexf(const std::string& path, const Exported& exported) {
  require_fit(exported);
  const SignedGraph& graph = exported.graph.graph;
  const auto columns = node_columns(exported);
  Stream out(path);
  out.print(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<gexf xmlns=\"http://www.gexf.net/1.2draft\" "
      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
      "xsi:schemaLocation=\"http://www.gexf.net/1.2draft http://www.gexf.net/1.2draft/gexf.xsd\" "
      "version=\"1.2\">\n"
      "  <meta>\n    <creator>yoneda {}</creator>\n    <description>{}</description>\n  </meta>\n"
      "  <graph mode=\"static\" defaultedgetype=\"{}\">\n"
      "    <attributes class=\"node\" mode=\"static\">\n",
      study::version(), xml_text(description(exported)),
      graph.directed() ? "directed" : "undirected");
  for (const Column& column : columns)
    if (!is_label(column))
      out.print("      <attribute id=\"{}\" title=\"{}\" type=\"{}\"/>\n", column.name, column.name,
                gexf_type(column.type));
  out.print(
      "    </attributes>\n    <attributes class=\"edge\" mode=\"static\">\n"
      "      <attribute id=\"sign\" title=\"sign\" type=\"integer\"/>\n    </attributes>\n"
      "    <nodes>\n");
  for (Id node = 0; node < graph.node_count(); ++node)
    print_gexf_node(out, exported, columns, node);
  out.print("    </nodes>\n    <edges>\n");
  Index number = 0;
  for_each_edge(graph, [&](const Edge& e) {
    out.print(
        "      <edge id=\"{}\" source=\"{}\" target=\"{}\" weight=\"{}\"><attvalues>"
        "<attvalue for=\"sign\" value=\"{}\"/></attvalues></edge>\n",
        number++, e.source, e.target, e.weight, e.weight > 0 ? 1 : -1);
  });
  out.print("    </edges>\n  </graph>\n</gexf>\n");
  out.commit();
}

}  // namespace yoneda::report
