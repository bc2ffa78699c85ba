#include "yoneda/report/matrix.hpp"

#include <vector>

#include "study/graph_npz.hpp"

namespace yoneda::report {
namespace {

// The file names the command that wrote it, not the one that made the graph.
study::GraphFile with_command(const Exported& exported) {
  require_fit(exported);
  study::GraphFile file = exported.graph;
  file.record.command = exported.command;
  return file;
}

}  // namespace

void write_npz(const std::string& path, const Exported& exported) {
  std::vector<io::OutputTensor> more;
  if (exported.categories)
    more.push_back(
        io::output("category", std::span<const Id>(exported.categories->partition.label)));
  study::write_npz_graph(path, with_command(exported), more);
}

void write_graph_tensors(const std::string& path, const Exported& exported) {
  study::write_graph(path, with_command(exported), study::GraphFormat::safetensors);
}

void write_matrix_market(const std::string& path, const Exported& exported) {
  study::write_graph(path, with_command(exported), study::GraphFormat::matrix_market);
}

void write_edge_list(const std::string& path, const Exported& exported) {
  study::write_graph(path, with_command(exported), study::GraphFormat::edge_list);
}

}  // namespace yoneda::report
