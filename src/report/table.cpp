#include "yoneda/report/table.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "report/json_text.hpp"
#include "report/node_columns.hpp"
#include "report/stream.hpp"

namespace yoneda::report {
namespace {

// RFC 4180 (Shafranovich 2005), but for line ends, which are a newline.
std::string field(const std::string& text, char separator) {
  if (text.find_first_of(std::string{separator, '"', '\n', '\r'}) == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::vector<Column> edge_columns() {
  return {{"source", ColumnType::integer},
          {"target", ColumnType::integer},
          {"weight", ColumnType::number}};
}

// `node` is the number that edges name.
std::vector<Column> feature_columns(const Exported& exported) {
  std::vector<Column> columns = node_columns(exported);
  columns.insert(columns.begin(), {"node", ColumnType::integer});
  return columns;
}

void print_header(Stream& out, const std::vector<Column>& columns, char separator) {
  for (std::size_t i = 0; i < columns.size(); ++i)
    out.print("{}{}", i == 0 ? std::string() : std::string(1, separator), columns[i].name);
  out.print("\n");
}

void print_features(Stream& out, const Exported& exported, char separator) {
  for (Id node = 0; node < exported.graph.graph.node_count(); ++node) {
    out.print("{}", node);
    for (const auto& value : node_values(exported, node))
      out.print("{}{}", separator, field(value.value_or(""), separator));
    out.print("\n");
  }
}

void print_edges(Stream& out, const Exported& exported, char separator) {
  for_each_edge(exported.graph.graph, [&](const Edge& e) {
    out.print("{1}{0}{2}{0}{3}\n", separator, e.source, e.target, e.weight);
  });
}

std::string_view datatype(ColumnType type) {
  return type == ColumnType::integer ? "integer" : type == ColumnType::number ? "float" : "string";
}

Json metadata(const std::string& path, const Exported& exported, const std::vector<Column>& columns,
              char separator) {
  Json json{{"@context", "http://www.w3.org/ns/csvw"},
            {"url", std::filesystem::path(path).filename().string()},
            {"dc:creator", "yoneda " + study::version()},
            {"dc:description", description(exported)}};
  json["dialect"] = {{"delimiter", std::string(1, separator)}};
  json["tableSchema"]["columns"] = Json::array();
  for (const Column& column : columns)
    json["tableSchema"]["columns"].push_back(
        {{"name", column.name}, {"titles", column.name}, {"datatype", datatype(column.type)}});
  json["notes"] = Json::array({facts_json(exported)});
  json["notes"][0]["nodes"] = exported.graph.graph.node_count();
  return json;
}

}  // namespace

std::optional<std::string> write_table(const std::string& path, const Exported& exported,
                                       Table table, char separator) {
  require_fit(exported);
  const auto columns = table == Table::edges ? edge_columns() : feature_columns(exported);
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  const bool device = std::filesystem::exists(status) && !std::filesystem::is_regular_file(status);
  Stream out(path);
  print_header(out, columns, separator);
  if (table == Table::edges)
    print_edges(out, exported, separator);
  else
    print_features(out, exported, separator);
  out.commit();
  if (device) return std::nullopt;
  const std::string beside = path + "-metadata.json";
  io::write_text(beside, json_text(metadata(path, exported, columns, separator), 1) + "\n");
  return beside;
}

}  // namespace yoneda::report
