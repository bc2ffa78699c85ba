#include "ingest/tiktoken.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "io/text.hpp"
#include "yoneda/core/error.hpp"

namespace yoneda::ingest {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// By character; -1: none of base64's.
consteval std::array<int, 256> base64_values() {
  std::array<int, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<int>(i);
  return table;
}
constexpr std::array<int, 256> value_of = base64_values();

// Nothing where the text is no base64: whole groups of four, padded with one or two '='.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  std::string bytes;
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pad = i + padding >= text.size();
    const int value = pad ? 0 : value_of[static_cast<unsigned char>(text[i])];
    if (value < 0) return std::nullopt;
    group = group << 6 | static_cast<std::uint32_t>(value);
    if (i % 4 != 3) continue;
    for (const int shift : {16, 8, 0}) bytes += static_cast<char>(group >> shift & 0xff);
    group = 0;
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

std::optional<StoredToken> token_of(std::string_view line) {
  const auto space = line.find(' ');
  if (space == line.npos) return std::nullopt;
  auto bytes = from_base64(line.substr(0, space));
  Index id = -1;
  const char* const end = line.data() + line.size();
  const auto [stop, error] = std::from_chars(line.data() + space + 1, end, id);
  const bool whole = error == std::errc() && stop == end;
  if (!bytes || !whole || id < 0 || id > std::numeric_limits<Id>::max()) return std::nullopt;
  return StoredToken{id, std::move(*bytes)};
}

// Takes the next line off, without its end.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

bool is_tiktoken(std::string_view file, const std::string& path) {
  if (path.ends_with(".tiktoken")) return true;
  if (file.empty()) return false;
  for (int line = 0; line < 4 && !file.empty(); ++line)
    if (!token_of(next_line(file))) return false;
  return true;
}

StoredVocabulary read_tiktoken(std::string_view file, const std::string& path) {
  StoredVocabulary stored{"tiktoken", {}, {}, TokenForm{}};
  for (Index number = 1; !file.empty(); ++number) {
    const std::string_view line = next_line(file);
    if (line.empty()) continue;
    auto token = token_of(line);
    if (!token)
      throw Error(ErrorKind::format,
                  fmt::format("line {} is {}, not a token in base64 and its rank (a list of words "
                              "is read where its name ends with .txt)",
                              number, io::quote(line)),
                  path);
    stored.tokens.push_back(std::move(*token));
  }
  return stored;
}

}  // namespace yoneda::ingest
