// dictionary_learning's classes, told apart by their tensors, which differ: ae.pt or any name, bare
// or inside a training backup, with config.json beside it or one folder up
// (github.com/saprmarks/dictionary_learning: dictionary.py, trainers/*.py, training.py).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "ingest/config.hpp"
#include "ingest/dialects.hpp"
#include "ingest/layers.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

// What a class is called, where its decoder's bias is, and what it does with it.
struct Class {
  std::string_view name;
  std::string_view decoder_bias;
  bool linear;   // encoder.weight [n, d] and decoder.weight [d, n]; else W_enc [d, n], W_dec [n, d]
  bool centres;  // subtracts the bias from inputs
  Activation activation;
};

constexpr Class autoencoder{"AutoEncoder", "bias", true, true, Activation::relu};
constexpr Class autoencoder_new{"AutoEncoderNew", "decoder.bias", true, false, Activation::relu};
constexpr Class gated{"GatedAutoEncoder", "decoder_bias", true, true, Activation::jumprelu};
constexpr Class jumprelu{"JumpReluAutoEncoder", "b_dec", false, false, Activation::jumprelu};
constexpr Class topk{"AutoEncoderTopK", "b_dec", true, true, Activation::topk};
constexpr Class batch_topk{"BatchTopKSAE", "b_dec", true, true, Activation::jumprelu};
constexpr Class matryoshka{"MatryoshkaBatchTopKSAE", "b_dec", false, true, Activation::jumprelu};
constexpr Class crosscoder{"CrossCoder", "decoder.bias", false, false, Activation::relu};

// Names behind a prefix: of a backup, of a compiled module, or none.
class Prefixed {
 public:
  Prefixed(Weights& weights, std::string prefix) : weights_(weights), prefix_(std::move(prefix)) {}

  std::string name(std::string_view bare) const { return prefix_ + std::string(bare); }
  bool has(std::string_view bare) const { return weights_.has(name(bare)); }
  const io::Tensor& at(std::string_view bare) const { return weights_.at(name(bare)); }
  const std::string& prefix() const { return prefix_; }
  Weights& weights() const { return weights_; }

 private:
  Weights& weights_;
  std::string prefix_;
};

std::optional<Prefixed> state_in(Weights& weights) {
  constexpr std::array prefixes{"", "_orig_mod.", "ae.", "ae._orig_mod.", "module."};
  for (const char* prefix : prefixes) {
    Prefixed state(weights, prefix);
    const bool linear = state.has("encoder.weight") && state.has("decoder.weight");
    const bool bare = state.has("W_enc") && state.has("W_dec") && state.has("b_dec");
    if (linear || (bare && (state.has("group_sizes") || state.has("threshold")))) return state;
  }
  return std::nullopt;
}

std::optional<Config> configuration(const Place& place) {
  for (const char* name : {"config.json", "../config.json"})
    if (place.has(name))
      if (Config config(place.at(name)); config.has("trainer")) return config;
  return std::nullopt;
}

// The class named by the configuration or by a pickled module, without its package.
std::string named_class(const std::optional<Config>& config, const Weights& weights) {
  std::string name = config ? config->part("trainer").text({"dict_class"}).value_or("") : "";
  if (name.empty()) name = weights.object();
  const auto dot = name.rfind('.');
  return dot == name.npos ? name : name.substr(dot + 1);
}

// A TopK's tensors are those of a BatchTopK: the name decides, or else k does.
Class class_of(const Prefixed& state, const std::string& name) {
  if (state.has("encoder.weight") && state.at("encoder.weight").shape.size() == 3)
    return crosscoder;
  if (state.has("gate_bias")) return gated;
  if (state.has("group_sizes")) return matryoshka;
  if (state.has("W_dec")) return jumprelu;
  if (state.has("k") || name == topk.name || name == batch_topk.name)
    return name == batch_topk.name ? batch_topk : topk;
  if (state.has("bias")) return autoencoder;
  return autoencoder_new;
}

Index k_of(const Prefixed& state, const std::optional<Config>& config, Index n) {
  Index k = 0;
  if (state.has("k"))
    k = static_cast<Index>(scalar(state.at("k")));
  else if (config)
    k = config->part("trainer").count({"k"}).value_or(0);
  if (k < 1 || k > n)
    throw Error(ErrorKind::value, fmt::format("k = {} of {} features", k, n),
                state.weights().file());
  return k;
}

void set_gate(const Prefixed& state, SaeParts& parts) {
  Origin& origin = parts.sae.origin;
  Weights& weights = state.weights();
  parts.b_gate = vector_part(weights, state.name("gate_bias"), parts.n(), origin);
  parts.b_mag = vector_part(weights, state.name("mag_bias"), parts.n(), origin);
  parts.r_mag = vector_part(weights, state.name("r_mag"), parts.n(), origin);
  origin.notes.push_back("the gated encoder is written as the JumpReLU it equals");
}

// One number for all features, negative before training has set it.
void set_threshold(const Prefixed& state, const Class& kind, SaeParts& parts) {
  Sae& sae = parts.sae;
  const io::Tensor& tensor = state.at("threshold");
  const Index length = kind.name == jumprelu.name ? parts.n() : 1;
  if (length == 1 && tensor.count() == 1 && scalar(tensor) < 0) {
    sae.activation = Activation::relu;
    sae.origin.notes.push_back(
        "the threshold was never set, so that every positive pre-activation fires");
    return;
  }
  parts.threshold = vector_part(state.weights(), state.name("threshold"), length, sae.origin);
}

void set_activation(const Prefixed& state, const Class& kind, const std::string& name,
                    const std::optional<Config>& config, SaeParts& parts) {
  Sae& sae = parts.sae;
  sae.activation = kind.activation;
  if (kind.name == gated.name) return set_gate(state, parts);
  const bool counts =
      kind.name == topk.name || kind.name == batch_topk.name || kind.name == matryoshka.name;
  if (counts) sae.k = k_of(state, config, parts.n());
  if (kind.activation == Activation::jumprelu) set_threshold(state, kind, parts);
  if (kind.name == topk.name && name.empty() && state.has("threshold"))
    sae.origin.notes.push_back(
        "AutoEncoderTopK and BatchTopKSAE look alike: without config.json taken for the first");
}

// "resid_post_layer_8" is a residual stream; other names are kept as they are.
void set_learned_origin(const std::optional<Config>& config, const Place& place,
                        const Weights& weights, Origin& origin) {
  origin.path = place.path();
  origin.dialect = "dictionary_learning";
  origin.files = {weights.file()};
  if (!config) {
    origin.notes.push_back("no config.json: hook point, layer and model are not known");
    return;
  }
  origin.files.push_back(config->path());
  const Config trainer = config->part("trainer");
  origin.model = trainer.text({"lm_name"}).value_or("");
  origin.layer = trainer.count({"layer"}).value_or(-1);
  const std::string submodule = trainer.text({"submodule_name"}).value_or("");
  const bool residual = submodule.empty() || submodule.starts_with("resid_post");
  origin.hook_point = residual && origin.layer >= 0
                          ? fmt::format("blocks.{}.hook_resid_post", origin.layer)
                          : submodule;
}

// A backup keeps biases in the units of normalised inputs; what is published does not.
void set_backup(const Weights& weights, Sae& sae) {
  const auto value = [&weights](const char* key) {
    const auto found = weights.metadata().find(key);
    return found == weights.metadata().end() ? std::string() : found->second;
  };
  sae.origin.notes.push_back("a training backup" + (value("step").empty()
                                                        ? std::string()
                                                        : ", made at step " + value("step")));
  const std::string text = value("norm_factor");
  double factor = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), factor);
  if (error != std::errc() || !(factor > 0) || factor == 1) return;
  sae.input_norm = InputNorm::scale;
  sae.input_scale = sae.output_scale = static_cast<float>(1 / factor);
}

void require_sizes(const std::optional<Config>& config, Index n, Index d) {
  if (!config) return;
  const Config trainer = config->part("trainer");
  const Index said_n = trainer.count({"dict_size"}).value_or(n);
  const Index said_d = trainer.count({"activation_dim"}).value_or(d);
  if (said_n != n || said_d != d)
    throw Error(ErrorKind::shape,
                fmt::format("{} features of dimension {}, but the tensors hold {} of {}", said_n,
                            said_d, n, d),
                config->path());
}

// One decoder of a crosscoder [L, n, d]; its encoder reads all layers at once.
void set_crosscoder(const Prefixed& state, const SaeNames& names, SaeParts& parts) {
  Origin& origin = parts.sae.origin;
  const io::Tensor& decoder = state.at("decoder.weight");
  if (decoder.shape.size() != 3)
    throw Error(ErrorKind::shape, "tensor " + io::describe(decoder) + " has not three axes",
                decoder.file);
  if (!names.target_layer || *names.target_layer >= decoder.shape[0] || *names.target_layer < 0)
    throw Error(ErrorKind::value,
                fmt::format("tensor {} writes to {} layers or models: choose one "
                            "(--target-layer 0 to {})",
                            io::describe(decoder), decoder.shape[0], decoder.shape[0] - 1),
                decoder.file);
  parts.W_dec = io::select(decoder, 0, *names.target_layer);
  parts.stored = decoder_in_words(decoder, true);
  origin.tensors.push_back(decoder.name);
  origin.notes.push_back(
      fmt::format("the decoder to layer {}, one of {}; the encoder, which reads "
                  "all of them, is left out",
                  *names.target_layer, decoder.shape[0]));
  parts.sae.transcoder = true;
}

}  // namespace

std::optional<SaeParts> dictionary_learning(const Place& place, Weights& weights,
                                            const SaeNames& names) {
  if (weights.format() != "torch") return std::nullopt;
  const auto state = state_in(weights);
  if (!state) return std::nullopt;
  const auto config = configuration(place);
  const std::string name = named_class(config, weights);
  const Class kind = class_of(*state, name);
  // Two linear layers and nothing else could be anybody's.
  if (kind.name == autoencoder_new.name && name.empty() && state->prefix().empty())
    return std::nullopt;
  SaeParts parts;
  Sae& sae = parts.sae;
  Origin& origin = sae.origin;
  set_learned_origin(config, place, weights, origin);
  origin.architecture = kind.name;
  sae.subtract_b_dec = kind.centres;
  if (state->prefix().starts_with("ae.")) set_backup(weights, sae);
  if (kind.name == crosscoder.name) {
    set_crosscoder(*state, names, parts);
    note_unused(weights, origin);
    return parts;
  }
  const std::string decoder = kind.linear ? "decoder.weight" : "W_dec";
  const std::string encoder = kind.linear ? "encoder.weight" : "W_enc";
  const auto [rows, cols] = matrix_shape(state->at(decoder));
  const Index n = kind.linear ? cols : rows, d = kind.linear ? rows : cols;
  require_sizes(config, n, d);
  parts.stored = decoder_in_words(state->at(decoder), !kind.linear);
  parts.W_dec = matrix_part(weights, state->name(decoder), n, d, kind.linear, origin);
  parts.W_enc = matrix_part(weights, state->name(encoder), n, d, !kind.linear, origin);
  parts.b_enc = vector_if(weights, state->name(kind.linear ? "encoder.bias" : "b_enc"), n, origin);
  parts.b_dec = vector_if(weights, state->name(kind.decoder_bias), d, origin);
  set_activation(*state, kind, name, config, parts);
  note_unused(weights, origin);
  return parts;
}

}  // namespace yoneda::ingest
