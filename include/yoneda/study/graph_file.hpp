// Signed graphs on disk: graph.safetensors, edge lists, Matrix Market, SciPy's npz, GraphML.
#pragma once

#include <string>
#include <vector>

#include "yoneda/graph/signed_graph.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

struct GraphFile {
  SignedGraph graph;
  Record record = {};  ///< empty for formats that carry none
  Index upstream = 0;  ///< of a virtual graph: nodes below are features of the source "sae", the
                       ///< others, less this number, features of the source "sae_to"
  std::vector<std::string> notes = {};  ///< of the reading, for the user to see; not written
};

enum class GraphFormat { safetensors, edge_list, matrix_market, npz };

/// Writes atomically, in the format the name's ending asks for: .tsv (source, target, weight), .mtx
/// (Matrix Market, coordinate real; symmetric where undirected, 1-based), .npz (compressed rows, as
/// scipy.sparse.load_npz reads them), else safetensors.
/// Weights are written with as many digits as reading them back exactly needs. The kind of
/// graph, and of a virtual one the number of upstream features, are metadata of safetensors and npz
/// and comments of the others; so is the command. Throws Error{file}.
void write_graph(const std::string& path, const GraphFile& file);

/// The same, whatever the name's ending.
void write_graph(const std::string& path, const GraphFile& file, GraphFormat format);

/// The same for a graph of one SAE or of none.
inline void write_graph(const std::string& path, const SignedGraph& graph, const Record& record) {
  write_graph(path, GraphFile{graph, record});
}

/// Reads any of these and GraphML, told apart by content. An edge list has `source target weight`
/// per line, separated by blanks, tabs or commas, `#` comments, an optional header line; it is
/// directed where a comment at the top says `# directed`, or where `directed`. Else an edge may be
/// given in either or both directions with the same weight. The kind of a graph that write_graph
/// wrote is kept in every format; it decides which null is honest. Of GraphML, ours and that of
/// NetworkX, igraph and Gephi, weights are the edges' data named `weight`. Throws Error{file}, or
/// Error{format} that names the line.
GraphFile read_graph(const std::string& path, bool directed = false);

}  // namespace yoneda::study
