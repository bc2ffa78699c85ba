// The way from an SAE's decoder to the residual stream: which tensors of the model lie on it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/core/matrix.hpp"
#include "yoneda/model/origin.hpp"

namespace yoneda::ingest {

/// What an SAE reconstructs, told by where it was trained.
enum class ResidualSite {
  unknown,    ///< the hook point does not say
  stream,     ///< the residual stream, or what is added to it
  heads,      ///< the outputs of the attention heads, one after the other: W_O lies between
  attention,  ///< what the attention module returns: a post-norm lies between, where there is one
  neurons,    ///< the MLP's hidden layer: W_out lies between
  mlp,        ///< what the MLP module returns: as for attention
};

struct ResidualRoute {
  ResidualSite site = ResidualSite::unknown;
  std::optional<Index> layer = {};

  friend bool operator==(const ResidualRoute&, const ResidualRoute&) = default;
};

/// Reads a hook point of TransformerLens ("blocks.5.attn.hook_z"), of Gemma Scope 2
/// ("model.layers.5.self_attn.o_proj.input") or the name of a module, as sparsify has it
/// ("layers.5.mlp"). TransformerLens' hook_attn_out and hook_mlp_out come after a post-norm (its
/// transformer_block.py), module outputs before it. SAEs on the concatenated heads are Kissane et
/// al. (2024), "Interpreting Attention Layer Outputs with Sparse Autoencoders", and those of Gemma
/// Scope, whose MLP SAEs come after the post-norm (Lieberum et al. 2024).
ResidualRoute residual_route(std::string_view hook_point);

/// Tensor names in the model's files that override the automatic ones; empty means automatic.
struct ResidualNames {
  std::string output_projection = {};  ///< W_O, or W_out for an SAE on neurons
  std::string post_norm_gain = {};     ///< of the norm between the block's output and the stream
};

/// What an SAE's directions must be multiplied by to be directions in the residual stream.
struct ResidualMap {
  Matrix W_O;                      ///< [d_z, d_model], or empty
  std::vector<float> gain;         ///< [d_model] (1 + already added), or empty
  std::vector<std::string> notes;  ///< what is done, and what was assumed
  std::vector<std::string> files;  ///< of the model, that were opened for it

  bool empty() const { return W_O.empty() && gain.empty(); }
};

/// Finds the tensors between an SAE of `sae_d` dimensions and the residual stream of the model at
/// `model_path`. Of a Hugging Face folder, model_type and the layer of the hook point decide; of
/// other files, TransformerLens' names ("blocks.5.attn.W_O", "blocks.5.ln1_post.w"); `names`
/// overrides both. The name decides how a matrix is stored (torch.nn.Linear: [d_model, d_z];
/// GPT-2's Conv1D and TransformerLens: [d_z, d_model]); for other names its shape. No file is
/// opened for an SAE on the residual stream itself.
///
/// Throws Error{value} for a tensor that is missing or that nothing names (the message says which
/// flag would), for NaN and infinity; Error{shape} where dimensions do not fit, or where a square
/// matrix under an unknown name leaves its axes open. Further errors as load_unembedding.
ResidualMap load_residual_map(const std::string& model_path, const Origin& sae_origin, Index sae_d,
                              Index d_model, const ResidualNames& names = {});

}  // namespace yoneda::ingest
