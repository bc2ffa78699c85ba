// The `diagrams` of check.json: what was found about a user's own diagrams.
#pragma once

#include <string>

#include "yoneda/model/vocabulary.hpp"
#include "yoneda/study/diagram_check.hpp"
#include "yoneda/study/graph_file.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

/// As JSON text: objects, equations, relations, grids, searches, with words beside ids. `draws`:
/// with the discrepancies of all arrangements of every equation.
std::string diagram_json(const DiagramCheck& check, const Vocabulary& vocabulary,
                         const Record& record, bool draws);

/// Writes atomically. What a check.json already there says of the graph is kept, and its `diagrams`
/// replaced; otherwise the file holds the graph's outline and the diagrams alone. Throws
/// Error{file}, or Error{format} where the file there is another.
void write_diagram_check(const std::string& path, const DiagramCheck& check, const GraphFile& graph,
                         const Vocabulary& vocabulary, const Record& record);

}  // namespace yoneda::study
