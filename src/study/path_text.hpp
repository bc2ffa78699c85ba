// Paths in JSON, which holds Unicode, while a path may be any bytes.
#pragma once

#include <string>

namespace yoneda::study {

/// The path itself where it is UTF-8; else its file URI, whose percent signs stand for any byte.
/// Source: Kerwin 2017, The "file" URI Scheme (RFC 8089).
std::string path_text(const std::string& path);

/// The inverse.
std::string path_from(const std::string& text);

}  // namespace yoneda::study
