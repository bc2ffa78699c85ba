#include "path_text.hpp"

#include <charconv>
#include <string_view>

#include "yoneda/core/utf8.hpp"

namespace yoneda::study {
namespace {

constexpr std::string_view scheme = "file://";

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto character = first_character(text);
    if (!character) return false;
    text.remove_prefix(character->bytes);
  }
  return true;
}

// What a URI's path may hold as it is.
bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~/").find(c) != std::string_view::npos;
}

}  // namespace

std::string path_text(const std::string& path) {
  if (is_utf8(path) && !path.starts_with(scheme)) return path;
  std::string text(scheme);
  for (const char c : path) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    if (unreserved(c))
      text += c;
    else
      text += {'%', digits[byte / 16], digits[byte % 16]};
  }
  return text;
}

std::string path_from(const std::string& text) {
  if (!text.starts_with(scheme)) return text;
  std::string path;
  for (std::size_t i = scheme.size(); i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* first = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(first, first + 2, byte, 16).ptr == first + 2) {
      path += static_cast<char>(byte);
      i += 2;
    } else {
      path += text[i];
    }
  }
  return path;
}

}  // namespace yoneda::study
