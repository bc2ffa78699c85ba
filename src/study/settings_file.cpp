#include "yoneda/study/settings_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "toml.hpp"
#include "yoneda/io/atomic_file.hpp"

namespace yoneda::study {
namespace {

std::string text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  return node.as_boolean()->get() ? "true" : "false";
}

void collect(const toml::table& table, const std::string& path, std::vector<Setting>& settings) {
  for (const auto& [key, node] : table) {
    if (const toml::table* group = node.as_table()) {
      collect(*group, path, settings);
      continue;
    }
    if (!node.is_string() && !node.is_number() && !node.is_boolean())
      throw_at(ErrorKind::format, path, place_of(node.source()),
               fmt::format("{} is {}, expected a text, a number, true or false",
                           io::quote(key.str()), type_name(node)));
    settings.push_back({std::string(key.str()), text_of(node), node.is_boolean(),
                        place_of(key.source()), place_of(node.source())});
  }
}

}  // namespace

std::vector<Setting> read_settings(const std::string& path) {
  std::vector<Setting> settings;
  collect(parsed_toml(io::read_text(path), path), path, settings);
  // toml++ keeps keys in alphabetical order; ours is that of the file.
  std::ranges::sort(settings, {},
                    [](const Setting& s) { return std::tuple(s.at.line, s.at.column); });
  for (std::size_t i = 0; i < settings.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (settings[i].name == settings[j].name)
        throw_at(ErrorKind::format, path, settings[i].at,
                 fmt::format("{} is set twice, first in line {}", io::quote(settings[i].name),
                             settings[j].at.line));
  return settings;
}

void refuse_setting(const std::string& path, Place place, const std::string& message) {
  throw_at(ErrorKind::value, path, place, message);
}

}  // namespace yoneda::study
