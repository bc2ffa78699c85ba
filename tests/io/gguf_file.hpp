// A GGUF file in memory, for tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/raw.hpp"

namespace yoneda::test {

inline std::string text(const std::string& of) {
  return raw<std::uint64_t>(of.size()) + of;
}

// A file, piece by piece, each of which may be told a lie.
struct GgufFile {
  std::uint32_t version = 3;
  std::uint64_t tensors = 0, values = 0;
  std::string described = {}, data = {};

  GgufFile& value(const std::string& key, std::uint32_t type, const std::string& bytes) {
    ++values;
    described += text(key) + raw(type) + bytes;
    return *this;
  }
  GgufFile& tensor(const std::string& name, const std::vector<std::uint64_t>& axes,
                   std::uint32_t type = 0, std::uint64_t offset = 0) {
    ++tensors;
    described += text(name) + raw(static_cast<std::uint32_t>(axes.size()));
    for (const std::uint64_t length : axes) described += raw(length);
    described += raw(type) + raw(offset);
    return *this;
  }
  GgufFile& holding(std::size_t bytes) {
    data.assign(bytes, '\1');
    return *this;
  }

  std::string bytes() const {
    std::string file = "GGUF" + raw(version) + raw(tensors) + raw(values) + described;
    while (file.size() % 32 != 0) file += '\0';
    return file + data;
  }
};

}  // namespace yoneda::test
