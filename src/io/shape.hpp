// Sizes of tensors, computed without overflow.
#pragma once

#include <limits>
#include <optional>
#include <span>

#include "yoneda/core/types.hpp"
#include "yoneda/io/element_type.hpp"

namespace yoneda::io {

/// Bytes of a tensor of this shape; nothing where an axis is negative or the product overflows.
inline std::optional<Index> bytes_of(std::span<const Index> shape, ElementType dtype) {
  Index bytes = bytes_per_element(dtype);
  bool empty = false;
  for (const Index length : shape) {
    if (length < 0) return std::nullopt;
    if (length == 0) {
      empty = true;  // but the other axes may still be absurd
      continue;
    }
    if (bytes > std::numeric_limits<Index>::max() / length) return std::nullopt;
    bytes *= length;
  }
  return empty ? 0 : bytes;
}

}  // namespace yoneda::io
