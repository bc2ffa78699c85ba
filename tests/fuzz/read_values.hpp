// Reading the numbers of a file of tensors, in every way that the program has.
#pragma once

#include "fuzz.hpp"
#include "yoneda/io/element_type.hpp"
#include "yoneda/io/tensor.hpp"

namespace yoneda::fuzz {

/// A file may truthfully hold more numbers than it has bytes (deflated, or by a stride of 0); to
/// read them all takes time and finds nothing.
inline constexpr Index most_bytes = Index{1} << 20;

inline bool is_small(const io::Tensor& tensor) {
  return tensor.count() <= most_bytes / io::bytes_per_element(tensor.dtype);
}

inline void read_values(const io::Tensor& tensor) {
  may_refuse([&] { io::describe(tensor); });
  if (!is_small(tensor)) return;
  may_refuse([&] {
    const auto size = static_cast<Index>(tensor.bytes().span.size());
    if (size != tensor.count() * io::bytes_per_element(tensor.dtype)) std::abort();
  });
  may_refuse([&] { io::to_matrix(tensor); });
  may_refuse([&] { io::to_matrix_transposed(tensor); });
  may_refuse([&] { io::to_floats(tensor); });
  may_refuse([&] { io::to_doubles(tensor); });
  may_refuse([&] { io::to_ids(tensor); });
  may_refuse([&] { io::to_indices(tensor); });
  may_refuse([&] { io::to_bytes(tensor); });
  may_refuse([&] {
    io::to_matrix(io::select(tensor, 0, tensor.shape.empty() ? 0 : tensor.shape[0] - 1));
  });
  may_refuse([&] { io::to_matrix(io::merge_axes(tensor, 0)); });
}

inline void read_values(const io::TensorFile& file) {
  for (const io::Tensor& tensor : file.tensors) read_values(tensor);
  may_refuse([&] { file.at("W_dec"); });
}

}  // namespace yoneda::fuzz
