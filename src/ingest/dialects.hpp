// The SAE dialects: each looks at what is there, and answers where it is its own.
#pragma once

#include <optional>

#include "ingest/place.hpp"
#include "ingest/sae_parts.hpp"
#include "ingest/weights.hpp"
#include "yoneda/ingest/sae.hpp"

namespace yoneda::ingest {

/// Dialects with a configuration beside the weights: known by their files and by what these hold.
/// Nothing where the place is not of the dialect; an Error where it is and cannot be read.
std::optional<SaeParts> saelens(const Place& place);
std::optional<SaeParts> sparsify(const Place& place);
std::optional<SaeParts> gemma_scope_2(const Place& place, const SaeNames& names);
std::optional<SaeParts> llama_scope(const Place& place);
std::optional<SaeParts> llama_scope_r1(const Place& place);
std::optional<SaeParts> circuit_tracer(const Place& place, const SaeNames& names);
std::optional<SaeParts> qwen_scope(const Place& place, const SaeNames& names);
std::optional<SaeParts> temporal(const Place& place);
std::optional<SaeParts> attention_out(const Place& place);

/// Dialects without one, or with one that may be missing: known by their tensors' names.
std::optional<SaeParts> gemma_scope(const Place& place, Weights& weights);
std::optional<SaeParts> openai(const Place& place, Weights& weights);
std::optional<SaeParts> dictionary_learning(const Place& place, Weights& weights,
                                            const SaeNames& names);
std::optional<SaeParts> linear_layers(const Place& place, Weights& weights);

/// Any tensors, by their names; axes by lengths that are known.
SaeParts tensors_by_name(const Place& place, Weights& weights, const SaeNames& names,
                         std::optional<Index> d_model);

}  // namespace yoneda::ingest
