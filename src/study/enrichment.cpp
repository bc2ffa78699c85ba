#include "yoneda/null/enrichment.hpp"

#include "study/same_sources.hpp"
#include "yoneda/study/steps.hpp"

namespace yoneda::study {

Enrichment make_enrichment(const Sources& sources, const ArrowsFile& arrows,
                           std::span<const TokenSet> sets, const EnrichmentStep& step,
                           const Progress& progress) {
  require_same_sources(sources, arrows.arrows);
  EnrichmentOptions options;
  options.convention = arrows.arrows.convention;
  options.excluded = excluded_tokens(arrows.record, arrows.arrows.V);
  options.samples = step.samples;
  options.seed = step.seed;
  options.rate = step.rate;
  return enrichment(sources.sae.W_dec, sources.model, sets, options, progress);
}

}  // namespace yoneda::study
