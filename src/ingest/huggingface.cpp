#include "ingest/huggingface.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "io/json.hpp"
#include "io/text.hpp"

namespace yoneda::ingest {
namespace {

namespace fs = std::filesystem;

// The folder of a model file that config.json speaks about.
fs::path folder_of(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return path;
  const std::string name = path.filename().string();
  const bool model_file = name == "config.json" || name == "model.safetensors" ||
                          name == "model.safetensors.index.json";
  return model_file ? (path.has_parent_path() ? path.parent_path() : fs::path(".")) : fs::path();
}

const ModelFamily* family_of(const std::string& type) {
  const auto found = std::ranges::find(model_families, type, &ModelFamily::type);
  return found == std::end(model_families) ? nullptr : found;
}

// Gemma2Config caps the logits where config.json does not say, and not where it says null.
bool caps_logits(const nlohmann::json& config, const ModelFamily* family) {
  const auto cap = config.find("final_logit_softcapping");
  if (cap == config.end()) return family != nullptr && family->soft_capped;
  return !cap->is_null();
}

std::string obstacle_of(const nlohmann::json& config, const HuggingFaceModel& model) {
  for (const Obstacle& obstacle : obstacles) {
    const std::string key(obstacle.key);
    if (obstacle.type == model.model_type &&
        io::flag_at(config, key.c_str(), model.config) == obstacle.value)
      return fmt::format("{} ({} is {})", obstacle.reason, io::quote(key), obstacle.value);
  }
  const auto projected = io::count_at(config, "word_embed_proj_dim", model.config);
  if (projected && model.d_model && *projected != *model.d_model)
    return fmt::format(
        "its logits are read from {} dimensions behind a projection, not from the "
        "{} of its residual stream ('word_embed_proj_dim')",
        *projected, *model.d_model);
  return {};
}

}  // namespace

std::optional<HuggingFaceModel> hugging_face_model(const std::string& path) {
  const fs::path folder = folder_of(path);
  std::error_code ignored;
  if (folder.empty() || !fs::is_regular_file(folder / "config.json", ignored)) return std::nullopt;
  HuggingFaceModel model;
  model.folder = folder.string();
  model.config = (folder / "config.json").string();
  const nlohmann::json all = io::read_json(model.config);
  if (!all.is_object() || !all.contains("model_type")) return std::nullopt;
  // Models of text and images describe their language model apart.
  const auto& nested = io::object_at(all, "text_config", model.config);
  const auto& config = nested.empty() ? all : nested;
  const auto text = [&](const char* key) { return io::text_at(config, key, model.config); };
  const auto count = [&](const char* key) { return io::count_at(config, key, model.config); };

  const std::string outer_type = io::text_at(all, "model_type", model.config).value_or("");
  model.model_type = text("model_type").value_or(outer_type);
  model.name = io::text_at(all, "_name_or_path", model.config).value_or("");
  model.family = family_of(model.model_type);
  model.tied = io::flag_at(config, "tie_word_embeddings", model.config);
  if (!model.tied) model.tied = io::flag_at(all, "tie_word_embeddings", model.config);
  model.soft_cap = caps_logits(config, model.family);
  for (const char* key : {"hidden_size", "n_embd", "n_embed", "d_model"})
    if (!model.d_model) model.d_model = count(key);
  model.obstacle = obstacle_of(config, model);
  return model;
}

}  // namespace yoneda::ingest
