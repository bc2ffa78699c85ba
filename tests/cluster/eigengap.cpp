#include "yoneda/cluster/eigengap.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace yoneda;

TEST_CASE("values are counted up to the largest gap") {
  CHECK(eigengap(std::vector{6.0, 5.0, 4.9, 4.8, 1.0, 0.9}).before == 4);
  CHECK(eigengap(std::vector{9.0, 1.0, 0.9}).before == 1);
  CHECK(eigengap(std::vector{5.0, 4.0, 3.0}).before == 1);  // ties: fewer
  CHECK(eigengap(std::vector{0.0, -0.1, -0.1, -2.0}).before == 3);
  CHECK(eigengap(std::vector{1.0, 1.0, 1.0}).before == 1);
}

TEST_CASE("the margin is the ratio to the next largest gap") {
  CHECK(eigengap(std::vector{6.0, 5.5, 4.0, 3.75}).margin == 3);
  CHECK(eigengap(std::vector{6.0, 5.5, 4.0, 2.0, 1.9}).margin == 2 / 1.5);
  CHECK(eigengap(std::vector{3.0, 2.0, 1.0}).margin == 1);
  CHECK(std::isinf(eigengap(std::vector{3.0, 2.0}).margin));
  CHECK(eigengap(std::vector{2.0, 2.0, 2.0}).margin == 1);  // flat, and flat but for rounding
  CHECK(eigengap(std::vector{2.0, 2.0, 2.0 - 1e-15, 2.0 - 1e-15}).before == 1);
}

TEST_CASE("one value has no gap") {
  CHECK_THROWS_AS(eigengap(std::vector{1.0}), Error);
  CHECK_THROWS_AS(eigengap({}), Error);
}
