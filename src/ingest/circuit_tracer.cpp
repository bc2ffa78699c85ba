// circuit-tracer's transcoders (github.com/decoderesearch/circuit-tracer:
// circuit_tracer/transcoder/*.py): a set of layer_<i>.safetensors, and cross-layer transcoders of
// W_enc_<i>.safetensors and W_dec_<i>.safetensors, whose decoder [n, L - i, d] writes to layer i
// and all behind it. Encoders are [n, d]. config.yaml names the model and the hook points.
#include <fmt/format.h>

#include <map>
#include <numeric>
#include <vector>

#include "ingest/dialects.hpp"
#include "ingest/layers.hpp"
#include "ingest/orientation.hpp"
#include "io/text.hpp"
#include "io/yaml.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

constexpr const char* tracer_config_name = "config.yaml";
constexpr const char* weights_suffix = ".safetensors";

std::map<std::string, std::string> tracer_configuration(const Place& place) {
  return place.has(tracer_config_name) ? io::read_yaml(place.at(tracer_config_name))
                                       : std::map<std::string, std::string>();
}

void set_tracer_origin(const Place& place, const std::map<std::string, std::string>& config,
                       Index layer, Origin& origin) {
  const auto text = [&config](const char* key) {
    const auto found = config.find(key);
    return found == config.end() ? std::string() : found->second;
  };
  const auto block = [layer](const std::string& hook) {
    return hook.empty() ? std::string() : fmt::format("blocks.{}.{}", layer, hook);
  };
  origin.path = place.path();
  origin.layer = layer;
  origin.model = text("model_name");
  origin.hook_point = block(text("feature_input_hook"));
  origin.hook_point_out = block(text("feature_output_hook"));
  if (place.has(tracer_config_name)) origin.files.push_back(place.at(tracer_config_name));
}

void set_threshold(Weights& weights, const std::string& name, SaeParts& parts) {
  Sae& sae = parts.sae;
  sae.activation = weights.has(name) ? Activation::jumprelu : Activation::relu;
  parts.threshold = vector_if(weights, name, parts.n(), sae.origin);
}

// A set may name weights that somebody else publishes.
void require_here(const Place& place, const std::map<std::string, std::string>& config) {
  if (!place.is_folder() && place.file_name() != tracer_config_name) return;
  const auto first = config.find("transcoders.0");
  if (first != config.end() && first->second.starts_with("hf://"))
    throw Error(ErrorKind::file,
                "names weights that are elsewhere (" + io::printable(first->second) +
                    ", ...): fetch one and name it",
                place.at(tracer_config_name));
}

std::optional<SaeParts> cross_layer(const Place& place, const SaeNames& names) {
  auto encoder_file = file_of_layer(place, "W_enc_", weights_suffix, names.layer);
  const auto decoder_file = file_of_layer(place, "W_dec_", weights_suffix, names.layer);
  if (!encoder_file && !decoder_file) return std::nullopt;
  const std::string named = decoder_file.value_or(encoder_file.value_or(""));
  const Index layer = number_behind(named.substr(named.rfind('/') + 1), "_").value_or(0);
  const std::string number = std::to_string(layer);
  SaeParts parts;
  Sae& sae = parts.sae;
  Origin& origin = sae.origin;
  origin.dialect = "circuit-tracer CLT";
  origin.architecture = "cross-layer transcoder";
  set_tracer_origin(place, tracer_configuration(place), layer, origin);
  Weights decoder(place.at("W_dec_" + number + weights_suffix));
  const io::Tensor& all = decoder.at("W_dec_" + number);
  if (all.shape.size() != 3)
    throw Error(ErrorKind::shape, "tensor " + io::describe(all) + " has not three axes", all.file);
  std::vector<Index> layers(all.shape[1]);
  std::iota(layers.begin(), layers.end(), layer);
  parts.W_dec = decoder_for_layer(all, layers, names.target_layer, origin);
  parts.stored = decoder_in_words(all, true);
  origin.tensors.push_back(all.name);
  origin.files.push_back(decoder.file());
  if (const auto at = origin.hook_point_out.find('.', 7);
      names.target_layer && at != std::string::npos)
    origin.hook_point_out =
        fmt::format("blocks.{}{}", *names.target_layer, origin.hook_point_out.substr(at));
  sae.transcoder = true;
  sae.subtract_b_dec = false;
  if (!place.has("W_enc_" + number + weights_suffix)) {
    origin.notes.push_back("no W_enc_" + number + weights_suffix +
                           " beside it: the decoder alone is read");
    return parts;
  }
  Weights encoder(place.at("W_enc_" + number + weights_suffix));
  origin.files.push_back(encoder.file());
  const Index n = parts.n(), d = parts.d();
  parts.W_enc = matrix_part(encoder, "W_enc_" + number, n, d, false, origin);
  parts.b_enc = vector_if(encoder, "b_enc_" + number, n, origin);
  // What is added once to layer i's output, whichever features write to it, lies with layer i.
  if (names.target_layer == layer) {
    parts.b_dec = vector_if(encoder, "b_dec_" + number, d, origin);
    if (encoder.has("W_skip_" + number))  // x W_skip
      parts.W_skip = matrix_part(encoder, "W_skip_" + number, d, d, true, origin);
  }
  set_threshold(encoder, "threshold_" + number, parts);
  note_unused(encoder, origin);
  return parts;
}

// Decoders of different releases are stored either way round, and nothing but lengths tells.
std::optional<SaeParts> single_layer(const Place& place, const SaeNames& names) {
  if (!place.has(tracer_config_name) && !place.has("wandb-config.yaml") &&
      !place.has("wanb-config.yaml"))
    return std::nullopt;
  const auto file = file_of_layer(place, "layer_", weights_suffix, names.layer);
  if (!file) require_here(place, tracer_configuration(place));
  if (!file) return std::nullopt;
  Weights weights(*file);
  if (!weights.has("W_enc") || !weights.has("W_dec") || !weights.has("b_enc") ||
      !weights.has("b_dec"))
    return std::nullopt;
  SaeParts parts;
  Sae& sae = parts.sae;
  Origin& origin = sae.origin;
  origin.dialect = "circuit-tracer transcoder";
  origin.architecture = weights.has("W_skip") ? "skip transcoder" : "transcoder";
  set_tracer_origin(place, tracer_configuration(place),
                    number_behind(file->substr(file->rfind('/') + 1), "layer_").value_or(-1),
                    origin);
  origin.files.push_back(weights.file());
  const io::Tensor& decoder = weights.at("W_dec");
  const Index n = weights.at("b_enc").count(), d = weights.at("b_dec").count();
  std::optional<bool> columns;
  if (names.features != FeatureAxis::automatic) columns = names.features == FeatureAxis::columns;
  const bool turned =
      stored_transposed(decoder, {"features", {{n, "'b_enc'"}}}, {"d_model", {{d, "'b_dec'"}}},
                        columns, "say whether features are its rows or columns (--feature-axis)");
  parts.stored = decoder_in_words(decoder, !turned);
  parts.W_dec = matrix_part(weights, "W_dec", n, d, turned, origin);
  const auto [rows, cols] = matrix_shape(weights.at("W_enc"));
  parts.W_enc = matrix_part(weights, "W_enc", n, cols, false, origin);
  parts.b_enc = vector_part(weights, "b_enc", n, origin);
  parts.b_dec = vector_part(weights, "b_dec", d, origin);
  if (weights.has("W_skip")) parts.W_skip = matrix_part(weights, "W_skip", d, cols, false, origin);
  sae.transcoder = true;
  sae.subtract_b_dec = false;
  set_threshold(weights, weights.has("threshold") ? "threshold" : "activation_function.threshold",
                parts);
  note_unused(weights, origin);
  return parts;
}

}  // namespace

std::optional<SaeParts> circuit_tracer(const Place& place, const SaeNames& names) {
  if (auto found = cross_layer(place, names)) return found;
  return single_layer(place, names);
}

}  // namespace yoneda::ingest
