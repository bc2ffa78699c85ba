#include "io/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>

#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/atomic_file.hpp"

namespace yoneda::io {
namespace {

constexpr std::size_t depth_limit = 32;
constexpr std::size_t leaf_limit = 100'000;  // aliases may repeat a part without end

Error bad(const std::string& why) {
  return Error(ErrorKind::format, why);
}

void flatten(const YAML::Node& node, const std::string& path, std::size_t depth,
             std::map<std::string, std::string>& leaves) {
  if (depth > depth_limit) throw bad(fmt::format("YAML nested deeper than {}", depth_limit));
  if (leaves.size() > leaf_limit) throw bad(fmt::format("YAML of more than {} values", leaf_limit));
  const std::string before = path.empty() ? "" : path + ".";
  if (node.IsScalar()) {
    leaves[path] = node.Scalar();
  } else if (node.IsSequence()) {
    for (std::size_t i = 0; i < node.size(); ++i)
      flatten(node[i], before + std::to_string(i), depth + 1, leaves);
  } else if (node.IsMap()) {
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) throw bad("YAML with a key that is no text");
      flatten(entry.second, before + entry.first.Scalar(), depth + 1, leaves);
    }
  }
}

}  // namespace

std::map<std::string, std::string> read_yaml(const std::string& path) {
  constexpr std::uintmax_t size_limit = 1 << 20;
  std::error_code ignored;
  if (const auto size = std::filesystem::file_size(path, ignored); !ignored && size > size_limit)
    throw Error(ErrorKind::format, fmt::format("a configuration of {} bytes", size), path);
  const std::string text = read_text(path);
  return naming(path, {}, [&] {
    std::map<std::string, std::string> leaves;
    try {
      flatten(YAML::Load(text), {}, 0, leaves);
    } catch (const YAML::Exception& error) {
      throw bad("not valid YAML: " + printable(error.what()));
    }
    return leaves;
  });
}

}  // namespace yoneda::io
