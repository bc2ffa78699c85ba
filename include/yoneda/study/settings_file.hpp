// Settings of a command in a TOML file: names and values, each with its place.
#pragma once

#include <string>
#include <vector>

#include "yoneda/study/diagram_file.hpp"

namespace yoneda::study {

/// `method = "leiden"`.
struct Setting {
  std::string name;    ///< without the tables around it, which only group
  std::string text;    ///< the value as a command line has it: "leiden", "50", "0.5", "true"
  bool truth = false;  ///< a truth value
  Place at = {}, value_at = {};
};

/// All settings of a file, in its order. Throws Error{file}; Error{format} with line and column for
/// what is no TOML, for lists, dates and lists of tables, and where a name is set twice, be it in
/// two tables.
std::vector<Setting> read_settings(const std::string& path);

/// Throws Error{value}, "path:line:column: message".
[[noreturn]] void refuse_setting(const std::string& path, Place place, const std::string& message);

}  // namespace yoneda::study
