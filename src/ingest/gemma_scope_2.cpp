// Gemma Scope 2: config.json beside params.safetensors, or beside params_layer_<i>.safetensors of a
// cross-layer transcoder (huggingface.co/google/gemma-scope-2-*; circuit-tracer's
// load_gemma_scope_2_clt). The skip connection multiplies from the right, x · affine, so W_skip is
// its transpose.
#include <fmt/format.h>

#include <charconv>
#include <numeric>
#include <vector>

#include "ingest/config.hpp"
#include "ingest/dialects.hpp"
#include "ingest/layers.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

constexpr const char* gemma_config_name = "config.json";
constexpr const char* weights_name = "params.safetensors";

// The layers in "model.layers.{5,9,12}.output"; empty for "{all}", which are 0, 1, ...
std::vector<Index> layers_in(const std::string& hook_point) {
  std::vector<Index> layers;
  const auto open = hook_point.find('{');
  if (open == hook_point.npos) return layers;
  for (const char* at = hook_point.data() + open + 1;;) {
    Index layer = 0;
    const auto [end, error] = std::from_chars(at, hook_point.data() + hook_point.size(), layer);
    if (error != std::errc()) return layers;
    layers.push_back(layer);
    if (*end != ',') return layers;
    at = end + 1;
  }
}

// "{...}" replaced by one of the layers it stands for.
std::string of_layer(const std::string& hook_point, Index layer) {
  const auto open = hook_point.find('{'), close = hook_point.find('}');
  if (open == hook_point.npos || close == hook_point.npos || close < open) return hook_point;
  return hook_point.substr(0, open) + std::to_string(layer) + hook_point.substr(close + 1);
}

// One file holds the features that read one layer, and their decoders [n, L, d] to all.
io::Tensor chosen_decoder(const io::Tensor& decoder, const std::string& file, const SaeNames& names,
                          Sae& sae) {
  Origin& origin = sae.origin;
  sae.transcoder = true;
  std::vector<Index> layers = layers_in(origin.hook_point);
  if (static_cast<Index>(layers.size()) != decoder.shape[1]) {
    layers.resize(decoder.shape[1]);
    std::iota(layers.begin(), layers.end(), Index{0});
  }
  const Index source = number_behind(file.substr(file.rfind('/') + 1), "params_layer_").value_or(0);
  if (source < static_cast<Index>(layers.size())) origin.layer = layers[source];
  const std::string out = origin.hook_point_out.empty() ? origin.hook_point : origin.hook_point_out;
  if (names.target_layer) origin.hook_point_out = of_layer(out, *names.target_layer);
  origin.hook_point = of_layer(origin.hook_point, origin.layer);
  return decoder_for_layer(decoder, layers, names.target_layer, origin);
}

// The file of one layer of a cross-layer transcoder.
std::optional<std::string> layer_file(const Place& place, const SaeNames& names) {
  if (place.is_pair(gemma_config_name, weights_name)) return place.at(weights_name);
  return file_of_layer(place, "params_layer_", ".safetensors", names.layer);
}

void set_gemma_origin(const Config& config, const Place& place, const Weights& weights, Sae& sae) {
  Origin& origin = sae.origin;
  origin.path = place.path();
  origin.dialect = "Gemma Scope 2";
  origin.architecture = config.text({"type"}).value_or("sae");
  origin.files = {config.path(), weights.file()};
  origin.model = config.text({"model_name"}).value_or("");
  origin.hook_point = config.text({"hf_hook_point_in"}).value_or("");
  const std::string out = config.text({"hf_hook_point_out"}).value_or(origin.hook_point);
  sae.transcoder = out != origin.hook_point;
  if (sae.transcoder) origin.hook_point_out = out;
  origin.layer = number_behind(origin.hook_point, "layers.").value_or(-1);
}

}  // namespace

std::optional<SaeParts> gemma_scope_2(const Place& place, const SaeNames& names) {
  if (!place.has(gemma_config_name)) return std::nullopt;
  const auto file = layer_file(place, names);
  if (!file) return std::nullopt;
  const Config config(place.at(gemma_config_name));
  Weights weights(*file);
  if (!weights.has("w_dec") || !config.has("hf_hook_point_in")) return std::nullopt;
  SaeParts parts;
  Sae& sae = parts.sae;
  Origin& origin = sae.origin;
  set_gemma_origin(config, place, weights, sae);
  const Index n = weights.at("b_enc").count();
  io::Tensor decoder = weights.at("w_dec");
  parts.stored = decoder_in_words(decoder, true);
  if (decoder.shape.size() == 3) {
    decoder = chosen_decoder(decoder, *file, names, sae);
  }
  const Index d = matrix_shape(decoder).second;
  if (decoder.shape[0] != n)
    throw Error(ErrorKind::shape,
                fmt::format("tensor {} has {} rows, 'b_enc' {} numbers",
                            io::describe(weights.at("w_dec")), decoder.shape[0], n),
                decoder.file);
  parts.W_dec = decoder;
  origin.tensors.push_back("w_dec");
  if (weights.has("w_enc") && weights.at("w_enc").shape.size() == 2) {
    const Index d_in = sae.transcoder ? weights.at("w_enc").shape[0] : d;
    parts.W_enc = matrix_part(weights, "w_enc", n, d_in, true, origin);
  }
  parts.b_enc = vector_part(weights, "b_enc", n, origin);
  if (weights.at("b_dec").count() == d) parts.b_dec = vector_part(weights, "b_dec", d, origin);
  parts.threshold = vector_part(weights, "threshold", n, origin);
  const bool same_layer = !names.target_layer || names.target_layer == origin.layer;
  if (weights.has("affine_skip_connection") && parts.W_enc && same_layer)
    parts.W_skip =
        matrix_part(weights, "affine_skip_connection", d, parts.W_enc->shape[1], true, origin);
  sae.activation = Activation::jumprelu;
  sae.subtract_b_dec = false;
  note_unused(weights, origin);
  return parts;
}

}  // namespace yoneda::ingest
