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

constexpr std::size_t yaml_depth_limit = 32;
// Aliases may repeat a part without end, be it an empty one, and a long key is a part of every path
// below it.
constexpr std::size_t node_limit = 100'000;
constexpr std::size_t byte_limit = 16 << 20;

class Flattening {
 public:
  std::map<std::string, std::string> run(const YAML::Node& root) {
    visit(root, {}, 0);
    return std::move(leaves_);
  }

 private:
  void visit(const YAML::Node& node, const std::string& path, std::size_t depth) {
    if (depth > yaml_depth_limit)
      throw bad_format(fmt::format("YAML nested deeper than {}", yaml_depth_limit));
    if (++nodes_ > node_limit)
      throw bad_format(fmt::format("YAML of more than {} values", node_limit));
    bytes_ += path.size();
    if (node.IsScalar()) bytes_ += node.Scalar().size();
    if (bytes_ > byte_limit)
      throw bad_format(fmt::format("YAML that unfolds to more than {} bytes", byte_limit));
    const std::string before = path.empty() ? "" : path + ".";
    if (node.IsScalar()) {
      leaves_[path] = node.Scalar();
    } else if (node.IsSequence()) {
      for (std::size_t i = 0; i < node.size(); ++i)
        visit(node[i], before + std::to_string(i), depth + 1);
    } else if (node.IsMap()) {
      for (const auto& entry : node) {
        if (!entry.first.IsScalar()) throw bad_format("YAML with a key that is no text");
        visit(entry.second, before + entry.first.Scalar(), depth + 1);
      }
    }
  }

  std::map<std::string, std::string> leaves_;
  std::size_t nodes_ = 0, bytes_ = 0;
};

}  // namespace

std::map<std::string, std::string> read_yaml(const std::string& path) {
  constexpr std::uintmax_t size_limit = 1 << 20;
  std::error_code ignored;
  if (const auto size = std::filesystem::file_size(path, ignored); !ignored && size > size_limit)
    throw Error(ErrorKind::format, fmt::format("a configuration of {} bytes", size), path);
  const std::string text = read_text(path);
  return naming(path, {}, [&] {
    try {
      return Flattening().run(YAML::Load(text));
    } catch (const YAML::Exception& error) {
      throw bad_format("not valid YAML: " + printable(error.what()));
    }
  });
}

}  // namespace yoneda::io
