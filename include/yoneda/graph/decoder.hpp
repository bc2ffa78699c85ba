// The decoder graph: features joined by the cosine of their decoder rows.
#pragma once

#include <utility>
#include <vector>

#include "yoneda/graph/neighbors.hpp"
#include "yoneda/graph/strongest.hpp"

namespace yoneda {

/// Rows divided by their Euclidean norm; zero rows stay zero.
inline Matrix unit_rows(const Matrix& matrix) {
  std::vector<float> values = to_vector(matrix);
  for (Index i = 0; i < matrix.rows(); ++i) {
    const auto row = std::span(values).subspan(i * matrix.cols(), matrix.cols());
    const double norm = canonical_norm(row);
    if (norm == 0) continue;
    for (float& value : row) value = static_cast<float>(static_cast<double>(value) / norm);
  }
  return Matrix::from(std::move(values), matrix.rows(), matrix.cols());
}

/// Signed cosines of decoder rows, every row keeping its m largest |cos|, exact (see
/// strongest_products). Undirected, weights in [-1, 1]; a row of zeros has no neighbours. Cost:
/// that of for_each_extremes with V = n; memory: 4 n d bytes for the unit rows, which are of f32
/// whatever the decoder is, for 16 bits would move them.
template <class = void>
SignedGraph decoder_graph(const Matrix& W_dec, const NeighborOptions& options = {},
                          const Gemm& gemm = eigen_gemm(), const Progress& progress = {}) {
  require_valid(options);
  const Matrix unit = unit_rows(W_dec);
  return symmetrised(strongest_products(unit, unit, options, true, gemm, progress, "decoder graph"),
                     GraphKind::decoder);
}

}  // namespace yoneda
