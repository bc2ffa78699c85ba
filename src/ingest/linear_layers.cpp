// A state dict of two linear layers and nothing else, as the SAEs of DeepSeek-R1-Distill and
// Goodfire's are: encoder.weight [n, d], decoder.weight [d, n] and their biases. What they lack,
// the loaders of SAELens (deepseek_r1, goodfire) supply: ReLU, inputs not centred, the layer in the
// file's name.
#include <fmt/format.h>

#include "ingest/dialects.hpp"

namespace yoneda::ingest {

std::optional<SaeParts> linear_layers(const Place& place, Weights& weights) {
  if (weights.format() != "torch") return std::nullopt;
  for (const std::string ending : {"", "_linear"}) {
    const std::string encoder = "encoder" + ending, decoder = "decoder" + ending;
    if (!weights.has(encoder + ".weight") || !weights.has(decoder + ".weight") ||
        !weights.has(encoder + ".bias") || !weights.has(decoder + ".bias"))
      continue;
    SaeParts parts;
    Sae& sae = parts.sae;
    Origin& origin = sae.origin;
    origin.path = place.path();
    origin.dialect = "linear layers";
    origin.files = {weights.file()};
    const auto [d, n] = matrix_shape(weights.at(decoder + ".weight"));
    parts.stored = decoder_in_words(weights.at(decoder + ".weight"), false);
    parts.W_dec = matrix_part(weights, decoder + ".weight", n, d, true, origin);
    parts.W_enc = matrix_part(weights, encoder + ".weight", n, d, false, origin);
    parts.b_enc = vector_part(weights, encoder + ".bias", n, origin);
    parts.b_dec = vector_part(weights, decoder + ".bias", d, origin);
    sae.activation = Activation::relu;
    sae.subtract_b_dec = false;
    origin.notes.push_back("the file tells no activation function: taken for relu");
    if (const auto layer = number_behind(place.file_name(), "-l")) {
      origin.layer = *layer;
      origin.hook_point = fmt::format("blocks.{}.hook_resid_post", *layer);
    }
    note_unused(weights, origin);
    return parts;
  }
  return std::nullopt;
}

}  // namespace yoneda::ingest
