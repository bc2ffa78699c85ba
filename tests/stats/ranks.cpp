#include "yoneda/stats/ranks.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "yoneda/core/random.hpp"

using namespace yoneda;
using doctest::Approx;

TEST_CASE("equal values share the mean of their ranks") {
  CHECK(average_ranks(std::vector<double>{30, 10, 20, 10}) == std::vector<double>{4, 1.5, 3, 1.5});
  CHECK(average_ranks(std::vector<double>(3, 5)) == std::vector<double>{2, 2, 2});
  CHECK(average_ranks({}).empty());
  CHECK_THROWS_AS(average_ranks(std::vector<double>{std::numeric_limits<double>::quiet_NaN()}),
                  Error);
}

TEST_CASE("ranks by counting: one more than the smaller ones and half of the equal ones") {
  Random random(5);
  std::vector<double> values(300);
  for (double& x : values) x = static_cast<double>(random.below(60));
  const auto ranks = average_ranks(values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto smaller = std::ranges::count_if(values, [&](double x) { return x < values[i]; });
    const auto equal = std::ranges::count(values, values[i]);
    REQUIRE(ranks[i] == static_cast<double>(smaller) + static_cast<double>(equal + 1) / 2);
  }
}

TEST_CASE("correlations of small lists") {
  const std::vector<double> x{1, 2, 3, 4, 5};
  CHECK(*correlation(x, std::vector<double>{2, 4, 6, 8, 10}) == Approx(1));
  CHECK(*correlation(x, std::vector<double>{2, 1, 4, 3, 5}) == Approx(0.8));
  // without ties Spearman's is 1 − 6 Σd² / (n(n² − 1))
  CHECK(*rank_correlation(x, std::vector<double>{1, 9, 2, 100, 3}) ==
        Approx(1 - 6.0 * (0 + 4 + 1 + 1 + 4) / 120));
  CHECK(*rank_correlation(x, std::vector<double>{1, 8, 27, 64, 1e9}) == Approx(1));
  // with ties: Pearson's of ranks 1, 2.5, 2.5, 4, 5
  CHECK(*rank_correlation(x, std::vector<double>{1, 2, 2, 3, 4}) ==
        Approx(9.5 / std::sqrt(10 * 9.5)));
}

TEST_CASE("what does not vary has no correlation") {
  const std::vector<double> x{1, 2, 3};
  CHECK_FALSE(correlation(x, std::vector<double>{0.1, 0.1, 0.1}).has_value());
  CHECK_FALSE(correlation({}, {}).has_value());
  CHECK_FALSE(rank_correlation(std::vector<double>{1}, std::vector<double>{2}).has_value());
  CHECK_THROWS_AS(correlation(x, std::vector<double>{1, 2}), Error);
}
