#include "yoneda/core/safe_text.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "core/encoded.hpp"

using namespace yoneda;

namespace {

// Blank or ignored by the Unicode standard's property lists, though their category is a letter's, a
// mark's or a symbol's: fillers, joiner, inherent vowels, variation selectors, braille blank.
bool blank(char32_t code) {
  for (const auto& [first, last] :
       std::initializer_list<std::pair<char32_t, char32_t>>{{0x34f, 0x34f},
                                                            {0x115f, 0x1160},
                                                            {0x17b4, 0x17b5},
                                                            {0x180b, 0x180f},
                                                            {0x2800, 0x2800},
                                                            {0x3164, 0x3164},
                                                            {0xfe00, 0xfe0f},
                                                            {0xffa0, 0xffa0},
                                                            {0xe0100, 0xe01ef}})
    if (code >= first && code <= last) return true;
  return false;
}

// Format characters that are drawn: number signs and marks over what follows.
bool drawn(char32_t code) {
  return (code >= 0x600 && code <= 0x605) || code == 0x6dd || code == 0x70f ||
         (code >= 0x890 && code <= 0x891) || code == 0x8e2 || code == 0x110bd || code == 0x110cd;
}

}  // namespace

TEST_CASE("every character is shown or escaped as the Unicode database has it") {
  std::ifstream file(YONEDA_TEST_DATA "/text/unicode.txt");
  std::string kind;
  char32_t count = 0;
  for (std::uint32_t first, last; file >> kind >> std::hex >> first >> last;)
    for (char32_t code = first; code <= last; ++code, ++count) {
      const std::string text = test::encoded(code);
      const bool shown = (kind == "seen" && !blank(code)) || drawn(code);
      CAPTURE(static_cast<std::uint32_t>(code));
      REQUIRE((safe_text(text) == text) == shown);
    }
  CHECK(count > 280'000);
}

TEST_CASE("what is not shown is named") {
  CHECK(safe_text("a\nb\tc\r") == "a\\nb\\tc\\r");
  CHECK(safe_text(std::string("\0\x1b[31m\x7f", 7)) == "\\x00\\x1b[31m\\x7f");
  CHECK(safe_text("\xc2\x9b") == "\\u{9b}");  // the C1 control CSI
  CHECK(safe_text("\xe2\x80\xae"
                  "cod") == "\\u{202e}cod");  // right-to-left override
  CHECK(safe_text("\xef\xbb\xbf") == "\\u{feff}");
  CHECK(safe_text("\xf3\xa0\x81\x81") == "\\u{e0041}");
  CHECK(safe_text("a\u00a0b") == "a\\u{a0}b");
  CHECK(safe_text("\xef\xbf\xbf") == "\\u{ffff}");
}

TEST_CASE("bytes that are no UTF-8 are shown one by one") {
  CHECK(safe_text("\xff\xfe") == "\\xff\\xfe");
  CHECK(safe_text("\xe2\x82") == "\\xe2\\x82");  // the first two bytes of €
  CHECK(safe_text("\x82\xac") == "\\x82\\xac");
  CHECK(safe_text("\xe2\x82"
                  "a") == "\\xe2\\x82a");
  CHECK(safe_text("\xc0\xaf") == "\\xc0\\xaf");           // overlong /
  CHECK(safe_text("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(safe_text("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  CHECK(safe_text("é日本🦌") == "é日本🦌");
}

TEST_CASE("texts are cut by columns and say so") {
  CHECK(safe_text("abcdef", 6) == "abcdef");
  CHECK(safe_text("abcdefg", 6) == "abcde…");
  CHECK(safe_text("日本語", 6) == "日本語");
  CHECK(safe_text("日本語", 5) == "日本…");
  CHECK(safe_text("ab\x1b", 5) == "ab…");
  CHECK(safe_text("") == "");
  CHECK(columns("日本a") == 5);
  CHECK(columns("é\x1b") == 5);
}

TEST_CASE("safe text stays as it is") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const std::size_t width : {10u, 2000u}) {
    const std::string once = safe_text(all, width);
    CHECK(safe_text(once, width) == once);
    CHECK(columns(once) <= width);
  }
}

TEST_CASE("a token shows the spaces at its ends, and escapes are told from what they stand for") {
  CHECK(safe_token("cat") == "cat");
  CHECK(safe_token(" cat") == "␣cat");
  CHECK(safe_token("cat ") == "cat␣");
  CHECK(safe_token("  New York  ") == "␣␣New York␣␣");
  CHECK(safe_token("   ") == "␣␣␣");
  CHECK(safe_token("") == "");
  CHECK(safe_token("␣cat") == "\\u{2423}cat");
  CHECK(safe_token("\\n") == "\\\\n");
  CHECK(safe_token("\n") == "\\n");
  CHECK(safe_token("\\xff") == "\\\\xff");
  CHECK(safe_token(" \xff ") == "␣\\xff␣");
  CHECK(safe_token(std::string(30, ' '), 4) == "␣␣␣…");
}
