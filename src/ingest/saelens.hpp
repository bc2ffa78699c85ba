// SAELens: cfg.json beside sae_weights.safetensors.
#pragma once

#include <optional>
#include <string>

#include "yoneda/model/sae.hpp"

namespace yoneda::ingest {

/// The folder that holds both files, where `path` is that folder or one of the files.
std::optional<std::string> saelens_folder(const std::string& path);

/// Reads such a folder; `path` is what the user named. Throws as load_sae.
Sae load_saelens(const std::string& folder, const std::string& path, std::optional<Index> d_model);

}  // namespace yoneda::ingest
