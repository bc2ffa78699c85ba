#include "yoneda/stats/permutation.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <vector>

using namespace yoneda;
using doctest::Approx;

TEST_CASE("the observed value counts as a draw, and ties count against it on both sides") {
  const std::vector<double> null{1, 2, 2, 3};
  CHECK(permutation_p(2, null).upper == Approx(4.0 / 5));
  CHECK(permutation_p(2, null).lower == Approx(4.0 / 5));
  CHECK(permutation_p(9, null).upper == Approx(1.0 / 5));
  CHECK(permutation_p(9, null).lower == 1);
  CHECK(permutation_p(0, null).lower == Approx(1.0 / 5));
  CHECK(permutation_p(5, {}).upper == 1);
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(permutation_p(infinity, null).upper == Approx(1.0 / 5));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(permutation_p(nan, null), Error);
  CHECK_THROWS_AS(permutation_p(1, std::vector<double>{nan}), Error);
}

TEST_CASE("a null sample is summarised") {
  const std::vector<double> null{4, 1, 7};
  const NullSummary summary = null_summary(null);
  CHECK(summary.samples == 3);
  CHECK(summary.mean == Approx(4));
  CHECK(summary.sd == Approx(3));
  CHECK(summary.min == 1);
  CHECK(summary.max == 7);
  CHECK(null_summary(std::vector<double>(3, 0.1)).mean == 0.1);
  CHECK(null_summary(std::vector<double>(3, 0.1)).sd == 0);
  CHECK(null_summary({}).samples == 0);
}
