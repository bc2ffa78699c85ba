// Cycles and closed walks of a signed graph by the sign of their product: what is found of them.
#pragma once

#include <optional>

#include "yoneda/core/types.hpp"

namespace yoneda {

/// Cycles by sign, counted and weighed by the product of their |weights|. A cycle balances where an
/// even number of its edges is negative: the two ways round between any two of its nodes then agree
/// in sign.
struct CycleBalance {
  Index balanced = 0, unbalanced = 0;
  double balanced_weight = 0, unbalanced_weight = 0;

  Index count() const { return balanced + unbalanced; }

  /// Balanced cycles by all cycles; nothing (not 1) where there are none.
  std::optional<double> share() const {
    if (count() == 0) return std::nullopt;
    return static_cast<double>(balanced) / static_cast<double>(count());
  }

  /// The same with cycles weighed. Of triangles it is ½(1 + tr A³ / tr|A|³).
  std::optional<double> weighted_share() const {
    const double total = balanced_weight + unbalanced_weight;
    if (total == 0) return std::nullopt;
    return balanced_weight / total;
  }
};

/// All closed walks (see walk_balance): K = tr e^{βA} / tr e^{β|A|}, in (0, 1].
struct WalkBalance {
  double value = 1;
  double log_value = 0;  ///< for graphs so frustrated that the value is too small for a double
  double error = 0;      ///< one standard error of the value; 0 where exact
  bool exact = true;
};

/// Triangles of a decoder graph beside what isotropic directions would do (see isotropic_excess).
struct IsotropicExcess {
  double dimension = 0;  ///< effective dimension of the decoder
  double predicted = 0;  ///< balanced share, the mean of the triangles' probabilities
  double observed = 0;   ///< balanced share
  Index triangles = 0;

  double excess() const { return observed - predicted; }
};

}  // namespace yoneda
