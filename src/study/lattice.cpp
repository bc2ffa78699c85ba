#include <algorithm>
#include <cmath>

#include "same_sources.hpp"
#include "yoneda/category/lattice_tests.hpp"
#include "yoneda/null/construction.hpp"
#include "yoneda/onednn/gemm.hpp"
#include "yoneda/study/lattice_file.hpp"
#include "yoneda/study/steps.hpp"

namespace yoneda::study {
namespace {

LatticeTestOptions test_options(const LatticeStep& step, Index n) {
  LatticeTestOptions options;
  options.concepts = {support_of(step.min_support, n), step.most};
  options.confidence = step.confidence;
  options.samples = step.samples;
  options.seed = step.seed;
  return options;
}

LatticeOfEnd of_end(ArrowEnd end, const FormalContext& context, const LatticeStep& step,
                    const Progress& progress) {
  const LatticeTestOptions options = test_options(step, context.n());
  LatticeOfEnd made;
  made.end = end;
  for (Id t = 0; t < context.V(); ++t) made.tokens += !context.features_of(t).empty();
  made.lattice = concept_lattice(context, options.concepts, progress);
  constexpr Index most_implications = 1'000'000;
  made.exact = exact_implications(made.lattice, most_implications, progress);
  made.partial = partial_implications(made.lattice, step.confidence);
  made.figures = lattice_figures(made.lattice, made.exact, made.partial);
  if (step.margins)
    made.margins = lattice_against_margins(context, made.figures, options, progress);
  return made;
}

/// A number of n features as one of a part of them, the same share.
LatticeStep of_part(LatticeStep step, Index n, Index part) {
  if (step.min_support < 1) return step;  // a share already
  const double of_part = step.min_support * static_cast<double>(part) / static_cast<double>(n);
  step.min_support = std::max(1.0, std::ceil(of_part - 1e-9));
  return step;
}

void test_against_directions(Lattices& found, const ArrowsFile& arrows, const Sources& sources,
                             const LatticeStep& step, const Progress& progress) {
  require_same_sources(sources, arrows.arrows);
  // Tokens that the arrows leave out are left out of the null, too.
  Unembedding model = sources.model;
  model.W_U = without_rows(model.W_U, excluded_tokens(arrows.record, model.V()));
  const Subsample part = subsample(sources.sae.W_dec, model, step.features, step.tokens, step.seed);
  const Index n = part.W_dec.rows();
  const LatticeTestOptions options = test_options(part.whole ? step : of_part(step, found.n, n), n);
  auto tests = lattice_against_directions(part.W_dec, part.model, step.ends,
                                          {found.k, arrows.arrows.convention}, options,
                                          onednn_gemm(), progress);
  for (std::size_t i = 0; i < found.ends.size(); ++i)
    found.ends[i].directions = std::move(tests[i]);
  found.null_features = n;
  found.null_tokens = part.model.V();
  if (!part.whole)
    found.notes.push_back(
        "random directions and the SAE's own are compared on the same random "
        "part: " +
        std::to_string(n) + " of " + std::to_string(found.n) + " features, " +
        std::to_string(part.model.V()) + " of " + std::to_string(model.V()) +
        " tokens, concepts of at least " + std::to_string(options.concepts.min_support) +
        " features");
}

}  // namespace

Index support_of(double asked, Index n) {
  const auto refuse = [&](const std::string& reason) {
    throw Error(ErrorKind::value, "a minimum support " + reason);
  };
  if (!(asked > 0)) refuse("is a share of the features, below 1, or their number, from 1 on");
  if (asked < 1)  // of 1000 features a share of 0.007 is 7, whatever the rounding
    return std::max<Index>(
        1, static_cast<Index>(std::ceil(asked * static_cast<double>(n) * (1 - 1e-12))));
  if (asked != std::floor(asked)) refuse("from 1 on is a whole number of features");
  if (asked > static_cast<double>(n))
    refuse("of " + std::to_string(static_cast<Index>(std::min(asked, 1e18))) +
           " features is out of reach: there are " + std::to_string(n));
  return static_cast<Index>(asked);
}

Lattices make_lattices(const ArrowsFile& arrows, const Sources* sources, const LatticeStep& step,
                       const Progress& progress) {
  Lattices found;
  found.n = arrows.arrows.n;
  found.V = arrows.arrows.V;
  found.k = step.k == 0 ? arrows.arrows.k : step.k;
  found.min_support = support_of(step.min_support, found.n);
  found.confidence = step.confidence;
  for (const ArrowEnd end : step.ends)
    found.ends.push_back(of_end(end, token_context(arrows.arrows, end, found.k), step, progress));
  if (step.directions && sources) test_against_directions(found, arrows, *sources, step, progress);
  if (step.directions && !sources)
    found.notes.push_back(
        "without the SAE and the model, which --sae and --model name, there are no random "
        "directions to compare with, and swaps alone call any lattice a discovery");
  return found;
}

}  // namespace yoneda::study
