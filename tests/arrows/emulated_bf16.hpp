// bfloat16 products on any processor: what the instruction may do, the worse the better.
#pragma once

#include <cmath>
#include <vector>

#include "yoneda/linear/gemm.hpp"

namespace emulated {

using namespace yoneda;

/// Sums in float32 from the last product to the first, with subnormal inputs and sums taken for
/// zero, and every sum rounded towards zero.
inline void multiply_backwards(Bf16View A, Bf16View B, MutableMatrixView C) {
  const auto flushed = [](float x) { return std::fpclassify(x) == FP_SUBNORMAL ? 0.0f : x; };
  for (Index i = 0; i < A.rows; ++i)
    for (Index j = 0; j < B.rows; ++j) {
      float sum = 0;
      for (Index l = A.cols; l-- > 0;) {
        const float a = flushed(to_float(A.data[i * A.stride + l]));
        const float b = flushed(to_float(B.data[j * B.stride + l]));
        const double exact =
            static_cast<double>(sum) + static_cast<double>(a) * static_cast<double>(b);
        sum = static_cast<float>(exact);
        if (std::abs(static_cast<double>(sum)) > std::abs(exact)) sum = std::nextafter(sum, 0.0f);
        sum = flushed(sum);
      }
      C.data[i * C.stride + j] = sum;
    }
}

inline std::vector<float> floats(Bf16View view) {
  std::vector<float> values;
  for (Index i = 0; i < view.rows; ++i)
    for (Index j = 0; j < view.cols; ++j)
      values.push_back(to_float(view.data[i * view.stride + j]));
  return values;
}

/// Fast enough for larger tests.
inline void multiply(Bf16View A, Bf16View B, MutableMatrixView C) {
  const auto a = floats(A), b = floats(B);
  eigen_gemm().multiply({a.data(), A.rows, A.cols, A.cols}, {b.data(), B.rows, B.cols, B.cols}, C);
}

inline Gemm gemm() {
  return {"emulated bf16", eigen_gemm().multiply, multiply};
}

/// With a layout of its own: columns first, and one value more than there are.
inline Gemm packed_gemm() {
  const auto size = [](Index rows, Index cols) { return rows * cols + 1; };
  const auto pack = [](Bf16View B, bf16* packed) {
    for (Index i = 0; i < B.rows; ++i)
      for (Index j = 0; j < B.cols; ++j) packed[j * B.rows + i] = B.data[i * B.stride + j];
    packed[B.rows * B.cols] = to_bf16(7);
  };
  const auto multiply_packed = [](Bf16View A, const bf16* packed, MutableMatrixView C) {
    std::vector<bf16> b(C.cols * A.cols);
    for (Index i = 0; i < C.cols; ++i)
      for (Index j = 0; j < A.cols; ++j) b[i * A.cols + j] = packed[j * C.cols + i];
    multiply(A, {b.data(), C.cols, A.cols, A.cols}, C);
  };
  return {"emulated packed bf16", eigen_gemm().multiply, multiply, {size, pack, multiply_packed}};
}

inline Gemm worst_gemm() {
  return {"worst bf16", eigen_gemm().multiply, multiply_backwards};
}

}  // namespace emulated
