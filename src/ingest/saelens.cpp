#include "ingest/saelens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <utility>

#include "ingest/sae_tensors.hpp"
#include "io/json.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* config_name = "cfg.json";
constexpr const char* weights_name = "sae_weights.safetensors";

// cfg.json of any version: from 6 on, what describes the model is under "metadata".
class Config {
 public:
  explicit Config(const std::string& path) : path_(path), all_(io::read_json(path)) {
    if (!all_.is_object()) throw bad("is not a JSON object");
  }

  Error bad(const std::string& message) const { return Error(ErrorKind::format, message, path_); }

  std::string text(std::initializer_list<const char*> keys) const {
    for (const json* part : {&all_, &metadata()})
      for (const char* key : keys)
        if (auto value = io::text_at(*part, key, path_)) return *value;
    return {};
  }

  std::optional<Index> count(const char* key) const { return io::count_at(all_, key, path_); }
  bool flag(const char* key, bool otherwise) const {
    return io::flag_at(all_, key, path_).value_or(otherwise);
  }

  const json& metadata() const { return part("metadata"); }
  const json& part(const char* key) const { return io::object_at(all_, key, path_); }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  json all_;
};

// Before version 6, "standard" might name any activation function.
Activation activation_of(const Config& config) {
  std::string architecture = config.text({"architecture"});
  if (architecture.empty()) architecture = "standard";
  const std::string function = config.text({"activation_fn_str", "activation_fn"});
  if (architecture == "jumprelu") return Activation::jumprelu;
  if (architecture == "topk" || (architecture == "standard" && function == "topk"))
    return Activation::topk;
  if (architecture != "standard")
    throw config.bad(
        fmt::format("SAELens architecture {} is not read yet (standard, topk and jumprelu are); "
                    "name the decoder's tensor to read that alone",
                    io::quote(architecture)));
  return function.empty() || function == "relu" ? Activation::relu : Activation::unknown;
}

Index k_of(const Config& config, Index n) {
  auto k = config.count("k");
  if (!k) k = io::count_at(config.part("activation_fn_kwargs"), "k", config.path());
  if (!k) throw config.bad("a topk SAE without 'k'");
  if (*k < 1 || *k > n) throw config.bad(fmt::format("k = {} of {} features", *k, n));
  return *k;
}

// pre-activations times ‖W_dec[f]‖ on the way in, codes divided by it on the way out: the same SAE
// with the norm moved from the decoder to the encoder.
void fold_decoder_norms(Sae& sae) {
  const Index n = sae.n(), d = sae.d();
  std::vector<float> decoder = to_vector(sae.W_dec), encoder = to_vector(sae.W_enc);
  for (Index f = 0; f < n; ++f) {
    double square = 0;
    for (Index j = 0; j < d; ++j) square += double(decoder[f * d + j]) * double(decoder[f * d + j]);
    const auto norm = static_cast<float>(std::max(std::sqrt(square), 1e-8));
    for (Index j = 0; j < d; ++j) {
      decoder[f * d + j] /= norm;
      encoder[f * d + j] *= norm;
    }
    if (!sae.b_enc.empty()) sae.b_enc[f] *= norm;
  }
  sae.W_dec = Matrix::from(std::move(decoder), n, d);
  sae.W_enc = Matrix::from(std::move(encoder), n, d);
}

void note_peculiarities(const Config& config, Sae& sae) {
  const auto note = [&sae](std::string text) { sae.origin.notes.push_back(std::move(text)); };
  if (const std::string kind = config.text({"normalize_activations"});
      !kind.empty() && kind != "none")
    note(fmt::format("trained on normalised activations ({})", io::quote(kind)));
  if (const std::string kind = config.text({"reshape_activations"});
      (!kind.empty() && kind != "none") || sae.origin.hook_point.ends_with("hook_z"))
    note("decoder rows live in the space of attention heads and reach the logits only through W_O");
  if (config.flag("finetuning_scaling_factor", false))
    note("codes are scaled by 'scaling_factor', which is not applied");
  if (sae.activation == Activation::unknown)
    note(fmt::format("activation function {} is unknown",
                     io::quote(config.text({"activation_fn_str", "activation_fn"}))));
  const json* kwargs =
      &io::object_at(config.metadata(), "model_from_pretrained_kwargs", config.path());
  if (kwargs->empty()) kwargs = &config.part("model_from_pretrained_kwargs");
  if (!kwargs->empty())
    note("trained on a model loaded with " +
         io::printable(kwargs->dump(-1, ' ', true, json::error_handler_t::replace)));
}

}  // namespace

std::optional<std::string> saelens_folder(const std::string& path) {
  std::error_code ignored;
  fs::path folder = path;
  if (!fs::is_directory(folder, ignored)) {
    if (folder.filename() != weights_name && folder.filename() != config_name) return std::nullopt;
    folder = folder.parent_path();
  }
  const bool both = fs::is_regular_file(folder / config_name, ignored) &&
                    fs::is_regular_file(folder / weights_name, ignored);
  return both ? std::optional(folder.string()) : std::nullopt;
}

Sae load_saelens(const std::string& folder, const std::string& path, std::optional<Index> d_model) {
  const Config config((fs::path(folder) / config_name).string());
  Sae sae;
  sae.activation = activation_of(config);
  sae.subtract_b_dec = config.flag("apply_b_dec_to_input", true);
  Origin& origin = sae.origin;
  origin.path = path;
  origin.dialect = "SAELens";
  origin.hook_point = config.text({"hook_name", "hook_point"});
  origin.model = config.text({"model_name"});

  Weights weights((fs::path(folder) / weights_name).string());
  const io::Tensor& decoder = weights.at("W_dec");
  if (decoder.shape.size() != 2)
    throw Error(ErrorKind::shape, "tensor " + io::describe(decoder) + " is not a matrix",
                decoder.file);
  const Index n = config.count("d_sae").value_or(decoder.shape[0]);
  const Index d = config.count("d_in").value_or(decoder.shape[1]);
  if (d_model && *d_model != d)
    throw Error(ErrorKind::shape,
                fmt::format("the SAE reads and writes vectors of {} ({} features), the model's "
                            "d_model is {}",
                            d, n, *d_model),
                path);
  sae.W_dec = matrix_of(weights, "W_dec", n, d, false, origin);
  sae.W_enc = matrix_of(weights, "W_enc", n, d, true, origin);
  if (weights.has("b_enc")) sae.b_enc = vector_of(weights, "b_enc", n, origin);
  if (weights.has("b_dec")) sae.b_dec = vector_of(weights, "b_dec", d, origin);
  if (sae.activation == Activation::jumprelu)
    sae.threshold = vector_of(weights, "threshold", n, origin);
  if (sae.activation == Activation::topk) sae.k = k_of(config, n);
  if (config.flag("rescale_acts_by_decoder_norm", false)) {
    fold_decoder_norms(sae);
    origin.notes.push_back("decoder norms folded into the encoder (rescale_acts_by_decoder_norm)");
  }
  note_peculiarities(config, sae);
  note_unused(weights, origin);
  return sae;
}

}  // namespace yoneda::ingest
