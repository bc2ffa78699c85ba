// The `equations` of check.json: which equations of one shape hold in the graph.
#pragma once

#include <string>

#include "yoneda/study/equation_list.hpp"
#include "yoneda/study/graph_file.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

/// As JSON text; `draws`: with the share in every null graph.
std::string equation_list_json(const EquationList& list, const Record& record, bool draws);

/// Writes atomically. What a check.json already there says of the same graph is kept, and its
/// `equations` replaced. Throws Error{file}, or Error{format} where the file there is another.
void write_equation_list(const std::string& path, const EquationList& list, const GraphFile& graph,
                         const Record& record);

}  // namespace yoneda::study
