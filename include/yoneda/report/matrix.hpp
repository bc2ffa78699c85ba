// A graph as a sparse matrix or an edge list, with nothing of its features but their categories.
#pragma once

#include <string>

#include "yoneda/report/exported.hpp"

namespace yoneda::report {

/// Compressed rows for scipy.sparse.load_npz; where there are categories, an array `category` with
/// -1 for none. study::read_graph reads it back. Throws as write_graphml.
void write_npz(const std::string& path, const Exported& exported);

/// graph.safetensors, as yoneda graph writes it: what another program's graph becomes here.
void write_graph_tensors(const std::string& path, const Exported& exported);

/// Matrix Market, or an edge list with comments before it, whatever the name's ending. Throws as
/// write_graphml.
void write_matrix_market(const std::string& path, const Exported& exported);
void write_edge_list(const std::string& path, const Exported& exported);

}  // namespace yoneda::report
