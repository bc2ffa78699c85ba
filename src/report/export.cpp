#include "yoneda/report/export.hpp"

#include <algorithm>

#include "yoneda/report/dot.hpp"
#include "yoneda/report/gexf.hpp"
#include "yoneda/report/graphml.hpp"
#include "yoneda/report/matrix.hpp"

namespace yoneda::report {

std::optional<ExportFormat> export_format_from(std::string_view name) {
  const auto found = std::ranges::find(export_format_names, name);
  if (found == export_format_names.end()) return std::nullopt;
  return static_cast<ExportFormat>(found - export_format_names.begin());
}

std::optional<ExportFormat> export_format_of(std::string_view path) {
  const auto dot = path.rfind('.');
  if (dot == path.npos) return std::nullopt;
  const std::string_view ending = path.substr(dot + 1);
  if (ending == "gv") return ExportFormat::dot;
  if (ending == "neuronpedia" || ending == "circuit") return std::nullopt;  // no endings of theirs
  return export_format_from(ending);
}

std::vector<std::string> export_graph(const std::string& path, const Exported& exported,
                                      ExportFormat format, const ExportOptions& options) {
  const auto table = [&](char separator) -> std::vector<std::string> {
    const auto beside = write_table(path, exported, options.table, separator);
    if (beside) return {path, *beside};
    return {path};
  };
  switch (format) {
    case ExportFormat::graphml:
      write_graphml(path, exported);
      break;
    case ExportFormat::gexf:
      write_gexf(path, exported);
      break;
    case ExportFormat::dot:
      write_dot(path, exported);
      break;
    case ExportFormat::csv:
      return table(',');
    case ExportFormat::tsv:
      if (options.table == Table::features) return table('\t');
      write_edge_list(path, exported);
      break;
    case ExportFormat::mtx:
      write_matrix_market(path, exported);
      break;
    case ExportFormat::npz:
      write_npz(path, exported);
      break;
    case ExportFormat::safetensors:
      write_graph_tensors(path, exported);
      break;
    case ExportFormat::neuronpedia:
      write_neuronpedia(path, exported, options.neuronpedia);
      break;
    case ExportFormat::circuit:
      write_circuit(path, exported, options.circuit);
      break;
  }
  return {path};
}

std::string what_is_lost(ExportFormat format, const ExportOptions& options) {
  switch (format) {
    case ExportFormat::neuronpedia:
      return "no activations: frequencies, correlations and examples of Neuronpedia's features are "
             "left out";
    case ExportFormat::circuit:
      return "no prompt and no activations: positions mean nothing, influence and activation are "
             "null, links are weights between features";
    case ExportFormat::csv:
      if (options.table == Table::features) return {};
      return "a table has no place for kind, direction and features without edges; they are in the "
             "metadata beside it";
    case ExportFormat::mtx:
    case ExportFormat::npz:
    case ExportFormat::safetensors:
    case ExportFormat::tsv:
      if (format == ExportFormat::tsv && options.table == Table::features) return {};
      return "edges alone: words and statistics go to graphml, gexf or --table features";
    default:
      return {};
  }
}

}  // namespace yoneda::report
