#include "yoneda/io/tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "io/float8.hpp"
#include "io/plane.hpp"
#include "io/text.hpp"
#include "io/unaligned.hpp"

namespace yoneda::io {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

Error wrong_type(const Tensor& tensor, const std::string& expected) {
  return Error(ErrorKind::value,
               fmt::format("tensor {} holds {}, expected {}", quote(tensor.name),
                           name(tensor.dtype), expected),
               tensor.file);
}

// Calls convert(T) on every stored value of type T and collects what it returns.
template <class To, class Stored, class Convert>
std::vector<To> converted(const Tensor& tensor, const Convert& convert) {
  const SharedBytes bytes = tensor.bytes();
  std::vector<To> values(tensor.count());
  const std::byte* from = bytes.span.data();
  for (To& value : values) {
    value = convert(load<Stored>(from));
    from += sizeof(Stored);
  }
  return values;
}

template <class To>
std::vector<To> floating_values(const Tensor& tensor) {
  const auto widen = [](auto value) { return static_cast<To>(to_float(value)); };
  const auto look_up = [&tensor](Float8 format) {
    return converted<To, std::uint8_t>(
        tensor, [&](std::uint8_t byte) { return static_cast<To>(floats_of(format)[byte]); });
  };
  switch (tensor.dtype) {
    case ElementType::f64:
      return converted<To, double>(tensor, [](double value) { return static_cast<To>(value); });
    case ElementType::f32:
      return converted<To, float>(tensor, widen);
    case ElementType::f16:
      return converted<To, f16>(tensor, widen);
    case ElementType::bf16:
      return converted<To, bf16>(tensor, widen);
    case ElementType::f8_e4m3:
      return look_up(Float8::e4m3);
    case ElementType::f8_e5m2:
      return look_up(Float8::e5m2);
    default:
      throw wrong_type(tensor, "F64, F32, F16, BF16, F8_E4M3 or F8_E5M2");
  }
}

template <class To>
std::vector<To> integer_values(const Tensor& tensor) {
  const auto narrow = [&tensor](auto value) {
    if (!std::in_range<To>(value))
      throw Error(ErrorKind::value,
                  fmt::format("tensor {} holds {}, which does not fit {} bits", quote(tensor.name),
                              value, 8 * sizeof(To)),
                  tensor.file);
    return static_cast<To>(value);
  };
  switch (tensor.dtype) {
    case ElementType::i64:
      return converted<To, std::int64_t>(tensor, narrow);
    case ElementType::i32:
      return converted<To, std::int32_t>(tensor, narrow);
    case ElementType::i16:
      return converted<To, std::int16_t>(tensor, narrow);
    case ElementType::i8:
      return converted<To, std::int8_t>(tensor, narrow);
    case ElementType::u64:
      return converted<To, std::uint64_t>(tensor, narrow);
    case ElementType::u32:
      return converted<To, std::uint32_t>(tensor, narrow);
    case ElementType::u16:
      return converted<To, std::uint16_t>(tensor, narrow);
    case ElementType::u8:
      return converted<To, std::uint8_t>(tensor, narrow);
    default:
      throw wrong_type(tensor, "integers");
  }
}

// The dtype of a Matrix that can hold the tensor's bytes as they are.
std::optional<Dtype> stored_dtype(const Tensor& tensor) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f16, Dtype::bf16})
    if (tensor.dtype == element_type(dtype)) return dtype;
  return std::nullopt;
}

bool aligned(const std::byte* data, Dtype dtype) {
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  return address % static_cast<std::uintptr_t>(bytes_per_value(dtype)) == 0;
}

// The axes from the last to the first lie one inside the other, without gaps.
bool row_major(const Tensor& tensor) {
  Index expected = 1;
  for (std::size_t axis = tensor.strides.size(); axis-- > 0;) {
    if (tensor.shape[axis] != 1 && tensor.strides[axis] != expected) return false;
    expected *= tensor.shape[axis];
  }
  return true;
}

std::vector<Index> strides_of(const Tensor& tensor) {
  if (!tensor.strides.empty()) return tensor.strides;
  std::vector<Index> strides(tensor.shape.size());
  Index step = 1;
  for (std::size_t axis = strides.size(); axis-- > 0;) {
    strides[axis] = step;
    step *= tensor.shape[axis];
  }
  return strides;
}

// Copies plane by plane into row-major order.
void gather(const Tensor& tensor, std::byte* to) {
  if (tensor.shape.size() <= 2) return copy_elements(tensor, to);
  const Index inner = tensor.shape[0] == 0 ? 0 : tensor.count() / tensor.shape[0];
  for (Index i = 0; i < tensor.shape[0]; ++i)
    gather(select(tensor, 0, i), to + i * inner * bytes_per_element(tensor.dtype));
}

Error no_axis(const Tensor& tensor, Index axis) {
  return Error(ErrorKind::shape,
               fmt::format("tensor {} is {}, it has no axis {}", quote(tensor.name),
                           shape_text(tensor.shape), axis),
               tensor.file);
}

}  // namespace

Index Tensor::count() const {
  Index product = 1;
  for (const Index length : shape) product *= length;  // the readers have excluded an overflow
  return product;
}

SharedBytes Tensor::bytes() const {
  const Index width = bytes_per_element(dtype);
  if (row_major(*this)) {
    const SharedBytes storage = read();
    const Index begin = offset * width, size = count() * width;
    if (begin + size > static_cast<Index>(storage.span.size()))
      throw Error(
          ErrorKind::format,
          fmt::format("tensor {} reaches beyond its {} bytes", quote(name), storage.span.size()),
          file);
    return storage.part(begin, size);
  }
  return make_shared_bytes(count() * width, [this](std::byte* to) { gather(*this, to); });
}

const Tensor* TensorFile::find(std::string_view name) const {
  const auto found = std::ranges::find(tensors, name, &Tensor::name);
  return found == tensors.end() ? nullptr : &*found;
}

const Tensor& TensorFile::at(std::string_view name) const {
  if (const Tensor* found = find(name)) return *found;
  if (const auto why = unreadable.find(std::string(name)); why != unreadable.end())
    throw Error(ErrorKind::format,
                fmt::format("tensor {} cannot be read: {}", quote(name), why->second), path);
  std::vector<std::string> names;
  for (const Tensor& tensor : tensors) names.push_back(tensor.name);
  throw Error(ErrorKind::value, no_tensor(name, names), path);
}

std::string shape_text(std::span<const Index> shape) {
  constexpr std::size_t shown = 8;
  if (shape.empty()) return "a scalar";
  if (shape.size() <= shown) return fmt::format("{}", fmt::join(shape, " x "));
  return fmt::format("{} x ... ({} axes)", fmt::join(shape.first(shown), " x "), shape.size());
}

std::string stored_type(const Tensor& tensor) {
  return tensor.encoding.empty() ? std::string(name(tensor.dtype)) : tensor.encoding;
}

std::string describe(const Tensor& tensor) {
  return fmt::format("{} ({}, {})", quote(tensor.name), stored_type(tensor),
                     shape_text(tensor.shape));
}

Tensor transposed(const Tensor& tensor) {
  if (tensor.shape.size() != 2) throw no_axis(tensor, 1);
  Tensor turned = tensor;
  turned.strides = strides_of(tensor);
  std::ranges::reverse(turned.strides);
  std::ranges::reverse(turned.shape);
  return turned;
}

Tensor select(const Tensor& tensor, Index axis, Index index) {
  if (axis < 0 || axis >= static_cast<Index>(tensor.shape.size())) throw no_axis(tensor, axis);
  if (index < 0 || index >= tensor.shape[axis])
    throw Error(ErrorKind::shape,
                fmt::format("tensor {} is {}: axis {} has no index {}", quote(tensor.name),
                            shape_text(tensor.shape), axis, index),
                tensor.file);
  Tensor part = tensor;
  part.strides = strides_of(tensor);
  part.offset += index * part.strides[axis];
  part.shape.erase(part.shape.begin() + axis);
  part.strides.erase(part.strides.begin() + axis);
  return part;
}

Tensor merge_axes(const Tensor& tensor, Index first) {
  if (first < 0 || first + 1 >= static_cast<Index>(tensor.shape.size()))
    throw no_axis(tensor, first + 1);
  Tensor merged = tensor;
  merged.strides = strides_of(tensor);
  if (merged.strides[first] != merged.strides[first + 1] * merged.shape[first + 1])
    throw Error(ErrorKind::shape,
                fmt::format("tensor {}: axes {} and {} do not lie one after the other",
                            quote(tensor.name), first, first + 1),
                tensor.file);
  merged.shape[first] *= merged.shape[first + 1];
  merged.strides[first] = merged.strides[first + 1];
  merged.shape.erase(merged.shape.begin() + first + 1);
  merged.strides.erase(merged.strides.begin() + first + 1);
  return merged;
}

Matrix to_matrix(const Tensor& tensor) {
  const Plane plane = plane_of(tensor);
  const auto dtype = stored_dtype(tensor);
  if (dtype && plane.row_major() && !tensor.stream) {
    const SharedBytes bytes = tensor.bytes();
    if (aligned(bytes.span.data(), *dtype))
      return {bytes.owner, bytes.span.data(), plane.rows, plane.cols, *dtype};
  }
  const Index size = plane.rows * plane.cols * (dtype ? bytes_per_value(*dtype) : 4);
  const SharedBytes copy = make_shared_bytes(size, [&](std::byte* to) {
    if (dtype)
      copy_elements(tensor, to);
    else
      copy_floats(tensor, reinterpret_cast<float*>(to));
  });
  return {copy.owner, copy.span.data(), plane.rows, plane.cols, dtype.value_or(Dtype::f32)};
}

Matrix to_matrix_transposed(const Tensor& tensor) {
  return to_matrix(transposed(tensor));
}

void read_floats(const Tensor& tensor, std::span<float> to) {
  if (static_cast<Index>(to.size()) < tensor.count())
    throw Error(ErrorKind::shape, "no room for tensor " + describe(tensor), tensor.file);
  copy_floats(tensor, to.data());
}

std::vector<float> to_floats(const Tensor& tensor) {
  return floating_values<float>(tensor);
}

std::vector<double> to_doubles(const Tensor& tensor) {
  return floating_values<double>(tensor);
}

std::vector<Id> to_ids(const Tensor& tensor) {
  return integer_values<Id>(tensor);
}

std::vector<Index> to_indices(const Tensor& tensor) {
  return integer_values<Index>(tensor);
}

std::vector<std::uint8_t> to_bytes(const Tensor& tensor) {
  if (tensor.dtype != ElementType::u8 && tensor.dtype != ElementType::boolean)
    throw wrong_type(tensor, "U8 or BOOL");
  return converted<std::uint8_t, std::uint8_t>(tensor, [](std::uint8_t byte) { return byte; });
}

}  // namespace yoneda::io
