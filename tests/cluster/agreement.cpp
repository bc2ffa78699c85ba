#include "yoneda/cluster/agreement.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "yoneda/core/random.hpp"

using namespace yoneda;

namespace {

Partition random_partition(Index n, Index count, bool with_none, std::uint64_t seed) {
  Random random(seed);
  Partition partition{{}, count};
  for (Index i = 0; i < n; ++i)
    partition.label.push_back(
        static_cast<Id>(with_none ? random.below(count + 1) - 1 : random.below(count)));
  return partition;
}

bool together(const Partition& partition, Index i, Index j) {
  return partition.label[i] >= 0 && partition.label[i] == partition.label[j];
}

/// Hubert and Arabie's index from the four counts of pairs.
double brute_force(const Partition& a, const Partition& b) {
  const Index n = static_cast<Index>(a.label.size());
  double both = 0, in_a = 0, in_b = 0, pairs = 0;
  for (Index i = 0; i < n; ++i)
    for (Index j = i + 1; j < n; ++j) {
      both += together(a, i, j) && together(b, i, j);
      in_a += together(a, i, j);
      in_b += together(b, i, j);
      pairs += 1;
    }
  const double expected = in_a * in_b / pairs;
  return (both - expected) / ((in_a + in_b) / 2 - expected);
}

}  // namespace

TEST_CASE("the adjusted Rand index counts pairs") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto a = random_partition(30, 4, seed % 2 == 0, seed);
    auto b = random_partition(30, 3, seed % 3 == 0, seed + 100);
    for (Index i = 0; i < 15; ++i) b.label[i] = std::min(a.label[i], Id{2});  // some agreement
    CHECK(adjusted_rand_index(a, b) == doctest::Approx(brute_force(a, b)).epsilon(1e-12));
    CHECK(adjusted_rand_index(a, b) == adjusted_rand_index(b, a));
  }
}

TEST_CASE("equal partitions agree, whatever the labels; independent ones do not") {
  const Partition a{{0, 0, 1, 1, 2}, 3}, renamed{{2, 2, 0, 0, 1}, 4};
  CHECK(adjusted_rand_index(a, renamed) == 1);
  CHECK(variation_of_information(a, renamed) == doctest::Approx(0));
  const Partition one{{0, 0, 0}, 1}, none{{-1, -1, -1}, 0}, apart{{0, 1, 2}, 3};
  CHECK(adjusted_rand_index(one, one) == 1);
  CHECK(adjusted_rand_index(none, apart) == 1);
  CHECK(adjusted_rand_index(one, apart) == 0);
  CHECK(adjusted_rand_index({}, {}) == 1);
  const auto x = random_partition(20000, 5, false, 1), y = random_partition(20000, 5, false, 2);
  CHECK(std::abs(adjusted_rand_index(x, y)) < 0.002);
}

TEST_CASE("the variation of information") {
  const double bit = std::log(2.0);
  const Partition rows{{0, 0, 1, 1}, 2}, columns{{0, 1, 0, 1}, 2}, one{{0, 0, 0, 0}, 1};
  CHECK(variation_of_information(rows, columns) == doctest::Approx(2 * bit));
  CHECK(variation_of_information(rows, one) == doctest::Approx(bit));
  CHECK(variation_of_information(one, {{-1, -1, -1, -1}, 0}) == doctest::Approx(2 * bit));
  CHECK(variation_of_information({}, {}) == 0);
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {  // a metric
    const auto a = random_partition(50, 4, true, seed),
               b = random_partition(50, 5, true, seed + 50);
    const auto c = random_partition(50, 3, false, seed + 90);
    CHECK(variation_of_information(a, c) <=
          variation_of_information(a, b) + variation_of_information(b, c) + 1e-12);
  }
}

TEST_CASE("partitions that cannot be compared are refused") {
  CHECK_THROWS_AS(adjusted_rand_index({{0}, 1}, {{0, 0}, 1}), Error);
  CHECK_THROWS_AS(adjusted_rand_index({{1}, 1}, {{0}, 1}), Error);
  CHECK_THROWS_AS(variation_of_information({{0}, 1}, {{3}, 1}), Error);
}

TEST_CASE("the mean over all permutations is the expected mutual information") {
  const Partition a{{0, 0, 0, 1, 1, 2}, 3}, b{{0, 1, 1, 0, 0, -1}, 2};
  const auto shared = [](const Partition& x, const Partition& y) {
    double sum = 0;
    for (const auto& cell : detail::contingency(x, y).cells) {
      const auto table = detail::contingency(x, y);
      const double n = 6, both = static_cast<double>(cell.size);
      sum += both / n *
             std::log(n * both /
                      static_cast<double>(table.rows[cell.row] * table.columns[cell.column]));
    }
    return sum;
  };
  std::vector<Id> order{0, 1, 2, 3, 4, 5};
  double sum = 0;
  int count = 0;
  do {
    Partition permuted = b;
    for (std::size_t i = 0; i < 6; ++i) permuted.label[i] = b.label[order[i]];
    sum += shared(a, permuted);
    ++count;
  } while (std::ranges::next_permutation(order).found);
  REQUIRE(count == 720);
  const double expected = sum / count;
  CHECK(detail::expected_mutual_information(detail::contingency(a, b)) ==
        doctest::Approx(expected));
  const auto table = detail::contingency(a, b);
  const double most = (detail::entropy(table.rows, 6) + detail::entropy(table.columns, 6)) / 2;
  CHECK(adjusted_mutual_information(a, b) ==
        doctest::Approx((shared(a, b) - expected) / (most - expected)));
  CHECK(adjusted_mutual_information(a, b) == doctest::Approx(adjusted_mutual_information(b, a)));
}

TEST_CASE("adjusted mutual information of equal, trivial and independent partitions") {
  const Partition a{{0, 1, 2, 0, 1, 2, -1}, 3}, renamed{{2, 0, 1, 2, 0, 1, -1}, 3};
  CHECK(adjusted_mutual_information(a, renamed) == doctest::Approx(1));
  const Partition one{{0, 0, 0}, 1}, apart{{0, 1, 2}, 3};
  CHECK(adjusted_mutual_information(one, one) == 1);
  CHECK(adjusted_mutual_information(apart, apart) == 1);
  CHECK(adjusted_mutual_information(one, apart) == doctest::Approx(0));
  CHECK(adjusted_mutual_information({{}, 0}, {{}, 0}) == 1);
  Random random(1);
  double mean = 0;
  for (int round = 0; round < 200; ++round) {
    Partition x{{}, 8}, y{{}, 8};
    for (int i = 0; i < 60; ++i) {
      x.label.push_back(static_cast<Id>(random.below(8)));
      y.label.push_back(static_cast<Id>(random.below(8)));
    }
    mean += adjusted_mutual_information(x, y) / 200;
  }
  CHECK(std::abs(mean) < 0.01);
  CHECK_THROWS_AS(adjusted_mutual_information(one, {{0, 0}, 1}), Error);
}

TEST_CASE("which group a group is most like") {
  const Partition a{{0, 0, 0, 1, 1, -1, 2}, 3}, b{{1, 1, 0, 0, 0, 0, -1}, 2};
  const auto found = best_matches(a, b);
  REQUIRE(found.size() == 3);
  CHECK(found[0].group == 1);
  CHECK(found[0].jaccard == doctest::Approx(2.0 / 3));
  CHECK(found[1].group == 0);
  CHECK(found[1].jaccard == doctest::Approx(2.0 / 4));
  CHECK(found[2].group == -1);
  CHECK(found[2].jaccard == 0);
}
