// One character of UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace yoneda {

struct Utf8Character {
  char32_t code;
  std::size_t bytes;  ///< how many it takes, 1 to 4
};

/// The character a text begins with; nothing where the text is empty or its first bytes are not
/// well-formed: cut off, overlong, a surrogate, beyond U+10FFFF. Source: The Unicode Consortium
/// 2022, The Unicode Standard, table 3-7.
inline std::optional<Utf8Character> first_character(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return Utf8Character{lead, 1};
  if (lead < 0xc2 || lead > 0xf4) return std::nullopt;
  const std::size_t bytes = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < bytes) return std::nullopt;
  char32_t code = lead & (0xffu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0u) != 0x80) return std::nullopt;
    code = code << 6 | (byte(i) & 0x3fu);
  }
  const bool overlong = code < (bytes == 4 ? 0x10000u : bytes == 3 ? 0x800u : 0x80u);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (overlong || surrogate || code > 0x10ffff) return std::nullopt;
  return Utf8Character{code, bytes};
}

}  // namespace yoneda
