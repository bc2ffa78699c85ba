#include "yoneda/io/output_tensor.hpp"

#include <fmt/format.h>

#include <utility>

#include "io/shape.hpp"
#include "io/text.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/io/tensor.hpp"

namespace yoneda::io {
namespace {

template <class T>
OutputTensor values_as(ElementType dtype, std::string name, std::span<const T> values,
                       std::vector<Index> shape) {
  if (shape.empty()) shape = {static_cast<Index>(values.size())};
  return {std::move(name), dtype, std::move(shape), std::as_bytes(values)};
}

}  // namespace

OutputTensor output(std::string name, const Matrix& values) {
  return {std::move(name),
          element_type(values.dtype()),
          {values.rows(), values.cols()},
          values.bytes()};
}

OutputTensor output(std::string name, std::span<const float> values, std::vector<Index> shape) {
  return values_as(ElementType::f32, std::move(name), values, std::move(shape));
}

OutputTensor output(std::string name, std::span<const double> values, std::vector<Index> shape) {
  return values_as(ElementType::f64, std::move(name), values, std::move(shape));
}

OutputTensor output(std::string name, std::span<const Id> values, std::vector<Index> shape) {
  return values_as(ElementType::i32, std::move(name), values, std::move(shape));
}

OutputTensor output(std::string name, std::span<const Index> values, std::vector<Index> shape) {
  return values_as(ElementType::i64, std::move(name), values, std::move(shape));
}

OutputTensor output(std::string name, std::span<const std::uint8_t> values,
                    std::vector<Index> shape) {
  return values_as(ElementType::u8, std::move(name), values, std::move(shape));
}

void require_consistent(const OutputTensor& tensor, const std::string& path) {
  const auto expected = bytes_of(tensor.shape, tensor.dtype);
  if (expected && *expected == static_cast<Index>(tensor.bytes.size())) return;
  throw Error(ErrorKind::shape,
              fmt::format("tensor {} of {} and {} has {} bytes", quote(tensor.name),
                          name(tensor.dtype), shape_text(tensor.shape), tensor.bytes.size()),
              path);
}

}  // namespace yoneda::io
