// GraphML (Brandes, Eiglsperger, Herman, Himsolt, Marshall 2002), for NetworkX, igraph and Gephi.
#pragma once

#include <string>

#include "yoneda/report/exported.hpp"

namespace yoneda::report {

/// Nodes "n0", "n1", ... carry feature, words, category and statistics as far as they are known;
/// edges their signed weight, which reads back as the same float, and its sign; the graph kind,
/// upstream features and record, so that study::read_graph gives back what was written. Token texts
/// are as core/safe_text.hpp shows them, which XML can always hold. Written as a stream,
/// atomically. Throws as require_fit, and Error{file}.
void write_graphml(const std::string& path, const Exported& exported);

}  // namespace yoneda::report
