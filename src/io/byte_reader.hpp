// Little-endian numbers of a file, one after the other. Errors do not name the file: see naming().
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda::io {

/// Reads on from where it stands, and never behind the end: what is announced is held against what
/// is left before anything is taken. Throws Error{format}.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  explicit ByteReader(std::string_view bytes) : bytes_(std::as_bytes(std::span(bytes))) {}

  Index at() const { return at_; }
  Index left() const { return static_cast<Index>(bytes_.size()) - at_; }
  bool done() const { return left() == 0; }

  /// `what` is for the message: "the number of tensors".
  template <class T>
  requires std::is_arithmetic_v<T> T number(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof value, what).data(), sizeof value);
    return value;
  }

  /// The next `count` bytes, which any number may announce.
  std::span<const std::byte> take(std::uint64_t count, std::string_view what) {
    if (count > static_cast<std::uint64_t>(left()))
      throw Error(ErrorKind::format,
                  fmt::format("truncated: {} at byte {} takes {} bytes, {} are left", what, at_,
                              count, left()));
    const auto taken = bytes_.subspan(static_cast<std::size_t>(at_), count);
    at_ += static_cast<Index>(count);
    return taken;
  }

  std::string_view text(std::uint64_t count, std::string_view what) {
    const auto taken = take(count, what);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

 private:
  std::span<const std::byte> bytes_;
  Index at_ = 0;
};

}  // namespace yoneda::io
