// Gemma Scope: params.npz without a configuration. The model, the site and the layer are in the
// names of the folders alone (Lieberum, Rajamanoharan, Conmy, Smith, Sonnerat, Varma, Kramár,
// Dragan, Shah, Nanda 2024, Gemma Scope; SAELens' loaders gemma_2 and gemma_2_transcoder).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "ingest/dialects.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

constexpr std::array gemma_encoder_names{std::string_view("W_enc"), std::string_view("w_enc")};
constexpr std::array gemma_decoder_names{std::string_view("W_dec"), std::string_view("w_dec")};

bool is_gemma_scope(const Weights& weights) {
  return weights.format() == "npz" && !weights.choose({}, gemma_encoder_names).empty() &&
         !weights.choose({}, gemma_decoder_names).empty() && weights.has("b_enc") &&
         weights.has("b_dec") && weights.has("threshold");
}

// "gemma-scope-9b-it-res" in the path names the model gemma-2-9b-it.
std::string model_in(const std::string& path) {
  constexpr std::array sizes{"2b", "9b", "27b"};
  for (const char* size : sizes)
    for (const char* tuning : {"-it", "-pt"})
      if (path.find(std::string("gemma-scope-") + size + tuning) != path.npos)
        return fmt::format("gemma-2-{}{}", size, std::string_view(tuning) == "-it" ? "-it" : "");
  return {};
}

bool mentions(const std::string& path, std::string_view what) {
  return path.find(what) != path.npos;
}

void set_hook_points(const std::string& path, Sae& sae) {
  Origin& origin = sae.origin;
  const auto block = [&origin](std::string_view hook) {
    return fmt::format("blocks.{}.{}", origin.layer, hook);
  };
  if (mentions(path, "/embedding/")) {
    origin.hook_point = "hook_embed";
    return;
  }
  if (origin.layer < 0) return;
  if (mentions(path, "-transcoders")) {
    sae.transcoder = true;
    origin.hook_point = block("ln2.hook_normalized");
    origin.hook_point_out = block("hook_mlp_out");
  } else if (mentions(path, "-att")) {
    origin.hook_point = block("attn.hook_z");
  } else if (mentions(path, "-mlp")) {
    origin.hook_point = block("hook_mlp_out");
  } else if (mentions(path, "-res")) {
    origin.hook_point = block("hook_resid_post");
  }
}

}  // namespace

std::optional<SaeParts> gemma_scope(const Place& place, Weights& weights) {
  if (!is_gemma_scope(weights)) return std::nullopt;
  SaeParts parts;
  Sae& sae = parts.sae;
  Origin& origin = sae.origin;
  origin.path = place.path();
  origin.dialect = "Gemma Scope";
  origin.architecture = "jumprelu";
  origin.files = {weights.file()};
  const std::string path = place.full() + "/";
  origin.model = model_in(path);
  origin.layer = number_behind(path, "layer_").value_or(-1);
  set_hook_points(path, sae);
  if (origin.hook_point.empty())
    origin.notes.push_back(
        "model, site and layer are only in the folders' names "
        "(gemma-scope-2b-pt-res/layer_20/...), which are not these: taken for a residual stream");

  const Index n = weights.at("b_enc").count(), d = weights.at("b_dec").count();
  const std::string decoder = weights.choose({}, gemma_decoder_names);
  const std::string encoder = weights.choose({}, gemma_encoder_names);
  parts.stored = decoder_in_words(weights.at(decoder), true);
  parts.W_dec = matrix_part(weights, decoder, n, d, false, origin);
  const Index d_in = weights.at(encoder).shape.empty() ? d : weights.at(encoder).shape[0];
  parts.W_enc = matrix_part(weights, encoder, n, sae.transcoder ? d_in : d, true, origin);
  parts.b_enc = vector_part(weights, "b_enc", n, origin);
  parts.b_dec = vector_part(weights, "b_dec", d, origin);
  parts.threshold = vector_part(weights, "threshold", n, origin);
  sae.activation = Activation::jumprelu;
  sae.subtract_b_dec = false;
  if (origin.hook_point == "hook_embed") {
    parts.decoder_factor = std::sqrt(static_cast<double>(d));
    origin.notes.push_back(
        "an SAE of embeddings before Gemma multiplies them by √d_model: decoder rows multiplied by "
        "it, encoder rows divided");
  }
  note_unused(weights, origin);
  return parts;
}

}  // namespace yoneda::ingest
