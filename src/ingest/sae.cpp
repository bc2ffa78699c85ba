#include "yoneda/ingest/sae.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <string_view>

#include "ingest/orientation.hpp"
#include "ingest/sae_tensors.hpp"
#include "ingest/saelens.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

using Names = std::string_view;

constexpr std::array decoder_names{Names("W_dec"), Names("w_dec"), Names("decoder.weight"),
                                   Names("decoder")};
constexpr std::array encoder_names{Names("W_enc"), Names("w_enc"), Names("encoder.weight"),
                                   Names("encoder")};
constexpr std::array encoder_bias_names{Names("b_enc"), Names("encoder.bias"), Names("latent_bias"),
                                        Names("encoder_bias")};
constexpr std::array decoder_bias_names{Names("b_dec"), Names("decoder.bias"), Names("pre_bias"),
                                        Names("decoder_bias"), Names("bias")};
constexpr std::array threshold_names{Names("threshold")};

// Gemma Scope publishes bare npz files, always of this name.
bool is_gemma_scope(const Weights& weights) {
  return std::filesystem::path(weights.file()).filename() == "params.npz" &&
         weights.has("threshold");
}

// The first of the keys that a file's metadata has.
std::string metadata_text(const Weights& weights, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (const auto found = weights.metadata().find(key); found != weights.metadata().end())
      return found->second;
  return {};
}

Index metadata_k(const Weights& weights, Index n) {
  const std::string text = metadata_text(weights, {"k"});
  if (text.empty()) return 0;
  Index k = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), k);
  if (error != std::errc() || end != text.data() + text.size() || k < 1 || k > n)
    throw Error(ErrorKind::value, fmt::format("metadata k = {} of {} features", io::quote(text), n),
                weights.file());
  return k;
}

void set_activation(Sae& sae, const Weights& weights) {
  sae.k = metadata_k(weights, sae.n());
  const std::string named = metadata_text(weights, {"activation"});
  for (const Activation candidate : {Activation::relu, Activation::topk, Activation::jumprelu})
    if (named == name(candidate)) sae.activation = candidate;
  if (named.empty() && !sae.threshold.empty()) sae.activation = Activation::jumprelu;
  if (named.empty() && sae.threshold.empty() && sae.k > 0) sae.activation = Activation::topk;
  const bool useless = (sae.activation == Activation::topk && sae.k == 0) ||
                       (sae.activation == Activation::jumprelu && sae.threshold.empty());
  if (useless) sae.activation = Activation::unknown;
  if (sae.activation == Activation::unknown && !sae.W_enc.empty())
    sae.origin.notes.push_back("the activation function is unknown: nothing can be encoded");
}

void set_input_rule(Sae& sae, const Weights& weights) {
  const std::string said = metadata_text(weights, {"apply_b_dec_to_input"});
  const bool gemma_scope = sae.origin.dialect == "Gemma Scope";
  if (said == "true" || said == "false" || gemma_scope) {
    sae.subtract_b_dec = said == "true";
    return;
  }
  if (!sae.W_enc.empty() && !sae.b_dec.empty())
    sae.origin.notes.push_back("assumed that inputs are centred by the decoder's bias");
}

// One number stands for all features.
std::vector<float> threshold_of(Weights& weights, const std::string& name, Index n,
                                Origin& origin) {
  if (n == 1 || weights.at(name).count() != 1) return vector_of(weights, name, n, origin);
  const float value = vector_of(weights, name, 1, origin).front();
  if (value < 0) return {};  // dictionary_learning's "not set"
  return std::vector<float>(n, value);
}

struct ChosenNames {
  std::string decoder, encoder, encoder_bias, decoder_bias, threshold;
};

ChosenNames choose(const Weights& weights, const SaeNames& names) {
  ChosenNames chosen{weights.choose(names.decoder, decoder_names),
                     weights.choose(names.encoder, encoder_names),
                     weights.choose(names.encoder_bias, encoder_bias_names),
                     weights.choose(names.decoder_bias, decoder_bias_names),
                     weights.choose(names.threshold, threshold_names)};
  if (chosen.decoder.empty())
    throw Error(ErrorKind::value,
                fmt::format("no decoder under a usual name ({}); name one of {}",
                            io::quote_all(decoder_names), io::quote_all(weights.others({}))),
                weights.file());
  return chosen;
}

// Lengths that tell features from dimensions.
bool features_are_columns(Weights& weights, const ChosenNames& chosen, FeatureAxis said,
                          std::optional<Index> d_model) {
  Axis features{"features", {}}, dimensions{"d_model", {}};
  const auto learn = [&weights](Axis& axis, const std::string& name) {
    if (name.empty()) return;
    if (const Index count = weights.at(name).count(); count != 1)
      axis.known.push_back({count, io::quote(name)});
  };
  learn(features, chosen.encoder_bias);
  learn(features, chosen.threshold);
  learn(dimensions, chosen.decoder_bias);
  if (d_model) dimensions.known.push_back({*d_model, "the model"});
  const io::Tensor& decoder = weights.at(chosen.decoder);
  const bool square = decoder.shape.size() == 2 && decoder.shape[0] == decoder.shape[1];
  std::optional<bool> columns;
  if (said != FeatureAxis::automatic) columns = said == FeatureAxis::columns;
  return stored_transposed(decoder, features, dimensions, columns,
                           square ? "say whether features are its rows or columns (--feature-axis)"
                                  : "give the model (--model), so that d_model is known");
}

// Of an encoder the shape must decide: dialects store it like the decoder or turned.
void set_encoder(Sae& sae, Weights& weights, const std::string& name) {
  const auto& shape = weights.at(name).shape;
  if (sae.n() == sae.d()) {
    sae.origin.notes.push_back(
        "the encoder was left out: with as many features as dimensions, "
        "nothing says which axis is which");
    return;
  }
  const bool transposed = shape == std::vector<Index>{sae.d(), sae.n()};
  sae.W_enc = matrix_of(weights, name, sae.n(), sae.d(), transposed, sae.origin);
}

}  // namespace

std::vector<float> vector_of(Weights& weights, const std::string& name, Index length,
                             Origin& origin) {
  const io::Tensor& tensor = weights.at(name);
  if (tensor.count() != length)
    throw Error(ErrorKind::shape,
                fmt::format("tensor {} is {}, expected {} numbers", io::quote(name),
                            io::shape_text(tensor.shape), length),
                tensor.file);
  std::vector<float> values = io::to_floats(tensor);
  require_finite(values, tensor);
  origin.tensors.push_back(name);
  return values;
}

Matrix matrix_of(Weights& weights, const std::string& name, Index rows, Index cols, bool transposed,
                 Origin& origin) {
  const io::Tensor& tensor = weights.at(name);
  const std::vector<Index> expected =
      transposed ? std::vector{cols, rows} : std::vector{rows, cols};
  if (tensor.shape != expected)
    throw Error(ErrorKind::shape,
                fmt::format("tensor {} is {}, expected {}", io::quote(name),
                            io::shape_text(tensor.shape), io::shape_text(expected)),
                tensor.file);
  origin.tensors.push_back(name);
  return oriented(tensor, transposed);
}

Sae load_sae_by_names(const std::string& path, const SaeNames& names,
                      std::optional<Index> d_model) {
  Weights weights(path);
  const ChosenNames chosen = choose(weights, names);
  const bool turned = features_are_columns(weights, chosen, names.features, d_model);
  Sae sae;
  Origin& origin = sae.origin;
  origin.path = path;
  origin.dialect = is_gemma_scope(weights) ? "Gemma Scope" : "tensors by name";
  origin.hook_point = metadata_text(weights, {"hook_point", "hook_name", "hook"});
  origin.model = metadata_text(weights, {"model", "model_name"});

  const auto& shape = weights.at(chosen.decoder).shape;
  const Index n = shape[turned ? 1 : 0], d = shape[turned ? 0 : 1];
  sae.W_dec = matrix_of(weights, chosen.decoder, n, d, turned, origin);
  if (!chosen.encoder.empty()) set_encoder(sae, weights, chosen.encoder);
  if (!chosen.encoder_bias.empty()) sae.b_enc = vector_of(weights, chosen.encoder_bias, n, origin);
  if (!chosen.decoder_bias.empty()) sae.b_dec = vector_of(weights, chosen.decoder_bias, d, origin);
  if (!chosen.threshold.empty()) sae.threshold = threshold_of(weights, chosen.threshold, n, origin);
  set_activation(sae, weights);
  set_input_rule(sae, weights);
  note_unused(weights, origin);
  return sae;
}

Sae load_sae(const std::string& path, const SaeNames& names, std::optional<Index> d_model) {
  const bool automatic = names.decoder.empty() && names.encoder.empty() &&
                         names.encoder_bias.empty() && names.decoder_bias.empty() &&
                         names.threshold.empty();
  if (const auto folder = saelens_folder(path); folder && automatic)
    return load_saelens(*folder, path, d_model);
  return load_sae_by_names(path, names, d_model);
}

}  // namespace yoneda::ingest
