#include "io/pickle_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace yoneda::io::pickle {

Error Source::damaged(const std::string& why) const {
  return Error(ErrorKind::format, fmt::format("data.pkl is damaged at byte {}: {}", start_, why));
}

std::span<const std::byte> Source::take(std::uint64_t count) {
  if (count > left())
    throw damaged(fmt::format("truncated, {} bytes are needed and {} left", count, left()));
  const auto taken = bytes_.subspan(at_, count);
  at_ += count;
  return taken;
}

std::string_view Source::take_text(std::uint64_t count) {
  const auto taken = take(count);
  return {reinterpret_cast<const char*>(taken.data()), taken.size()};
}

std::string_view Source::line() {
  const auto rest = bytes_.subspan(at_);
  const auto end = std::ranges::find(rest, std::byte{'\n'});
  if (end == rest.end()) throw damaged("truncated, a line without end");
  const std::string_view text = take_text(static_cast<std::uint64_t>(end - rest.begin()));
  take(1);
  return text;
}

double Source::big_endian_double() {
  std::array<std::byte, sizeof(double)> bytes;
  std::ranges::reverse_copy(take(bytes.size()), bytes.begin());
  return std::bit_cast<double>(bytes);
}

}  // namespace yoneda::io::pickle
