// What opening sources is made of.
#pragma once

#include <map>
#include <string>

#include "yoneda/study/sources.hpp"

namespace yoneda::study {

/// The record of what was read at `path`. Of a model's folder only the files that were read count:
/// a study does not depend on shards it never opened. Names that are empty are left out.
Source source_of(const std::string& path, const Origin& origin,
                 const std::map<std::string, std::string>& names);

std::map<std::string, std::string> names_of(const ingest::SaeNames& names);
std::map<std::string, std::string> names_of(const ingest::UnembeddingNames& names,
                                            const ingest::ResidualNames& residual);

/// An SAE as its files have it. d_model may be needed to tell its axes apart; where a matrix lies
/// between the SAE and the residual stream, they have another length.
Sae load_features(const std::string& path, const ingest::SaeNames& names, Index d_model);

/// The SAE with its directions in the residual stream; the files this takes are added to the
/// model's. Eigen's product, whatever others use: which tokens a feature raises must not depend on
/// the instruction set.
Sae load_sae_in_stream(const SourceOptions& options, Unembedding& model);

}  // namespace yoneda::study
