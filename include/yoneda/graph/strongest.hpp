// For every query the keys it goes with most strongly, whatever the sign.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "yoneda/arrows/extremes.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/graph/neighbors.hpp"

namespace yoneda {

/// The m keys with the largest |query · key| above the floor, for every row of `queries`, strongest
/// first, ties by smaller id; exact, and the same bits for any Gemm, tile and number of threads.
/// The strongest m in absolute value are among the m largest and the m smallest products, which the
/// kernel of the logit arrows finds. With `distinct`, query i and key i are the same thing, and no
/// neighbour of itself.
///
/// Throws as require_valid and for_each_extremes do. Cost: that of for_each_extremes; memory:
/// 16 m bytes a query, and never queries x keys.
inline std::vector<std::vector<Neighbor>> strongest_products(
    const Matrix& queries, const Matrix& keys, const NeighborOptions& options, bool distinct,
    const Gemm& gemm, const Progress& progress, Stage stage) {
  require_valid(options);
  const Index n = queries.rows();
  std::vector<std::vector<Neighbor>> chosen(n);
  if (n == 0 || keys.rows() <= (distinct ? 1 : 0)) return chosen;

  const auto fill = [&](Index q, std::span<float> out) {
    const auto row = queries.row(q, out);
    if (row.data() != out.data()) std::ranges::copy(row, out.begin());
  };
  const auto sink = [&](Index q, const Extremes& found) {
    std::vector<Neighbor> candidates;
    for (const auto end : {found.largest, found.smallest})
      for (const Extreme& extreme : end)
        if (!distinct || extreme.id != q) candidates.push_back({extreme.id, extreme.value});
    // Few keys are found at both ends.
    std::ranges::sort(candidates, {}, &Neighbor::id);
    const auto twice = std::ranges::unique(candidates, {}, &Neighbor::id);
    candidates.erase(twice.begin(), twice.end());
    const auto best = strongest(candidates, options);
    chosen[q].assign(best.begin(), best.end());
  };
  ExtremesOptions extremes;
  extremes.k = std::min(keys.rows(), options.neighbors + (distinct ? 1 : 0));
  extremes.histogram = false;
  for_each_extremes(n, fill, keys, sink, extremes, gemm, progress, stage);
  return chosen;
}

}  // namespace yoneda
