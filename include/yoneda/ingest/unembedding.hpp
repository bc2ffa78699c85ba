// Reading the unembedding and the final norm of a language model.
#pragma once

#include <optional>
#include <string>

#include "yoneda/model/unembedding.hpp"

namespace yoneda::ingest {

/// Tensor names and facts that override the automatic ones; empty means automatic.
struct UnembeddingNames {
  std::string unembedding = {};
  std::string norm_gain = {};
  std::optional<Norm> norm = {};
  /// Added to the stored gain; 1 for Gemma, which stores it minus one.
  std::optional<float> gain_offset = {};
};

/// Sizes the caller knows from elsewhere, which tell the axes of a bare matrix apart.
struct KnownSizes {
  std::optional<Index> d_model = {};     ///< e.g. from an SAE
  std::optional<Index> vocabulary = {};  ///< number of tokens
};

/// Reads a Hugging Face folder (config.json and safetensors, sharded or not; tied or not), or the
/// tensors of any safetensors or npz file, or of a folder with one such file. The matrix keeps its
/// dtype, and stays mapped where it is stored as [V, d].
///
/// Of a Hugging Face model, model_type decides about the final norm; an unknown one is an
/// Error{value} unless `names` gives the tensors, and so is one in which a direction of the
/// residual stream has no logits (OPT-350m, which has no final norm). Otherwise a gain with a bias
/// beside it means LayerNorm, one without RMSNorm, which origin.notes then says; and a state dict
/// of TransformerLens without "ln_final.w" has its norm folded into W_U, so that the gain is 1.
///
/// Hugging Face's names mean [V, d], TransformerLens' "unembed.W_U" means [d, V]; for other names
/// the gain's length and `known` decide, and Error{shape} is thrown where they do not. Further
/// errors as load_sae.
Unembedding load_unembedding(const std::string& path, const UnembeddingNames& names = {},
                             const KnownSizes& known = {});

/// What an unembedding is, as far as it can be told without reading its matrix.
struct UnembeddingOutline {
  Unembedding model;       ///< everything but W_U
  Index V = 0, d = 0;      ///< of W_U
  std::string matrix;      ///< "'lm_head.weight' (BF16, 256000 x 2304), tokens are its rows"
  Index matrix_bytes = 0;  ///< as stored
};

/// The same recognition, reading headers, config.json and the norm's gain alone. Throws as
/// load_unembedding, but for what only the matrix can show.
UnembeddingOutline outline_unembedding(const std::string& path, const UnembeddingNames& names = {},
                                       const KnownSizes& known = {});

}  // namespace yoneda::ingest
