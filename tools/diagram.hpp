// yoneda check --diagram: a user's own equations, relations, grids and searches.
#pragma once

#include <string>

#include "command.hpp"
#include "yoneda/study/diagram_check.hpp"

namespace tool {

struct DiagramOptions {
  SourceFlags sources;
  study::DiagramStep step;
  std::string input, file, arrows, output;
  bool require_commutes = false;  ///< of every one, not only where a verdict is expected
};

/// Checks the diagrams of a file against a study or a graph, and prints what was found. Throws
/// ConditionFailed where one does not hold or has another verdict than was expected.
void check_diagrams(const DiagramOptions& options, const Session& session);

}  // namespace tool
