// Graphviz's DOT language (Gansner, North 2000).
#pragma once

#include <string>

#include "yoneda/report/exported.hpp"

namespace yoneda::report {

/// Nodes labelled with id and words, edges with their signed weight, blue where it is positive and
/// orange where it is negative. Written as a stream, atomically. Throws as write_graphml.
void write_dot(const std::string& path, const Exported& exported);

}  // namespace yoneda::report
