// Arrays of numbers for a page: one block of bytes and a list that says where each array lies.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "../study/json.hpp"

namespace yoneda::report {

/// Little-endian arrays of f32, i32 and u8, each at a multiple of four bytes.
class PackedArrays {
  static_assert(std::endian::native == std::endian::little, "pages hold little-endian arrays");

 public:
  template <class T>
  void add(std::string_view name, std::span<const T> values) {
    bytes_.resize((bytes_.size() + 3) / 4 * 4);
    list_[std::string(name)] = {
        {"type", type<T>()}, {"offset", bytes_.size()}, {"count", values.size()}};
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }

  std::string_view bytes() const { return bytes_; }

  /// {"x": {"type": "f32", "offset": 0, "count": 2048}, ...}
  const study::Json& list() const { return list_; }

 private:
  template <class T>
  static const char* type() {
    if constexpr (std::is_same_v<T, float>) {
      return "f32";
    } else if constexpr (std::is_same_v<T, std::int32_t>) {
      return "i32";
    } else {
      static_assert(std::is_same_v<T, std::uint8_t>, "the page reads no other numbers");
      return "u8";
    }
  }

  std::string bytes_;
  study::Json list_ = study::Json::object();
};

}  // namespace yoneda::report
