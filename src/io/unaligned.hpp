// A number in the bytes of a file, which need not be aligned for its type.
#pragma once

#include <cstddef>
#include <cstring>

namespace yoneda::io {

/// The caller has made sure that sizeof(T) bytes are there.
template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace yoneda::io
