#include "yoneda/cluster/agreement.hpp"

#include <doctest/doctest.h>

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
