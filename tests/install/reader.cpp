// A program of somebody else's that reads and writes files: installed headers and libyoneda.
#include <cstdio>
#include <yoneda/report/export.hpp>

int main(int, char** arguments) {
  using namespace yoneda;
  const std::string path = arguments[1];
  report::Exported exported;
  exported.graph.graph = SignedGraph::from_edges(3, {{0, 1, 0.1f}, {1, 2, -2.5f}},
                                                 Direction::undirected, GraphKind::user);
  report::export_graph(path, exported, report::ExportFormat::graphml);
  const SignedGraph graph = study::read_graph(path).graph;
  std::printf("%ld edges, %g\n", static_cast<long>(graph.edge_count()),
              static_cast<double>(graph.weight(1, 2)));
}
