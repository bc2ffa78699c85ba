// How well an SAE reconstructs, and how many of its features are used.
#pragma once

#include <span>
#include <vector>

#include "yoneda/core/parallel_sum.hpp"
#include "yoneda/core/vector_unit.hpp"
#include "yoneda/sae/encode.hpp"

namespace yoneda {

struct SaeMetrics {
  double fve = 0;  ///< fraction of variance explained: 1 − Σ‖x − x̂‖² / Σ‖x − mean‖²
  double mse = 0;  ///< Σ‖x − x̂‖² / (rows · d)
  double l0 = 0;   ///< features active per row, on average
  Index dead = 0;  ///< features that fire on none of the rows
  Index rows = 0;
};

namespace detail {

/// ‖x − y‖² in double: eight interleaved partial sums (j mod 8), added in order.
template <class Y>
[[gnu::always_inline]] inline double squared_difference(const float* x, const Y* y, Index size) {
  double partial[8] = {};
  const Index whole = size - size % 8;
  for (Index j = 0; j < whole; j += 8)
    for (Index lane = 0; lane < 8; ++lane) {
      const double difference = static_cast<double>(x[j + lane]) - static_cast<double>(y[j + lane]);
      partial[lane] += difference * difference;
    }
  double sum = 0;
  for (const double part : partial) sum += part;
  for (Index j = whole; j < size; ++j) {
    const double difference = static_cast<double>(x[j]) - static_cast<double>(y[j]);
    sum += difference * difference;
  }
  return sum;
}

/// sum += weight · x.
[[gnu::always_inline]] inline void add_to(double* __restrict sum, double weight,
                                          const float* __restrict x, Index size) {
  for (Index j = 0; j < size; ++j) sum[j] += weight * static_cast<double>(x[j]);
}

}  // namespace detail

/// The mean row, in double; see parallel_sum for the order. Cost: rows · d.
inline std::vector<double> mean_row(const Matrix& X) {
  const Index d = X.cols();
  auto mean = parallel_sum(X.rows(), d, [&](Index first, Index last, std::span<double> sum) {
    std::vector<float> scratch(d);
    for (Index i = first; i < last; ++i)
      with_simd<detail::add_to>(sum.data(), 1.0, X.row(i, scratch).data(), d);
  });
  for (double& value : mean) value /= static_cast<double>(X.rows());
  return mean;
}

/// Σ‖x − centre‖² over the rows, in double; see parallel_sum for the order. Cost: rows · d.
inline double squared_distance(const Matrix& X, std::span<const double> centre) {
  return parallel_sum(X.rows(), 1, [&](Index first, Index last, std::span<double> sum) {
    std::vector<float> scratch(X.cols());
    for (Index i = first; i < last; ++i)
      sum[0] += with_simd<detail::squared_difference<double>>(X.row(i, scratch).data(),
                                                              centre.data(), X.cols());
  })[0];
}

/// Σ‖x − y‖² over the rows of two matrices of one shape, likewise.
inline double squared_distance(const Matrix& X, const Matrix& Y) {
  return parallel_sum(X.rows(), 1, [&](Index first, Index last, std::span<double> sum) {
    std::vector<float> x_scratch(X.cols()), y_scratch(X.cols());
    for (Index i = first; i < last; ++i)
      sum[0] += with_simd<detail::squared_difference<float>>(X.row(i, x_scratch).data(),
                                                             Y.row(i, y_scratch).data(), X.cols());
  })[0];
}

/// Features that fire on none of the rows.
inline Index dead_features(const Codes& codes) {
  std::vector<char> fired(codes.n, 0);
  for (const Id feature : codes.features) fired[feature] = 1;
  return std::ranges::count(fired, 0);
}

/// Encodes and reconstructs the rows of X. Throws what both throw, and Error{value} where the rows
/// do not vary, for then there is no variance to explain. Cost: see encode().
template <class = void>
SaeMetrics sae_metrics(const Sae& sae, const Matrix& X, const Gemm& gemm = eigen_gemm(),
                       const Progress& progress = {}) {
  const Codes codes = encode(sae, X, gemm, progress);
  if (X.rows() == 0) throw Error(ErrorKind::value, "no rows to measure an SAE on");
  const double variance = squared_distance(X, mean_row(X));
  if (!(variance > 0)) throw Error(ErrorKind::value, "all rows are equal: nothing to explain");
  const double error = squared_distance(X, reconstruct(sae, codes, X));
  const auto rows = static_cast<double>(X.rows());
  return {.fve = 1 - error / variance,
          .mse = error / (rows * static_cast<double>(X.cols())),
          .l0 = static_cast<double>(codes.features.size()) / rows,
          .dead = dead_features(codes),
          .rows = X.rows()};
}

}  // namespace yoneda
