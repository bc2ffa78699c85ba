#include "yoneda/cluster/eigengap.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace yoneda;

TEST_CASE("values are counted up to the largest gap") {
  CHECK(values_before_gap(std::vector{6.0, 5.0, 4.9, 4.8, 1.0, 0.9}) == 4);
  CHECK(values_before_gap(std::vector{9.0, 1.0, 0.9}) == 1);
  CHECK(values_before_gap(std::vector{5.0, 4.0, 3.0}) == 1);  // ties: fewer
  CHECK(values_before_gap(std::vector{0.0, -0.1, -0.1, -2.0}) == 3);
  CHECK(values_before_gap(std::vector{1.0, 1.0, 1.0}) == 1);
}

TEST_CASE("one value has no gap") {
  CHECK_THROWS_AS(values_before_gap(std::vector{1.0}), Error);
  CHECK_THROWS_AS(values_before_gap({}), Error);
}
