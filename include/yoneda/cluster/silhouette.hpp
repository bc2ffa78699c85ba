// How much nearer a feature lies to its own category than to any other, in decoder space.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "yoneda/cluster/kmeans.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/partition.hpp"

namespace yoneda {

/// The silhouette of every row of points [n, d], in [-1, 1]:
///
///   s_i = (b_i − a_i) / max(a_i, b_i),
///
/// a_i the mean cosine distance 1 − cos to the others of its group, b_i the smallest mean distance
/// to another group. 0 in a group of one, where there is only one group, and where both are 0; NaN
/// for a row without a group. A row of zeros has cosine 0 with every other.
///
/// Cosine distance is linear in either row of length 1, so a mean over a group is one product with
/// the sum of its rows: exact, at n k d instead of n² d; memory n d + k d. Same bits for any number
/// of threads. Throws Error{shape} where the partition is of another number of rows, Error{value}
/// for a label beyond the count.
/// Source: Rousseeuw 1987, Silhouettes: a graphical aid to the interpretation and validation of
/// cluster analysis.
template <class = void>
std::vector<double> silhouettes(const Points& points, const Partition& partition) {
  const Index n = points.rows();
  if (static_cast<Index>(partition.label.size()) != n)
    throw Error(ErrorKind::shape, "a partition of " + std::to_string(partition.label.size()) +
                                      " features for " + std::to_string(n) + " decoder rows");
  Points unit = points;
  Points sums = Points::Zero(partition.count, points.cols());
  std::vector<Index> size(partition.count, 0);
  for (Index i = 0; i < n; ++i) {
    const double length = unit.row(i).norm();
    if (length > 0) unit.row(i) /= length;
    const Id label = partition.label[i];
    if (label >= partition.count)
      throw Error(ErrorKind::value, "label " + std::to_string(label) + " in a partition of " +
                                        std::to_string(partition.count) + " groups");
    if (label < 0) continue;
    sums.row(label) += unit.row(i);
    ++size[label];
  }
  const auto groups = partition.count - std::ranges::count(size, Index{0});
  const auto of_row = [&](Index i, const auto& cosines) {
    const Id own = partition.label[i];
    if (own < 0) return std::numeric_limits<double>::quiet_NaN();
    if (size[own] == 1 || groups == 1) return 0.0;
    // The row itself is in its sum, at cosine |x|² with itself; it counts neither there nor here.
    const double others = static_cast<double>(size[own] - 1);
    const double near = 1 - (cosines[own] - unit.row(i).squaredNorm()) / others;
    double next = std::numeric_limits<double>::infinity();
    for (Index c = 0; c < partition.count; ++c)
      if (c != own && size[c] > 0)
        next = std::min(next, 1 - cosines[c] / static_cast<double>(size[c]));
    const double larger = std::max(near, next);
    return larger > 0 ? (next - near) / larger : 0.0;
  };
  constexpr Index block = 256;
  std::vector<double> made(n);
  parallel_for((n + block - 1) / block, [&](Index b) {
    const Index first = b * block, rows = std::min(block, n - first);
    const Points cosines = unit.middleRows(first, rows) * sums.transpose();
    for (Index i = 0; i < rows; ++i) made[first + i] = of_row(first + i, cosines.row(i));
  });
  return made;
}

/// The mean over the rows that have a group; 0 where none has.
inline double mean_silhouette(const std::vector<double>& silhouettes) {
  double sum = 0;
  Index count = 0;
  for (const double s : silhouettes)
    if (s == s) sum += s, ++count;
  return count > 0 ? sum / static_cast<double>(count) : 0;
}

}  // namespace yoneda
