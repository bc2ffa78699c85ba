// EleutherAI's sparsify: cfg.json beside sae.safetensors, in a folder named after the hook point
// (github.com/EleutherAI/sparsify: sparsify/sparse_coder.py, config.py).
#include <fmt/format.h>

#include <filesystem>

#include "ingest/config.hpp"
#include "ingest/dialects.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

namespace fs = std::filesystem;

constexpr const char* sparsify_config_name = "cfg.json";
constexpr const char* sparsify_weights_name = "sae.safetensors";

// num_latents 0, like a missing one, means a multiple of the input's dimension.
Index latents(const Config& config, Index d_in) {
  const Index given = config.count({"num_latents"}).value_or(0);
  if (given > 0) return given;
  const Index multiple = config.times(d_in, "expansion_factor").value_or(0);
  if (multiple < 1) throw config.bad("neither 'num_latents' nor 'expansion_factor'");
  return multiple;
}

void set_activation(const Config& config, Index n, Sae& sae) {
  const std::string name = config.text({"activation"}).value_or("topk");
  sae.origin.architecture = name;
  sae.activation = name == "topk"       ? Activation::topk
                   : name == "groupmax" ? Activation::groupmax
                                        : Activation::unknown;
  if (sae.activation == Activation::unknown)
    sae.origin.notes.push_back(fmt::format("activation function {} is not known", io::quote(name)));
  sae.k = config.count({"k"}).value_or(0);
  if (sae.k < 1 || sae.k > n) throw config.bad(fmt::format("k = {} of {} features", sae.k, n));
  sae.signed_codes = config.flag("signed").value_or(false);
  if (sae.signed_codes)
    sae.origin.notes.push_back(
        "this SAE is signed: a feature may also fire negatively, and then lowers what its arrows "
        "say it raises");
}

// The run's configuration lies one folder up, or two where there are several seeds.
std::optional<Config> run_configuration(const std::filesystem::path& folder) {
  for (const fs::path& parent : {folder.parent_path(), folder.parent_path().parent_path()}) {
    std::error_code ignored;
    const fs::path path = parent / "config.json";
    if (!fs::is_regular_file(path, ignored)) continue;
    if (Config run(path.string()); run.has("sae")) return run;
  }
  return std::nullopt;
}

// The folder is named after the hook point, or lies in one that is.
void set_hook_point(const fs::path& folder, Origin& origin) {
  for (const fs::path& candidate : {folder, folder.parent_path()}) {
    const std::string name = candidate.filename().string();
    const auto layer = number_behind(name, "layers.");
    if (!layer && name != "embed_tokens") continue;
    origin.hook_point = name;
    origin.layer = layer.value_or(-1);
    return;
  }
  origin.notes.push_back("the hook point is only in the folder's name, which " +
                         io::quote(folder.filename().string()) + " is not");
}

void set_origin(const Place& place, const Weights& weights, Sae& sae) {
  Origin& origin = sae.origin;
  origin.path = place.path();
  origin.dialect = "sparsify";
  origin.files = {place.at(sparsify_config_name), weights.file()};
  fs::path folder = Place(place.folder()).full();
  if (!folder.has_filename()) folder = folder.parent_path();
  set_hook_point(folder, origin);
  const auto run = run_configuration(folder);
  if (!run) return;
  origin.model = run->text({"model"}).value_or("");
  // Early transcoders say that they are in the run's configuration alone.
  sae.transcoder = run->flag("transcode").value_or(false);
}

}  // namespace

std::optional<SaeParts> sparsify(const Place& place) {
  if (!place.is_pair(sparsify_config_name, sparsify_weights_name)) return std::nullopt;
  const Config config(place.at(sparsify_config_name));
  const auto d_in = config.count({"d_in"});
  if (!d_in) throw config.bad("no 'd_in', as sparsify writes it");
  Weights weights(place.at(sparsify_weights_name));
  SaeParts parts;
  Sae& sae = parts.sae;
  Origin& origin = sae.origin;
  set_origin(place, weights, sae);
  const Index n = latents(config, *d_in), d = *d_in;
  set_activation(config, n, sae);
  sae.transcoder = config.flag("transcode").value_or(sae.transcoder);
  sae.subtract_b_dec = !sae.transcoder;
  if (sae.transcoder && !origin.hook_point.empty())
    origin.hook_point_out = origin.hook_point;  // reads the module's input, writes its output

  const bool linear = !weights.has("W_dec") && weights.has("decoder.weight");  // some older files
  const std::string decoder = linear ? "decoder.weight" : "W_dec";
  parts.stored = decoder_in_words(weights.at(decoder), !linear);
  parts.W_dec = matrix_part(weights, decoder, n, d, linear, origin);
  parts.W_enc = matrix_part(weights, "encoder.weight", n, d, false, origin);
  parts.b_enc = vector_if(weights, "encoder.bias", n, origin);
  parts.b_dec = vector_if(weights, "b_dec", d, origin);
  if (weights.has("W_skip")) parts.W_skip = matrix_part(weights, "W_skip", d, d, false, origin);
  note_unused(weights, origin);
  return parts;
}

}  // namespace yoneda::ingest
