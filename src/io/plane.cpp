#include "io/plane.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "io/float8.hpp"
#include "io/text.hpp"
#include "io/unaligned.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/io/mapped_file.hpp"

namespace yoneda::io {
namespace {

// A run of the storage: `count` lines, `line_step` elements apart, of `length` elements each,
// `step` apart. Line l, element e goes to place l * line_to + e * element_to of the matrix.
struct Run {
  Index count, length;
  Index line_step, step;
  Index line_to, element_to;
};

// Along the storage, whichever way that leads through the matrix.
Run run_of(const Plane& plane) {
  const bool turned = plane.col_step != 1 && plane.row_step == 1 && plane.rows > 1;
  if (turned) return {plane.cols, plane.rows, plane.col_step, 1, 1, plane.cols};
  return {plane.rows, plane.cols, plane.row_step, plane.col_step, plane.cols, 1};
}

// Elements first to last of every line, to the lines' own direction in the matrix.
template <class From, class To, class Convert>
void place_straight(const std::byte* from, const Run& run, Index first, Index last, To* to,
                    const Convert& convert) {
  for (Index l = 0; l < run.count; ++l) {
    const std::byte* source = from + l * run.line_step * static_cast<Index>(sizeof(From));
    To* const target = to + l * run.line_to;
    for (Index e = first; e < last; ++e)
      target[e * run.element_to] =
          convert(load<From>(source + e * run.step * static_cast<Index>(sizeof(From))));
  }
}

// Lines become columns by way of a square that stays in the cache: rows of the matrix lie a power
// of two apart all too often, and would evict each other if they were written a number at a time.
template <class From, class To, class Convert>
void place_turned(const std::byte* from, const Run& run, Index first, Index last, To* to,
                  const Convert& convert) {
  constexpr Index side = 64;
  std::array<To, side * side> square;
  for (Index line = 0; line < run.count; line += side)
    for (Index begin = first; begin < last; begin += side) {
      const Index lines = std::min(side, run.count - line), length = std::min(side, last - begin);
      for (Index l = 0; l < lines; ++l) {
        const std::byte* source =
            from + ((line + l) * run.line_step + begin) * static_cast<Index>(sizeof(From));
        for (Index e = 0; e < length; ++e)
          square[e * side + l] = convert(load<From>(source + e * static_cast<Index>(sizeof(From))));
      }
      for (Index e = 0; e < length; ++e)
        std::copy_n(square.data() + e * side, lines, to + (begin + e) * run.element_to + line);
    }
}

template <class From, class To, class Convert>
void place(const std::byte* from, const Run& run, Index first, Index last, To* to,
           const Convert& convert) {
  if (run.element_to == 1 || run.line_to != 1 || run.step != 1)
    place_straight<From>(from, run, first, last, to, convert);
  else
    place_turned<From>(from, run, first, last, to, convert);
}

// Elements of the storage from the first to behind the last that a run touches.
Index extent(const Run& run) {
  if (run.count == 0 || run.length == 0) return 0;
  return (run.count - 1) * run.line_step + (run.length - 1) * run.step + 1;
}

Index lines_per_piece(const Run& run, Index width) {
  constexpr Index piece = Index{2} << 20;
  const Index lines = std::max<Index>(piece / std::max<Index>(run.length * width, 1), 1);
  return run.element_to == 1 ? lines : std::max<Index>(lines, 64);
}

Run part(Run run, Index count) {
  run.count = count;
  return run;
}

template <class From, class To, class Convert>
void copy_in_place(const Tensor& tensor, const Run& run, Index offset, To* to,
                   const Convert& convert) {
  constexpr Index width = sizeof(From);
  const SharedBytes storage = tensor.read();
  if ((offset + extent(run)) * width > static_cast<Index>(storage.span.size()))
    throw Error(ErrorKind::format,
                fmt::format("tensor {} reaches beyond its {} bytes", quote(tensor.name),
                            storage.span.size()),
                tensor.file);
  const Index lines = lines_per_piece(run, width);
  parallel_for((run.count + lines - 1) / lines, [&](Index piece) {
    const Index first = piece * lines;
    const Run mine = part(run, std::min(lines, run.count - first));
    const Index begin = (offset + first * run.line_step) * width;
    place<From>(storage.span.data() + begin, mine, 0, run.length, to + first * run.line_to,
                convert);
    release(storage.part(begin, extent(mine) * width));
  });
}

template <class From, class To, class Convert>
void copy_stream(const Tensor& tensor, const Run& run, To* to, const Convert& convert) {
  constexpr Index width = sizeof(From);
  constexpr Index at_once = 1024;  // elements of a line
  const Index lines = lines_per_piece(run, width);
  Index first = 0;
  tensor.stream(lines * run.length * width, [&](std::span<const std::byte> bytes) {
    const Run mine = part(run, static_cast<Index>(bytes.size()) / (run.length * width));
    parallel_for((run.length + at_once - 1) / at_once, [&](Index block) {
      const Index begin = block * at_once, end = std::min(begin + at_once, run.length);
      place<From>(bytes.data(), mine, begin, end, to + first * run.line_to, convert);
    });
    first += mine.count;
  });
}

template <class From, class To, class Convert>
void copy(const Tensor& tensor, To* to, const Convert& convert) {
  const Plane plane = plane_of(tensor);
  const Run run = run_of(plane);
  if (run.count == 0 || run.length == 0) return;
  const bool whole_storage =
      run.step == 1 && plane.offset == 0 && (run.count == 1 || run.line_step == run.length);
  if (tensor.stream && whole_storage)
    copy_stream<From>(tensor, run, to, convert);
  else
    copy_in_place<From>(tensor, run, plane.offset, to, convert);
}

template <class T>
void copy_as_is(const Tensor& tensor, std::byte* to) {
  copy<T>(tensor, reinterpret_cast<T*>(to), [](T value) { return value; });
}

}  // namespace

Plane plane_of(const Tensor& tensor) {
  const auto& shape = tensor.shape;
  if (shape.empty() || shape.size() > 2)
    throw Error(ErrorKind::shape,
                fmt::format("tensor {} has the shape {}, a matrix was expected", quote(tensor.name),
                            shape_text(shape)),
                tensor.file);
  const Index cols = shape.back();
  const Index rows = shape.size() == 2 ? shape[0] : 1;
  if (tensor.strides.empty()) return {rows, cols, cols, 1, tensor.offset};
  const Index row_step = shape.size() == 2 ? tensor.strides[0] : cols;
  return {rows, cols, row_step, tensor.strides.back(), tensor.offset};
}

void copy_elements(const Tensor& tensor, std::byte* to) {
  switch (bytes_per_element(tensor.dtype)) {
    case 1:
      return copy_as_is<std::uint8_t>(tensor, to);
    case 2:
      return copy_as_is<std::uint16_t>(tensor, to);
    case 4:
      return copy_as_is<std::uint32_t>(tensor, to);
    default:
      return copy_as_is<std::uint64_t>(tensor, to);
  }
}

void copy_floats(const Tensor& tensor, float* to) {
  const auto widen = [](auto value) { return to_float(value); };
  const auto look_up = [&](Float8 format) {
    copy<std::uint8_t>(tensor, to, [&](std::uint8_t byte) { return floats_of(format)[byte]; });
  };
  switch (tensor.dtype) {
    case ElementType::f64:
      return copy<double>(tensor, to, [](double value) { return static_cast<float>(value); });
    case ElementType::f32:
      return copy<float>(tensor, to, widen);
    case ElementType::f16:
      return copy<f16>(tensor, to, widen);
    case ElementType::bf16:
      return copy<bf16>(tensor, to, widen);
    case ElementType::f8_e4m3:
      return look_up(Float8::e4m3);
    case ElementType::f8_e5m2:
      return look_up(Float8::e5m2);
    default:
      throw Error(
          ErrorKind::value,
          fmt::format("tensor {} holds {}, expected F64, F32, F16, BF16, F8_E4M3 or F8_E5M2",
                      quote(tensor.name), name(tensor.dtype)),
          tensor.file);
  }
}

}  // namespace yoneda::io
