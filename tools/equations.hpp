// yoneda check --equations: the equations of one shape that a graph itself suggests.
#pragma once

#include <optional>
#include <string>

#include "command.hpp"
#include "yoneda/study/equation_list.hpp"

namespace tool {

struct EquationOptions {
  study::EquationListStep step;
  std::string shape, base = "sign";  ///< by name
  std::string input, output;
  std::optional<yoneda::Index> longest;  ///< of --equations paths alone
  bool require_commutes = false;         ///< that every equation looked at holds
};

/// The flags of --equations, beside those of `check`.
void add_equation_flags(CLI::App& command, EquationOptions& options);

/// Lists and checks the equations of a study's graph or of a graph, and prints what was found.
/// Throws ConditionFailed.
void check_equations(EquationOptions options, const Session& session);

}  // namespace tool
