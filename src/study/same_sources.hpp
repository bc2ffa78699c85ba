// Whether an SAE and a model are those that arrows were made from.
#pragma once

#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/study/sources.hpp"

namespace yoneda::study {

/// Throws Error{shape} for other numbers of features or tokens, Error{value} for a decoder whose
/// rows are of other lengths: two SAEs may have as many features.
void require_same_sources(const Sources& sources, const LogitArrows& arrows);

}  // namespace yoneda::study
