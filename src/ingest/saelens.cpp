// SAELens: cfg.json beside sae_weights.safetensors, of any version
// (github.com/decoderesearch/SAELens: sae_lens/saes, sae_lens/loading/pretrained_sae_loaders.py).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "ingest/config.hpp"
#include "ingest/dialects.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

constexpr const char* saelens_config_name = "cfg.json";
constexpr const char* saelens_weights_name = "sae_weights.safetensors";

constexpr std::array scale_names{std::string_view("scaling_factor"),
                                 std::string_view("finetuning_scaling_factor")};

struct Architecture {
  std::string_view name;
  Activation activation;
  bool transcoder = false;
};

// Those with a batch in their names are saved as jumprelu, but for checkpoints of a training run.
constexpr std::array architectures{
    Architecture{"standard", Activation::relu},
    Architecture{"topk", Activation::topk},
    Architecture{"jumprelu", Activation::jumprelu},
    Architecture{"gated", Activation::jumprelu},
    Architecture{"batchtopk", Activation::jumprelu},
    Architecture{"matryoshka_batchtopk", Activation::jumprelu},
    Architecture{"transcoder", Activation::relu, true},
    Architecture{"skip_transcoder", Activation::relu, true},
    Architecture{"jumprelu_transcoder", Activation::jumprelu, true},
    Architecture{"jumprelu_skip_transcoder", Activation::jumprelu, true},
};

// cfg.json: from version 6 on, what describes the model is under "metadata".
struct Settings {
  explicit Settings(const std::string& path) : all(path), metadata(all.part("metadata")) {}

  std::string text(std::initializer_list<const char*> keys) const {
    if (const auto found = all.text(keys)) return *found;
    return metadata.text(keys).value_or("");
  }
  std::optional<Index> count(std::initializer_list<const char*> keys) const {
    const auto found = all.count(keys);
    return found ? found : metadata.count(keys);
  }

  Config all, metadata;
};

// Before version 6, "standard" might name any activation function.
void set_activation(const Settings& settings, Sae& sae) {
  std::string& architecture = sae.origin.architecture;
  architecture = settings.text({"architecture"});
  if (architecture.empty()) architecture = "standard";
  const std::string function = settings.text({"activation_fn", "activation_fn_str"});
  const auto known = std::ranges::find(architectures, architecture, &Architecture::name);
  if (known == architectures.end()) {
    sae.origin.notes.push_back(
        fmt::format("architecture {} is not known: its decoder is read, codes cannot be computed",
                    io::quote(architecture)));
    return;
  }
  sae.activation = known->activation;
  sae.transcoder = known->transcoder;
  if (architecture != "standard" || function.empty() || function == "relu") return;
  sae.activation = function == "topk" ? Activation::topk : Activation::unknown;
  if (sae.activation == Activation::unknown)
    sae.origin.notes.push_back(
        fmt::format("activation function {} is not known", io::quote(function)));
}

Index k_of(const Settings& settings, Index n) {
  auto k = settings.all.count({"k"});
  if (!k) k = settings.all.part("activation_fn_kwargs").count({"k"});
  if (!k) throw settings.all.bad("a topk SAE without 'k'");
  if (*k < 1 || *k > n) throw settings.all.bad(fmt::format("k = {} of {} features", *k, n));
  return *k;
}

// A missing one is none; of a boolean, true is the average norm of the data.
void set_input_norm(const Settings& settings, Sae& sae) {
  const auto& value = settings.all.value("normalize_activations");
  std::string kind = "none";
  if (value.is_boolean())
    kind = value.get<bool>() ? "expected_average_only_in" : "none";
  else if (!value.is_null())
    kind = settings.all.text({"normalize_activations"}).value_or("none");
  if (kind == "none") return;
  if (kind == "layer_norm") {
    sae.input_norm = InputNorm::layer_norm;
  } else if (kind == "constant_norm_rescale") {
    sae.input_norm = InputNorm::unit_norm;
  } else {
    sae.input_norm = InputNorm::scale;
    sae.input_scale = sae.output_scale = 0;
    sae.origin.notes.push_back(fmt::format(
        "trained on normalised activations ({}) whose factor the file does not tell: decoder rows "
        "are right up to that one factor, codes cannot be computed",
        io::quote(kind)));
  }
}

void set_origin(const Settings& settings, const Place& place, const Weights& weights,
                Origin& origin) {
  origin.path = place.path();
  origin.dialect = "SAELens";
  origin.files = {settings.all.path(), weights.file()};
  origin.model = settings.text({"model_name"});
  origin.hook_point = settings.text({"hook_name", "hook_point"});
  origin.hook_point_out = settings.text({"hook_name_out"});
  auto layer = settings.count({"hook_layer", "hook_point_layer"});
  if (!layer) layer = number_behind(origin.hook_point, "blocks.");
  origin.layer = layer.value_or(-1);
  if (const auto head = settings.count({"hook_head_index", "hook_point_head_index"}))
    origin.notes.push_back(
        fmt::format("reads head {} alone: decoder rows live in the space of that head", *head));
  Config kwargs = settings.metadata.part("model_from_pretrained_kwargs");
  if (kwargs.empty()) kwargs = settings.all.part("model_from_pretrained_kwargs");
  if (!kwargs.empty())
    origin.notes.push_back("trained on a model loaded with " + io::printable(kwargs.dump()));
}

// Codes times this before decoding: SAELens' fine-tuning.
void set_code_scale(const Settings& settings, Weights& weights, SaeParts& parts) {
  const std::string name = weights.choose({}, scale_names);
  if (name.empty()) return;
  Origin& origin = parts.sae.origin;
  const io::Tensor scale = vector_part(weights, name, parts.n(), origin);
  if (std::ranges::all_of(io::to_floats(scale), [](float value) { return value == 1; })) return;
  if (!settings.all.flag("finetuning_scaling_factor").value_or(false))
    throw settings.all.bad(
        fmt::format("'finetuning_scaling_factor' is false, but {} is not all ones; name the "
                    "decoder's tensor (--decoder W_dec) to read it as it is",
                    io::quote(name)));
  parts.code_scale = scale;
  origin.notes.push_back("decoder rows multiplied by " + io::quote(name));
}

void set_threshold(Weights& weights, SaeParts& parts) {
  Origin& origin = parts.sae.origin;
  if (weights.has("threshold")) {
    parts.threshold = vector_part(weights, "threshold", parts.n(), origin);
  } else if (weights.has("log_threshold")) {
    parts.threshold = vector_part(weights, "log_threshold", parts.n(), origin);
    parts.threshold_is_log = true;
  } else if (weights.has("topk_threshold")) {
    parts.threshold = vector_part(weights, "topk_threshold", 1, origin);
  } else {
    (void)weights.at("threshold");  // says what there is instead
  }
}

void set_gate(Weights& weights, SaeParts& parts) {
  Origin& origin = parts.sae.origin;
  parts.b_gate = vector_part(weights, "b_gate", parts.n(), origin);
  parts.b_mag = vector_part(weights, "b_mag", parts.n(), origin);
  parts.r_mag = vector_part(weights, "r_mag", parts.n(), origin);
  origin.notes.push_back("the gated encoder is written as the JumpReLU it equals");
}

}  // namespace

std::optional<SaeParts> saelens(const Place& place) {
  if (!place.is_pair(saelens_config_name, saelens_weights_name)) return std::nullopt;
  Weights weights(place.at(saelens_weights_name));
  if (!weights.has("W_dec")) return std::nullopt;
  const Settings settings(place.at(saelens_config_name));
  SaeParts parts;
  Sae& sae = parts.sae;
  Origin& origin = sae.origin;
  set_origin(settings, place, weights, origin);
  set_activation(settings, sae);
  set_input_norm(settings, sae);
  sae.subtract_b_dec = !sae.transcoder && settings.all.flag("apply_b_dec_to_input").value_or(true);

  const io::Tensor& decoder = weights.at("W_dec");
  const auto [rows, cols] = matrix_shape(decoder);
  const Index n = settings.all.count({"d_sae"}).value_or(rows);
  const Index d_in = settings.all.count({"d_in"}).value_or(cols);
  const Index d = sae.transcoder ? settings.all.count({"d_out"}).value_or(cols) : d_in;
  parts.stored = decoder_in_words(decoder, true);
  parts.W_dec = matrix_part(weights, "W_dec", n, d, false, origin);
  if (weights.has("W_enc") || sae.activation != Activation::unknown)
    parts.W_enc = matrix_part(weights, "W_enc", n, d_in, true, origin);
  parts.b_enc = vector_if(weights, "b_enc", n, origin);
  parts.b_dec = vector_if(weights, "b_dec", d, origin);
  if (origin.architecture == "gated")
    set_gate(weights, parts);
  else if (sae.activation == Activation::jumprelu)
    set_threshold(weights, parts);
  if (sae.activation == Activation::topk) sae.k = k_of(settings, n);
  if (weights.has("W_skip")) parts.W_skip = matrix_part(weights, "W_skip", d, d_in, false, origin);
  set_code_scale(settings, weights, parts);
  parts.fold_decoder_norms = settings.all.flag("rescale_acts_by_decoder_norm").value_or(false);
  if (parts.fold_decoder_norms)
    origin.notes.push_back("decoder norms folded into the encoder (rescale_acts_by_decoder_norm)");
  note_unused(weights, origin);
  return parts;
}

}  // namespace yoneda::ingest
