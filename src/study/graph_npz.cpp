#include "graph_npz.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "graph_parts.hpp"
#include "io/text.hpp"
#include "yoneda/io/npz.hpp"

namespace yoneda::study {
namespace {

// SciPy takes indices and row offsets of one type; 32 bits where they suffice, as SciPy itself
// does.
struct RowOffsets {
  std::vector<Id> narrow;
  std::span<const Index> wide;

  explicit RowOffsets(const SignedGraph& graph) : wide(graph.offsets()) {
    if (wide.back() <= std::numeric_limits<Id>::max()) narrow.assign(wide.begin(), wide.end());
  }
};

bool symmetric(const std::vector<Index>& offsets, const std::vector<Id>& columns,
               const std::vector<float>& weights) {
  const auto weight = [&](Id row, Id column) {
    const auto begin = columns.begin() + offsets[static_cast<std::size_t>(row)];
    const auto end = columns.begin() + offsets[static_cast<std::size_t>(row) + 1];
    const auto found = std::lower_bound(begin, end, column);
    return found == end || *found != column
               ? 0.0f
               : weights[static_cast<std::size_t>(found - columns.begin())];
  };
  for (std::size_t row = 0; row + 1 < offsets.size(); ++row)
    for (Index i = offsets[row]; i < offsets[row + 1]; ++i)
      if (weight(columns[static_cast<std::size_t>(i)], static_cast<Id>(row)) !=
          weights[static_cast<std::size_t>(i)])
        return false;
  return true;
}

/// Rows as SciPy may leave them, sorted by column. Throws Error{format} where they are none.
void sort_rows(const std::vector<Index>& offsets, std::vector<Id>& columns,
               std::vector<float>& weights, const std::string& path) {
  const auto bad = [&](const std::string& why) { return Error(ErrorKind::format, why, path); };
  const auto stored = static_cast<Index>(columns.size());
  const auto n = static_cast<Index>(offsets.size()) - 1;
  if (weights.size() != columns.size() || offsets.front() != 0 || offsets.back() != stored ||
      !std::ranges::is_sorted(offsets))
    throw bad("'data', 'indices' and 'indptr' do not fit");
  if (std::ranges::any_of(columns, [n](Id column) { return column < 0 || column >= n; }))
    throw bad(fmt::format("'indices' leave the matrix of {} columns", n));
  std::vector<std::pair<Id, float>> row;
  for (std::size_t r = 0; r + 1 < offsets.size(); ++r) {
    const auto begin = static_cast<std::size_t>(offsets[r]),
               end = static_cast<std::size_t>(offsets[r + 1]);
    if (std::is_sorted(columns.begin() + offsets[r], columns.begin() + offsets[r + 1])) continue;
    row.clear();
    for (auto i = begin; i < end; ++i) row.emplace_back(columns[i], weights[i]);
    std::ranges::sort(row, {}, &std::pair<Id, float>::first);  // a weight may be a NaN
    for (auto i = begin; i < end; ++i) std::tie(columns[i], weights[i]) = row[i - begin];
  }
}

}  // namespace

void write_npz_graph(const std::string& path, const GraphFile& file,
                     std::span<const io::OutputTensor> more) {
  const SignedGraph& graph = file.graph;
  const RowOffsets offsets(graph);
  const std::array<Index, 2> shape{graph.node_count(), graph.node_count()};
  std::vector<io::OutputTensor> tensors{
      io::output("data", graph.weights()), io::output("indices", graph.columns()),
      offsets.narrow.empty() ? io::output("indptr", offsets.wide)
                             : io::output("indptr", std::span<const Id>(offsets.narrow)),
      io::output("shape", std::span<const Index>(shape))};
  tensors.insert(tensors.end(), more.begin(), more.end());
  auto texts = to_metadata(file.record, graph_format);
  texts["yoneda_format"] = texts["format"];
  texts["format"] = "csr";  // SciPy's
  texts["directed"] = graph.directed() ? "true" : "false";
  texts["kind"] = name(graph.kind());
  if (graph.kind() == GraphKind::virtual_)
    texts["upstream_features"] = std::to_string(file.upstream);
  io::write_npz(path, tensors, texts);
}

GraphFile parse_npz_graph(const io::SharedBytes& bytes, const std::string& path) {
  const io::TensorFile file = io::parse_npz(bytes, path);
  const auto text = [&](const std::string& key) {
    const auto found = file.metadata.find(key);
    return found == file.metadata.end() ? std::string() : found->second;
  };
  if (text("format") != "csr" || !file.find("indptr"))
    throw Error(ErrorKind::format,
                "expected a sparse matrix of compressed rows (scipy.sparse.save_npz of "
                "matrix.tocsr()), found " +
                    (text("format").empty() ? "no 'format'" : io::quote(text("format"))),
                path);
  const auto shape = io::to_indices(file.at("shape"));
  const auto offsets = io::to_indices(file.at("indptr"));
  auto columns = io::to_ids(file.at("indices"));
  auto weights = io::to_floats(file.at("data"));
  if (shape.size() != 2 || shape[0] != shape[1] ||
      static_cast<Index>(offsets.size()) != shape[0] + 1)
    throw Error(ErrorKind::format, "expected a square matrix with a row for every node", path);
  sort_rows(offsets, columns, weights, path);
  GraphFile read;
  auto metadata = file.metadata;
  const bool ours = metadata.contains("yoneda_format");
  const bool directed = ours ? text("directed") == "true" : !symmetric(offsets, columns, weights);
  if (ours) {
    metadata["format"] = text("yoneda_format");
    read.record = record_from(metadata, graph_format, path);
  }
  read.graph = graph_from_rows(offsets, columns, weights,
                               directed ? Direction::directed : Direction::undirected,
                               ours ? kind_from(text("kind"), path) : GraphKind::user, path);
  if (read.graph.kind() == GraphKind::virtual_)
    read.upstream = upstream_from(text("upstream_features"), read.graph, path);
  return read;
}

}  // namespace yoneda::study
