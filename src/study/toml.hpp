// What our readers of TOML share: where a part stands, what it is called, and what is no TOML.
#pragma once

#include <string>
#include <string_view>

#include <toml++/toml.h>

#include "diagram_place.hpp"
#include "io/text.hpp"

namespace yoneda::study {

inline Place place_of(const toml::source_region& source) {
  return {static_cast<Index>(source.begin.line), static_cast<Index>(source.begin.column)};
}

/// "a whole number", as a person says it.
inline std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a point";
    case toml::node_type::boolean:
      return "a truth value";
    default:
      return "a date or time";
  }
}

/// Throws Error{format} that says where the text is no TOML.
inline toml::table parsed_toml(std::string_view text, const std::string& path) {
  try {
    return toml::parse(text, std::string_view());
  } catch (const toml::parse_error& error) {
    throw_at(ErrorKind::format, path, place_of(error.source()), io::printable(error.description()));
  }
}

}  // namespace yoneda::study
