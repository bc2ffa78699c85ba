// Any tensors, by usual or given names. Which axis is features follows from lengths that are known.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "ingest/dialects.hpp"
#include "ingest/orientation.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

using Names = std::string_view;

constexpr std::array decoder_names{Names("W_dec"), Names("w_dec"), Names("decoder.weight"),
                                   Names("decoder_linear.weight"), Names("decoder")};
constexpr std::array encoder_names{Names("W_enc"), Names("w_enc"), Names("encoder.weight"),
                                   Names("encoder_linear.weight"), Names("encoder")};
constexpr std::array encoder_bias_names{Names("b_enc"), Names("encoder.bias"),
                                        Names("encoder_linear.bias"), Names("latent_bias"),
                                        Names("encoder_bias")};
constexpr std::array decoder_bias_names{
    Names("b_dec"),    Names("decoder.bias"), Names("decoder_linear.bias"),
    Names("pre_bias"), Names("decoder_bias"), Names("bias")};
constexpr std::array threshold_names{Names("threshold")};

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

void set_activation(SaeParts& parts, const Weights& weights) {
  Sae& sae = parts.sae;
  sae.k = metadata_k(weights, parts.n());
  const std::string named = metadata_text(weights, {"activation"});
  for (const Activation candidate : {Activation::relu, Activation::topk, Activation::jumprelu})
    if (named == name(candidate)) sae.activation = candidate;
  if (named.empty() && parts.threshold) sae.activation = Activation::jumprelu;
  if (named.empty() && !parts.threshold && sae.k > 0) sae.activation = Activation::topk;
  const bool useless = (sae.activation == Activation::topk && sae.k == 0) ||
                       (sae.activation == Activation::jumprelu && !parts.threshold);
  if (useless) sae.activation = Activation::unknown;
  if (sae.activation == Activation::unknown && parts.W_enc)
    sae.origin.notes.push_back("the activation function is unknown: nothing can be encoded");
}

void set_input_rule(SaeParts& parts, const Weights& weights) {
  const std::string said = metadata_text(weights, {"apply_b_dec_to_input"});
  if (said == "true" || said == "false")
    parts.sae.subtract_b_dec = said == "true";
  else if (parts.W_enc && parts.b_dec)
    parts.sae.origin.notes.push_back("assumed that inputs are centred by the decoder's bias");
}

// Where a checkpoint keeps its state among other things.
constexpr std::array prefixes{Names(""), Names("state_dict."), Names("model_state_dict."),
                              Names("sae."), Names("model.")};

std::string choose(const Weights& weights, const std::string& given, Names prefix,
                   std::span<const Names> candidates) {
  if (!given.empty()) return weights.choose(given, {});
  for (const Names candidate : candidates)
    if (std::string name = std::string(prefix) + std::string(candidate); weights.has(name))
      return name;
  return {};
}

struct ChosenNames {
  std::string decoder, encoder, encoder_bias, decoder_bias, threshold;
};

ChosenNames choose(const Weights& weights, const SaeNames& names) {
  Names prefix;
  for (const Names candidate : prefixes)
    if (!choose(weights, names.decoder, candidate, decoder_names).empty()) {
      prefix = candidate;
      break;
    }
  ChosenNames chosen{choose(weights, names.decoder, prefix, decoder_names),
                     choose(weights, names.encoder, prefix, encoder_names),
                     choose(weights, names.encoder_bias, prefix, encoder_bias_names),
                     choose(weights, names.decoder_bias, prefix, decoder_bias_names),
                     choose(weights, names.threshold, prefix, threshold_names)};
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
void set_encoder(SaeParts& parts, Weights& weights, const std::string& name) {
  const Index n = parts.n(), d = parts.d();
  if (n == d) {
    parts.sae.origin.notes.push_back(
        "the encoder was left out: with as many features as dimensions, "
        "nothing says which axis is which");
    return;
  }
  const bool turned = weights.at(name).shape == std::vector<Index>{d, n};
  parts.W_enc = matrix_part(weights, name, n, d, turned, parts.sae.origin);
}

// One number stands for all features; dictionary_learning's negative one for none.
void set_threshold(SaeParts& parts, Weights& weights, const std::string& name) {
  const bool one = weights.at(name).count() == 1;
  const io::Tensor tensor = vector_part(weights, name, one ? 1 : parts.n(), parts.sae.origin);
  if (one && parts.n() != 1 && scalar(tensor) < 0) return;
  parts.threshold = tensor;
}

}  // namespace

SaeParts tensors_by_name(const Place& place, Weights& weights, const SaeNames& names,
                         std::optional<Index> d_model) {
  const ChosenNames chosen = choose(weights, names);
  const bool turned = features_are_columns(weights, chosen, names.features, d_model);
  SaeParts parts;
  Origin& origin = parts.sae.origin;
  origin.path = place.path();
  origin.dialect = "tensors by name";
  origin.hook_point = metadata_text(
      weights, {"hook_point", "hook_name", "hook", "cfg.hook_point", "cfg.hook_name"});
  origin.layer = number_behind(origin.hook_point, "blocks.").value_or(-1);
  origin.model = metadata_text(weights, {"model", "model_name", "cfg.model_name"});

  const io::Tensor& decoder = weights.at(chosen.decoder);
  const auto [rows, cols] = matrix_shape(decoder);
  const Index n = turned ? cols : rows, d = turned ? rows : cols;
  parts.stored = decoder_in_words(decoder, !turned);
  parts.W_dec = matrix_part(weights, chosen.decoder, n, d, turned, origin);
  if (!chosen.encoder.empty()) set_encoder(parts, weights, chosen.encoder);
  if (!chosen.encoder_bias.empty())
    parts.b_enc = vector_part(weights, chosen.encoder_bias, n, origin);
  if (!chosen.decoder_bias.empty())
    parts.b_dec = vector_part(weights, chosen.decoder_bias, d, origin);
  if (!chosen.threshold.empty()) set_threshold(parts, weights, chosen.threshold);
  set_activation(parts, weights);
  set_input_rule(parts, weights);
  origin.files = weights.files();
  note_unused(weights, origin);
  return parts;
}

}  // namespace yoneda::ingest
