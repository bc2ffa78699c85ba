// Texts from files, made fit to be shown: nothing moves the cursor, turns the line or hides.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "yoneda/core/utf8.hpp"

namespace yoneda {

namespace detail {

struct CodeRange {
  char32_t first, last;
};

template <std::size_t n>
bool within(const std::array<CodeRange, n>& ranges, char32_t code) {
  return std::ranges::any_of(
      ranges, [code](const CodeRange& r) { return r.first <= code && code <= r.last; });
}

// What a reader cannot see, or not tell from something else: controls, format characters (those
// that steer the direction of text among them), default-ignorable characters, spaces other than
// U+0020, private use and noncharacters. Source: The Unicode Consortium 2022, The Unicode Standard
// (general categories Cc, Cf, Co, Zl, Zp, Zs; property Default_Ignorable_Code_Point). Format
// characters that are drawn (Arabic and Kaithi number signs) stay.
inline constexpr std::array invisible{
    CodeRange{0x0, 0x1f},           // C0 controls
    CodeRange{0x7f, 0xa0},          // delete, C1 controls, no-break space
    CodeRange{0xad, 0xad},          // soft hyphen
    CodeRange{0x34f, 0x34f},        // combining grapheme joiner
    CodeRange{0x61c, 0x61c},        // Arabic letter mark
    CodeRange{0x115f, 0x1160},      // Hangul fillers
    CodeRange{0x1680, 0x1680},      // Ogham space
    CodeRange{0x17b4, 0x17b5},      // Khmer inherent vowels
    CodeRange{0x180b, 0x180f},      // Mongolian variation selectors and vowel separator
    CodeRange{0x2000, 0x200f},      // spaces, zero width, direction marks
    CodeRange{0x2028, 0x202f},      // line ends, embeddings and overrides, narrow space
    CodeRange{0x205f, 0x206f},      // mathematical space, word joiner, invisible signs, isolates
    CodeRange{0x2800, 0x2800},      // braille blank
    CodeRange{0x3000, 0x3000},      // ideographic space
    CodeRange{0x3164, 0x3164},      // Hangul filler
    CodeRange{0xe000, 0xf8ff},      // private use
    CodeRange{0xfdd0, 0xfdef},      // noncharacters
    CodeRange{0xfe00, 0xfe0f},      // variation selectors
    CodeRange{0xfeff, 0xfeff},      // byte order mark
    CodeRange{0xffa0, 0xffa0},      // halfwidth Hangul filler
    CodeRange{0xfff0, 0xfffb},      // unassigned ignorables, interlinear annotation
    CodeRange{0x13430, 0x1343f},    // Egyptian hieroglyph format controls
    CodeRange{0x1bca0, 0x1bca3},    // shorthand format controls
    CodeRange{0x1d173, 0x1d17a},    // musical format controls
    CodeRange{0xe0000, 0x10ffff}};  // tags, variation selectors, private use

// What a terminal draws two columns wide, by the large blocks; a mistake costs alignment only.
// Source: The Unicode Consortium 2022, Unicode Standard Annex 11, East Asian Width.
inline constexpr std::array wide{
    CodeRange{0x1100, 0x115f},   CodeRange{0x2e80, 0xa4cf},   CodeRange{0xa960, 0xa97f},
    CodeRange{0xac00, 0xd7a3},   CodeRange{0xf900, 0xfaff},   CodeRange{0xfe30, 0xfe6f},
    CodeRange{0xff01, 0xff60},   CodeRange{0xffe0, 0xffe6},   CodeRange{0x17000, 0x18d08},
    CodeRange{0x1b000, 0x1b2fb}, CodeRange{0x1f300, 0x1f64f}, CodeRange{0x1f680, 0x1f6ff},
    CodeRange{0x1f900, 0x1f9ff}, CodeRange{0x20000, 0x3fffd}};

// U+2423: the graphic symbol for a space, and hardly a token.
inline constexpr std::string_view space_mark = "\u2423";

inline std::string hexadecimal(char32_t number, std::size_t digits) {
  std::string text;
  for (; number > 0 || text.size() < digits; number /= 16)
    text.insert(text.begin(), "0123456789abcdef"[number % 16]);
  return text;
}

// One character, or one byte that begins none, as it is shown.
struct Glyph {
  std::string text;
  std::size_t bytes;  // of the original
  std::size_t columns;
};

inline Glyph escaped(std::string text, std::size_t bytes) {
  const std::size_t columns = text.size();
  return {std::move(text), bytes, columns};
}

inline Glyph first_glyph(std::string_view text) {
  const auto character = first_character(text);
  if (!character) return escaped("\\x" + hexadecimal(static_cast<unsigned char>(text[0]), 2), 1);
  const auto [code, bytes] = *character;
  if (code == '\n') return escaped("\\n", bytes);
  if (code == '\t') return escaped("\\t", bytes);
  if (code == '\r') return escaped("\\r", bytes);
  if (code < 0x80 && within(invisible, code)) return escaped("\\x" + hexadecimal(code, 2), bytes);
  if (within(invisible, code) || (code & 0xfffe) == 0xfffe)
    return escaped("\\u{" + hexadecimal(code, 1) + "}", bytes);
  return {std::string(text.substr(0, bytes)), bytes, within(wide, code) ? 2u : 1u};
}

// As first_glyph; a backslash and the mark itself are escaped, so that nothing reads as an escape
// or as a space that is none.
inline Glyph first_token_glyph(std::string_view text) {
  if (text.starts_with('\\')) return escaped("\\\\", 1);
  if (text.starts_with(space_mark)) return escaped("\\u{2423}", space_mark.size());
  return first_glyph(text);
}

// Glyphs until `width` columns are full; "…" stands for the rest.
class Line {
 public:
  explicit Line(std::size_t width) : width_(width) {}

  // False where the glyph does not fit; a glyph that is not the last leaves room for the "…".
  bool add(const Glyph& glyph, bool last) {
    const bool fits = used_ + glyph.columns + (last ? 0 : 1) <= width_;
    used_ += glyph.columns;
    text_ += fits ? glyph.text : "…";
    return fits;
  }

  const std::string& text() const { return text_; }

 private:
  std::size_t width_, used_ = 0;
  std::string text_;
};

}  // namespace detail

/// How many columns of a terminal a text takes, wide characters (Chinese, Japanese, Korean, emoji)
/// as two.
inline std::size_t columns(std::string_view text) {
  std::size_t sum = 0;
  for (; !text.empty();) {
    const auto glyph = detail::first_glyph(text);
    sum += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return sum;
}

/// A text that cannot disturb a terminal or a line of output, cut to `width` columns. Control
/// characters become \n, \t, \r or \x1b; bytes that are not UTF-8 become \xff; characters that are
/// not seen or change how others are seen become \u{202e}. What it returns it does not change.
inline std::string safe_text(std::string_view text, std::size_t width = 32) {
  detail::Line line(width);
  for (; !text.empty();) {
    const auto glyph = detail::first_glyph(text);
    text.remove_prefix(glyph.bytes);
    if (!line.add(glyph, text.empty())) break;
  }
  return line.text();
}

/// A token as a person reads it among others: safe_text, but with every space at its beginning or
/// end as "␣", so that " cat" and "cat" differ, and with backslashes doubled, so that a token of
/// escapes does not read as what they escape.
inline std::string safe_token(std::string_view token, std::size_t width = 32) {
  const std::size_t first = std::min(token.find_first_not_of(' '), token.size());
  const std::size_t last = token.find_last_not_of(' ') + 1;  // npos + 1 is 0
  detail::Line line(width);
  for (std::size_t i = 0; i < token.size();) {
    const bool outer_space = i < first || i >= last;
    const auto glyph = outer_space ? detail::Glyph{std::string(detail::space_mark), 1, 1}
                                   : detail::first_token_glyph(token.substr(i));
    i += glyph.bytes;
    if (!line.add(glyph, i == token.size())) break;
  }
  return line.text();
}

}  // namespace yoneda
