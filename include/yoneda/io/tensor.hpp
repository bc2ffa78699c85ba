// Named tensors of a file, read when asked for, and their conversion to what the library computes
// with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <new>
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
  bool mapped = false;  ///< of a file: the system can take its pages back, see release()

  /// The same owner, fewer bytes.
  SharedBytes part(Index first, Index count) const {
    return {owner, span.subspan(first, count), mapped};
  }
};

/// Allocates `count` bytes, aligned for any number and for vectors of them, lets
/// `fill(std::byte*)` write them, and shares them from then on.
template <class Fill>
SharedBytes make_shared_bytes(Index count, const Fill& fill) {
  constexpr std::align_val_t alignment{64};
  const std::shared_ptr<std::byte> bytes(
      static_cast<std::byte*>(::operator new(static_cast<std::size_t>(count), alignment)),
      [](std::byte* memory) { ::operator delete(memory, alignment); });
  fill(bytes.get());
  return {bytes, std::span<const std::byte>(bytes.get(), count)};
}

/// Takes bytes in order, piece by piece.
using ByteSink = std::function<void(std::span<const std::byte>)>;

/// One tensor of a file: a name, a shape, and where its elements lie in a storage of numbers. Shape
/// and layout are known at once; numbers are read when they are asked for.
struct Tensor {
  std::string name;
  ElementType dtype = ElementType::f32;
  std::vector<Index> shape;           ///< empty for a scalar
  std::string file;                   ///< where it is from, for messages
  std::function<SharedBytes()> read;  ///< the whole storage, little-endian
  std::vector<Index> strides = {};    ///< elements from one index of an axis to the next; empty:
                                      ///< row-major
  Index offset = 0;                   ///< elements of the storage before the first
  /// Set where the storage has to be copied whatever it is for (it is compressed, encoded or not
  /// aligned):
  /// hands it out in pieces of the given size, the last one shorter. Then reading a matrix never
  /// holds the storage and the matrix at once.
  std::function<void(Index piece, const ByteSink&)> stream = {};
  std::string encoding = {};  ///< what `read` decodes the numbers from: "Q4_K"; empty: nothing

  /// Number of elements: the product of the shape.
  Index count() const;
  /// The elements in row-major order: mapped where they are stored so, else a copy. Throws
  /// Error{format} where a compressed member turns out to be damaged.
  SharedBytes bytes() const;
};

/// A file full of tensors.
struct TensorFile {
  std::string path;
  std::string format;           ///< "safetensors", "npz", "npy", "torch", "GGUF", "llama2.c"
  std::vector<Tensor> tensors;  ///< in the order of the file
  std::map<std::string, std::string> metadata;    ///< safetensors' texts, GGUF's values; what else
                                                  ///< torch pickled
  std::map<std::string, std::string> unreadable;  ///< tensors and npz members left out, and why
  std::string object = {};  ///< torch: the class, where a whole module was pickled

  /// Null where there is no tensor of that name.
  const Tensor* find(std::string_view name) const;
  /// Throws Error{value} that lists the names there are.
  const Tensor& at(std::string_view name) const;
};

/// "512 x 64"; "a scalar" for no axes.
std::string shape_text(std::span<const Index> shape);

/// How the file stores the numbers: the encoding, or the name of the dtype.
std::string stored_type(const Tensor& tensor);

/// "'W_dec' (F32, 512 x 64)".
std::string describe(const Tensor& tensor);

/// Views of the same storage; nothing is read. A matrix with its axes exchanged; one index of an
/// axis; two neighbouring axes as one. Throw Error{shape} for axes that are not there, and where
/// the two axes do not lie one after the other.
Tensor transposed(const Tensor& tensor);
Tensor select(const Tensor& tensor, Index axis, Index index);
Tensor merge_axes(const Tensor& tensor, Index first);

/// A matrix of the tensor's two axes; one axis of length d becomes [1, d]. F32, F16 and BF16 share
/// the tensor's storage where its layout and alignment allow; F64 is rounded to f32, 8-bit floats
/// are widened to it. Throws Error{shape} for other ranks, Error{value} for elements that are not
/// floating point. Memory: the matrix, and a few megabytes.
Matrix to_matrix(const Tensor& tensor);

/// The transpose, in the dtype that to_matrix has.
Matrix to_matrix_transposed(const Tensor& tensor);

/// The elements of a tensor of at most two axes, row-major, into `to`, which has room for count()
/// of them. Throws as to_matrix. Memory: a few megabytes.
void read_floats(const Tensor& tensor, std::span<float> to);

/// All values, flattened. Throws Error{value} unless floating point.
std::vector<float> to_floats(const Tensor& tensor);
std::vector<double> to_doubles(const Tensor& tensor);

/// All values, flattened. Throws Error{value} unless integers that fit.
std::vector<Id> to_ids(const Tensor& tensor);
std::vector<Index> to_indices(const Tensor& tensor);

/// All values of a U8 or BOOL tensor. Throws Error{value} for other types.
std::vector<std::uint8_t> to_bytes(const Tensor& tensor);

}  // namespace yoneda::io
