// Folders of weights, made or altered for one test.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/support.hpp"
#include "yoneda/io/safetensors.hpp"

namespace yoneda::test {

struct Shaped {
  std::string name;
  std::vector<Index> shape;

  Index count() const {
    Index product = 1;
    for (const Index length : shape) product *= length;
    return product;
  }
};

/// Tensors whose numbers are pattern(0), pattern(1), ...
inline void save_patterns(const std::string& path, const std::vector<Shaped>& tensors,
                          const std::map<std::string, std::string>& metadata = {}) {
  std::vector<std::vector<float>> values;
  for (const Shaped& tensor : tensors) values.push_back(pattern_values(tensor.count()));
  std::vector<io::OutputTensor> outputs;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    outputs.push_back(io::output(tensors[i].name, values[i], tensors[i].shape));
  io::write_safetensors(path, outputs, metadata);
}

/// config.json (none where `type` is empty) and tensors of patterns.
struct StoredModel : Folder {
  StoredModel(const std::string& type, const std::vector<Shaped>& tensors) {
    if (!type.empty())
      io::write_text(*this / "config.json", R"({"model_type": ")" + type + R"("})");
    save_patterns(*this / "model.safetensors", tensors);
  }
};

}  // namespace yoneda::test
