// Qwen Scope: config.json of model_type "topk_sae" beside layer<i>.sae.pt, with SAELens' names but
// both matrices the other way round: W_enc [n, d], W_dec [d, n].
#include <fmt/format.h>

#include "ingest/config.hpp"
#include "ingest/dialects.hpp"
#include "ingest/layers.hpp"
#include "io/text.hpp"

namespace yoneda::ingest {

std::optional<SaeParts> qwen_scope(const Place& place, const SaeNames& names) {
  constexpr const char* config_name = "config.json";
  if (!place.has(config_name)) return std::nullopt;
  const auto file = file_of_layer(place, "layer", ".sae.pt", names.layer);
  if (!file) return std::nullopt;
  const Config config(place.at(config_name));
  if (config.text({"model_type"}) != "topk_sae") return std::nullopt;
  const auto d = config.count({"d_model"}), n = config.count({"d_sae"});
  if (!d || !n) throw config.bad("no 'd_model' or no 'd_sae'");
  Weights weights(*file);
  SaeParts parts;
  Sae& sae = parts.sae;
  Origin& origin = sae.origin;
  origin.path = place.path();
  origin.dialect = "Qwen Scope";
  origin.architecture = "topk";
  origin.files = {config.path(), weights.file()};
  origin.model = config.text({"base_model"}).value_or("");
  origin.layer = number_behind(Place(*file).file_name(), "layer").value_or(-1);
  const std::string hook = config.text({"hook_point"}).value_or("resid_post");
  origin.hook_point = fmt::format("blocks.{}.hook_{}", origin.layer, hook);
  parts.stored = decoder_in_words(weights.at("W_dec"), false);
  parts.W_dec = matrix_part(weights, "W_dec", *n, *d, true, origin);
  parts.W_enc = matrix_part(weights, "W_enc", *n, *d, false, origin);
  parts.b_enc = vector_if(weights, "b_enc", *n, origin);
  parts.b_dec = vector_if(weights, "b_dec", *d, origin);
  sae.activation = Activation::topk;
  sae.k = config.count({"k"}).value_or(0);
  if (sae.k < 1 || sae.k > *n) throw config.bad(fmt::format("k = {} of {} features", sae.k, *n));
  note_unused(weights, origin);
  return parts;
}

}  // namespace yoneda::ingest
