// The concept lattices of what features raise and of what they lower, and lattice.json.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "yoneda/category/concept_lattice.hpp"
#include "yoneda/category/formal_context.hpp"
#include "yoneda/category/implications.hpp"
#include "yoneda/category/lattice_figures.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/null/verdict.hpp"
#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/record.hpp"
#include "yoneda/study/sources.hpp"

namespace yoneda::study {

struct LatticeStep {
  std::vector<ArrowEnd> ends{ArrowEnd::positive, ArrowEnd::negative};
  double min_support = 0.002;  ///< below 1 a share of the features, from 1 on their number
  Index k = 0;                 ///< tokens of a feature at each end; 0: all that the arrows keep
  Index most = 200'000;        ///< concepts; more are an error
  double confidence = 0.8;     ///< of the partial implications kept
  bool margins = true;         ///< compare with swaps of both margins
  bool directions = true;  ///< compare with random directions, which takes the SAE and the model
  Index samples = 200;     ///< of each null
  std::uint64_t seed = 1;
  Index features = 2048, tokens = 32768;  ///< the budget of random directions
};

/// What was found at one end of the features.
struct LatticeOfEnd {
  ArrowEnd end = ArrowEnd::positive;
  Index tokens = 0;  ///< that at least one feature has
  ConceptLattice lattice;
  std::vector<Implication> exact, partial;
  LatticeFigures figures;
  std::vector<NullTest> margins, directions;  ///< one for each of LatticeFigures, or empty
};

struct Lattices {
  Index n = 0, V = 0;
  Index k = 0, min_support = 0;  ///< as they were used
  double confidence = 0;
  Index null_features = 0, null_tokens = 0;  ///< that random directions were compared on; 0: none
  std::vector<LatticeOfEnd> ends;
  std::vector<std::string> notes;
};

/// A support that was asked for as a number of n features: at least 1, and of a share the next
/// larger number. Throws Error{value} for one that is not positive, beyond n, or no whole number
/// from 1 on.
Index support_of(double asked, Index n);

/// Lattices, implications and tests. The whole context is compared with swaps; random directions
/// with a seeded part of features and tokens where there are more than the budget, at the same
/// share of features. Without sources random directions are left out. Throws Error{value} for a k
/// that the arrows do not keep and as support_of, concept_lattice and its implications do;
/// Error{shape, value} where SAE or model are not the arrows'.
Lattices make_lattices(const ArrowsFile& arrows, const Sources* sources, const LatticeStep& step,
                       const Progress& progress = {});

/// Writes atomically. Throws Error{file}.
void write_lattices(const std::string& path, const Lattices& lattices, const ArrowsFile& arrows,
                    const Record& record);

}  // namespace yoneda::study
