// Concept lattices as GraphML, for NetworkX, igraph, Gephi and yEd.
#pragma once

#include <string>

#include "yoneda/study/lattice_file.hpp"

namespace yoneda::report {

/// A directed graph: a node for each concept, of all ends side by side, an edge from each concept
/// to those next below it. Nodes "positive0", "positive1", ... in the order of
/// ConceptLattice::concepts carry end, support, size (tokens), tokens and features as text, and a
/// label; the tokens of a bottom that was added, all there are, are left out. Edges carry the
/// confidence of the implication along them. Written as a stream, atomically. Throws Error{file}.
void write_lattice_graphml(const std::string& path, const study::Lattices& lattices,
                           const study::ArrowsFile& arrows, const study::Record& record);

}  // namespace yoneda::report
