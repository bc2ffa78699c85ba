// The decoder graph: features joined by the cosine of their decoder rows.
#pragma once

#include <vector>

#include "yoneda/arrows/extremes.hpp"
#include "yoneda/graph/neighbors.hpp"

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

/// Signed cosines of decoder rows, every row keeping its m largest |cos|, exact. The strongest m in
/// absolute value are among the m + 1 largest (the row itself is one) and the m + 1 smallest, so
/// the kernel of the logit arrows finds them. Undirected, weights in [-1, 1]. Cost: that of
/// for_each_extremes with V = n.
inline SignedGraph decoder_graph(const Matrix& W_dec, const NeighborOptions& options = {},
                                 const Gemm& gemm = eigen_gemm(), const Progress& progress = {}) {
  require_valid(options);
  const Index n = W_dec.rows();
  const Matrix unit = unit_rows(W_dec);
  std::vector<std::vector<Neighbor>> chosen(n);
  if (n < 2) return symmetrised(chosen, GraphKind::decoder);

  const auto fill = [&](Index f, std::span<float> out) {
    std::ranges::copy(unit.row(f, out), out.begin());
  };
  const auto sink = [&](Index f, const Extremes& found) {
    std::vector<Neighbor> candidates;
    const auto add = [&](const Extreme& extreme) {
      if (extreme.id == f) return;
      for (const Neighbor& known : candidates)
        if (known.id == extreme.id) return;  // both ends meet where n <= 2m + 2
      candidates.push_back({extreme.id, extreme.value});
    };
    for (const Extreme& extreme : found.largest) add(extreme);
    for (const Extreme& extreme : found.smallest) add(extreme);
    const auto best = strongest(candidates, options);
    chosen[f].assign(best.begin(), best.end());
  };
  ExtremesOptions extremes;
  extremes.k = std::min(n, options.neighbors + 1);
  extremes.histogram = false;
  for_each_extremes(n, fill, unit, sink, extremes, gemm, progress, "decoder graph");
  return symmetrised(chosen, GraphKind::decoder);
}

}  // namespace yoneda
