#include "yoneda/study/graph_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "graph_npz.hpp"
#include "graph_parts.hpp"
#include "graphml.hpp"
#include "io/xml.hpp"
#include "yoneda/core/safe_text.hpp"
#include "yoneda/io/atomic_file.hpp"
#include "yoneda/io/mapped_file.hpp"
#include "yoneda/io/safetensors.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view matrix_market_mark = "%%MatrixMarket";
constexpr std::string_view zip_mark = "PK";

// ---- safetensors

void write_safetensors_graph(const std::string& path, const GraphFile& file) {
  const SignedGraph& graph = file.graph;
  auto metadata = to_metadata(file.record, graph_format);
  if (graph.kind() == GraphKind::virtual_)
    metadata["upstream_features"] = std::to_string(file.upstream);
  metadata["directed"] = graph.directed() ? "true" : "false";
  metadata["kind"] = name(graph.kind());
  const std::vector<io::OutputTensor> tensors{io::output("row_offsets", graph.offsets()),
                                              io::output("columns", graph.columns()),
                                              io::output("weights", graph.weights())};
  io::write_safetensors(path, tensors, metadata);
}

GraphFile parse_safetensors_graph(const io::SharedBytes& bytes, const std::string& path) {
  const io::TensorFile file = io::parse_safetensors(bytes, path);
  GraphFile read;
  read.record = record_from(file.metadata, graph_format, path);
  const auto text = [&](const std::string& key) {
    const auto found = file.metadata.find(key);
    return found == file.metadata.end() ? std::string() : found->second;
  };
  read.graph =
      graph_from_rows(io::to_indices(file.at("row_offsets")), io::to_ids(file.at("columns")),
                      io::to_floats(file.at("weights")),
                      text("directed") == "true" ? Direction::directed : Direction::undirected,
                      kind_from(text("kind"), path), path);
  if (read.graph.kind() == GraphKind::virtual_)
    read.upstream = upstream_from(text("upstream_features"), read.graph, path);
  return read;
}

// ---- text

/// The lines of a text and the fields of a line, with errors that name the line.
class Lines {
 public:
  Lines(std::string_view text, const std::string& path) : rest_(text), path_(path) {}

  /// The next line that is neither empty nor a comment, split at blanks, tabs and commas.
  std::optional<std::vector<std::string_view>> next(char comment) {
    while (!rest_.empty()) {
      const auto end = std::min(rest_.find('\n'), rest_.size());
      const std::string_view line = rest_.substr(0, end);
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++number_;
      auto fields = split(line);
      if (!fields.empty() && fields.front().front() != comment) return fields;
    }
    return std::nullopt;
  }

  [[noreturn]] void fail(const std::string& reason) const {
    throw Error(ErrorKind::format, reason, path_ + ", line " + std::to_string(number_));
  }

  Id node(std::string_view field, Index first) const {
    const auto value = number_from<Index>(field);
    if (!value || *value < first || *value - first >= std::numeric_limits<Id>::max())
      fail("'" + std::string(field.substr(0, 40)) + "' is not a node (a whole number from " +
           std::to_string(first) + ")");
    return static_cast<Id>(*value - first);
  }

  float weight(std::string_view field) const {
    const auto value = number_from<float>(field);
    if (!value) fail("'" + std::string(field.substr(0, 40)) + "' is not a weight");
    return *value;
  }

 private:
  static std::vector<std::string_view> split(std::string_view line) {
    constexpr std::string_view blanks = " \t\r,";
    std::vector<std::string_view> fields;
    for (auto at = line.find_first_not_of(blanks); at != std::string_view::npos;) {
      const auto end = std::min(line.find_first_of(blanks, at), line.size());
      fields.push_back(line.substr(at, end - at));
      at = line.find_first_not_of(blanks, end);
    }
    return fields;
  }

  std::string_view rest_;
  const std::string& path_;
  Index number_ = 0;
};

// What our own text files say of a graph in comments before its edges: its kind, on which depends
// what it may be compared with, and where a virtual graph's second SAE begins.
constexpr std::string_view kind_mark = "yoneda graph, kind ";
constexpr std::string_view nodes_mark = "nodes from 0: f < ";
// Edge lists alone: a matrix that is not symmetric is directed, and its sizes count the nodes.
constexpr std::string_view directed_mark = "directed";
constexpr std::string_view count_mark = "node count ";
constexpr std::string_view command_mark = "made by: ";

struct TextGraph {
  GraphKind kind = GraphKind::user;
  std::string upstream;
  Index nodes = 0;  // more than the edges name, where some have none
  bool says_directed = false;

  /// Virtual graphs are directed, whatever the text's form or the reader says.
  bool directed(bool otherwise) const {
    return kind == GraphKind::virtual_ || says_directed || otherwise;
  }
};

std::string_view first_word(std::string_view text) {
  return text.substr(0, std::min(text.find_first_of(" \t\r\n"), text.size()));
}

Index node_count(std::string_view text, const std::string& path) {
  const auto count = number_from<Index>(text);
  if (!count || *count < 0 || *count > std::numeric_limits<Id>::max())
    throw Error(ErrorKind::format, "'" + safe_text(text, 40) + "' is no number of nodes", path);
  return *count;
}

TextGraph described(std::string_view text, char comment, const std::string& path) {
  TextGraph found;
  while (!text.empty() && text.front() == comment) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(std::string{comment, ' '}), line.size()));
    if (line.starts_with(kind_mark))
      found.kind = kind_from(std::string(first_word(line.substr(kind_mark.size()))), path);
    if (first_word(line) == line.substr(0, line.find_last_not_of(" \t\r") + 1))
      found.says_directed |= first_word(line) == directed_mark;
    if (line.starts_with(count_mark))
      found.nodes = node_count(first_word(line.substr(count_mark.size())), path);
    if (line.starts_with(nodes_mark)) found.upstream = first_word(line.substr(nodes_mark.size()));
  }
  return found;
}

GraphFile finished(SignedGraph graph, const TextGraph& text, const std::string& path) {
  GraphFile file{std::move(graph)};
  if (text.kind == GraphKind::virtual_)
    file.upstream = upstream_from(text.upstream, file.graph, path);
  return file;
}

GraphFile parse_edge_list(std::string_view text, bool directed, const std::string& path) {
  const TextGraph described_as = described(text, '#', path);
  Lines lines(text, path);
  std::vector<Edge> edges;
  Id largest = -1;
  bool first = true;
  while (const auto fields = lines.next('#')) {
    const bool header = first && !number_from<Index>(fields->front());
    first = false;
    if (header && fields->size() == 3) continue;
    if (fields->size() != 3)
      lines.fail("expected `source target weight`, found " + std::to_string(fields->size()) +
                 (fields->size() == 1 ? " field" : " fields"));
    const Edge edge{lines.node((*fields)[0], 0), lines.node((*fields)[1], 0),
                    lines.weight((*fields)[2])};
    largest = std::max({largest, edge.source, edge.target});
    edges.push_back(edge);
  }
  if (edges.empty() && described_as.nodes == 0)
    throw Error(ErrorKind::format, "holds no edges", path);
  return finished(graph_from(std::max(described_as.nodes, largest + Index{1}), std::move(edges),
                             described_as.directed(directed), described_as.kind, path),
                  described_as, path);
}

GraphFile parse_matrix_market(std::string_view text, const std::string& path) {
  const auto end = std::min(text.find('\n'), text.size());
  std::string header(text.substr(0, end));
  std::ranges::transform(header, header.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  const bool symmetric = header.find("symmetric") != std::string::npos;
  const bool readable =
      header.find("coordinate") != std::string::npos &&
      (header.find("real") != std::string::npos || header.find("integer") != std::string::npos) &&
      (symmetric || header.find("general") != std::string::npos) &&
      header.find("skew") == std::string::npos;
  Lines lines(text, path);
  if (!readable)
    throw Error(ErrorKind::format,
                "expected a Matrix Market file 'coordinate real general' or "
                "'coordinate real symmetric', found '" +
                    header + "'",
                path);
  const auto sizes = lines.next('%');
  if (!sizes || sizes->size() != 3) lines.fail("expected the sizes `rows columns entries`");
  const auto rows = number_from<Index>((*sizes)[0]), cols = number_from<Index>((*sizes)[1]);
  const auto entries = number_from<Index>((*sizes)[2]);
  if (!rows || !cols || !entries || *rows != *cols || *rows < 0 ||
      *rows > std::numeric_limits<Id>::max())
    lines.fail("expected a square matrix: `rows columns entries`");
  std::vector<Edge> edges;
  while (const auto fields = lines.next('%')) {
    if (fields->size() != 3) lines.fail("expected `row column weight`");
    edges.push_back(
        {lines.node((*fields)[0], 1), lines.node((*fields)[1], 1), lines.weight((*fields)[2])});
  }
  if (static_cast<Index>(edges.size()) != *entries)
    throw Error(
        ErrorKind::format,
        "announces " + std::to_string(*entries) + " entries, holds " + std::to_string(edges.size()),
        path);
  const TextGraph described_as = described(text, '%', path);
  return finished(
      graph_from(*rows, std::move(edges), described_as.kind == GraphKind::virtual_ || !symmetric,
                 described_as.kind, path),
      described_as, path);
}

/// Which way its edges lead, unless that is known; what kind of graph it is, unless a user's own,
/// and of a virtual one, which node is which feature; how many nodes there are; what made it.
std::string description(const GraphFile& file, char comment) {
  const GraphKind kind = file.graph.kind();
  const bool list = comment == '#';
  std::string text;
  const auto line = [&](const std::string& said) { text += fmt::format("{} {}\n", comment, said); };
  const auto path = [&file](const char* role) {
    const auto found = file.record.sources.find(role);
    return safe_text(found == file.record.sources.end() ? role : found->second.path, 1000);
  };
  if (file.graph.directed() && list && kind != GraphKind::virtual_)
    line(std::string(directed_mark));
  if (kind != GraphKind::user) line(fmt::format("{}{}", kind_mark, name(kind)));
  if (kind == GraphKind::virtual_)
    line(fmt::format("{}{} is feature f of {}, {} + g is feature g of {}", nodes_mark,
                     file.upstream, path("sae"), file.upstream, path("sae_to")));
  if (list) line(fmt::format("{}{}", count_mark, file.graph.node_count()));
  if (!file.record.command.empty())
    line(fmt::format("{}{}", command_mark, safe_text(file.record.command, 4000)));
  return text;
}

std::string edge_list(const GraphFile& file) {
  const SignedGraph& graph = file.graph;
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text), "{}", description(file, '#'));
  fmt::format_to(std::back_inserter(text), "source\ttarget\tweight\n");
  for (const Edge& e : graph.edges())
    fmt::format_to(std::back_inserter(text), "{}\t{}\t{}\n", e.source, e.target, e.weight);
  return fmt::to_string(text);
}

// Matrix Market stores the lower triangle of a symmetric matrix.
std::string matrix_market(const GraphFile& file) {
  const SignedGraph& graph = file.graph;
  fmt::memory_buffer text;
  const auto n = graph.node_count();
  fmt::format_to(std::back_inserter(text), "{} matrix coordinate real {}\n{}{} {} {}\n",
                 matrix_market_mark, graph.directed() ? "general" : "symmetric",
                 description(file, '%'), n, n, graph.edge_count());
  for (const Edge& e : graph.edges()) {
    const Id row = graph.directed() ? e.source : e.target;
    const Id column = graph.directed() ? e.target : e.source;
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", row + 1, column + 1, e.weight);
  }
  return fmt::to_string(text);
}

}  // namespace

void write_graph(const std::string& path, const GraphFile& file) {
  if (path.ends_with(".tsv")) return write_graph(path, file, GraphFormat::edge_list);
  if (path.ends_with(".mtx")) return write_graph(path, file, GraphFormat::matrix_market);
  if (path.ends_with(".npz")) return write_graph(path, file, GraphFormat::npz);
  write_graph(path, file, GraphFormat::safetensors);
}

void write_graph(const std::string& path, const GraphFile& file, GraphFormat format) {
  switch (format) {
    case GraphFormat::edge_list:
      return io::write_text(path, edge_list(file));
    case GraphFormat::matrix_market:
      return io::write_text(path, matrix_market(file));
    case GraphFormat::npz:
      return write_npz_graph(path, file);
    case GraphFormat::safetensors:
      return write_safetensors_graph(path, file);
  }
}

GraphFile read_graph(const std::string& path, bool directed) {
  const io::SharedBytes bytes = io::map_file(path);
  const std::string_view text(reinterpret_cast<const char*>(bytes.span.data()), bytes.span.size());
  if (text.starts_with(matrix_market_mark)) return parse_matrix_market(text, path);
  if (text.starts_with(zip_mark)) return parse_npz_graph(bytes, path);
  if (io::looks_like_xml(text)) return parse_graphml(text, directed, path);
  // A safetensors file begins with the length of its header, which fits 4 of 8 bytes; text has
  // none.
  const bool binary = text.substr(0, 8).find('\0') != std::string_view::npos;
  if (binary) return parse_safetensors_graph(bytes, path);
  if (text.starts_with('{') || text.starts_with('<'))
    throw Error(ErrorKind::format,
                "is no graph: expected .safetensors, Matrix Market, or an edge list with `source "
                "target weight` in a line",
                path);
  return parse_edge_list(text, directed, path);
}

}  // namespace yoneda::study
