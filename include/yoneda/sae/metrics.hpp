// How well an SAE reconstructs, and how many of its features are used.
#pragma once

#include <vector>

#include "yoneda/sae/encode.hpp"

namespace yoneda {

struct SaeMetrics {
  double fve = 0;  ///< fraction of variance explained: 1 − Σ‖x − x̂‖² / Σ‖x − mean‖²
  double mse = 0;  ///< Σ‖x − x̂‖² / (rows · d)
  double l0 = 0;   ///< features active per row, on average
  Index dead = 0;  ///< features that fire on none of the rows
  Index rows = 0;
};

/// The mean row, in double, summed in order. Cost: rows · d.
inline std::vector<double> mean_row(const Matrix& X) {
  std::vector<double> mean(X.cols(), 0.0);
  std::vector<float> scratch(X.cols());
  for (Index i = 0; i < X.rows(); ++i) {
    const auto row = X.row(i, scratch);
    for (Index j = 0; j < X.cols(); ++j) mean[j] += static_cast<double>(row[j]);
  }
  for (double& value : mean) value /= static_cast<double>(X.rows());
  return mean;
}

/// Σ‖x − centre‖² over the rows, in double, in order. Cost: rows · d.
inline double squared_distance(const Matrix& X, std::span<const double> centre) {
  double sum = 0;
  std::vector<float> scratch(X.cols());
  for (Index i = 0; i < X.rows(); ++i) {
    const auto row = X.row(i, scratch);
    for (Index j = 0; j < X.cols(); ++j) {
      const double difference = static_cast<double>(row[j]) - centre[j];
      sum += difference * difference;
    }
  }
  return sum;
}

/// Σ‖x − y‖² over the rows of two matrices of one shape, in double, in order.
inline double squared_distance(const Matrix& X, const Matrix& Y) {
  double sum = 0;
  std::vector<float> x_scratch(X.cols()), y_scratch(X.cols());
  for (Index i = 0; i < X.rows(); ++i) {
    const auto x = X.row(i, x_scratch), y = Y.row(i, y_scratch);
    for (Index j = 0; j < X.cols(); ++j) {
      const double difference = static_cast<double>(x[j]) - static_cast<double>(y[j]);
      sum += difference * difference;
    }
  }
  return sum;
}

/// Features that fire on none of the rows.
inline Index dead_features(const Codes& codes) {
  std::vector<char> fired(codes.n, 0);
  for (const Id feature : codes.features) fired[feature] = 1;
  return std::ranges::count(fired, 0);
}

/// Encodes and reconstructs the rows of X. Throws what both throw, and Error{value} where the rows
/// do not vary, for then there is no variance to explain. Cost: see encode().
inline SaeMetrics sae_metrics(const Sae& sae, const Matrix& X, const Gemm& gemm = eigen_gemm(),
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
