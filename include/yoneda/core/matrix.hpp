// An immutable row-major matrix of f32, f16 or bf16, owned or mapped from a file.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/dtype.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Rows of numbers that never change. Copies share the storage and cost O(1); the storage lives as
/// long as any copy, which is how a matrix may point into a mapped file.
class Matrix {
 public:
  Matrix() = default;

  /// Views `rows * cols` values at `data` (aligned for `dtype`), kept alive by `owner`.
  Matrix(std::shared_ptr<const void> owner, const void* data, Index rows, Index cols, Dtype dtype)
      : owner_(std::move(owner)),
        data_(static_cast<const std::byte*>(data)),
        rows_(rows),
        cols_(cols),
        dtype_(dtype) {}

  /// Takes ownership of row-major values. Throws Error{shape} unless values.size() == rows * cols.
  static Matrix from(std::vector<float> values, Index rows, Index cols) {
    return adopt(std::move(values), rows, cols, Dtype::f32);
  }
  static Matrix from(std::vector<f16> values, Index rows, Index cols) {
    return adopt(std::move(values), rows, cols, Dtype::f16);
  }
  static Matrix from(std::vector<bf16> values, Index rows, Index cols) {
    return adopt(std::move(values), rows, cols, Dtype::bf16);
  }

  Index rows() const { return rows_; }
  Index cols() const { return cols_; }
  Dtype dtype() const { return dtype_; }
  bool empty() const { return rows_ == 0 || cols_ == 0; }

  /// The stored bytes, rows one after the other.
  std::span<const std::byte> bytes() const {
    return std::span(data_, rows_ * cols_ * bytes_per_value(dtype_));
  }

  float operator()(Index row, Index col) const {
    const Index at = row * cols_ + col;
    switch (dtype_) {
      case Dtype::f16:
        return to_float(as<f16>()[at]);
      case Dtype::bf16:
        return to_float(as<bf16>()[at]);
      case Dtype::f32:
        break;
    }
    return as<float>()[at];
  }

  /// One row as floats: the storage itself for f32, else converted into `scratch`
  /// (at least cols() floats). The span is valid as long as both.
  std::span<const float> row(Index row, std::span<float> scratch) const {
    return rows_as_float(row, 1, scratch);
  }

  /// `count` consecutive rows as floats, converted into `scratch` (count * cols() floats) only
  /// where the storage is not f32.
  std::span<const float> rows_as_float(Index first, Index count, std::span<float> scratch) const {
    const Index begin = first * cols_;
    const Index size = count * cols_;
    if (dtype_ == Dtype::f32) return std::span(as<float>() + begin, size);
    const std::span<float> out = scratch.first(size);
    const auto convert = [&out](const auto* from) {
      std::transform(from, from + out.size(), out.begin(), [](auto x) { return to_float(x); });
    };
    if (dtype_ == Dtype::f16)
      convert(as<f16>() + begin);
    else
      convert(as<bf16>() + begin);
    return out;
  }

  /// Rows first, ..., first + count - 1, sharing the storage.
  Matrix slice(Index first, Index count) const {
    if (first < 0 || count < 0 || first + count > rows_)
      throw Error(ErrorKind::shape, "slice of rows [" + std::to_string(first) + ", " +
                                        std::to_string(first + count) + ") of a matrix with " +
                                        std::to_string(rows_) + " rows");
    return {owner_, data_ + first * cols_ * bytes_per_value(dtype_), count, cols_, dtype_};
  }

 private:
  template <class T>
  static Matrix adopt(std::vector<T> values, Index rows, Index cols, Dtype dtype) {
    if (rows < 0 || cols < 0 || static_cast<Index>(values.size()) != rows * cols)
      throw Error(ErrorKind::shape, std::to_string(values.size()) + " values for a matrix of " +
                                        std::to_string(rows) + " x " + std::to_string(cols));
    auto storage = std::make_shared<const std::vector<T>>(std::move(values));
    const void* data = storage->data();
    return {std::move(storage), data, rows, cols, dtype};
  }

  template <class T>
  const T* as() const {
    return reinterpret_cast<const T*>(data_);
  }

  std::shared_ptr<const void> owner_;
  const std::byte* data_ = nullptr;
  Index rows_ = 0;
  Index cols_ = 0;
  Dtype dtype_ = Dtype::f32;
};

/// All values as floats, row-major. Cost: rows * cols.
inline std::vector<float> to_vector(const Matrix& matrix) {
  std::vector<float> values(matrix.rows() * matrix.cols());
  const auto converted = matrix.rows_as_float(0, matrix.rows(), values);
  if (converted.data() != values.data()) std::ranges::copy(converted, values.begin());
  return values;
}

/// The given rows, in that order, as a new f32 matrix.
inline Matrix take_rows(const Matrix& matrix, std::span<const Id> rows) {
  std::vector<float> values(rows.size() * matrix.cols());
  auto out = values.begin();
  std::vector<float> scratch(matrix.cols());
  for (const Id row : rows) out = std::ranges::copy(matrix.row(row, scratch), out).out;
  return Matrix::from(std::move(values), static_cast<Index>(rows.size()), matrix.cols());
}

/// All rows but the given ones, as a new f32 matrix; the matrix itself where none is given. Throws
/// Error{value} for a row it does not have.
inline Matrix without_rows(const Matrix& matrix, std::span<const Id> rows) {
  if (rows.empty()) return matrix;
  std::vector<char> drop(matrix.rows(), 0);
  for (const Id row : rows) {
    if (row < 0 || row >= matrix.rows())
      throw Error(ErrorKind::value, "row " + std::to_string(row) + " is not among the " +
                                        std::to_string(matrix.rows()));
    drop[row] = 1;
  }
  std::vector<Id> kept;
  for (Id row = 0; row < matrix.rows(); ++row)
    if (!drop[row]) kept.push_back(row);
  return take_rows(matrix, kept);
}

/// [n, d] -> [d, n] as f32. Cost: n * d.
inline Matrix transposed(const Matrix& matrix) {
  const Index n = matrix.rows(), d = matrix.cols();
  std::vector<float> values(n * d);
  std::vector<float> scratch(d);
  for (Index i = 0; i < n; ++i) {
    const auto row = matrix.row(i, scratch);
    for (Index j = 0; j < d; ++j) values[j * n + i] = row[j];
  }
  return Matrix::from(std::move(values), d, n);
}

/// Throws Error{value} naming `what` and the first row that holds a NaN or an infinity.
inline void require_finite(const Matrix& matrix, const std::string& what) {
  std::vector<float> scratch(matrix.cols());
  for (Index i = 0; i < matrix.rows(); ++i)
    for (const float value : matrix.row(i, scratch))
      if (!std::isfinite(value))
        throw Error(ErrorKind::value,
                    what + " holds a NaN or an infinity (first in row " + std::to_string(i) + ")");
}

}  // namespace yoneda
