// Equations of a diagram file: both sides, how far they are apart, and whether other objects in
// their places would do as well.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "yoneda/core/progress.hpp"
#include "yoneda/null/verdict.hpp"
#include "yoneda/study/diagram_file.hpp"
#include "yoneda/study/object_arrows.hpp"

namespace yoneda::study {

struct DiagramStep {
  Index samples = 0;  ///< drawn from every null; 0: 999 of equations, of others their own default
  std::uint64_t seed = 1;
  VerdictRule rule;
};

/// One side of an equation.
struct PathValue {
  /// One a step; nothing at a step to or from a set between the ends, for there it has many.
  std::vector<std::optional<ObjectArrow>> arrows;
  std::optional<double> value;  ///< nothing where an arrow is 0, which has no sign and no logarithm
};

/// The verdict, by the first of these that is so:
///   does not      the sides are further apart than the tolerance
///   forced        at least 95% of the null's arrangements hold as well
///   underpowered  there are too few arrangements, or the best would not stand out among them
///   commutes      p <= alpha: few arrangements are as near to holding
///   does not      otherwise: it holds as chance would have it
struct EquationResult {
  WrittenEquation written;
  PathValue left, right;
  std::optional<double> discrepancy;  ///< nothing where a side has no value
  double arrangements = 0;            ///< there are in the null, this one among them
  Index left_out = 0;                 ///< of those looked at, for want of an arrow
  double holding = 0;                 ///< share of the null's arrangements that hold as well
  double percentile = 0;              ///< of the null's arrangements, in percent, are as near
  NullTest test;                      ///< its draws are all other arrangements where they are few
  std::optional<Verdict> verdict;     ///< nothing where it holds and no null was asked for
  std::string reason;
};

/// An equation's arrows, values and null. Draw i has a seed of its own: the same for any number of
/// threads. Throws Error{value} naming the equation's place where an arrow needs what is not given.
/// Cost: samples · its arrows.
EquationResult checked(const DiagramFile& file, const WrittenEquation& equation,
                       const std::vector<Members>& members, const ObjectArrows& arrows,
                       const DiagramWorld& world, const DiagramStep& step,
                       const Progress& progress = {});

}  // namespace yoneda::study
