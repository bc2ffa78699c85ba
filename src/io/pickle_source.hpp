// The bytes of a pickle, read from front to back; whatever is asked for is held against what is
// left.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda::io::pickle {

class Source {
 public:
  explicit Source(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::uint64_t left() const { return bytes_.size() - at_; }

  /// Marks where an opcode starts, for messages.
  void start() { start_ = at_; }

  /// The next `count` bytes. Throws Error{format} where fewer are left.
  std::span<const std::byte> take(std::uint64_t count);
  std::string_view take_text(std::uint64_t count);

  /// Up to a newline, without it.
  std::string_view line();

  /// A number of sizeof(T) bytes, least significant first.
  template <class T>
  T number() {
    static_assert(std::endian::native == std::endian::little);
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  /// A double, most significant byte first.
  double big_endian_double();

  /// "data.pkl is damaged at byte 17: why".
  Error damaged(const std::string& why) const;

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0, start_ = 0;
};

}  // namespace yoneda::io::pickle
