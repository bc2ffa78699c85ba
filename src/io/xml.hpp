// The elements of an XML text as they come, so that a file of any size takes little memory. Files
// come from anywhere: nothing outside is opened, no entity beyond XML's own five is known, and
// nesting has an end.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yoneda/core/types.hpp"

namespace yoneda::io {

struct XmlElement {
  std::string_view space;  ///< its namespace; empty where it has none
  std::string_view name;   ///< without prefix
  std::vector<std::pair<std::string_view, std::string_view>> attributes;

  std::optional<std::string_view> attribute(std::string_view name) const;
};

/// What is called in the order of the file. Text may come in several pieces. An Error that says no
/// place leaves parse_xml with the file and the line.
struct XmlHandlers {
  std::function<void(const XmlElement&)> begin;
  std::function<void()> end;
  std::function<void(std::string_view)> text;
};

/// Throws Error{format} that names the line for what is no XML, for more than 64 levels of elements
/// and for a document type that declares anything.
void parse_xml(std::string_view text, const std::string& path, const XmlHandlers& handlers);

/// Whether a text begins as XML does.
bool looks_like_xml(std::string_view text);

}  // namespace yoneda::io
