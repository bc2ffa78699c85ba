// Text that XML 1.0 can hold.
#pragma once

#include <string>
#include <string_view>

#include "yoneda/core/safe_text.hpp"

namespace yoneda::report {

/// For content and attributes. Bytes that are no UTF-8 and characters that XML 1.0 has no way to
/// write (controls, U+FFFE, U+FFFF) become \xff; texts of tokens have none left. Source: Bray,
/// Paoli, Sperberg-McQueen, Maler, Yergeau 2008, Extensible Markup Language, sections 2.2 and 2.4.
inline std::string xml_text(std::string_view text) {
  std::string escaped;
  for (std::size_t i = 0; i < text.size();) {
    const auto character = first_character(text.substr(i));
    const std::size_t bytes = character ? character->bytes : 1;
    const char32_t code = character ? character->code : 0;
    const bool white = code == '\t' || code == '\n' || code == '\r';
    if (!white && (code < 0x20 || (code & 0xfffe) == 0xfffe)) {
      for (std::size_t b = 0; b < bytes; ++b)
        escaped += "\\x" + detail::hexadecimal(static_cast<unsigned char>(text[i + b]), 2);
    } else if (white) {
      escaped += "&#" + std::to_string(code) + ";";
    } else if (code == '&') {
      escaped += "&amp;";
    } else if (code == '<') {
      escaped += "&lt;";
    } else if (code == '>') {
      escaped += "&gt;";
    } else if (code == '"') {
      escaped += "&quot;";
    } else {
      escaped += text.substr(i, bytes);
    }
    i += bytes;
  }
  return escaped;
}

}  // namespace yoneda::report
