// Reading trained sparse autoencoders.
#pragma once

#include <optional>
#include <string>

#include "yoneda/model/sae.hpp"

namespace yoneda::ingest {

/// Whether the features are the rows or the columns of a stored decoder.
enum class FeatureAxis { automatic, rows, columns };

/// Tensor names that override the automatic ones; empty means automatic.
struct SaeNames {
  std::string decoder = {};
  std::string encoder = {};
  std::string encoder_bias = {};
  std::string decoder_bias = {};
  std::string threshold = {};
  /// Only needed where shapes cannot tell (as many features as dimensions).
  FeatureAxis features = FeatureAxis::automatic;
};

/// Reads a SAELens folder (cfg.json and sae_weights.safetensors, version 6 or older; standard, topk
/// and jumprelu), or the tensors of any safetensors or npz file, or of a folder with one such file.
///
/// Where no cfg.json fixes it, the feature axis follows from lengths that are known: the biases',
/// the threshold's and `d_model`, which the caller may have from the language model. Throws
/// Error{shape} where they leave it open or contradict the decoder, Error{value} for missing
/// tensors, NaN and infinity, Error{format} for damage and dialects that are not read,
/// Error{file} where there is nothing to read. Assumptions are in origin.notes.
///
/// Cost: one pass over the weights; what is stored in another orientation is copied.
Sae load_sae(const std::string& path, const SaeNames& names = {},
             std::optional<Index> d_model = {});

}  // namespace yoneda::ingest
