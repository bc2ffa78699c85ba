// UTF-8 from its definition, for tests.
#pragma once

#include <string>

namespace yoneda::test {

inline int utf8_bytes(char32_t code) {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/// 7, 5 + 6, 4 + 6 + 6 or 3 + 6 + 6 + 6 bits; the number of bytes need not be the shortest.
inline std::string encoded(char32_t code, int bytes) {
  std::string text;
  for (int i = bytes - 1; i > 0; --i, code >>= 6)
    text.insert(text.begin(), static_cast<char>(0x80 | (code & 0x3f)));
  const char32_t mark = bytes == 1 ? 0 : (0xf00 >> bytes) & 0xff;
  return static_cast<char>(mark | code) + text;
}

inline std::string encoded(char32_t code) {
  return encoded(code, utf8_bytes(code));
}

}  // namespace yoneda::test
