// k-means: points grouped round their means.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "yoneda/core/error.hpp"
#include "yoneda/core/parallel.hpp"
#include "yoneda/core/progress.hpp"
#include "yoneda/core/random.hpp"
#include "yoneda/core/types.hpp"

namespace yoneda {

/// Points in memory row after row, one row a point.
using Points = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct KMeansOptions {
  Index count = 2;         ///< k, how many groups
  Index restarts = 10;     ///< the best of so many starts is kept
  Index iterations = 300;  ///< of each start, at most
  std::uint64_t seed = 1;
};

struct KMeans {
  std::vector<Id> label;  ///< [n] in {0, ..., k - 1}
  Points centers;         ///< [k, d]
  double inertia = 0;     ///< Σ_i ‖x_i − c(i)‖²
};

namespace detail {

/// ‖x − c‖² = ‖x‖² − 2x·c + ‖c‖² for points [n, d] against centres [m, d] -> [n, m]: one matrix
/// product, off by rounding only, and never below 0.
template <class = void>
Points squared_distances(const Points& points, const Points& centers) {
  Points squares = -2 * (points * centers.transpose());
  squares.colwise() += points.rowwise().squaredNorm();
  squares.rowwise() += centers.rowwise().squaredNorm().transpose();
  return squares.cwiseMax(0);
}

/// A row drawn with probability proportional to its weight.
template <class = void>
Index weighted_draw(const Eigen::VectorXd& weights, double total, Random& random) {
  double left = random.uniform() * total;
  Index i = 0;
  while (i < weights.size() - 1 && (left -= weights[i]) >= 0) ++i;
  return i;
}

/// k-means++: the first centre is any point, each next one a point drawn with probability
/// proportional to its squared distance from the nearest centre so far. Of a few such draws the one
/// that leaves the smallest sum of those distances is taken (the greedy variant of the paper).
template <class = void>
Points spread_centers(const Points& points, Index count, Random& random) {
  const auto draws = 2 + static_cast<Index>(std::log(static_cast<double>(count)));
  Points centers(count, points.cols());
  centers.row(0) = points.row(random.below(points.rows()));
  Eigen::VectorXd nearest = squared_distances(points, centers.topRows(1)).col(0);
  Points drawn(draws, points.cols());
  for (Index c = 1; c < count; ++c) {
    const double total = nearest.sum();
    for (Index draw = 0; draw < draws; ++draw)
      drawn.row(draw) = points.row(weighted_draw(nearest, total, random));
    const Eigen::MatrixXd left =
        squared_distances(points, drawn).cwiseMin(nearest.replicate(1, draws));
    Index best = 0;
    left.colwise().sum().minCoeff(&best);
    centers.row(c) = drawn.row(best);
    nearest = left.col(best);
  }
  return centers;
}

/// The nearest centre of every point, ties to the smaller.
template <class = void>
std::vector<Id> nearest_centers(const Points& points, const Points& centers) {
  constexpr Index block = 256;  // points whose distances stay in the cache
  std::vector<Id> label(points.rows());
  for (Index begin = 0; begin < points.rows(); begin += block) {
    const Index count = std::min(block, points.rows() - begin);
    const Points squares = squared_distances(points.middleRows(begin, count), centers);
    for (Index i = 0; i < count; ++i) {
      Index best = 0;
      squares.row(i).minCoeff(&best);
      label[begin + i] = static_cast<Id>(best);
    }
  }
  return label;
}

/// ‖x_i − c(i)‖² of every point, computed directly.
template <class = void>
Eigen::VectorXd spread(const Points& points, const Points& centers, const std::vector<Id>& label) {
  Eigen::VectorXd squares(points.rows());
  for (Index i = 0; i < points.rows(); ++i)
    squares[i] = (points.row(i) - centers.row(label[i])).squaredNorm();
  return squares;
}

/// Gives every empty group the point farthest from its centre (ties: the smaller), as long as there
/// is one off its centre.
template <class = void>
void fill_empty_groups(const Points& points, const Points& centers, std::vector<Id>& label) {
  std::vector<Index> size(centers.rows(), 0);
  for (const Id group : label) ++size[group];
  if (std::ranges::find(size, 0) == size.end()) return;
  Eigen::VectorXd squares = spread(points, centers, label);
  for (Index group = 0; group < centers.rows(); ++group) {
    if (size[group] > 0) continue;
    Index farthest = 0;
    if (!(squares.maxCoeff(&farthest) > 0)) return;
    --size[label[farthest]];
    label[farthest] = static_cast<Id>(group);
    size[group] = 1;
    squares[farthest] = 0;
  }
}

/// The means of the groups; an empty group keeps its centre.
template <class = void>
Points means(const Points& points, const std::vector<Id>& label, const Points& before) {
  Points sums = Points::Zero(before.rows(), before.cols());
  std::vector<Index> size(before.rows(), 0);
  for (Index i = 0; i < points.rows(); ++i) {
    sums.row(label[i]) += points.row(i);
    ++size[label[i]];
  }
  for (Index group = 0; group < before.rows(); ++group) {
    if (size[group] > 0)
      sums.row(group) /= static_cast<double>(size[group]);
    else
      sums.row(group) = before.row(group);
  }
  return sums;
}

template <class = void>
KMeans lloyd(const Points& points, Points centers, Index iterations) {
  std::vector<Id> label;
  for (Index i = 0; i < iterations; ++i) {
    std::vector<Id> next = nearest_centers(points, centers);
    fill_empty_groups(points, centers, next);
    if (next == label) break;
    label = std::move(next);
    centers = means(points, label, centers);
  }
  const double inertia = spread(points, centers, label).sum();
  return {std::move(label), std::move(centers), inertia};
}

template <class = void>
void require_valid(const Points& points, const KMeansOptions& options) {
  if (options.count < 1 || options.count > points.rows())
    throw Error(ErrorKind::value, "k-means: " + std::to_string(options.count) + " groups of " +
                                      std::to_string(points.rows()) + " points");
  if (options.restarts < 1 || options.iterations < 1)
    throw Error(ErrorKind::value, "k-means needs at least one restart and one iteration");
  if (!points.allFinite())
    throw Error(ErrorKind::value, "k-means: the points hold a NaN or an infinity");
}

}  // namespace detail

/// Groups the rows of points [n, d] so that the sum of squared distances to the groups' means is
/// small: Lloyd's iteration from k-means++ starts, the best of `restarts` (ties: the earliest). A
/// local optimum. With fewer distinct points than groups some groups stay empty.
///
/// Restarts run in parallel, each with its own stream of random numbers: the result is the same for
/// any number of threads. Throws Error{value} unless 1 <= count <= n, for fewer than one restart or
/// iteration, and for points that are not finite. Cost: restarts * iterations * n * k * d.
/// Source: Lloyd 1982, Least squares quantization in PCM; Arthur, Vassilvitskii 2007, k-means++:
/// the advantages of careful seeding.
template <class = void>
KMeans kmeans(const Points& points, const KMeansOptions& options, const Progress& progress = {}) {
  detail::require_valid(points, options);
  progress.check("k-means", 0);  // the loop may give the calling thread nothing to report
  // Distances are differences of products, which are accurate round the origin.
  const Eigen::RowVectorXd mean = points.colwise().mean();
  const Points centered = points.rowwise() - mean;
  std::vector<KMeans> runs(options.restarts);
  parallel_for(
      options.restarts,
      [&](Index run) {
        Random random(options.seed, static_cast<std::uint64_t>(run));
        Points centers = detail::spread_centers(centered, options.count, random);
        runs[run] = detail::lloyd(centered, std::move(centers), options.iterations);
      },
      progress, "k-means");
  KMeans best = std::move(*std::ranges::min_element(runs, {}, &KMeans::inertia));
  best.centers.rowwise() += mean;
  return best;
}

}  // namespace yoneda
