#include "yoneda/ingest/unembedding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "ingest/huggingface.hpp"
#include "ingest/orientation.hpp"
#include "ingest/stated_model.hpp"
#include "ingest/weights.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

// The bias that would lie beside a gain: "ln_f.weight" -> "ln_f.bias".
std::string sibling_bias(const std::string& gain) {
  constexpr std::array endings{std::pair{"weight", "bias"}, std::pair{".w", ".b"},
                               std::pair{"gamma", "beta"}, std::pair{"scale", "bias"}};
  for (const auto& [ending, bias] : endings)
    if (gain.ends_with(ending))
      return gain.substr(0, gain.size() - std::string_view(ending).size()) + bias;
  return {};
}

Norm norm_beside(const Weights& weights, const std::string& gain, Origin& origin) {
  if (const std::string bias = sibling_bias(gain); !bias.empty() && weights.has(bias))
    return Norm::layer;
  origin.notes.push_back(fmt::format(
      "assumed that the final norm is RMSNorm, for {} has no bias beside it (--norm overrides)",
      io::quote(gain)));
  return Norm::rms;
}

std::vector<float> gain_of(Weights& weights, const std::string& name, float offset,
                           Origin& origin) {
  const io::Tensor& tensor = weights.at(name);
  std::vector<float> gain = io::to_floats(tensor);
  require_finite(gain, tensor);
  for (float& value : gain) value += offset;
  origin.tensors.push_back(name);
  return gain;
}

bool listed(std::span<const std::string_view> names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// What the name alone says about [d, V].
std::optional<bool> transposed_by_name(const std::string& name) {
  if (listed(output_names, name) || listed(embedding_names, name)) return false;
  if (name == transformer_lens_name) return true;
  return std::nullopt;
}

// What a file says of an unembedding: W_U as [V, d] is not read yet.
struct Parts {
  Unembedding model;  // everything else
  io::Tensor W_U;
  std::string stored;  // how the file has it, in words

  Index d() const { return W_U.shape[1]; }
};

void set_matrix(Parts& parts, Weights& weights, const std::string& name, const KnownSizes& known,
                const std::string& d_model_source) {
  const std::vector<float>& gain = parts.model.gain;
  Axis tokens{"tokens", {}}, dimensions{"d_model", {}};
  if (!gain.empty())
    dimensions.known.push_back({static_cast<Index>(gain.size()), "the final norm's gain"});
  if (known.d_model) dimensions.known.push_back({*known.d_model, d_model_source});
  if (known.vocabulary) tokens.known.push_back({*known.vocabulary, "the vocabulary"});
  const io::Tensor& tensor = weights.at(name);
  const bool turned =
      stored_transposed(tensor, tokens, dimensions, transposed_by_name(name),
                        "name the final norm's gain (--norm-gain), whose length is d_model");
  parts.model.origin.tensors.push_back(name);
  parts.W_U = turned ? io::transposed(tensor) : tensor;
  parts.stored =
      fmt::format("{}, tokens are its {}", io::describe(tensor), turned ? "columns" : "rows");
}

void note_output_bias(const Weights& weights, const std::string& matrix, Origin& origin) {
  const std::string bias = sibling_bias(matrix);
  if (!bias.empty() && weights.has(bias))
    origin.notes.push_back(
        fmt::format("the output bias {} is left out: it is the same for all "
                    "features",
                    io::quote(bias)));
}

Error no_matrix(const Weights& weights) {
  return Error(ErrorKind::value,
               fmt::format("no unembedding under a usual name ({}); name one of {}",
                           io::quote_all(output_names), io::quote_all(weights.others({}))),
               weights.file());
}

Error no_gain(const Weights& weights) {
  return Error(ErrorKind::value,
               fmt::format("no gain of the final norm under a usual name ({}); name it with "
                           "--norm-gain",
                           io::quote_all(gain_names)),
               weights.file());
}

void note_logit_scale(const std::string& key, const std::string& place, Origin& origin) {
  origin.notes.push_back(fmt::format(
      "the model scales its logits by a positive constant ({} in {}), which is left out",
      io::quote(key), place));
}

// A tied model need not store its output matrix, and one that says it is tied has none.
std::string output_matrix(const Weights& weights, const HuggingFaceModel& model,
                          const std::string& given, Origin& origin) {
  std::string output = weights.choose(given, output_names);
  std::string embedding = weights.choose({}, embedding_names);
  if (!given.empty() || (!output.empty() && !model.tied.value_or(false))) return output;
  if (model.tied.value_or(model.family->tied) && !embedding.empty()) {
    origin.notes.push_back("tied: the input embedding is the unembedding");
    return embedding;
  }
  if (!output.empty()) return output;
  throw no_matrix(weights);
}

Parts hugging_face_parts(const HuggingFaceModel& model, const std::string& path,
                         const UnembeddingNames& names, KnownSizes known) {
  if (!model.obstacle.empty())
    throw Error(ErrorKind::value,
                fmt::format("this model is not read: {}, so that a direction in its residual "
                            "stream has no logits of its own",
                            model.obstacle),
                model.config);
  const ModelFamily& family = *model.family;
  Weights weights(model.folder);
  Parts parts;
  Unembedding& result = parts.model;
  Origin& origin = result.origin;
  origin.path = path;
  origin.dialect = fmt::format("Hugging Face ({})", model.model_type);
  origin.model = model.name;
  result.norm = names.norm.value_or(family.norm);
  result.soft_cap = model.soft_cap;
  if (model.d_model && known.d_model && *model.d_model != *known.d_model)
    throw Error(ErrorKind::shape,
                fmt::format("d_model is {}, expected {}", *model.d_model, *known.d_model),
                model.config);
  if (!known.d_model) known.d_model = model.d_model;

  const std::string matrix = output_matrix(weights, model, names.unembedding, origin);
  const std::string gain = weights.choose(names.norm_gain, gain_names);
  if (!gain.empty())
    result.gain = gain_of(weights, gain, names.gain_offset.value_or(family.gain_offset), origin);
  else if (family.has_gain)
    throw no_gain(weights);
  set_matrix(parts, weights, matrix, known, "config.json");
  if (result.gain.empty()) result.gain.assign(parts.d(), 1.0f);  // a norm without parameters
  note_output_bias(weights, matrix, origin);
  if (!family.logit_scale.empty())
    note_logit_scale(std::string(family.logit_scale), "config.json", origin);
  origin.files = weights.files();
  origin.files.push_back(model.config);
  return parts;
}

std::string matrix_by_name(const Weights& weights, const std::string& given, Origin& origin) {
  for (const auto& candidates : {std::span<const std::string_view>(bare_names),
                                 std::span<const std::string_view>(output_names)})
    if (const std::string found = weights.choose(given, candidates); !found.empty()) return found;
  std::string embedding = weights.choose({}, embedding_names);
  if (embedding.empty())
    throw Error(ErrorKind::value,
                fmt::format("no unembedding under a usual name ({}, {}); name one of {}",
                            io::quote_all(bare_names), io::quote_all(output_names),
                            io::quote_all(weights.others({}))),
                weights.file());
  origin.notes.push_back(fmt::format(
      "assumed that the model is tied: there is no output matrix, the embedding {} is used",
      io::quote(embedding)));
  return embedding;
}

// Where there is no output matrix, the embedding is it; one under a name that was given, first.
std::string stated_matrix(const Weights& weights, const std::string& given, Origin& origin) {
  std::string output = weights.choose(given, output_names);
  if (!output.empty()) return output;
  std::string embedding = weights.choose({}, embedding_names);
  if (embedding.empty()) throw no_matrix(weights);
  origin.notes.push_back("tied: the input embedding is the unembedding");
  return embedding;
}

Parts stated_parts(const StatedModel& model, Weights& weights, const std::string& path,
                   const UnembeddingNames& names, const KnownSizes& known) {
  Parts parts;
  Unembedding& result = parts.model;
  Origin& origin = result.origin;
  origin.path = path;
  origin.dialect = model.dialect;
  origin.model = model.name;
  result.soft_cap = model.soft_cap;
  const std::string matrix = stated_matrix(weights, names.unembedding, origin);
  const std::string gain = weights.choose(names.norm_gain, gain_names);
  if (gain.empty() && model.has_gain) throw no_gain(weights);
  if (!gain.empty()) result.gain = gain_of(weights, gain, names.gain_offset.value_or(0), origin);
  result.norm = names.norm.value_or(model.norm);
  if (result.norm == Norm::unknown) result.norm = norm_beside(weights, gain, origin);
  set_matrix(parts, weights, matrix, known, "the caller");
  if (result.gain.empty()) result.gain.assign(parts.d(), 1.0f);  // a norm without parameters
  note_output_bias(weights, matrix, origin);
  if (!model.logit_scale.empty()) note_logit_scale(model.logit_scale, "the file", origin);
  origin.files = weights.files();
  return parts;
}

// A whole state dict of TransformerLens without the final norm's weight: fold_ln multiplied W_U by
// it and dropped it (later versions leave ones instead). W_U alone in a file says nothing of the
// kind.
bool folded_by_transformer_lens(const Weights& weights, const std::string& matrix) {
  return matrix == transformer_lens_name && weights.has("embed.W_E") && !weights.has("ln_final.w");
}

Parts parts_by_name(Weights& weights, const std::string& path, const UnembeddingNames& names,
                    const KnownSizes& known) {
  Parts parts;
  Unembedding& result = parts.model;
  Origin& origin = result.origin;
  origin.path = path;
  origin.dialect = "tensors by name";
  const std::string matrix = matrix_by_name(weights, names.unembedding, origin);
  const std::string gain = weights.choose(names.norm_gain, gain_names);
  const bool folded = gain.empty() && folded_by_transformer_lens(weights, matrix);
  if (folded) {
    origin.notes.push_back(fmt::format(
        "there is no 'ln_final.w': assumed that TransformerLens folded the final norm into {} "
        "(fold_ln), so that its gain is 1 and, of LayerNorm, 'folded' here is 'centered' of the "
        "model before it; center_unembed, where it ran, moved all logits of a feature by one "
        "number",
        io::quote(matrix)));
    result.norm = names.norm.value_or(Norm::unknown);
  } else if (gain.empty()) {
    origin.notes.push_back("no gain of the final norm was found (--norm-gain names it)");
    result.norm = names.norm.value_or(Norm::unknown);
  } else {
    result.gain = gain_of(weights, gain, names.gain_offset.value_or(0), origin);
    result.norm = names.norm ? *names.norm : norm_beside(weights, gain, origin);
  }
  set_matrix(parts, weights, matrix, known, "the caller");
  if (folded) result.gain.assign(parts.d(), 1.0f);
  note_output_bias(weights, matrix, origin);
  origin.files = weights.files();
  return parts;
}

Parts parts_of(const std::string& path, const UnembeddingNames& names, const KnownSizes& known) {
  const auto model = hugging_face_model(path);
  if (model && model->family) return hugging_face_parts(*model, path, names, known);
  if (model && names.unembedding.empty())
    throw Error(ErrorKind::value,
                fmt::format("model_type {} is unknown: name its tensors (--unembedding and "
                            "--norm-gain) and its norm (--norm)",
                            io::quote(model->model_type)),
                model->config);
  const std::string place = model ? model->folder : path;
  Weights weights(place);
  if (const auto stated = stated_model(weights))
    return stated_parts(*stated, weights, place, names, known);
  return parts_by_name(weights, place, names, known);
}

}  // namespace

Unembedding load_unembedding(const std::string& path, const UnembeddingNames& names,
                             const KnownSizes& known) {
  Parts parts = parts_of(path, names, known);
  parts.model.W_U = oriented(parts.W_U, false);
  return std::move(parts.model);
}

UnembeddingOutline outline_unembedding(const std::string& path, const UnembeddingNames& names,
                                       const KnownSizes& known) {
  Parts parts = parts_of(path, names, known);
  const Index bytes = parts.W_U.count() * io::bytes_per_element(parts.W_U.dtype);
  return {std::move(parts.model), parts.W_U.shape[0], parts.W_U.shape[1], parts.stored, bytes};
}

}  // namespace yoneda::ingest
