// What config.json of a Hugging Face model says about its unembedding.
#pragma once

#include <optional>
#include <string>

#include "yoneda/core/types.hpp"
#include "yoneda/model/convention.hpp"

namespace yoneda::ingest {

struct HuggingFaceModel {
  std::string config;  ///< path of config.json
  std::string folder;
  std::string model_type;
  std::string name;  ///< of the model, where config.json has it
  bool known_type = false;
  Norm norm = Norm::unknown;
  float gain_offset = 0;
  bool has_gain = true;
  std::optional<bool> tied;  ///< what config.json says
  bool usually_tied = false;
  bool soft_cap = false;
  std::optional<Index> d_model;
};

/// The model whose folder, or one of whose files, `path` is; nothing where there is no config.json
/// with a model_type. Throws Error{format} where config.json is damaged.
std::optional<HuggingFaceModel> hugging_face_model(const std::string& path);

}  // namespace yoneda::ingest
