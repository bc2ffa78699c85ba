#include "yoneda/core/utf8.hpp"

#include <doctest/doctest.h>

#include <string>

#include "core/encoded.hpp"

using namespace yoneda;
using namespace yoneda::test;

TEST_CASE("every character is read, alone and before others") {
  for (char32_t code = 0; code <= 0x10ffff; ++code) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const std::string text = encoded(code);
    for (const char* behind : {"", "x", "\xff"}) {
      const auto found = first_character(text + behind);
      REQUIRE(found);
      REQUIRE(found->code == code);
      REQUIRE(found->bytes == text.size());
    }
    for (std::size_t cut = 0; cut < text.size(); ++cut)
      REQUIRE_FALSE(first_character(text.substr(0, cut)));
  }
}

TEST_CASE("what is no UTF-8 is no character") {
  for (char32_t code = 0xd800; code < 0xe000; ++code)
    REQUIRE_FALSE(first_character(encoded(code, 3)));  // surrogates
  for (int bytes = 2; bytes <= 4; ++bytes)             // overlong forms
    for (char32_t code = 0; code < 0x10000 && utf8_bytes(code) < bytes; ++code)
      REQUIRE_FALSE(first_character(encoded(code, bytes)));
  for (char32_t code = 0x110000; code < 0x200000; ++code)
    REQUIRE_FALSE(first_character(encoded(code, 4)));
  for (int lead = 0x80; lead < 0x100; ++lead) {
    const std::string start(1, static_cast<char>(lead));
    CHECK_FALSE(first_character(start));
    CHECK_FALSE(first_character(start + "abc"));
    if (lead < 0xc2 || lead > 0xf4) CHECK_FALSE(first_character(start + "\x80\x80\x80"));
  }
}
