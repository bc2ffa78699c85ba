// Is there more in a lattice of features and tokens than its construction forces?
//
// Two nulls, which ask different things. Swaps that keep both margins ask whether tokens are
// together more often than their numbers alone explain: they know that some tokens are raised by
// many features, and nothing of meanings. That is hardly ever in doubt. The tokens of a feature are
// the largest entries of one row of a product of low rank, so tokens whose rows of the unembedding
// point the same way ("january", "february") come together under any direction, of a random SAE
// too. Only directions drawn by chance, through the same unembedding and the same selection, tell
// what the SAE adds to that; where they are at hand it is theirs to decide.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/category/concept_lattice.hpp"
#include "yoneda/category/formal_context.hpp"
#include "yoneda/category/implications.hpp"
#include "yoneda/category/lattice_figures.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/model/unembedding.hpp"
#include "yoneda/null/gaussian.hpp"
#include "yoneda/null/margins.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda {

struct LatticeTestOptions {
  ConceptOptions concepts;
  double confidence = 0.8;  ///< of a strong implication
  Index samples = 200;
  std::uint64_t seed = 1;
  TradeOptions trades;
};

/// Of the lattice of a context. Throws as its parts do.
inline LatticeFigures lattice_figures(const FormalContext& context,
                                      const LatticeTestOptions& options) {
  const ConceptLattice lattice = concept_lattice(context, options.concepts);
  return lattice_figures(lattice, exact_implications(lattice),
                         partial_implications(lattice, options.confidence));
}

namespace detail {

/// Of a context drawn from a null; what is too much to count says so.
inline LatticeFigures drawn_figures(const FormalContext& context, const LatticeTestOptions& options,
                                    const char* null) {
  try {
    return lattice_figures(context, options);
  } catch (const Error& error) {
    throw Error(error.kind, "a draw of the null '" + std::string(null) + "' has " + error.what());
  }
}

/// One test for each figure. More is better, and there is no best.
inline std::vector<NullTest> tests_of(const LatticeFigures& observed,
                                      std::span<const LatticeFigures> draws,
                                      const std::string& kind, const std::string& keeps,
                                      std::uint64_t seed) {
  constexpr double none = std::numeric_limits<double>::infinity();
  std::vector<NullTest> tests;
  for (std::size_t i = 0; i < LatticeFigures::names.size(); ++i) {
    std::vector<double> values;
    for (const LatticeFigures& draw : draws)
      values.push_back(static_cast<double>(draw.values()[i]));
    const Quantity quantity{std::string(LatticeFigures::names[i]), 0, none, "context"};
    NullTest test = judged(quantity, static_cast<double>(observed.values()[i]), std::move(values));
    test.null_kind = kind;
    test.keeps = keeps;
    test.seed = seed;
    tests.push_back(std::move(test));
  }
  return tests;
}

}  // namespace detail

/// The figures of a context, `observed`, beside those of contexts with the same margins. Draw i has
/// a seed of its own, derived from `seed`; the same for any number of threads. Throws Error{value}
/// for samples < 1 and as concept_lattice and its implications, also on a draw. Cost: samples
/// times the trades and a lattice.
inline std::vector<NullTest> lattice_against_margins(const FormalContext& context,
                                                     const LatticeFigures& observed,
                                                     const LatticeTestOptions& options = {},
                                                     const Progress& progress = {}) {
  require_samples(options.samples);
  const FixedMargins source(context.rows(), options.trades);
  std::vector<LatticeFigures> draws(options.samples);
  parallel_for(
      options.samples,
      [&](Index i) {
        const auto seed = Random(options.seed, static_cast<std::uint64_t>(i)).bits();
        draws[i] = detail::drawn_figures(FormalContext::from_rows(source.draw(seed), context.V()),
                                         options, "margins");
      },
      progress, "swapped contexts");
  return detail::tests_of(observed, draws, "margins",
                          "Keeps how many tokens every feature has and how many features every "
                          "token, by " +
                              std::to_string(options.trades.trades_per_row) +
                              " trades per feature; loses that tokens of like directions come "
                              "together under any direction.",
                          options.seed);
}

/// The same where the context's own figures are not known yet.
inline std::vector<NullTest> lattice_against_margins(const FormalContext& context,
                                                     const LatticeTestOptions& options = {},
                                                     const Progress& progress = {}) {
  require_samples(options.samples);
  return lattice_against_margins(context, lattice_figures(context, options), options, progress);
}

/// How a context is made from directions.
struct ContextConstruction {
  Index k = 50;
  Convention convention = Convention::automatic;
};

/// The contexts, one for each end, of the directions W_dec [n, d] in a model.
template <class = void>
std::vector<FormalContext> contexts_of(const Matrix& W_dec, const Unembedding& model,
                                       std::span<const ArrowEnd> ends,
                                       const ContextConstruction& how,
                                       const Gemm& gemm = eigen_gemm()) {
  ArrowOptions options;
  options.k = how.k;
  options.convention = how.convention;
  options.histogram = false;
  const LogitArrows arrows = logit_arrows(W_dec, model, options, gemm);
  std::vector<FormalContext> made;
  for (const ArrowEnd end : ends) made.push_back(token_context(arrows, end, how.k));
  return made;
}

/// The figures of the contexts of W_dec [n, d], one list of tests for each end, beside those of
/// gaussian directions with its second moment through the same model and selection. Draw i has a
/// seed of its own. The same for any number of threads. Throws as lattice_against_margins,
/// logit_arrows and gaussian_rows; Error{value} for values that are not finite. Cost: samples · (n
/// V d + a lattice for each end).
template <class = void>
std::vector<std::vector<NullTest>> lattice_against_directions(
    const Matrix& W_dec, const Unembedding& model, std::span<const ArrowEnd> ends,
    const ContextConstruction& how, const LatticeTestOptions& options = {},
    const Gemm& gemm = eigen_gemm(), const Progress& progress = {}) {
  constexpr Index at_once = 16;
  require_samples(options.samples);
  require_finite(W_dec, "W_dec");
  Unembedding read = model;  // many times: once in the numbers that are multiplied
  if (read.W_U.dtype() != Dtype::f32)
    read.W_U = Matrix::from(to_vector(model.W_U), model.V(), model.d());
  const auto root = second_moment_root(W_dec);
  const auto sides = std::ssize(ends);
  std::vector<std::vector<LatticeFigures>> draws(sides,
                                                 std::vector<LatticeFigures>(options.samples));
  for (Index first = 0; first < options.samples; first += at_once) {
    std::vector<std::vector<FormalContext>> drawn;
    for (Index i = first; i < std::min(first + at_once, options.samples); ++i) {
      progress.check("random directions",
                     static_cast<double>(i) / static_cast<double>(options.samples));
      const auto seed = Random(options.seed, static_cast<std::uint64_t>(i)).bits();
      drawn.push_back(
          contexts_of(gaussian_rows(root, W_dec.rows(), seed, gemm), read, ends, how, gemm));
    }
    parallel_for(std::ssize(drawn) * sides, [&](Index task) {
      const Index i = task / sides, end = task % sides;
      draws[end][first + i] = detail::drawn_figures(drawn[i][end], options, "gaussian");
    });
  }
  progress.check("random directions", 1);
  const auto observed = contexts_of(W_dec, read, ends, how, gemm);
  std::vector<std::vector<NullTest>> tests;
  for (Index end = 0; end < sides; ++end)
    tests.push_back(detail::tests_of(
        lattice_figures(observed[end], options), draws[end], "gaussian",
        "Keeps the decoder's second moment, the unembedding and the selection of tokens; loses "
        "norms, clusters and skew of the directions.",
        options.seed));
  return tests;
}

/// What the two nulls together let one say of a figure, in words. Random directions decide where
/// they were drawn; a figure that they reach on average, and swaps do not, is forced by the tokens,
/// not found in the SAE. Either may be missing.
inline std::string reading_of(const NullTest* margins, const NullTest* directions,
                              const VerdictRule& rule = {}) {
  const NullTest* decides = directions ? directions : margins;
  if (!decides) return "not compared";
  const std::string with = directions ? "random directions" : "swaps";
  if (decides->verdict == Verdict::underpowered) return "too few " + with + " to tell";
  if (decides->p_lower <= rule.alpha) return "less than " + with + " give";
  if (decides->verdict == Verdict::commutes)
    return "more than " + with + " give" + (directions ? "" : ", as any directions may");
  const bool reached = decides->null_mean >= rule.forced * decides->observed;
  return directions && reached && margins && margins->verdict == Verdict::commutes
             ? "forced by the tokens: random directions give as much"
             : "no more than " + with + " give";
}

}  // namespace yoneda
