// The matrix product every dense computation is built on, as an argument.
#pragma once

#include <Eigen/Core>
#include <functional>
#include <string>
#include <utility>

#include "yoneda/core/dtype.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Rows of floats in memory that belongs to someone else; `stride` floats from row to row.
struct MatrixView {
  const float* data;
  Index rows, cols, stride;
};

struct MutableMatrixView {
  float* data;
  Index rows, cols, stride;

  operator MatrixView() const { return {data, rows, cols, stride}; }
};

/// The same of bfloat16.
struct Bf16View {
  const bf16* data;
  Index rows, cols, stride;
};

/// The product of bfloat16 values where B meets one A after another: it is laid out once in the
/// order in which the instruction reads it, which a plain product does again at every call.
struct PackedBf16 {
  /// Values that a packed B [rows, cols] takes.
  std::function<Index(Index rows, Index cols)> size;

  /// Writes as many, from the calling thread; `packed` is aligned to 64 bytes.
  std::function<void(Bf16View B, bf16* packed)> pack;

  /// C = A Bᵀ; B has as many rows as C has columns.
  std::function<void(Bf16View A, const bf16* packed, MutableMatrixView C)> multiply;
};

/// A matrix product, chosen at run time. Which one runs is an argument, never a macro, so that no
/// two translation units can disagree about an inline function.
struct Gemm {
  std::string name;

  /// C = A Bᵀ with A [m, k], B [n, k], C [m, n]: the form in which features meet tokens, both
  /// stored one row each. Runs on the calling thread alone, may be called from several threads at
  /// once, and returns the same bits for the same shapes and values whatever thread calls it.
  std::function<void(MatrixView A, MatrixView B, MutableMatrixView C)> multiply;

  /// The same product of bfloat16 values, summed in float32; empty where the processor has no
  /// instruction for it. Subnormal inputs and sums may be taken for zero.
  std::function<void(Bf16View A, Bf16View B, MutableMatrixView C)> multiply_bf16 = {};

  /// Where multiply_bf16 is there this may be too; all three or none.
  PackedBf16 packed_bf16 = {};
};

/// Eigen's product. Compile with EIGEN_DONT_PARALLELIZE (the pkg-config file passes it on): Eigen's
/// own threads change the bits of the result.
template <class = void>
const Gemm& eigen_gemm() {
  static const Gemm gemm{
      "eigen", [](MatrixView A, MatrixView B, MutableMatrixView C) {
        using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        using Stride = Eigen::OuterStride<>;
        const Eigen::Map<const Rows, 0, Stride> a(A.data, A.rows, A.cols, Stride(A.stride));
        const Eigen::Map<const Rows, 0, Stride> b(B.data, B.rows, B.cols, Stride(B.stride));
        Eigen::Map<Rows, 0, Stride> c(C.data, C.rows, C.cols, Stride(C.stride));
        c.noalias() = a * b.transpose();
      }};
  return gemm;
}

}  // namespace yoneda
