#include "yoneda/cluster/kmeans.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <set>

#include "yoneda/cluster/agreement.hpp"

using namespace yoneda;

namespace {

Points normals(Index n, Index d, std::uint64_t seed) {
  Random random(seed);
  Points points(n, d);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < d; ++j) points(i, j) = random.normal();
  return points;
}

double inertia_of(const Points& points, const std::vector<Id>& label, Index count) {
  double inertia = 0;
  for (Index group = 0; group < count; ++group) {
    Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(points.cols());
    Index size = 0;
    for (Index i = 0; i < points.rows(); ++i)
      if (label[i] == group) mean += points.row(i), ++size;
    if (size > 0) mean /= static_cast<double>(size);
    for (Index i = 0; i < points.rows(); ++i)
      if (label[i] == group) inertia += (points.row(i) - mean).squaredNorm();
  }
  return inertia;
}

/// The least inertia of all count^n labellings.
double brute_force(const Points& points, Index count) {
  std::vector<Id> label(points.rows(), 0);
  double least = std::numeric_limits<double>::infinity();
  while (true) {
    least = std::min(least, inertia_of(points, label, count));
    std::size_t digit = 0;
    while (digit < label.size() && ++label[digit] == count) label[digit++] = 0;
    if (digit == label.size()) return least;
  }
}

}  // namespace

TEST_CASE("planted blobs are found, also far from the origin") {
  for (const double offset : {0.0, 1e6}) {
    Points points = 0.1 * normals(300, 3, 1);
    Partition truth{{}, 6};
    for (Index i = 0; i < 300; ++i) {
      const Index group = i % 6;
      truth.label.push_back(static_cast<Id>(group));
      points(i, group % 3) += group < 3 ? 3 : -3;
    }
    points.array() += offset;
    KMeansOptions options;
    options.count = 6;
    const KMeans found = kmeans(points, options);
    CHECK(adjusted_rand_index({found.label, 6}, truth) == 1);
    CHECK(found.inertia == doctest::Approx(inertia_of(points, found.label, 6)).epsilon(1e-6));
    for (Index i = 0; i < 300; ++i)
      REQUIRE((points.row(i) - found.centers.row(found.label[i])).norm() < 1);
  }
}

TEST_CASE("the inertia is almost always the least of all partitions of a few points") {
  Index reached = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed)
    for (const Index count : {1, 2, 3}) {
      const Points points = normals(8, 2, seed);
      KMeansOptions options;
      options.count = count;
      options.restarts = 50;
      options.seed = seed;
      const KMeans found = kmeans(points, options);
      const double least = brute_force(points, count);
      CHECK(found.inertia >= least * (1 - 1e-12));
      CHECK(found.inertia <= 1.05 * least);
      CHECK(found.inertia == doctest::Approx(inertia_of(points, found.label, count)));
      reached += found.inertia <= least * (1 + 1e-12);
    }
  CHECK(reached >= 28);  // for one of the 30 Lloyd's iteration reaches it from no two points
}

TEST_CASE("duplicates, and more groups than distinct points") {
  Points points(6, 2);
  points << 0, 0, 1, 1, 0, 0, 1, 1, 5, 5, 0, 0;
  KMeansOptions options;
  options.count = 3;
  const KMeans three = kmeans(points, options);
  CHECK(three.inertia == 0);
  CHECK(adjusted_rand_index({three.label, 3}, {{0, 1, 0, 1, 2, 0}, 3}) == 1);
  options.count = 5;
  const KMeans five = kmeans(points, options);
  CHECK(five.inertia == 0);
  CHECK(std::set<Id>(five.label.begin(), five.label.end()).size() == 3);
  CHECK(five.centers.allFinite());
  options.count = 6;
  CHECK(kmeans(Points::Zero(6, 2), options).inertia == 0);
}

TEST_CASE("as many groups as points, and one group") {
  const Points points = normals(12, 3, 3);
  KMeansOptions options;
  options.count = 12;
  const KMeans each = kmeans(points, options);
  CHECK(each.inertia < 1e-28);
  CHECK(std::set<Id>(each.label.begin(), each.label.end()).size() == 12);
  options.count = 1;
  const KMeans one = kmeans(points, options);
  CHECK((one.centers.row(0) - points.colwise().mean()).norm() < 1e-14);
}

TEST_CASE("the same seed gives the same bits for any number of threads") {
  const Points points = normals(400, 5, 4);
  KMeansOptions options;
  options.count = 8;
  const KMeans first = kmeans(points, options);
#if defined(_OPENMP)
  const int threads = omp_get_max_threads();
  for (const int count : {1, 2, 5}) {
    omp_set_num_threads(count);
    const KMeans again = kmeans(points, options);
    CHECK(again.label == first.label);
    CHECK(again.centers == first.centers);
    CHECK(again.inertia == first.inertia);
  }
  omp_set_num_threads(threads);
#endif
  options.restarts = 1;
  CHECK(kmeans(points, options).inertia >= first.inertia);
}

TEST_CASE("an empty group takes the point farthest from its centre") {
  Points points(4, 1), centers(2, 1);
  points << 0, 1, 2, 10;
  centers << 1, 100;
  std::vector<Id> label{0, 0, 0, 0};
  detail::fill_empty_groups(points, centers, label);
  CHECK(label == std::vector<Id>{0, 0, 0, 1});
}

TEST_CASE("bad input is refused, and the work can be cancelled") {
  Points points = normals(5, 2, 5);
  KMeansOptions options;
  for (const Index count : {-1, 0, 6}) {
    options.count = count;
    CHECK_THROWS_AS(kmeans(points, options), Error);
  }
  options.count = 2;
  options.restarts = 0;
  CHECK_THROWS_AS(kmeans(points, options), Error);
  options.restarts = 1;
  options.iterations = 0;
  CHECK_THROWS_AS(kmeans(points, options), Error);
  options.iterations = 10;
  CHECK_THROWS_AS(kmeans(points, options, Progress([](Stage, double) { return false; })), Error);
  points(3, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(kmeans(points, options), "k-means: the points hold a NaN or an infinity");
}
