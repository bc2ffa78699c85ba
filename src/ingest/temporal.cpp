// Temporal SAEs as SAELens loads them: conf.yaml beside latest_ckpt.safetensors, with D [n, d], b
// and attention layers. What they encode depends on all tokens before, so the decoder alone is
// read.
#include <fmt/format.h>

#include "ingest/dialects.hpp"
#include "io/yaml.hpp"

namespace yoneda::ingest {

std::optional<SaeParts> temporal(const Place& place) {
  constexpr const char* config_name = "conf.yaml";
  constexpr const char* weights_name = "latest_ckpt.safetensors";
  if (!place.is_pair(config_name, weights_name)) return std::nullopt;
  Weights weights(place.at(weights_name));
  if (!weights.has("D") || !weights.has("b")) return std::nullopt;
  SaeParts parts;
  Sae& sae = parts.sae;
  Origin& origin = sae.origin;
  origin.path = place.path();
  origin.dialect = "temporal SAE";
  origin.architecture = "temporal";
  origin.files = {place.at(config_name), weights.file()};
  const auto config = io::read_yaml(place.at(config_name));
  if (const auto model = config.find("llm.name"); model != config.end())
    origin.model = model->second;
  if (const auto layer = number_behind(place.full(), "layer_")) {
    origin.layer = *layer;
    origin.hook_point = fmt::format("blocks.{}.hook_resid_post", *layer);
  }
  const Index d = weights.at("b").count();
  const auto [n, cols] = matrix_shape(weights.at("D"));
  parts.stored = decoder_in_words(weights.at("D"), true);
  parts.W_dec = matrix_part(weights, "D", n, d, false, origin);
  parts.b_dec = vector_part(weights, "b", d, origin);
  origin.notes.push_back(
      "its codes depend on earlier tokens through attention: the decoder alone is read");
  note_unused(weights, origin);
  return parts;
}

}  // namespace yoneda::ingest
