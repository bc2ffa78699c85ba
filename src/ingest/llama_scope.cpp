// Llama Scope (He, Shu, Ge, Chen, Wang, Zhou, Liu, Guo, Huang, Wu, Jiang, Qiu 2024, Llama Scope:
// extracting millions of features from Llama-3.1-8B with sparse autoencoders): hyperparams.json
// beside checkpoints/final.safetensors; and its R1-Distill successor: config.json beside
// sae_weights.safetensors. Linear layers: encoder.weight [n, d], decoder.weight [d, n].
//
// With s = √d / (average norm of the inputs), inputs are multiplied by s and reconstructions
// divided by s_out. Where sparsity_include_decoder_norm, thresholds are of pre-activations times
// the norm of the decoder row (OpenMOSS' Language-Model-SAEs, sae.py of early 2025:
// compute_norm_factor, encode). SAELens' loader multiplies the threshold by s and leaves the norm
// out.
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>

#include "ingest/config.hpp"
#include "ingest/dialects.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

constexpr std::array llama_threshold_names{
    std::string_view("log_jumprelu_threshold"),
    std::string_view("activation_function.log_jumprelu_threshold")};
constexpr const char* weights_in_folder = "checkpoints/final.safetensors";

// hyperparams.json of the place, whichever of its files or folders is named.
std::optional<Place> llama_scope_folder(const Place& place) {
  constexpr const char* config_name = "hyperparams.json";
  const std::string name = place.file_name();
  if ((place.is_folder() || name == config_name) && place.has(config_name) &&
      place.has(weights_in_folder))
    return Place(place.folder());
  if ((place.is_folder() || name == "final.safetensors") && place.has("final.safetensors") &&
      place.has("../hyperparams.json"))
    return Place(place.at(".."));
  return std::nullopt;
}

void set_llama_origin(const Config& config, const Place& place, const Weights& weights, Sae& sae) {
  Origin& origin = sae.origin;
  origin.path = place.path();
  origin.files = {config.path(), weights.file()};
  origin.architecture = config.text({"act_fn"}).value_or("jumprelu");
  origin.hook_point = config.text({"hook_point_in"}).value_or("");
  const std::string out = config.text({"hook_point_out"}).value_or(origin.hook_point);
  sae.transcoder = out != origin.hook_point;
  if (sae.transcoder) origin.hook_point_out = out;
  origin.layer = number_behind(origin.hook_point, "blocks.").value_or(-1);
}

// The two linear layers; of later versions, matrices [n, d] and [d, n].
void set_layers(Weights& weights, Index n, Index d, SaeParts& parts) {
  Origin& origin = parts.sae.origin;
  if (weights.has("W_D")) {
    parts.stored = decoder_in_words(weights.at("W_D"), true);
    parts.W_dec = matrix_part(weights, "W_D", n, d, false, origin);
    parts.W_enc = matrix_part(weights, "W_E", n, d, true, origin);
    parts.b_enc = vector_if(weights, "b_E", n, origin);
    parts.b_dec = vector_if(weights, "b_D", d, origin);
    return;
  }
  parts.stored = decoder_in_words(weights.at("decoder.weight"), false);
  parts.W_dec = matrix_part(weights, "decoder.weight", n, d, true, origin);
  parts.W_enc = matrix_part(weights, "encoder.weight", n, d, false, origin);
  parts.b_enc = vector_if(weights, "encoder.bias", n, origin);
  parts.b_dec = vector_if(weights, "decoder.bias", d, origin);
}

// The average norm of a side's inputs: in the configuration, or a tensor named after the hook
// point.
std::optional<double> average_norm(const Config& config, Weights& weights, const char* side,
                                   const std::string& hook_point) {
  const Config norms = config.part("dataset_average_activation_norm");
  if (const auto said = norms.number(side)) return said;
  const std::string name = "dataset_average_activation_norm." + hook_point;
  return weights.has(name) ? std::optional(scalar(weights.at(name))) : std::nullopt;
}

void set_input_scale(const Config& config, Weights& weights, Index d, Sae& sae) {
  const std::string kind = config.text({"norm_activation"}).value_or("dataset-wise");
  if (kind == "inference") return;  // already part of the weights
  if (kind == "token-wise") {
    sae.input_norm = InputNorm::unit_norm;
    return;
  }
  sae.input_norm = InputNorm::scale;
  const Origin& origin = sae.origin;
  const double root = std::sqrt(static_cast<double>(d));
  const auto in = average_norm(config, weights, "in", origin.hook_point);
  const auto out =
      average_norm(config, weights, "out",
                   origin.hook_point_out.empty() ? origin.hook_point : origin.hook_point_out);
  if (!in || !(*in > 0) || !(out.value_or(1) > 0)) {
    sae.input_scale = sae.output_scale = 0;
    sae.origin.notes.push_back(
        "trained on inputs scaled by their average norm, which the file does not tell: codes "
        "cannot "
        "be computed");
    return;
  }
  sae.input_scale = static_cast<float>(root / *in);
  sae.output_scale = static_cast<float>(root / out.value_or(*in));
}

}  // namespace

std::optional<SaeParts> llama_scope(const Place& place) {
  const auto found = llama_scope_folder(place);
  if (!found) return std::nullopt;
  const Config config(found->at("hyperparams.json"));
  Weights weights(found->at(weights_in_folder));
  SaeParts parts;
  Sae& sae = parts.sae;
  set_llama_origin(config, place, weights, sae);
  sae.origin.dialect = "Llama Scope";
  const auto d = config.count({"d_model"}), n = config.count({"d_sae"});
  if (!d || !n) throw config.bad("no 'd_model' or no 'd_sae'");
  set_layers(weights, *n, *d, parts);
  set_input_scale(config, weights, *d, sae);
  sae.subtract_b_dec = config.flag("apply_decoder_bias_to_pre_encoder").value_or(false);
  const auto threshold = config.number("jump_relu_threshold");
  if (sae.origin.architecture == "jumprelu" && threshold) {
    sae.activation = Activation::jumprelu;
    parts.threshold_value = threshold;
    parts.threshold_over_norm = config.flag("sparsity_include_decoder_norm").value_or(false);
    if (parts.threshold_over_norm)
      sae.origin.notes.push_back(
          "thresholds divided by the norms of decoder rows, as Llama Scope's own code compares "
          "them "
          "(SAELens does not)");
  } else if (sae.origin.architecture == "topk") {
    sae.activation = Activation::topk;
    sae.k = config.count({"top_k"}).value_or(0);
  } else if (sae.origin.architecture == "relu") {
    sae.activation = Activation::relu;
  }
  note_unused(weights, sae.origin);
  return parts;
}

std::optional<SaeParts> llama_scope_r1(const Place& place) {
  constexpr const char* config_name = "config.json";
  constexpr const char* weights_name = "sae_weights.safetensors";
  if (!place.is_pair(config_name, weights_name)) return std::nullopt;
  Weights weights(place.at(weights_name));
  const Config config(place.at(config_name));
  const bool later = weights.has("W_D") && weights.has("W_E");
  if (!(weights.has("encoder.weight") || later) || !config.has("d_model")) return std::nullopt;
  SaeParts parts;
  Sae& sae = parts.sae;
  set_llama_origin(config, place, weights, sae);
  sae.origin.dialect = "Llama Scope R1";
  const auto d = config.count({"d_model"});
  if (!d) throw config.bad("'d_model' is null");
  const auto multiple = config.times(*d, "expansion_factor");
  const Index n = multiple ? *multiple : weights.at(later ? "b_E" : "encoder.bias").count();
  set_layers(weights, n, *d, parts);
  set_input_scale(config, weights, *d, sae);
  sae.subtract_b_dec = config.flag("apply_decoder_bias_to_pre_encoder").value_or(false);
  const std::string threshold = weights.choose({}, llama_threshold_names);
  if (!threshold.empty()) {
    sae.activation = Activation::jumprelu;
    parts.threshold = vector_part(weights, threshold, n, sae.origin);
    parts.threshold_is_log = true;
    parts.threshold_over_norm = config.flag("sparsity_include_decoder_norm").value_or(false);
  }
  note_unused(weights, sae.origin);
  return parts;
}

}  // namespace yoneda::ingest
