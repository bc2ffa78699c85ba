// OpenAI's SAEs: a state dict with the names of its activation function among the tensors
// (github.com/openai/sparse_autoencoder: sparse_autoencoder/model.py, paths.py). TopK ones were
// trained on layer-normalised inputs.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "ingest/dialects.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

// Folder names of the published SAEs, longest first, and what TransformerLens calls the place.
constexpr std::array locations{
    std::pair{std::string_view("resid_post_attn"), std::string_view("hook_resid_mid")},
    std::pair{std::string_view("resid_post_mlp"), std::string_view("hook_resid_post")},
    std::pair{std::string_view("resid_delta_attn"), std::string_view("hook_attn_out")},
    std::pair{std::string_view("resid_delta_mlp"), std::string_view("hook_mlp_out")},
    std::pair{std::string_view("mlp_post_act"), std::string_view("mlp.hook_post")},
};

std::string metadata(const Weights& weights, const std::string& key) {
  const auto found = weights.metadata().find(key);
  return found == weights.metadata().end() ? std::string() : found->second;
}

// ".../resid_post_mlp_v5_32k/autoencoders/8.pt"
void set_hook_point(const Place& place, Origin& origin) {
  const std::string name = place.file_name(), path = place.full();
  Index layer = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), layer);
  const bool numbered = error == std::errc() && std::string_view(end) == ".pt";
  for (const auto& [folder, hook] : locations) {
    if (!numbered || path.find(folder) == path.npos) continue;
    origin.layer = layer;
    origin.hook_point = fmt::format("blocks.{}.{}", layer, hook);
    if (path.find("gpt2-small") != path.npos) origin.model = "gpt2-small";
    return;
  }
  origin.notes.push_back(
      "place and layer are only in the path (resid_post_mlp_v5_32k/autoencoders/8.pt), which is "
      "not "
      "this one: taken for a residual stream");
}

void set_activation(const Weights& weights, Index n, Sae& sae) {
  std::string name = metadata(weights, "activation");
  if (name.empty()) name = "ReLU";
  sae.origin.architecture = name;
  if (name == "ReLU") {
    sae.activation = Activation::relu;
  } else if (name == "TopK") {
    sae.activation = Activation::topk;
    sae.input_norm = InputNorm::layer_norm;
    const std::string k = metadata(weights, "activation_state_dict.k");
    const auto [end, error] = std::from_chars(k.data(), k.data() + k.size(), sae.k);
    if (error != std::errc() || sae.k < 1 || sae.k > n)
      throw Error(ErrorKind::value, fmt::format("k = {} of {} features", io::quote(k), n),
                  weights.file());
  } else {
    sae.origin.notes.push_back(fmt::format("activation function {} is not known", io::quote(name)));
  }
}

}  // namespace

std::optional<SaeParts> openai(const Place& place, Weights& weights) {
  if (!weights.has("pre_bias") || !weights.has("latent_bias") || !weights.has("encoder.weight"))
    return std::nullopt;
  SaeParts parts;
  Sae& sae = parts.sae;
  Origin& origin = sae.origin;
  origin.path = place.path();
  origin.dialect = "OpenAI";
  origin.files = {weights.file()};
  set_hook_point(place, origin);
  const Index n = weights.at("latent_bias").count(), d = weights.at("pre_bias").count();
  // Tied, the decoder is the encoder's own matrix, under a name of its own.
  const bool tied = !weights.has("decoder.weight");
  const std::string decoder = !tied                                  ? "decoder.weight"
                              : weights.has("decoder.linear.weight") ? "decoder.linear.weight"
                                                                     : "encoder.weight";
  parts.stored = decoder_in_words(weights.at(decoder), tied);
  parts.W_dec = matrix_part(weights, decoder, n, d, !tied, origin);
  parts.W_enc = matrix_part(weights, "encoder.weight", n, d, false, origin);
  parts.b_enc = vector_part(weights, "latent_bias", n, origin);
  parts.b_dec = vector_part(weights, "pre_bias", d, origin);
  set_activation(weights, n, sae);
  if (tied) origin.notes.push_back("tied: the encoder is the decoder");
  note_unused(weights, origin);
  return parts;
}

}  // namespace yoneda::ingest
