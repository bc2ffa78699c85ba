// GraphML (Brandes, Eiglsperger, Herman, Himsolt, Marshall 2002): what we write, and what NetworkX,
// igraph and Gephi do.
#pragma once

#include <string>
#include <string_view>

#include "yoneda/study/graph_file.hpp"

namespace yoneda::study {

/// One graph. A weight is the edges' data of the key named `weight` (in any case), and 1 where the
/// file has no such key. Node ids that are 0..n-1, in any order and behind any one word ("n0"), are
/// kept; others are numbered as they appear, and a note says so. `directed` says how to read edges
/// where the file does not. What yoneda export wrote comes back with kind, upstream features and
/// record. Throws Error{format} that names the line: nested graphs, edges of more than two ends,
/// directed edges beside undirected ones, an edge to no node.
GraphFile parse_graphml(std::string_view text, bool directed, const std::string& path);

}  // namespace yoneda::study
