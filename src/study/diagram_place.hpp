// Errors that point into a diagram file.
#pragma once

#include <fmt/format.h>

#include <string>

#include "yoneda/core/error.hpp"
#include "yoneda/study/diagram_file.hpp"

namespace yoneda::study {

/// "path:line:column".
inline std::string text_of(const std::string& path, Place place) {
  return fmt::format("{}:{}:{}", path, place.line, place.column);
}

/// Throws Error of that kind, "path:line:column: message".
[[noreturn]] inline void throw_at(ErrorKind kind, const std::string& path, Place place,
                                  const std::string& message) {
  throw Error(kind, message, text_of(path, place));
}

}  // namespace yoneda::study
