// Token sets, and what testing features on them found (see enrichment.hpp): types alone, quick to
// compile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/model/convention.hpp"
#include "yoneda/null/verdict.hpp"

namespace yoneda {

struct TokenSet {
  std::string name;
  std::vector<Id> tokens;
};

/// A mean over fewer tokens says more of the tokens than of a set.
inline constexpr Index least_set_size = 3;

/// One set against n features.
struct SetEnrichment {
  std::string name;
  std::vector<Id> tokens;                ///< ascending, each once
  std::vector<double> z;                 ///< [n]; 0 where a feature's logits do not vary
  std::vector<double> p_upper, p_lower;  ///< [n], of a random direction's z as large, as small
  std::vector<double> p;                 ///< [n], of one as far from 0
  std::vector<double> q;                 ///< [n], p adjusted over features and sets
  double null_mean = 0, null_sd = 0;
  double best = 0;                      ///< the largest z of any direction the SAE's rows span
  double coherence = 0;                 ///< null_sd over the sd that shuffled tokens would give
  Index raised_by = 0, lowered_by = 0;  ///< features with q <= rate
  Verdict verdict = Verdict::underpowered;
  std::string reason;
};

struct Enrichment {
  std::vector<SetEnrichment> sets;
  Index n = 0;
  Convention convention = Convention::raw;  ///< never `automatic`
  Index samples = 0;
  std::uint64_t seed = 0;
  double rate = 0;
  std::string null_kind, keeps;
  std::vector<std::string> notes;
};

}  // namespace yoneda
