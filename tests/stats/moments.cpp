#include "yoneda/stats/moments.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "yoneda/core/random.hpp"

using namespace yoneda;
using doctest::Approx;

TEST_CASE("moments of small lists agree with hand and closed forms") {
  const std::vector<double> coin{-1, -1, -1, 1};  // P(1) = p = 1/4: skewness (1 − 2p) / √(p(1 − p))
  const Moments m = moments(coin);
  CHECK(m.mean == Approx(-0.5));
  CHECK(m.std == Approx(std::sqrt(0.75)));
  CHECK(m.skewness == Approx(0.5 / std::sqrt(3.0 / 16)));
  CHECK(m.kurtosis == Approx(1 / (3.0 / 16) - 3));  // 1 / (p(1 − p)) − 3
  std::vector<float> line(101);
  for (int i = 0; i <= 100; ++i) line[i] = static_cast<float>(i);
  const Moments uniform = moments(line);
  CHECK(uniform.mean == Approx(50));
  CHECK(uniform.std == Approx(std::sqrt((101.0 * 101 - 1) / 12)));
  CHECK(uniform.skewness == Approx(0).epsilon(1e-12));
  CHECK(uniform.kurtosis == Approx(9.0 / 5 * (101.0 * 101 - 7.0 / 3) / (101.0 * 101 - 1)));
}

TEST_CASE("a large mean, tiny and huge scales do not spoil the shape") {
  Random random(1);
  std::vector<double> base(5000);
  for (double& x : base) x = random.normal();
  const Moments plain = moments(base);
  CHECK(std::abs(plain.kurtosis - 3) < 0.4);
  for (const double scale : {1e-100, 1e100}) {
    std::vector<double> scaled = base;
    for (double& x : scaled) x *= scale;
    CHECK(moments(scaled).kurtosis == Approx(plain.kurtosis));
  }
  for (double& x : base) x += 1e9;
  const Moments far = moments(base);
  CHECK(far.std == Approx(plain.std).epsilon(1e-6));
  CHECK(std::abs(far.skewness - plain.skewness) < 1e-5);
}

TEST_CASE("where nothing varies there is no shape, and of nothing there are no moments") {
  const Moments m = moments(std::vector<float>(7, 0.1f));
  CHECK(m.mean == static_cast<double>(0.1f));
  CHECK(m.std == 0);
  CHECK(m.skewness == 0);
  CHECK(m.kurtosis == 0);
  CHECK(moments(std::vector<double>{3}).mean == 3);
  CHECK_THROWS_AS(moments(std::vector<double>{}), Error);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(moments(std::vector<double>{1, nan}).mean));
  CHECK(std::isnan(moments(std::vector<double>{nan, 1}).std));
}
