// What the scripts that make fixtures say their tokens mean.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "io/support.hpp"

namespace yoneda::test {

/// The bytes of each token, a line of hexadecimal digits each in vocabulary/NAME.hex.
inline std::vector<std::string> meant(const std::string& name) {
  std::ifstream file(fixture("vocabulary/" + name + ".hex"));
  std::vector<std::string> texts;
  for (std::string line; std::getline(file, line);) {
    texts.emplace_back();
    for (std::size_t i = 0; i < line.size(); i += 2)
      texts.back() += static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16));
  }
  return texts;
}

}  // namespace yoneda::test
