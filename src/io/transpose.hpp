// Turning stored bytes from rows to columns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// [rows, cols] -> [cols, rows] of elements T, by squares, so that neither side is walked through
/// in strides alone. Neither side need be aligned.
template <class T>
void transpose(const std::byte* from, std::byte* to, Index rows, Index cols) {
  constexpr Index side = 32;
  constexpr Index width = sizeof(T);
  for (Index row = 0; row < rows; row += side)
    for (Index col = 0; col < cols; col += side)
      for (Index j = col; j < std::min(col + side, cols); ++j)
        for (Index i = row; i < std::min(row + side, rows); ++i)
          std::memcpy(to + (j * rows + i) * width, from + (i * cols + j) * width, sizeof(T));
}

/// The same for elements of `width` bytes: 1, 2, 4 or 8.
inline SharedBytes transposed_bytes(const SharedBytes& bytes, Index rows, Index cols, Index width) {
  const std::byte* from = bytes.span.data();
  return make_shared_bytes(rows * cols * width, [&](std::byte* to) {
    switch (width) {
      case 1:
        return transpose<std::uint8_t>(from, to, rows, cols);
      case 2:
        return transpose<std::uint16_t>(from, to, rows, cols);
      case 4:
        return transpose<std::uint32_t>(from, to, rows, cols);
      default:
        return transpose<std::uint64_t>(from, to, rows, cols);
    }
  });
}

}  // namespace yoneda::io
