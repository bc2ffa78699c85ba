// Two or three SAEs on disk side by side, and compare.json.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "yoneda/arrows/logit_arrows.hpp"
#include "yoneda/category/arrow_preservation.hpp"
#include "yoneda/category/correspondence.hpp"
#include "yoneda/category/functoriality.hpp"
#include "yoneda/category/naturality.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/model/sae.hpp"
#include "yoneda/model/unembedding.hpp"
#include "yoneda/model/vocabulary.hpp"
#include "yoneda/study/record.hpp"

namespace yoneda::study {

/// What a user names: SAEs or studies. The model is that of the first study that has one, where
/// none is named; without one features have no words, and naturality is left out.
struct ComparisonOptions {
  std::vector<std::string> saes;  ///< two or three
  std::string model, vocabulary;
  Matrix activations;               ///< rows that the SAEs read; empty: no co-activations
  std::string activations_path;     ///< where they come from
  Index candidates = 32;            ///< of every feature, for the one-to-one map
  double chance = 0.01, floor = 0;  ///< see CorrespondenceOptions
  Index features = 2048;            ///< in each test, at most
  Index samples = 99;
  std::uint64_t seed = 1;
};

struct ComparedSaes {
  std::vector<Sae> saes;
  std::optional<Unembedding> model;
  Vocabulary vocabulary;
  std::vector<std::string> notes;
  std::map<std::string, Source> recorded;  ///< "a", "b", "c", "model", "vocabulary", "activations"
};

struct Comparison {
  std::vector<Correspondence> steps;  ///< A to B, and B to C
  std::optional<Functoriality> functoriality;
  std::optional<Naturality> naturality;
  std::optional<Preservation> coactivation, virtual_weights;
  std::vector<LogitArrows> arrows;  ///< of each SAE a few tokens at each end; empty without a model
  std::vector<std::string> notes;   ///< why something is missing
};

/// Reads them and checks that their decoders write to one space. Throws Error{file, format, shape,
/// value}.
ComparedSaes open_compared(const ComparisonOptions& options);

/// Everything that what was given allows, with oneDNN's product. Throws Error{cancelled}, and what
/// its parts throw.
Comparison compare(const ComparedSaes& saes, const ComparisonOptions& options,
                   const Progress& progress = {});

/// Writes atomically. Throws Error{file}.
void write_comparison(const std::string& path, const Comparison& found, const ComparedSaes& saes,
                      const Record& record);

}  // namespace yoneda::study
