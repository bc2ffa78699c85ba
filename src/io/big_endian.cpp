#include "io/big_endian.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace yoneda::io {
namespace {

void copy_turned(std::span<const std::byte> from, Index width, std::byte* to) {
  const std::byte* const end = from.data() + from.size();
  for (const std::byte* number = from.data(); number < end; number += width, to += width)
    std::reverse_copy(number, number + width, to);
}

}  // namespace

Tensor from_big_endian(Tensor tensor) {
  const Index width = bytes_per_element(tensor.dtype);
  if (width == 1) return tensor;
  const auto read = [stored = std::move(tensor.read), width] {
    const SharedBytes bytes = stored();
    return make_shared_bytes(static_cast<Index>(bytes.span.size()),
                             [&](std::byte* to) { copy_turned(bytes.span, width, to); });
  };
  auto stream = std::move(tensor.stream);
  tensor.stream = [stream, whole = read, width](Index piece, const ByteSink& sink) {
    const Index numbers = (piece + width - 1) / width * width;  // no number in two pieces
    std::vector<std::byte> turned;
    if (stream)
      return stream(numbers, [&](std::span<const std::byte> bytes) {
        turned.resize(bytes.size());
        copy_turned(bytes, width, turned.data());
        sink(turned);
      });
    const SharedBytes bytes = whole();
    for (Index at = 0; at < static_cast<Index>(bytes.span.size()); at += numbers)
      sink(bytes.span.subspan(
          static_cast<std::size_t>(at),
          std::min<std::size_t>(numbers, bytes.span.size() - static_cast<std::size_t>(at))));
  };
  tensor.read = read;
  return tensor;
}

}  // namespace yoneda::io
