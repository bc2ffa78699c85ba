// How much nearer a feature lies to its own category than to any other, in decoder space.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "yoneda/cluster/kmeans.hpp"
#include "yoneda/core/error.hpp"
#include "yoneda/core/matrix.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/types.hpp"
#include "yoneda/graph/partition.hpp"

namespace yoneda {

namespace detail {

/// Some rows of a matrix at length 1; rows of zeros stay.
template <class = void>
Points rows_of_length_one(const Matrix& matrix, Index first, Index count) {
  Points rows(count, matrix.cols());
  std::vector<float> scratch(matrix.cols());
  for (Index i = 0; i < count; ++i) {
    const auto row = matrix.row(first + i, scratch);
    for (Index j = 0; j < matrix.cols(); ++j) rows(i, j) = static_cast<double>(row[j]);
    if (const double length = rows.row(i).norm(); length > 0) rows.row(i) /= length;
  }
  return rows;
}

}  // namespace detail

/// The silhouette of every row of W_dec [n, d], in [-1, 1]:
///
///   s_i = (b_i − a_i) / max(a_i, b_i),
///
/// a_i the mean cosine distance 1 − cos to the others of its group, b_i the smallest mean distance
/// to another group. 0 in a group of one, where there is only one group, and where both are 0; NaN
/// for a row without a group. A row of zeros has cosine 0 with every other.
///
/// Cosine distance is linear in either row of length 1, so a mean over a group is one product with
/// the sum of its rows: exact, at n k d instead of n² d; memory k d and a block of rows a thread.
/// Same bits for any number of threads. Throws Error{shape} where the partition is of another
/// number of rows, Error{value} for a label beyond the count. Source: Rousseeuw 1987, Silhouettes:
/// a graphical aid to the interpretation and validation of cluster analysis.
template <class = void>
std::vector<double> silhouettes(const Matrix& W_dec, const Partition& partition) {
  const Index n = W_dec.rows();
  if (static_cast<Index>(partition.label.size()) != n)
    throw Error(ErrorKind::shape, "a partition of " + std::to_string(partition.label.size()) +
                                      " features for " + std::to_string(n) + " decoder rows");
  Points sums = Points::Zero(partition.count, W_dec.cols());
  std::vector<Index> size(partition.count, 0);
  for (Index i = 0; i < n; ++i) {
    const Id label = partition.label[i];
    if (label >= partition.count)
      throw Error(ErrorKind::value, "label " + std::to_string(label) + " in a partition of " +
                                        std::to_string(partition.count) + " groups");
    if (label < 0) continue;
    sums.row(label) += detail::rows_of_length_one(W_dec, i, 1).row(0);
    ++size[label];
  }
  const auto groups = partition.count - std::ranges::count(size, Index{0});
  constexpr double rounding = 1e-12;  // of a distance that is 0
  const auto of_row = [&](Id own, double length, const auto& cosines) {
    if (own < 0) return std::numeric_limits<double>::quiet_NaN();
    if (size[own] == 1 || groups == 1) return 0.0;
    // The row itself is in its sum, at cosine |x|² with itself; it counts neither there nor here.
    const double others = static_cast<double>(size[own] - 1);
    const double near = std::max(0.0, 1 - (cosines[own] - length) / others);
    double next = std::numeric_limits<double>::infinity();
    for (Index c = 0; c < partition.count; ++c)
      if (c != own && size[c] > 0)
        next = std::min(next, 1 - cosines[c] / static_cast<double>(size[c]));
    const double larger = std::max(near, next);
    return larger > rounding ? (std::max(0.0, next) - near) / larger : 0.0;
  };
  constexpr Index block = 256;
  std::vector<double> made(n);
  parallel_for((n + block - 1) / block, [&](Index b) {
    const Index first = b * block, count = std::min(block, n - first);
    const Points rows = detail::rows_of_length_one(W_dec, first, count);
    const Points cosines = rows * sums.transpose();
    for (Index i = 0; i < count; ++i)
      made[first + i] =
          of_row(partition.label[first + i], rows.row(i).squaredNorm(), cosines.row(i));
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
