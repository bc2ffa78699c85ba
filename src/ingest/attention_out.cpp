// SAEs on attention heads' outputs before W_O (Kissane, Krzyzanowski, Bloom, Conmy, Nanda 2024,
// Interpreting attention layer outputs with sparse autoencoders): X.pt beside X_cfg.json, with
// W_enc [d, n] and W_dec [n, d] (SAELens' loader connor_rob_hook_z).
#include <fmt/format.h>

#include "ingest/config.hpp"
#include "ingest/dialects.hpp"

namespace yoneda::ingest {
namespace {

constexpr std::string_view weights_ending = ".pt";
constexpr std::string_view config_ending = "_cfg.json";

// The name that X.pt and X_cfg.json share.
std::optional<std::string> stem_of(const Place& place) {
  const auto pair = [&place](const std::string& stem) {
    return place.has(stem + std::string(weights_ending)) &&
           place.has(stem + std::string(config_ending));
  };
  const std::string name = place.file_name();
  for (const auto& ending : {config_ending, weights_ending})
    if (name.ends_with(ending))
      if (std::string stem = name.substr(0, name.size() - ending.size()); pair(stem)) return stem;
  if (!place.is_folder()) return std::nullopt;
  std::optional<std::string> only;
  for (const std::string& file : place.files()) {
    if (!file.ends_with(weights_ending)) continue;
    const std::string stem = file.substr(0, file.size() - weights_ending.size());
    if (!pair(stem)) continue;
    if (only) return std::nullopt;  // several: the folder does not say which
    only = stem;
  }
  return only;
}

}  // namespace

std::optional<SaeParts> attention_out(const Place& place) {
  const auto stem = stem_of(place);
  if (!stem) return std::nullopt;
  const Config config(place.at(*stem + std::string(config_ending)));
  const auto d = config.count({"act_size"}), n = config.count({"dict_size"});
  if (!d || !n) return std::nullopt;
  Weights weights(place.at(*stem + std::string(weights_ending)));
  SaeParts parts;
  Sae& sae = parts.sae;
  Origin& origin = sae.origin;
  origin.path = place.path();
  origin.dialect = "attention-output SAE";
  origin.architecture = "standard";
  origin.files = {config.path(), weights.file()};
  origin.hook_point = config.text({"act_name"}).value_or("");
  origin.layer =
      config.count({"layer"}).value_or(number_behind(origin.hook_point, "blocks.").value_or(-1));
  origin.model = config.text({"model_name"}).value_or("");
  parts.stored = decoder_in_words(weights.at("W_dec"), true);
  parts.W_dec = matrix_part(weights, "W_dec", *n, *d, false, origin);
  parts.W_enc = matrix_part(weights, "W_enc", *n, *d, true, origin);
  parts.b_enc = vector_part(weights, "b_enc", *n, origin);
  parts.b_dec = vector_part(weights, "b_dec", *d, origin);
  sae.activation = Activation::relu;
  note_unused(weights, origin);
  return parts;
}

}  // namespace yoneda::ingest
