#include "ingest/huggingface.hpp"

#include <algorithm>
#include <filesystem>

#include "ingest/model_families.hpp"
#include "io/json.hpp"

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
  const auto family = std::ranges::find(model_families, model.model_type, &ModelFamily::model_type);
  if (family != model_families.end()) {
    model.known_type = true;
    model.norm = family->norm;
    model.gain_offset = family->gain_offset;
    model.has_gain = family->has_gain;
    model.usually_tied = family->tied;
  }
  model.tied = io::flag_at(config, "tie_word_embeddings", model.config);
  if (!model.tied) model.tied = io::flag_at(all, "tie_word_embeddings", model.config);
  model.soft_cap =
      config.contains("final_logit_softcapping") && !config["final_logit_softcapping"].is_null();
  for (const char* key : {"hidden_size", "n_embd", "d_model"})
    if (!model.d_model) model.d_model = count(key);
  return model;
}

}  // namespace yoneda::ingest
