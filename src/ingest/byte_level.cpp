#include "ingest/byte_level.hpp"

#include <array>

#include "yoneda/core/utf8.hpp"

namespace yoneda::ingest {
namespace {

constexpr bool stands_for_itself(int byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

// By character; -1: none.
constexpr auto byte_table = [] {
  std::array<int, 0x144> table{};
  table.fill(-1);
  std::size_t next = 0x100;
  for (int byte = 0; byte < 256; ++byte)
    table[stands_for_itself(byte) ? static_cast<std::size_t>(byte) : next++] = byte;
  return table;
}();

}  // namespace

std::optional<unsigned char> byte_of(char32_t character) {
  if (character >= byte_table.size() || byte_table[character] < 0) return std::nullopt;
  return static_cast<unsigned char>(byte_table[character]);
}

std::optional<std::string> bytes_of(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    const auto character = first_character(text);
    const auto byte = character ? byte_of(character->code) : std::nullopt;
    if (!byte) return std::nullopt;
    bytes += static_cast<char>(*byte);
    text.remove_prefix(character->bytes);
  }
  return bytes;
}

}  // namespace yoneda::ingest
