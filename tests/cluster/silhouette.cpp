#include "yoneda/cluster/silhouette.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "yoneda/core/random.hpp"

using namespace yoneda;

namespace {

Matrix matrix_of(const Points& points) {
  std::vector<float> values;
  for (Index i = 0; i < points.rows(); ++i)
    for (Index j = 0; j < points.cols(); ++j) values.push_back(static_cast<float>(points(i, j)));
  return Matrix::from(std::move(values), points.rows(), points.cols());
}

/// With values that are floats.
Points normal_points(Index n, Index d, std::uint64_t seed) {
  Random random(seed);
  Points points(n, d);
  for (double& x : points.reshaped()) x = static_cast<double>(static_cast<float>(random.normal()));
  return points;
}

/// From the distances between all pairs, as the definition says.
std::vector<double> by_pairs(const Points& points, const Partition& partition) {
  const Index n = points.rows();
  const auto distance = [&](Index i, Index j) {
    const double lengths = points.row(i).norm() * points.row(j).norm();
    return 1 - (lengths > 0 ? points.row(i).dot(points.row(j)) / lengths : 0);
  };
  std::vector<double> made;
  for (Index i = 0; i < n; ++i) {
    if (partition.label[i] < 0) {
      made.push_back(std::nan(""));
      continue;
    }
    std::vector<double> sum(partition.count, 0), count(partition.count, 0);
    for (Index j = 0; j < n; ++j)
      if (j != i && partition.label[j] >= 0)
        sum[partition.label[j]] += distance(i, j), ++count[partition.label[j]];
    const Id own = partition.label[i];
    double next = 1e300;
    for (Id c = 0; c < partition.count; ++c)
      if (c != own && count[c] > 0) next = std::min(next, sum[c] / count[c]);
    const double near = count[own] > 0 ? sum[own] / count[own] : 0;
    made.push_back(count[own] == 0 || next == 1e300 ? 0 : (next - near) / std::max(near, next));
  }
  return made;
}

}  // namespace

TEST_CASE("silhouettes are those of all pairs") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Points points = normal_points(300, 7, seed);
    points.row(17).setZero();
    Random random(seed, 9);
    Partition partition{{}, 6};  // group 5 is empty, 4 holds one row
    for (Id i = 0; i < 300; ++i) partition.label.push_back(static_cast<Id>(random.below(5)) - 1);
    partition.label[40] = 4;
    const auto found = silhouettes(matrix_of(points), partition),
               expected = by_pairs(points, partition);
    for (std::size_t i = 0; i < 300; ++i) {
      CHECK(std::isnan(found[i]) == std::isnan(expected[i]));
      if (!std::isnan(found[i])) CHECK(std::abs(found[i] - expected[i]) < 1e-12);
    }
    CHECK(found[40] == 0);
  }
}

TEST_CASE(
    "rows round two far directions have silhouettes near 1, and the mean counts groups alone") {
  Points points = 0.01 * normal_points(40, 3, 3);
  Partition partition{std::vector<Id>(40), 2};
  for (Id i = 0; i < 40; ++i) {
    partition.label[i] = i % 2;
    points(i, 0) += i % 2 == 0 ? 1 : -1;
  }
  auto found = silhouettes(matrix_of(points), partition);
  CHECK(mean_silhouette(found) > 0.99);
  partition.label[3] = -1;
  found = silhouettes(matrix_of(points), partition);
  CHECK(std::isnan(found[3]));
  CHECK(mean_silhouette(found) > 0.99);
  CHECK(mean_silhouette({}) == 0);
}

TEST_CASE("equal rows have silhouettes within their bounds") {
  Random random(5);
  for (Index trial = 0; trial < 200; ++trial) {
    Points points = normal_points(6, 5, static_cast<std::uint64_t>(trial));
    points.row(1) = points.row(0);  // a group of two equal rows
    for (const double s : silhouettes(matrix_of(points), {{0, 0, 1, 1, 1, 1}, 2})) {
      CHECK(s <= 1);
      CHECK(s >= -1);
    }
    for (Index i = 1; i < 6; ++i) points.row(i) = points.row(0);
    for (const double s : silhouettes(matrix_of(points), {{0, 0, 0, 1, 1, 1}, 2})) CHECK(s == 0);
  }
}

TEST_CASE("one group has no other, and all silhouettes are 0") {
  for (const double s :
       silhouettes(matrix_of(normal_points(10, 3, 1)), {std::vector<Id>(10, 0), 1}))
    CHECK(s == 0);
}

TEST_CASE("silhouettes refuse what does not fit") {
  const Matrix points = matrix_of(normal_points(4, 3, 1));
  CHECK_THROWS_AS(silhouettes(points, {{0, 0, 0}, 1}), Error);
  CHECK_THROWS_AS(silhouettes(points, {{0, 0, 0, 1}, 1}), Error);
}
