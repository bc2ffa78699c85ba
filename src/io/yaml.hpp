// The texts and numbers of a YAML file.
#pragma once

#include <map>
#include <string>

namespace yoneda::io {

/// Every scalar by its path, keys and positions joined by dots: {"transcoders.0.layer": "3"}.
/// Throws Error{file}; Error{format} for what is not YAML, for more than a megabyte, for deep
/// nesting, and for aliases that unfold to more than a configuration holds.
std::map<std::string, std::string> read_yaml(const std::string& path);

}  // namespace yoneda::io
