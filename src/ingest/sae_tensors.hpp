// Filling a Sae from tensors whose names are known.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ingest/weights.hpp"
#include "yoneda/ingest/sae.hpp"

namespace yoneda::ingest {

/// The tensor's values, checked to be finite and `length` many; the name is noted in `origin`.
std::vector<float> vector_of(Weights& weights, const std::string& name, Index length,
                             Origin& origin);

/// The tensor as a matrix of rows x cols, turned where `transposed`. Throws Error{shape}.
Matrix matrix_of(Weights& weights, const std::string& name, Index rows, Index cols, bool transposed,
                 Origin& origin);

/// Any file, by the tensors' names.
Sae load_sae_by_names(const std::string& path, const SaeNames& names, std::optional<Index> d_model);

}  // namespace yoneda::ingest
