#include "ingest/gguf_shards.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace yoneda::ingest {
namespace {

std::optional<Index> five_digits(std::string_view text) {
  Index number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1) return std::nullopt;
  return number;
}

}  // namespace

std::string GgufShard::sibling(Index other) const {
  return fmt::format("{}-{:05}-of-{:05}.gguf", stem, other, count);
}

std::optional<GgufShard> gguf_shard(const std::string& path) {
  constexpr std::string_view form = "-00000-of-00000.gguf";
  if (path.size() <= form.size()) return std::nullopt;
  const std::size_t begin = path.size() - form.size();
  const std::string_view tail = std::string_view(path).substr(begin);
  if (tail[0] != '-' || tail.substr(6, 4) != "-of-" || tail.substr(15) != ".gguf")
    return std::nullopt;
  const auto number = five_digits(tail.substr(1, 5)), count = five_digits(tail.substr(10, 5));
  if (!number || !count || *number > *count) return std::nullopt;
  return GgufShard{path.substr(0, begin), *number, *count};
}

std::string first_gguf_shard(const std::string& path) {
  const auto shard = gguf_shard(path);
  if (!shard || shard->number == 1) return path;
  const std::string first = shard->sibling(1);
  std::error_code ignored;
  return std::filesystem::is_regular_file(first, ignored) ? first : path;
}

}  // namespace yoneda::ingest
