#include "yoneda/ingest/reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "ingest/hook_point.hpp"
#include "ingest/huggingface.hpp"
#include "ingest/stated_model.hpp"
#include "ingest/weights.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/ingest/residual.hpp"

namespace yoneda::ingest {
namespace {

// What a hook point says behind its layer: what is read there, and half blocks after the block's
// begin.
struct KnownPlace {
  std::string_view tail;
  ReadingSite site;
  Moment half;
};

constexpr KnownPlace known_places[] = {
    {"input", ReadingSite::stream, 0},
    {"hook_in", ReadingSite::stream, 0},
    {"hook_attn_in", ReadingSite::stream, 0},
    {"hook_resid_pre", ReadingSite::stream, 0},
    {"resid_pre", ReadingSite::stream, 0},
    {"ln1.hook_normalized", ReadingSite::normed, 0},
    {"self_attn.input", ReadingSite::gained, 0},
    {"input_layernorm", ReadingSite::gained, 0},
    {"ln_1", ReadingSite::gained, 0},
    {"hook_mlp_in", ReadingSite::stream, 1},
    {"hook_resid_mid", ReadingSite::stream, 1},
    {"resid_mid", ReadingSite::stream, 1},
    {"ln2.hook_normalized", ReadingSite::normed, 1},
    {"mlp.hook_in", ReadingSite::gained, 1},
    {"mlp.input", ReadingSite::gained, 1},
    {"pre_feedforward_layernorm", ReadingSite::gained, 1},
    {"ln_2", ReadingSite::gained, 1},
    {"", ReadingSite::stream, 2},  // the whole block
    {"output", ReadingSite::stream, 2},
    {"hook_out", ReadingSite::stream, 2},
    {"hook_resid_post", ReadingSite::stream, 2},
    {"resid_post", ReadingSite::stream, 2},
    {"resid_out", ReadingSite::stream, 2},
};

// Gains of the norm before a block's attention and before its MLP, in the order of asking.
constexpr std::array before_attention{
    std::string_view("ln1.w"),                        // TransformerLens
    std::string_view("input_layernorm.weight"),       // Llama, Gemma, GPT-NeoX, BLOOM
    std::string_view("ln_1.weight"),                  // GPT-2, GPT-Neo
    std::string_view("self_attn_layer_norm.weight"),  // OPT
    std::string_view("attention_norm.weight"),        // llama2.c
    std::string_view("attn_norm.weight")              // GGUF
};
constexpr std::array before_mlp{
    std::string_view("ln2.w"),                             // TransformerLens
    std::string_view("pre_feedforward_layernorm.weight"),  // Gemma 2 and 3
    std::string_view("post_attention_layernorm.weight"),   // Llama, Gemma 1, GPT-NeoX, BLOOM
    std::string_view("ln_2.weight"),                       // GPT-2, GPT-Neo
    std::string_view("final_layer_norm.weight"),           // OPT
    std::string_view("ffn_norm.weight")                    // llama2.c, GGUF
};
// Beside one of these, post_attention_layernorm is a norm of the attention's output (OLMo 2, EXAONE
// 4); the second is GGUF's.
constexpr std::array post_mlp_norms{std::string_view("post_feedforward_layernorm.weight"),
                                    std::string_view("post_ffw_norm.weight")};

const KnownPlace* known_place(std::string_view tail) {
  const auto found = std::ranges::find(known_places, without(tail, ".output"), &KnownPlace::tail);
  return found == std::end(known_places) ? nullptr : found;
}

// Nothing for a layer that no model has, and whose double may be no number.
std::optional<Moment> moment_at(std::optional<Index> layer, Moment half) {
  constexpr Index deepest = 1'000'000;
  return layer && *layer <= deepest ? std::optional(2 * *layer + half) : std::nullopt;
}

// The embedding is the stream before the first block.
bool is_embedding(std::string_view hook_point) {
  return hook_point == "hook_embed" || hook_point == "embed_tokens";
}

std::string block_tensor(const Weights& weights, Index layer, std::string_view tensor) {
  const auto in = [&](std::string_view prefix) {
    return fmt::format("{}{}.{}", prefix, layer, tensor);
  };
  for (const std::string_view prefix : block_prefixes)
    if (weights.has(in(prefix))) return in(prefix);
  return weights.has(in(transformer_lens_prefix)) ? in(transformer_lens_prefix) : std::string();
}

bool has_post_norms(const Weights& weights, Index layer) {
  return std::ranges::any_of(post_mlp_norms, [&](std::string_view tensor) {
    return !block_tensor(weights, layer, tensor).empty();
  });
}

// Empty where the model has none under a usual name.
std::string gain_name(const Weights& weights, const ReadingRoute& route) {
  if (!route.layer || !route.moment) return {};
  const bool attention = *route.moment == 2 * *route.layer;
  const auto names = attention ? std::span<const std::string_view>(before_attention)
                               : std::span<const std::string_view>(before_mlp);
  const bool post_norms = has_post_norms(weights, *route.layer);
  for (const std::string_view tensor : names) {
    if (post_norms && tensor == "post_attention_layernorm.weight") continue;
    if (const std::string found = block_tensor(weights, *route.layer, tensor); !found.empty())
      return found;
  }
  return {};
}

// OLMo 2 and EXAONE 4 normalise what attention and MLP return, and nothing that they read.
bool has_no_pre_norm(const Weights& weights, const ReadingRoute& route) {
  return route.layer && has_post_norms(weights, *route.layer);
}

// The family says it; else a bias beside the gain means LayerNorm, as of the final norm. Unknown
// where there is neither.
Norm norm_of(const std::optional<HuggingFaceModel>& model, const Weights& weights,
             const std::string& gain) {
  if (model && model->family && model->family->norm != Norm::unknown) return model->family->norm;
  if (const auto stated = stated_model(weights); stated && stated->norm != Norm::unknown)
    return stated->norm;
  if (gain.empty()) return Norm::unknown;
  const bool hugging_face = gain.ends_with(".weight");
  const std::string bias = hugging_face ? std::string(without(gain, "weight")) + "bias"
                                        : std::string(without(gain, "w")) + "b";
  return weights.has(bias) ? Norm::layer : Norm::rms;
}

std::vector<float> gain_of(Weights& weights, const std::string& name, float offset, Index d) {
  const io::Tensor& tensor = weights.at(name);
  std::vector<float> values = io::to_floats(tensor);
  require_finite(values, tensor);
  if (static_cast<Index>(values.size()) != d)
    throw Error(ErrorKind::shape,
                fmt::format("tensor {} is {}, expected {} numbers (what the encoder reads)",
                            io::quote(name), io::shape_text(tensor.shape), d),
                tensor.file);
  for (float& value : values) value += offset;
  return values;
}

}  // namespace

ReadingRoute reading_route(const Sae& sae) {
  const Origin& origin = sae.origin;
  if (is_embedding(origin.hook_point)) return {ReadingSite::stream, 0, std::nullopt};
  const auto [layer, tail] = split_at_layer(origin.hook_point);
  const auto at = [in = layer](ReadingSite site, Moment half) {
    return ReadingRoute{site, moment_at(in, half), in};
  };
  if (origin.hook_point.empty()) return {};
  if (const KnownPlace* place = known_place(tail)) return at(place->site, place->half);
  const ResidualSite site = residual_route(origin.hook_point).site;
  // A transcoder on a module by name reads what goes into it and writes what comes out.
  const bool of_module = sae.transcoder && origin.hook_point == origin.hook_point_out;
  if (of_module && site == ResidualSite::mlp) return at(ReadingSite::gained, 1);
  if (of_module && site == ResidualSite::attention) return at(ReadingSite::gained, 0);
  if (site == ResidualSite::unknown) return {ReadingSite::unknown, std::nullopt, layer};
  return {ReadingSite::inside, std::nullopt, layer};  // of a block, or what one adds to the stream
}

std::optional<Moment> writing_moment(const Sae& sae) {
  const Origin& origin = sae.origin;
  const std::string& hook =
      origin.hook_point_out.empty() ? origin.hook_point : origin.hook_point_out;
  if (is_embedding(hook)) return 0;
  const auto [layer, tail] = split_at_layer(hook);
  const KnownPlace* place = known_place(tail);
  if (place && place->site == ReadingSite::stream) return moment_at(layer, place->half);
  switch (residual_route(hook).site) {
    case ResidualSite::heads:
    case ResidualSite::attention:
      return moment_at(layer, 1);
    case ResidualSite::neurons:
    case ResidualSite::mlp:
      return moment_at(layer, 2);
    case ResidualSite::stream:  // what is added to it, by its name
      return moment_at(layer, tail.find("att") != tail.npos || tail.starts_with("ln1") ? 1 : 2);
    case ResidualSite::unknown:
      break;
  }
  return std::nullopt;
}

InputNormGain load_input_norm(const std::string& model_path, const Sae& sae,
                              const InputNormNames& names) {
  const ReadingRoute route = reading_route(sae);
  const bool behind = route.site == ReadingSite::normed || route.site == ReadingSite::gained;
  if (!behind && names.gain.empty()) return {};
  const auto model = hugging_face_model(model_path);
  Weights weights(model ? model->folder : model_path);
  const std::string name =
      names.gain.empty() ? gain_name(weights, route) : weights.choose(names.gain, {});
  InputNormGain found;
  if (name.empty() && behind && has_no_pre_norm(weights, route)) {
    found.notes.push_back(
        fmt::format("{} reads the residual stream itself: this model has norms "
                    "behind its blocks and none before them",
                    io::quote(sae.origin.hook_point)));
    found.files = weights.files();
    return found;
  }
  found.norm = names.norm.value_or(norm_of(model, weights, name));
  if (found.norm == Norm::unknown) {
    found.norm = Norm::rms;
    found.notes.push_back(
        fmt::format("assumed that the norm before {} is an RMSNorm, which "
                    "subtracts no mean (--norm says)",
                    io::quote(sae.origin.hook_point)));
  }
  if (route.site == ReadingSite::normed && names.gain.empty()) {
    if (found.norm == Norm::layer)
      found.notes.push_back(fmt::format(
          "assumed that {} comes before its LayerNorm's gain, as where TransformerLens folds it "
          "(--input-norm-gain names the gain where it does not)",
          io::quote(sae.origin.hook_point)));
  } else if (model && model->family && !model->family->has_gain) {
    // A norm without parameters.
  } else if (name.empty()) {
    throw Error(ErrorKind::value,
                fmt::format("the downstream SAE reads {}, behind a norm, and no gain of one is "
                            "found for its layer: name it with --input-norm-gain",
                            io::quote(sae.origin.hook_point)),
                weights.file());
  } else {
    const float offset = model && model->family ? model->family->gain_offset : 0;
    found.gain = gain_of(weights, name, offset, sae.d_in());
    found.notes.push_back(fmt::format("what the downstream SAE reads is multiplied by {}{}",
                                      offset == 1 ? "1 + " : "", io::quote(name)));
  }
  found.files = weights.files();
  return found;
}

}  // namespace yoneda::ingest
