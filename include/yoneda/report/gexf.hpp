// GEXF 1.2 (gexf.net), the version that NetworkX reads; Gephi does, too.
#pragma once

#include <string>

#include "yoneda/report/exported.hpp"

namespace yoneda::report {

/// As write_graphml; the graph's kind, command and sources are in the description, for GEXF has no
/// attributes of graphs.
void write_gexf(const std::string& path, const Exported& exported);

}  // namespace yoneda::report
