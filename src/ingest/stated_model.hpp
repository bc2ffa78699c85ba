// Files of weights that say what model they hold, as config.json does for others.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ingest/model_families.hpp"
#include "ingest/weights.hpp"

namespace yoneda::ingest {

/// What such a file says. Its gains are what their norms multiply by, and the embedding is the
/// unembedding where there is no output matrix.
struct StatedModel {
  std::string dialect;        ///< "llama2.c", "GGUF (gemma2)"
  std::string name = {};      ///< of the model; empty: not given
  Norm norm = Norm::unknown;  ///< unknown: not told
  bool has_gain = true;       ///< false: the final norm has no parameters
  bool soft_cap = false;
  std::string logit_scale = {};  ///< the key of a constant that logits are scaled by
  BlockTensors block;
  std::string_view block_prefix;  ///< of a block's tensors, before its number
};

/// Of llama2.c's checkpoints and of GGUF, where the epsilon that is given tells which norm the
/// model has; nothing for weights in a container that has no word on its model. Throws
/// Error{format} where a GGUF file names no architecture. Source: Gerganov et al. 2023, ggml
/// (docs/gguf.md); that the converters of llama.cpp have added the 1 of Gemma's, Nemotron's and
/// Qwen3-Next's norms is from there too (convert_hf_to_gguf.py).
std::optional<StatedModel> stated_model(const Weights& weights);

}  // namespace yoneda::ingest
