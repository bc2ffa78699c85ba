// Reading trained sparse autoencoders.
#pragma once

#include <optional>
#include <string>

#include "yoneda/model/sae.hpp"

namespace yoneda::ingest {

/// Whether the features are the rows or the columns of a stored decoder.
enum class FeatureAxis { automatic, rows, columns };

/// Tensor names that override the automatic ones, and choices where a path holds several SAEs;
/// empty means automatic.
struct SaeNames {
  std::string decoder = {};
  std::string encoder = {};
  std::string encoder_bias = {};
  std::string decoder_bias = {};
  std::string threshold = {};
  /// Only needed where shapes cannot tell (as many features as dimensions).
  FeatureAxis features = FeatureAxis::automatic;
  /// Which SAE, where a folder holds one for each layer.
  std::optional<Index> layer = {};
  /// Which decoder, where an SAE writes to several layers (cross-layer transcoders).
  std::optional<Index> target_layer = {};
};

/// Reads an SAE from a file, or from a folder with one; the dialect is recognised by what is there:
/// SAELens of any version, sparsify, Gemma Scope 1 and 2, Llama Scope and its R1 successor, OpenAI,
/// all classes of dictionary_learning, attention-output SAEs, circuit-tracer's transcoders and
/// cross-layer transcoders, or else tensors by name in safetensors, npz or PyTorch's zip format.
///
/// A dialect with an orientation of its own decides which axis is features, and shapes are held
/// against it. Elsewhere the axis follows from lengths that are known: the biases', the threshold's
/// and `d_model`, which the caller may have from the language model. Throws Error{shape} where they
/// leave it open or contradict the decoder, Error{value} for missing tensors, NaN and infinity,
/// Error{format} for damage and what is not read, Error{file} where there is nothing to read.
/// Assumptions are in origin.notes.
///
/// What is stored as [n, d] with the right alignment stays mapped; the rest is copied once. Memory:
/// what the Sae keeps, and a few megabytes. Cost: one pass over the weights.
Sae load_sae(const std::string& path, const SaeNames& names = {},
             std::optional<Index> d_model = {});

/// What an SAE is, as far as it can be told without its weights.
struct SaeOutline {
  Sae sae;                  ///< everything but matrices and vectors
  Index n = 0, d = 0;       ///< of W_dec
  Index d_in = 0;           ///< of W_enc; 0 where there is none
  bool skip = false;        ///< whether there is a W_skip
  std::string decoder;      ///< "'W_dec' (F32, 16384 x 2304), features are its rows"
  Index decoder_bytes = 0;  ///< as stored, unpacked
};

/// The same recognition, reading headers and configurations alone. Throws as load_sae, but for what
/// only the weights can show.
SaeOutline outline_sae(const std::string& path, const SaeNames& names = {},
                       std::optional<Index> d_model = {});

/// The state of a decoder's rows, damaged ones included.
struct DecoderHealth {
  Index zero = 0;                          ///< rows that write nothing
  Index not_finite = 0;                    ///< rows with a NaN or an infinity
  double least = 0, median = 0, most = 0;  ///< norms of the other rows; 0 where there are none
};

/// Reads the decoder as it is stored, before anything is done to it. Throws as load_sae, but not
/// for NaN and infinity. Cost: one pass over the decoder.
DecoderHealth decoder_health(const std::string& path, const SaeNames& names = {},
                             std::optional<Index> d_model = {});

}  // namespace yoneda::ingest
