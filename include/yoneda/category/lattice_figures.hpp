// What is counted in a lattice of features and tokens.
#pragma once

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <string_view>

#include "yoneda/category/concept_lattice.hpp"
#include "yoneda/category/implications.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Concepts of one token are left out: their supports are margins.
struct LatticeFigures {
  Index concepts = 0;  ///< with at least two tokens
  Index largest = 0;   ///< the largest support among those; 0 where there are none
  Index widest = 0;    ///< the most tokens that a concept has
  Index exact = 0;     ///< implications of the generic base
  Index strong = 0;    ///< of the Luxenburger base, at the least confidence

  static constexpr std::array<std::string_view, 5> names{
      "number of concepts of two tokens or more", "largest support of two tokens or more",
      "most tokens of a concept", "number of exact implications", "number of strong implications"};
  std::array<Index, 5> values() const { return {concepts, largest, widest, exact, strong}; }
  friend bool operator==(const LatticeFigures&, const LatticeFigures&) = default;
};

/// Counts of a lattice whose implications are known. Cost: its concepts.
inline LatticeFigures lattice_figures(const ConceptLattice& lattice,
                                      std::span<const Implication> exact,
                                      std::span<const Implication> strong) {
  LatticeFigures found{.exact = std::ssize(exact), .strong = std::ssize(strong)};
  for (Index c = 0; c < lattice.frequent(); ++c) {
    const Concept& each = lattice.concepts[c];
    found.widest = std::max(found.widest, std::ssize(each.tokens));
    if (each.tokens.size() < 2) continue;
    ++found.concepts;
    found.largest = std::max(found.largest, each.support());
  }
  return found;
}

}  // namespace yoneda
