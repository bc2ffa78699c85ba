// How well a relation holds in codes, measured.
#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "yoneda/sae/encode.hpp"
#include "yoneda/sae/relation.hpp"

namespace yoneda {

/// Of the differences D_i = z(b_i) − z(a_i) of m pairs.
struct RelationAgreement {
  Index pairs = 0;
  double Q = 0;  ///< mean cosine of D_i with the mean of the others; 0 where either is 0
  double spread = 1;  ///< Σ‖D_i − D̄‖² / Σ‖D_i‖²; 1 where no code differs from its partner's
  double length = 0;  ///< sqrt(mean ‖D_i‖²), in units of the activations: 0 for codes that collapse
};

/// Throws Error{value} for what require_relation refuses, of the codes' rows. Cost: n, and the
/// pairs times the features active.
inline RelationAgreement relation_agreement(const Codes& codes, const Relation& relation) {
  require_relation(relation, codes.rows());
  const auto m = static_cast<double>(relation.pairs.size());
  std::vector<double> sum(codes.n, 0.0), difference(codes.n, 0.0);
  const auto add = [&](Id row, double sign, std::vector<double>& to) {
    const auto active = codes.active(row);
    const auto strengths = codes.strengths(row);
    for (std::size_t i = 0; i < active.size(); ++i)
      to[active[i]] += sign * static_cast<double>(strengths[i]);
  };
  for (const IdPair& pair : relation.pairs) {
    add(pair.b, 1, sum);
    add(pair.a, -1, sum);
  }
  double length = 0;  // ‖Σ D_i‖²
  for (const double value : sum) length += value * value;

  RelationAgreement result{.pairs = static_cast<Index>(relation.pairs.size())};
  double squares = 0;
  for (const IdPair& pair : relation.pairs) {
    add(pair.b, 1, difference);
    add(pair.a, -1, difference);
    double square = 0, along = 0;  // ‖D_i‖², D_i · Σ D_j
    for (const Id row : {pair.b, pair.a})
      for (const Id f : codes.active(row)) {
        square += difference[f] * difference[f];
        along += difference[f] * sum[f];
        difference[f] = 0;
      }
    squares += square;
    const double others = length - 2 * along + square;  // ‖Σ_j≠i D_j‖²
    if (square > 0 && others > 1e-12 * length)
      result.Q += (along - square) / std::sqrt(square * others) / m;
  }
  result.length = std::sqrt(squares / m);
  if (squares > 0) result.spread = std::max(0.0, 1 - length / m / squares);
  return result;
}

}  // namespace yoneda
