#include "yoneda/stats/false_discovery.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "yoneda/core/random.hpp"

using namespace yoneda;
using doctest::Approx;

TEST_CASE("adjusted p-values of a small list, by hand") {
  const std::vector<double> adjusted =
      false_discovery_rate(std::vector<double>{0.04, 0.01, 0.9, 0.03});
  CHECK(adjusted[0] == Approx(0.04 * 4 / 3));
  CHECK(adjusted[1] == Approx(0.04));
  CHECK(adjusted[2] == Approx(0.9));
  CHECK(adjusted[3] == Approx(0.04 * 4 / 3));  // not .06: a larger p has a smaller adjusted one
  CHECK(false_discovery_rate({}).empty());
  CHECK(false_discovery_rate(std::vector<double>{0.2}) == std::vector<double>{0.2});
}

TEST_CASE("adjusted p at most q is the step-up procedure") {
  Random random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> p(1 + random.below(12));
    for (double& x : p) x = static_cast<double>(random.below(40)) / 39;  // ties happen
    const auto adjusted = false_discovery_rate(p);
    auto sorted = p;
    std::ranges::sort(sorted);
    for (const double q : {0.051, 0.103, 0.31, 0.77}) {
      double threshold = -1;  // the largest p_(j) <= q j / n
      for (std::size_t j = 0; j < sorted.size(); ++j)
        if (sorted[j] <= q * static_cast<double>(j + 1) / static_cast<double>(p.size()))
          threshold = sorted[j];
      for (std::size_t i = 0; i < p.size(); ++i) REQUIRE((adjusted[i] <= q) == (p[i] <= threshold));
    }
  }
}

TEST_CASE("what is no p-value is refused") {
  CHECK_THROWS_AS(false_discovery_rate(std::vector<double>{0.5, 1.5}), Error);
  CHECK_THROWS_AS(false_discovery_rate(std::vector<double>{-0.1}), Error);
  CHECK_THROWS_AS(
      false_discovery_rate(std::vector<double>{std::numeric_limits<double>::quiet_NaN()}), Error);
}
