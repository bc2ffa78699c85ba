// A tensor of at most two axes laid out as rows and columns, and its copy into a matrix.
#pragma once

#include <cstddef>

#include "yoneda/io/tensor.hpp"

namespace yoneda::io {

/// Element (r, c) is number offset + r * row_step + c * col_step of the storage.
struct Plane {
  Index rows, cols;
  Index row_step, col_step;
  Index offset;

  bool row_major() const { return (cols <= 1 || col_step == 1) && (rows <= 1 || row_step == cols); }
};

/// One axis is a row. Throws Error{shape} for more than two.
Plane plane_of(const Tensor& tensor);

/// Copies the elements as they are into a row-major matrix at `to`.
void copy_elements(const Tensor& tensor, std::byte* to);

/// The same as floats: F64 is rounded, F16, BF16 and 8-bit floats are widened. Throws Error{value}
/// for others.
void copy_floats(const Tensor& tensor, float* to);

}  // namespace yoneda::io
