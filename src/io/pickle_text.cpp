#include "io/pickle_text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace yoneda::io::pickle {
namespace {

// Bytes of the well-formed sequence that starts a text; 0 where there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&text](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto within = [&byte](std::size_t i, unsigned low, unsigned high) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return within(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;
    return within(1, low, high) && within(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;
    return within(1, low, high) && within(2, 0x80, 0xbf) && within(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

// Surrogates come out ill-formed, for is_utf8 to find.
void append_utf8(std::string& text, std::uint32_t point) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xc0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xe0 | (point >> 12));
    tail(6), tail(0);
  } else {
    text += static_cast<char>(0xf0 | (point >> 18));
    tail(12), tail(6), tail(0);
  }
}

// The number that hexadecimal digits alone spell.
std::optional<std::uint32_t> from_hexadecimal(std::string_view digits) {
  std::uint32_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// What follows a backslash in a literal: takes it from the text's front. As repr() writes it.
std::optional<char> take_escape(std::string_view& text) {
  constexpr std::string_view letters = "\\'\"nrt", meant = "\\'\"\n\r\t";
  if (text.size() >= 3 && text.front() == 'x') {
    const auto value = from_hexadecimal(text.substr(1, 2));
    text.remove_prefix(3);
    return value ? std::optional(static_cast<char>(*value)) : std::nullopt;
  }
  const auto at = text.empty() ? letters.npos : letters.find(text.front());
  if (at == letters.npos) return std::nullopt;
  text.remove_prefix(1);
  return meant[at];
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::optional<std::string> from_raw_unicode(std::string_view line) {
  std::string text;
  while (!line.empty()) {
    const std::size_t length = line.starts_with("\\u") ? 4 : line.starts_with("\\U") ? 8 : 0;
    if (length == 0) {
      append_utf8(text, static_cast<unsigned char>(line.front()));
      line.remove_prefix(1);
      continue;
    }
    const auto digits = line.substr(2, length);
    const auto point = from_hexadecimal(digits);
    if (digits.size() < length || !point || *point > 0x10ffff) return std::nullopt;
    append_utf8(text, *point);
    line.remove_prefix(2 + length);
  }
  return text;
}

std::optional<std::string> from_literal(std::string_view line) {
  if (line.size() < 2 || line.front() != line.back()) return std::nullopt;
  if (line.front() != '\'' && line.front() != '"') return std::nullopt;
  line = line.substr(1, line.size() - 2);
  std::string text;
  while (!line.empty()) {
    std::optional<char> next = line.front();
    line.remove_prefix(1);
    if (next == '\\') next = take_escape(line);
    if (!next) return std::nullopt;
    text += *next;
  }
  return text;
}

Value from_twos_complement(std::span<const std::byte> bytes) {
  const bool negative = !bytes.empty() && (bytes.back() & std::byte{0x80}) != std::byte{0};
  const std::byte fill{negative ? std::uint8_t{0xff} : std::uint8_t{0}};
  std::array<std::byte, sizeof(Index)> low;
  low.fill(fill);
  std::ranges::copy(bytes.first(std::min(bytes.size(), low.size())), low.begin());
  const bool sign_kept = ((low.back() ^ fill) & std::byte{0x80}) == std::byte{0};
  const auto beyond = bytes.subspan(std::min(bytes.size(), low.size()));
  if (!sign_kept || !std::ranges::all_of(beyond, [fill](std::byte b) { return b == fill; }))
    return BigInteger{static_cast<Index>(bytes.size()), "bytes"};
  return std::bit_cast<Index>(low);
}

std::optional<Value> from_digits(std::string_view text) {
  Index value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range)
    return BigInteger{static_cast<Index>(text.size()), "digits"};
  return value;
}

std::optional<double> from_decimal(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (stop != end || error != std::errc()) return std::nullopt;
  return value;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";  // of either sign
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), end};
}

}  // namespace yoneda::io::pickle
