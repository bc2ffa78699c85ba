// enrichment.json: which features raise or lower the tokens of which set, and what a null says of
// it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "yoneda/null/token_set.hpp"
#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

/// The features of a set worth listing, the largest |z| first: all that are significant, and as
/// many more as make `least`.
std::vector<Id> strongest_features(const SetEnrichment& set, double rate, Index least);

/// Writes atomically: z of every feature, and the strongest (all that are significant, at least 20)
/// with p, q and words. Throws Error{file}.
void write_enrichment(const std::string& path, const Enrichment& enrichment,
                      const ArrowsFile& arrows, const Record& record,
                      std::span<const std::string> notes = {});

}  // namespace yoneda::study
