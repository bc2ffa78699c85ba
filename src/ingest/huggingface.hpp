// What config.json of a Hugging Face model says about its unembedding.
#pragma once

#include <optional>
#include <string>

#include "ingest/model_families.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda::ingest {

struct HuggingFaceModel {
  std::string config;  ///< path of config.json
  std::string folder;
  std::string model_type;
  std::string name;                     ///< of the model, where config.json has it
  const ModelFamily* family = nullptr;  ///< null: the type is not known
  std::optional<bool> tied;             ///< what config.json says
  bool soft_cap = false;
  std::optional<Index> d_model;
  std::string obstacle;  ///< why a direction in the residual stream has no logits; empty: it has
};

/// The model whose folder, or one of whose files, `path` is; nothing where there is no config.json
/// with a model_type. Throws Error{format} where config.json is damaged.
std::optional<HuggingFaceModel> hugging_face_model(const std::string& path);

}  // namespace yoneda::ingest
