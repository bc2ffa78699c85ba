// Named tensors of a file, read when asked for, and their conversion to what the library computes
// with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/io/element_type.hpp"

namespace yoneda::io {

/// Read-only memory, and whatever keeps it alive: a mapped file or an allocation.
struct SharedBytes {
  std::shared_ptr<const void> owner;
  std::span<const std::byte> span;

  /// The same owner, fewer bytes.
  SharedBytes part(Index first, Index count) const { return {owner, span.subspan(first, count)}; }
};

/// Allocates `count` bytes, lets `fill(std::byte*)` write them, and shares them from then on.
template <class Fill>
SharedBytes make_shared_bytes(Index count, const Fill& fill) {
  const auto bytes = std::make_shared_for_overwrite<std::byte[]>(count);
  fill(bytes.get());
  return {bytes, std::span<const std::byte>(bytes.get(), count)};
}

/// One tensor of a file. Its shape is known at once; its bytes are mapped (safetensors, npy) or
/// decompressed (npz) on every call of bytes(), so keep what it returns.
struct Tensor {
  std::string name;
  ElementType dtype = ElementType::f32;
  std::vector<Index> shape;           ///< empty for a scalar
  std::string file;                   ///< where it is from, for messages
  std::function<SharedBytes()> read;  ///< row-major, little-endian, count() elements

  /// Number of elements: the product of the shape.
  Index count() const;
  /// Throws Error{format} where a compressed member turns out to be damaged.
  SharedBytes bytes() const { return read(); }
};

/// A file full of tensors.
struct TensorFile {
  std::string path;
  std::string format;                             ///< "safetensors", "npz" or "npy"
  std::vector<Tensor> tensors;                    ///< in the order of the file
  std::map<std::string, std::string> metadata;    ///< safetensors only
  std::map<std::string, std::string> unreadable;  ///< npz members left out, and why

  /// Null where there is no tensor of that name.
  const Tensor* find(std::string_view name) const;
  /// Throws Error{value} that lists the names there are.
  const Tensor& at(std::string_view name) const;
};

/// "512 x 64"; "a scalar" for no axes.
std::string shape_text(std::span<const Index> shape);

/// "'W_dec' (F32, 512 x 64)".
std::string describe(const Tensor& tensor);

/// A matrix of the tensor's two axes; one axis of length d becomes [1, d]. F32, F16 and BF16 share
/// the tensor's storage where its alignment allows; F64 is rounded to f32. Throws Error{shape} for
/// other ranks, Error{value} for elements that are not floating point.
Matrix to_matrix(const Tensor& tensor);

/// The transpose, in the tensor's dtype (F64: f32). Cost: one pass over the values.
Matrix to_matrix_transposed(const Tensor& tensor);

/// All values, flattened. Throws Error{value} unless F64, F32, F16 or BF16.
std::vector<float> to_floats(const Tensor& tensor);
std::vector<double> to_doubles(const Tensor& tensor);

/// All values, flattened. Throws Error{value} unless integers that fit.
std::vector<Id> to_ids(const Tensor& tensor);
std::vector<Index> to_indices(const Tensor& tensor);

/// All values of a U8 or BOOL tensor. Throws Error{value} for other types.
std::vector<std::uint8_t> to_bytes(const Tensor& tensor);

}  // namespace yoneda::io
