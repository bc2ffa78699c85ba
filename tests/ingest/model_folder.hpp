// A model's folder, made for one test.
#pragma once

#include <string>
#include <vector>

#include "io/support.hpp"
#include "yoneda/io/safetensors.hpp"

namespace yoneda::test {

/// config.json (none where `type` is empty) and tensors whose numbers are pattern(0), pattern(1),
/// ...
struct StoredModel : Folder {
  struct Shaped {
    std::string name;
    std::vector<Index> shape;
  };

  StoredModel(const std::string& type, const std::vector<Shaped>& tensors) {
    if (!type.empty())
      io::write_text(*this / "config.json", R"({"model_type": ")" + type + R"("})");
    std::vector<std::vector<float>> values;
    for (const Shaped& tensor : tensors) values.push_back(pattern_values(product(tensor.shape)));
    std::vector<io::OutputTensor> outputs;
    for (std::size_t i = 0; i < tensors.size(); ++i)
      outputs.push_back(io::output(tensors[i].name, values[i], tensors[i].shape));
    io::write_safetensors(*this / "model.safetensors", outputs);
  }

  static Index product(const std::vector<Index>& shape) {
    Index count = 1;
    for (const Index length : shape) count *= length;
    return count;
  }
};

}  // namespace yoneda::test
