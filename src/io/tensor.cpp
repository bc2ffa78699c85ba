#include "yoneda/io/tensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "io/text.hpp"
#include "io/transpose.hpp"

namespace yoneda::io {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little-endian");

Error wrong_type(const Tensor& tensor, const std::string& expected) {
  return Error(ErrorKind::value,
               fmt::format("tensor {} holds {}, expected {}", quote(tensor.name),
                           name(tensor.dtype), expected),
               tensor.file);
}

// Bytes of a file need not be aligned for their type.
template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
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
  switch (tensor.dtype) {
    case ElementType::f64:
      return converted<To, double>(tensor, [](double value) { return static_cast<To>(value); });
    case ElementType::f32:
      return converted<To, float>(tensor, widen);
    case ElementType::f16:
      return converted<To, f16>(tensor, widen);
    case ElementType::bf16:
      return converted<To, bf16>(tensor, widen);
    default:
      throw wrong_type(tensor, "F64, F32, F16 or BF16");
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

struct MatrixShape {
  Index rows, cols;
};

MatrixShape matrix_shape(const Tensor& tensor) {
  if (tensor.shape.size() == 2) return {tensor.shape[0], tensor.shape[1]};
  if (tensor.shape.size() == 1) return {1, tensor.shape[0]};
  throw Error(ErrorKind::shape,
              fmt::format("tensor {} has the shape {}, a matrix was expected", quote(tensor.name),
                          shape_text(tensor.shape)),
              tensor.file);
}

// The dtype of a Matrix that can hold the tensor's bytes as they are.
std::optional<Dtype> stored_dtype(const Tensor& tensor) {
  for (const Dtype dtype : {Dtype::f32, Dtype::f16, Dtype::bf16})
    if (tensor.dtype == element_type(dtype)) return dtype;
  return std::nullopt;
}

Matrix view(const SharedBytes& bytes, MatrixShape shape, Dtype dtype) {
  return {bytes.owner, bytes.span.data(), shape.rows, shape.cols, dtype};
}

bool aligned(const SharedBytes& bytes, Dtype dtype) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.span.data());
  return address % static_cast<std::uintptr_t>(bytes_per_value(dtype)) == 0;
}

}  // namespace

Index Tensor::count() const {
  Index product = 1;
  for (const Index length : shape) product *= length;  // the readers have excluded an overflow
  return product;
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
  throw Error(ErrorKind::value,
              fmt::format("no tensor {}; there is {}", quote(name),
                          names.empty() ? "none" : quote_all(names)),
              path);
}

std::string shape_text(std::span<const Index> shape) {
  return shape.empty() ? "a scalar" : fmt::format("{}", fmt::join(shape, " x "));
}

std::string describe(const Tensor& tensor) {
  return fmt::format("{} ({}, {})", quote(tensor.name), name(tensor.dtype),
                     shape_text(tensor.shape));
}

Matrix to_matrix(const Tensor& tensor) {
  const MatrixShape shape = matrix_shape(tensor);
  const auto dtype = stored_dtype(tensor);
  if (!dtype) return Matrix::from(to_floats(tensor), shape.rows, shape.cols);
  const SharedBytes bytes = tensor.bytes();
  if (aligned(bytes, *dtype)) return view(bytes, shape, *dtype);
  const auto copy = make_shared_bytes(static_cast<Index>(bytes.span.size()), [&](std::byte* to) {
    std::memcpy(to, bytes.span.data(), bytes.span.size());
  });
  return view(copy, shape, *dtype);
}

Matrix to_matrix_transposed(const Tensor& tensor) {
  const auto [rows, cols] = matrix_shape(tensor);
  const auto dtype = stored_dtype(tensor);
  if (!dtype) return yoneda::transposed(to_matrix(tensor));
  const SharedBytes bytes = tensor.bytes();
  const auto turned = transposed_bytes(bytes, rows, cols, bytes_per_value(*dtype));
  return view(turned, {cols, rows}, *dtype);
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
