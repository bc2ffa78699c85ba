// The way from the residual stream to an SAE's encoder, and which of two SAEs comes first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "yoneda/core/types.hpp"
#include "yoneda/model/convention.hpp"
#include "yoneda/model/origin.hpp"
#include "yoneda/model/sae.hpp"

namespace yoneda::ingest {

/// What an encoder reads, told by where it was trained.
enum class ReadingSite {
  unknown,  ///< the hook point does not say
  stream,   ///< the residual stream itself
  normed,   ///< the stream divided by its norm, without the norm's gain
  gained,   ///< what a norm makes of the stream, gain and all
  inside,   ///< a place that the stream reaches only through attention or an MLP
};

/// Where along the residual stream something happens, in half blocks: 2l before block l's
/// attention, 2l + 1 between its attention and its MLP, 2l + 2 behind the MLP, which is before the
/// next block. (Where attention and MLP lie side by side, as in GPT-NeoX, 2l + 1 is no later than
/// 2l.)
using Moment = Index;

struct ReadingRoute {
  ReadingSite site = ReadingSite::unknown;
  std::optional<Moment> moment = {};
  std::optional<Index> layer = {};

  friend bool operator==(const ReadingRoute&, const ReadingRoute&) = default;
};

/// What the encoder of an SAE reads, and when. TransformerLens' "ln2.hook_normalized" of an RMSNorm
/// lies before its gain (rms_norm.py), and so do Gemma Scope's transcoders, whose gain is folded
/// into the MLP (Lieberum et al. 2024); "mlp.hook_in" and modules of Hugging Face lie behind it.
ReadingRoute reading_route(const Sae& sae);

/// From when on the stream holds what the SAE's decoder writes; nothing where its hook point does
/// not say.
std::optional<Moment> writing_moment(const Sae& sae);

/// What overrides the automatic choices about the norm before an encoder; empty means automatic.
struct InputNormNames {
  std::string gain = {};  ///< its tensor in the model's files
  std::optional<Norm> norm = {};
};

/// A norm of the model that an encoder comes behind.
struct InputNormGain {
  Norm norm = Norm::unknown;
  std::vector<float> gain;         ///< [d_model] (1 + already added), or empty: none
  std::vector<std::string> notes;  ///< what is done, and what was assumed
  std::vector<std::string> files;  ///< of the model, that were opened for it
};

/// The norm between the residual stream and an SAE's encoder, out of the model at `model_path`. The
/// gain is found by the layer, under the names of Llama, Gemma, GPT-2, GPT-NeoX, OPT and their kin
/// and of TransformerLens; the kind of norm by the model's type, else by whether there is a bias.
/// Where a model has norms behind its blocks and none before them (OLMo 2, EXAONE 4) there is none,
/// and a note says so. No file is opened, and nothing found, for an encoder on the stream itself
/// unless `names.gain` is given. Throws Error{value} where there must be a gain and none is found
/// (the message says which flag would name it), or where it holds a NaN, Error{shape} unless it has
/// d_in numbers. Further errors as load_unembedding.
InputNormGain load_input_norm(const std::string& model_path, const Sae& sae,
                              const InputNormNames& names = {});

}  // namespace yoneda::ingest
