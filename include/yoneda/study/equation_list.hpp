// Equations of one shape that a graph itself suggests, listed and checked.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/core/progress.hpp"
#include "yoneda/null/verdict.hpp"
#include "yoneda/study/diagram_file.hpp"
#include "yoneda/study/graph_file.hpp"

namespace yoneda::study {

enum class EquationShape {
  triangles,  ///< f → g → h = f → h
  squares,    ///< f → g → k = f → h → k
  paths,      ///< any two directed paths of at most `longest` steps with the same ends
  sweep,      ///< all directed paths with the same ends, of an acyclic graph (potential_sweep)
};

inline constexpr std::array<std::string_view, 4> equation_shape_names{"triangles", "squares",
                                                                      "paths", "sweep"};

constexpr std::string_view name(EquationShape shape) {
  return equation_shape_names[static_cast<std::size_t>(shape)];
}

struct EquationListStep {
  EquationShape shape = EquationShape::triangles;
  PathBase base = PathBase::sign;
  double tolerance = 1e-6;  ///< the largest discrepancy that still counts as equal: rounding
  Index longest = 3;        ///< steps of a path, for paths
  Index most = 100'000;  ///< equations looked at, a seeded sample; of a sweep, nodes to start from
  bool strongest = false;  ///< the equations of largest weight instead of a sample
  Index samples = 200;     ///< graphs drawn from the null; 0: no null
  std::uint64_t seed = 1;
  Index keep = 50;  ///< failures kept, the worst
};

struct ListedFailure {
  std::vector<Id> left, right;  ///< paths, as nodes
  double left_value = 0, right_value = 0;
  double discrepancy = 0;
};

struct EquationList {
  EquationListStep step;
  Index total = 0;    ///< equations of this shape in the graph; of a sweep those checked
  Index checked = 0;  ///< of those; of a sweep, comparisons of an edge with an earlier path
  Index holding = 0;
  bool complete = true;                 ///< all were looked at, not a selection
  std::vector<ListedFailure> failures;  ///< worst first
  std::optional<NullTest> test;         ///< of the share that holds
  std::vector<std::string> notes;

  bool all_hold() const { return checked > 0 && holding == checked; }
};

/// Lists and checks. The null, of a user's own graph alone, shuffles the weights over the edges:
/// paths stay, so draws are asked the same equations. It commutes only where the share that holds
/// is also at least a twentieth of the way from the null's to all. There is none of equations
/// chosen by their weight, which would be chosen again, and none of a graph made from directions
/// (see make_check); a note says so. Throws Error{value} for paths or a sweep of an undirected
/// graph, a sweep of one with a directed cycle, weights that are no probabilities in the bases that
/// need them, and counts or tolerances out of range. Cost: that of listing, and samples · checked.
EquationList make_equation_list(const GraphFile& graph, const EquationListStep& step,
                                const Progress& progress = {});

}  // namespace yoneda::study
