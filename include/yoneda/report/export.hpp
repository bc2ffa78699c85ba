// Every format that a graph can be exported to, by name.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/report/circuit.hpp"
#include "yoneda/report/exported.hpp"
#include "yoneda/report/neuronpedia.hpp"
#include "yoneda/report/table.hpp"

namespace yoneda::report {

enum class ExportFormat {
  graphml,
  gexf,
  dot,
  csv,
  tsv,
  mtx,
  npz,
  safetensors,
  neuronpedia,
  circuit
};

inline constexpr std::array<std::string_view, 10> export_format_names{
    "graphml", "gexf", "dot", "csv", "tsv", "mtx", "npz", "safetensors", "neuronpedia", "circuit"};

constexpr std::string_view name(ExportFormat format) {
  return export_format_names[static_cast<std::size_t>(format)];
}

/// Nothing for other names.
std::optional<ExportFormat> export_format_from(std::string_view name);

/// The format that a file's ending stands for (.graphml, .gexf, .dot, .gv, .csv, .tsv, .mtx, .npz,
/// .safetensors);
/// nothing for others.
std::optional<ExportFormat> export_format_of(std::string_view path);

/// What some of the formats need besides.
struct ExportOptions {
  Table table = Table::edges;  ///< of csv and tsv
  NeuronpediaNames neuronpedia = {};
  CircuitNames circuit = {};
};

/// Writes the file, and returns the paths of all files written. A table of edges as tsv is an edge
/// list with comments, which study::read_graph reads back. Throws as the format's own function.
std::vector<std::string> export_graph(const std::string& path, const Exported& exported,
                                      ExportFormat format, const ExportOptions& options = {});

/// What a format has no place for, or a place that stays empty, in a sentence for the user; nothing
/// where all is kept.
std::string what_is_lost(ExportFormat format, const ExportOptions& options);

}  // namespace yoneda::report
