// What stands for a token in tests of relations and products, from the weights of a study.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "yoneda/category/representation.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/study/arrows_file.hpp"
#include "yoneda/study/sources.hpp"

namespace yoneda::study {

/// The names of all representations, in the order they are shown.
inline constexpr std::array<std::string_view, 5> representation_names{
    "words", "reconstructions", "codes", "profiles", "top-rows"};

struct RepresentationOptions {
  Matrix activations;            ///< [V, d_in], what the SAE reads for each token; empty: W_U
  std::string activations_name;  ///< for messages
  double least_fve = 0.3;        ///< codes that explain less of the variance are refused
};

/// Every token encoded, and how well.
struct TokenCodes {
  Matrix inputs;  ///< [V, d_in]
  Codes codes;
  double fve = 0;  ///< fraction of variance explained over all tokens (see SaeMetrics)
};

/// Encodes the rows of W_U, or of the activations. An SAE of word vectors reads what the rows of
/// W_U are; one of a model's layer does not, and its codes of W_U would mean nothing: so the
/// fraction of variance explained is measured, not assumed. Throws Error{shape} for activations of
/// another number of tokens or another dimension, Error{value} where the SAE cannot encode or
/// reconstruct. Does not judge the fraction: see require_explained. Cost: see encode().
TokenCodes token_codes(const Sources& sources, const RepresentationOptions& options = {},
                       const Progress& progress = {});

/// Throws Error{value} with the measured fraction where it is below options.least_fve.
void require_explained(const TokenCodes& codes, const RepresentationOptions& options = {});

/// Whether codes are needed for the representation of this name. Throws Error{value} for a name
/// that there is not.
bool needs_codes(std::string_view name);

/// The representation of this name of every token. "words" are the rows that are encoded: W_U, or
/// the activations. `arrows` are needed for "profiles", which are of all tokens: codes are not.
/// Throws Error{value} for another name, where what it needs is missing, and where the codes
/// explain too little.
Representation representation(const Sources& sources, const ArrowsFile* arrows,
                              std::string_view name, const RepresentationOptions& options = {},
                              const Progress& progress = {});

/// The same with codes that are there already (null: not needed).
Representation representation(const Sources& sources, const ArrowsFile* arrows,
                              std::string_view name, const RepresentationOptions& options,
                              const TokenCodes* codes);

}  // namespace yoneda::study
