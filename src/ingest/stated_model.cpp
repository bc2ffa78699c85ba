#include "ingest/stated_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

// Where a model's own keys begin with its architecture: "gemma2.final_logit_softcapping".
class Keys {
 public:
  explicit Keys(const Weights& weights) : metadata_(weights.metadata()) {
    architecture_ = text("general.architecture");
    if (architecture_.empty())
      throw Error(ErrorKind::format, "names no 'general.architecture'", weights.file());
  }

  const std::string& architecture() const { return architecture_; }
  std::string text(const std::string& key) const {
    const auto found = metadata_.find(key);
    return found == metadata_.end() ? std::string() : found->second;
  }
  std::string own(const char* key) const { return text(full(key)); }
  std::string full(const char* key) const { return fmt::format("{}.{}", architecture_, key); }

 private:
  const std::map<std::string, std::string>& metadata_;
  std::string architecture_;
};

// The epsilons say it. A model that has both is told by the bias that only a LayerNorm has.
Norm norm_of(const Keys& keys, const Weights& weights) {
  const bool rms = !keys.own("attention.layer_norm_rms_epsilon").empty();
  const bool layer = !keys.own("attention.layer_norm_epsilon").empty();
  if (rms && layer) return weights.has("output_norm.bias") ? Norm::layer : Norm::rms;
  return rms ? Norm::rms : layer ? Norm::layer : Norm::unknown;
}

StatedModel of_gguf(const Weights& weights) {
  const Keys keys(weights);
  const auto family = std::ranges::find(model_families, keys.architecture(), &ModelFamily::type);
  const bool known = family != std::end(model_families);
  StatedModel model{.dialect = fmt::format("GGUF ({})", io::printable(keys.architecture())),
                    .name = keys.text("general.name"),
                    .norm = norm_of(keys, weights),
                    .has_gain = !known || family->has_gain,
                    .block = block::gguf,
                    .block_prefix = "blk."};
  // Files from before the key have Gemma 2's caps all the same; a cap of 0 is none.
  const std::string cap = keys.own("final_logit_softcapping");
  model.soft_cap =
      cap.empty() ? known && family->soft_capped : std::strtod(cap.c_str(), nullptr) != 0;
  if (!keys.own("logit_scale").empty()) model.logit_scale = keys.full("logit_scale");
  return model;
}

}  // namespace

std::optional<StatedModel> stated_model(const Weights& weights) {
  if (weights.format() == "GGUF") return of_gguf(weights);
  if (weights.format() == "llama2.c")
    return StatedModel{.dialect = "llama2.c",
                       .norm = Norm::rms,
                       .block = block::meta_llama,
                       .block_prefix = "layers."};
  return std::nullopt;
}

}  // namespace yoneda::ingest
